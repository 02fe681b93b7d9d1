import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

import { ROOT } from "./source-files.ts";

/**
 * `npm run gen`: runs every `tools/gen-*.ts`. Each writes its generated files, or with `--check`
 * writes nothing and fails when a committed file differs from what it would write.
 */
const generators = readdirSync(import.meta.dirname)
  .filter((name) => /^gen-.*\.ts$/.test(name) && !name.endsWith(".test.ts"))
  .toSorted();

const failed = generators.filter((name) => {
  const args = [join(import.meta.dirname, name), ...process.argv.slice(2)];
  const { status } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: "inherit" });
  return status !== 0;
});

if (failed.length > 0) {
  console.error(
    `Out of date or failed: ${failed.join(", ")}. \`npm run gen\` writes the files again.`,
  );
  process.exitCode = 1;
}
