import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

it("every generated file that is committed equals what its generator writes", async () => {
  const gen = promisify(execFile)(process.execPath, [
    join(import.meta.dirname, "gen.ts"),
    "--check",
  ]);
  await expect(gen).resolves.toBeDefined();
});
