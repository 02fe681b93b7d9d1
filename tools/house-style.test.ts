import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";

import { listSourceFiles, ROOT } from "./source-files.ts";

const MAX_LINES = 400;

/** Format code and generated code may be longer than a file that a person reads from top to bottom. */
const LONG_BY_NATURE = [/\/generated\//, /\.generated\.ts$/, /\/formats\//];

const CODE = /\.(ts|tsx|mjs|js|py|sql|css)$/;
const files = listSourceFiles();
const code = files.filter((path) => CODE.test(path));
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

describe("house style", () => {
  it(`keeps every code file at ${MAX_LINES} lines or fewer`, () => {
    const long = code
      .filter((path) => !LONG_BY_NATURE.some((pattern) => pattern.test(path)))
      .map((path) => ({ path, lines: read(path).trimEnd().split("\n").length }))
      .filter(({ lines }) => lines > MAX_LINES);
    expect(long).toEqual([]);
  });

  it("names TypeScript and SQL files in kebab-case and Python files in snake_case", () => {
    const misnamed = code.filter((path) => {
      const name = basename(path);
      if (path.endsWith(".py")) return !/^[a-z0-9_]+\.py$/.test(name);
      return !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)*$/.test(name);
    });
    expect(misnamed).toEqual([]);
  });

  it("has one index.ts per package and no barrels inside", () => {
    const barrels = files.filter((path) => /\/index\.tsx?$/.test(path));
    expect(
      barrels.filter((path) => !/^(packages|apps|runtimes)\/[^/]+\/src\/index\.ts$/.test(path)),
    ).toEqual([]);
  });

  it("leaves no unfinished business and no focused test behind", () => {
    const marks = /\b(TODO|FIXME|HACK)\b|\b(it|test|describe)\.only\(/;
    const self = "tools/house-style.test.ts";
    expect(code.filter((path) => path !== self && marks.test(read(path)))).toEqual([]);
  });
});
