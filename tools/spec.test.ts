import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const ROOT = path.join(import.meta.dirname, "..");

/** Every test that SPEC.md names: a file in backticks, then the beginnings of titles in quotes. */
function namedTests(): { file: string; title: string }[] {
  const named = [];
  const text = readFileSync(path.join(ROOT, "SPEC.md"), "utf8");
  for (const [, file, titles] of text.matchAll(/`([^`]+\.tsx?)` ("[^|;\n]+")/g))
    for (const [, title] of titles!.matchAll(/"([^"]+?) …"/g))
      named.push({ file: file!, title: title! });
  return named;
}

test("every test that SPEC.md names as a proof exists", () => {
  const named = namedTests();
  expect(named.length).toBeGreaterThan(10);
  const missing = named.filter(({ file, title }) => {
    const source = path.join(ROOT, file);
    return !existsSync(source) || !readFileSync(source, "utf8").includes(title);
  });
  expect(missing).toEqual([]);
});
