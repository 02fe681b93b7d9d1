import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { FabricError, type Manifest, manifestSchema } from "@arc-fabric/contract";
import type { Logger } from "@arc-fabric/core";
import { issueText } from "../http/issue-text.ts";

export interface InstalledModel {
  readonly manifest: Manifest;
  readonly directory: string;
  /** Weight files the manifest names that are not there; the first take fails with `weights_missing`. */
  readonly missing: readonly string[];
}

/**
 * Every model under `directory` that has a readable manifest, by id. A broken one is logged and left out: it must
 * not keep the others from working.
 */
export async function readManifests(directory: string, logger: Logger): Promise<InstalledModel[]> {
  const names = await readdir(directory).catch(() => null);
  if (names === null) {
    logger.warn(
      `The models folder ${directory} does not exist, so there is no model to generate with.`,
    );
    return [];
  }
  const models: InstalledModel[] = [];
  for (const name of names.toSorted()) {
    const folder = path.join(directory, name);
    try {
      const model = await readModel(folder);
      if (model) models.push(model);
    } catch (error) {
      logger.error((error as Error).message, { code: "manifest_invalid" });
    }
  }
  for (const { manifest, missing } of models)
    if (missing.length > 0)
      logger.error(
        `The model ${manifest.id} lacks ${missing.join(", ")}; takes with it will fail.`,
        { code: "weights_missing" },
      );
  if (models.length === 0)
    logger.warn(`No model was found in ${directory}, so nothing can be generated.`);
  return models;
}

/** @throws FabricError `manifest_invalid` naming the file and the field */
async function readModel(folder: string): Promise<InstalledModel | null> {
  const file = path.join(folder, "manifest.json");
  const text = await readFile(file, "utf8").catch(() => null);
  if (text === null) return null;
  const manifest = parseManifest(text, file);
  if (manifest.id !== path.basename(folder))
    throw new FabricError(
      "manifest_invalid",
      `${file}: id is "${manifest.id}" but the folder is called "${path.basename(folder)}".`,
    );
  const missing: string[] = [];
  for (const weight of manifest.files) {
    const found = await stat(path.join(folder, weight.path)).catch(() => null);
    if (!found?.isFile()) missing.push(weight.path);
  }
  return { manifest, directory: folder, missing };
}

function parseManifest(text: string, file: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FabricError(
      "manifest_invalid",
      `${file} is not valid JSON: ${(cause as Error).message}`,
      { cause },
    );
  }
  const result = manifestSchema.safeParse(value);
  if (result.success) return result.data;
  throw new FabricError("manifest_invalid", `${file}: ${issueText(result.error.issues[0]!)}`);
}
