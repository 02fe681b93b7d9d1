/** `npm run bench -- [NAME …] [--save] [--python PATH]`: runs every benchmark of this folder, or those named, one after the other. */
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import path from "node:path";

const firstFlag = process.argv.findIndex((argument) => argument.startsWith("--"));
const names = process.argv.slice(2, firstFlag === -1 ? undefined : firstFlag);
const flags = firstFlag === -1 ? [] : process.argv.slice(firstFlag);
const files = globSync("*.ts", { cwd: import.meta.dirname })
  .filter((file) => file !== "run.ts")
  .toSorted();
const unknown = names.filter((name) => !files.includes(`${name}.ts`));
if (unknown.length > 0) {
  console.error(
    `There is no benchmark ${unknown.join(", ")}; there are ${files.map((file) => file.replace(".ts", "")).join(", ")}.`,
  );
  process.exit(2);
}
let failed = 0;
for (const file of files.filter(
  (file) => names.length === 0 || names.includes(file.replace(".ts", "")),
)) {
  const { status } = spawnSync(process.execPath, [path.join(import.meta.dirname, file), ...flags], {
    stdio: "inherit",
  });
  if (status !== 0) failed += 1;
}
process.exit(failed === 0 ? 0 : 1);
