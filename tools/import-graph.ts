import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { parseSync } from "vite";

import { listSourceFiles, listTypeScriptFiles, ROOT } from "./source-files.ts";

/** One workspace of the repository. */
export interface Workspace {
  /** Folder relative to the repository: `packages/core`. */
  folder: string;
  /** npm name: `@arc-fabric/core`. */
  name: string;
  dependencies: string[];
  /** Subpaths that other workspaces may import: `.`, `./testing`. */
  exports: string[];
}

/** One import of one file. */
export interface ImportEdge {
  /** Importing file, relative to the repository. */
  file: string;
  specifier: string;
  line: number;
}

export function readWorkspaces(): Workspace[] {
  return listSourceFiles()
    .filter((path) => path.endsWith("/package.json"))
    .map((path) => {
      const manifest = JSON.parse(readFileSync(join(ROOT, path), "utf8"));
      return {
        folder: posix.dirname(path),
        name: manifest.name,
        dependencies: Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }),
        exports: Object.keys(manifest.exports ?? {}),
      };
    });
}

/** Every import, re-export and dynamic import of a literal, in every TypeScript file. */
export function readImports(files = listTypeScriptFiles()): ImportEdge[] {
  return files.flatMap((file) => importsOf(file, readFileSync(join(ROOT, file), "utf8")));
}

/** Imports of one source text; throws when the text does not parse. */
export function importsOf(file: string, source: string): ImportEdge[] {
  const { module, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file} does not parse: ${errors[0]?.message}`);
  const requests = [
    ...module.staticImports.map((entry) => entry.moduleRequest),
    ...module.staticExports.flatMap((entry) => entry.entries.map((item) => item.moduleRequest)),
    ...module.dynamicImports.map((entry) => entry.moduleRequest),
  ];
  return requests.flatMap((request) => {
    const literal =
      request && /^(["'`])(.*)\1$/s.exec(source.slice(request.start, request.end))?.[2];
    if (!literal) return [];
    return [{ file, specifier: literal, line: source.slice(0, request.start).split("\n").length }];
  });
}

/** `@arc-fabric/core/testing` → `@arc-fabric/core`; `zod/v4` → `zod`. */
export function packageOf(specifier: string): string {
  const parts = specifier.split("/");
  return parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

/** Tests and what only tests use: they may import development dependencies and Node built-ins. */
export function isTestFile(file: string): boolean {
  return /\.(test|spec)\.tsx?$/.test(file) || /\/(test|e2e|mock)\//.test(file);
}
