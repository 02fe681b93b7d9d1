import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const run = (script: string) =>
  promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script]);
const guard = JSON.stringify(join(import.meta.dirname, "require-node.mjs"));

/** Makes the process believe it is another version before the guard looks. */
const pretend = (version: string) => `
  Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } });
  await import(${guard});`;

it.each(["20.20.2", "22.17.9", "18.0.0"])(
  "refuses Node %s and says what to do",
  async (version) => {
    await expect(run(pretend(version))).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/needs Node 22\.18 or newer.*npm ci/s),
    });
  },
);

it.each(["22.18.0", "22.23.3", "24.0.0"])("accepts Node %s", async (version) => {
  await expect(run(pretend(version))).resolves.toMatchObject({ stderr: "" });
});
