import { existsSync, mkdtempSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openSocketDirectory } from "./socket-directory.ts";

test("a short folder is made for this user only", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "arc-")), "workers");
  const directory = await openSocketDirectory(path);
  expect(directory.path).toBe(path);
  expect(statSync(path).mode & 0o777).toBe(0o700);
});

test("what a killed server left in it is removed", async () => {
  const path = mkdtempSync(join(tmpdir(), "arc-"));
  writeFileSync(join(path, "old.sock"), "");
  await openSocketDirectory(path);
  expect(readdirSync(path)).toEqual([]);
});

test("where the path would be too long for a socket, a temporary folder takes its place and is removed after use", async () => {
  const directory = await openSocketDirectory(join(tmpdir(), "x".repeat(120)));
  expect(directory.path.length).toBeLessThan(70);
  expect(statSync(directory.path).mode & 0o777).toBe(0o700);
  await directory.remove();
  expect(existsSync(directory.path)).toBe(false);
});
