import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { readWorkspaces } from "./import-graph.ts";
import { ROOT } from "./source-files.ts";

interface Entry {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  resolved?: string;
  link?: boolean;
}

const readJson = (path: string) => JSON.parse(readFileSync(join(ROOT, path), "utf8"));
const packages: Record<string, Entry> = readJson("package-lock.json").packages;

/** Whether npm's look-up from `folder` upwards finds `name` in the lockfile. */
function isLocked(folder: string, name: string): boolean {
  for (let place = folder; ; place = place.slice(0, Math.max(0, place.lastIndexOf("/")))) {
    if (`${place === "" ? "" : `${place}/`}node_modules/${name}` in packages) return true;
    if (place === "") return false;
  }
}

describe("package-lock.json", () => {
  it("agrees with every package.json, so that npm ci accepts it", () => {
    const folders = ["", ...readWorkspaces().map(({ folder }) => folder)];
    const pick = (entry: Entry | undefined) => ({
      dependencies: entry?.dependencies ?? {},
      devDependencies: entry?.devDependencies ?? {},
    });
    for (const folder of folders) {
      const manifest: Entry = readJson(join(folder, "package.json"));
      expect(pick(packages[folder]), folder).toEqual(pick(manifest));
    }
  });

  // npm writes no entry for a native package that its view of the registry lacks, and then `npm ci`
  // refuses the whole lockfile.
  it("has an entry for every platform's optional package", () => {
    const missing = Object.entries(packages).flatMap(([folder, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies)
        .filter((name) => !isLocked(folder, name))
        .map((name) => `${folder} needs ${name}`),
    );
    expect(missing).toEqual([]);
  });

  it("names no registry host, so that any mirror serves it", () => {
    const hosts = Object.entries(packages).filter(([, { link, resolved }]) => !link && resolved);
    expect(hosts.map(([folder]) => folder)).toEqual([]);
  });
});
