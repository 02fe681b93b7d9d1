import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { FAKE_MANIFEST, writeFakeModels } from "../../test/support/fake-manifest.ts";
import { createLogger } from "../process/logger.ts";
import { readManifests } from "./read-manifests.ts";

let home: string;
let log: string[];
const logger = () =>
  createLogger({ level: "debug", pretty: true, write: (line) => log.push(line), secrets: [] });
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), "arc-models-"));
  log = [];
});
afterEach(() => rmSync(home, { recursive: true }));

it("a broken manifest is named in the log and left out; the others work", async () => {
  const models = writeFakeModels(home);
  for (const [name, text] of [
    ["torn", "{"],
    ["wrong", JSON.stringify({ ...FAKE_MANIFEST, latents: { channels: 0 } })],
    ["moved", JSON.stringify(FAKE_MANIFEST)],
  ] as const) {
    mkdirSync(path.join(models, name));
    writeFileSync(path.join(models, name, "manifest.json"), text);
  }
  const found = await readManifests(models, logger());
  expect(found.map(({ manifest }) => manifest.id)).toEqual(["fake-s"]);
  expect(log).toHaveLength(3);
  expect(log.join("")).toContain("torn/manifest.json is not valid JSON");
  expect(log.join("")).toContain('"latents.channels"');
  expect(log.join("")).toContain('the folder is called "moved"');
});

it("missing weights are named, and the model stays in the list", async () => {
  const models = writeFakeModels(home);
  rmSync(path.join(models, "fake-s", "denoiser.onnx"));
  const [model] = await readManifests(models, logger());
  expect(model?.missing).toEqual(["denoiser.onnx"]);
  expect(log.join("")).toContain("lacks denoiser.onnx");
});

it("says so when there is no model or no folder", async () => {
  expect(await readManifests(home, logger())).toEqual([]);
  expect(await readManifests(path.join(home, "gone"), logger())).toEqual([]);
  expect(log.join("")).toMatch(/No model was found[\s\S]*does not exist/);
});
