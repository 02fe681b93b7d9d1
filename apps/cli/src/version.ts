import { readFileSync } from "node:fs";

/** Of this package; all packages of the repository share it. */
export function cliVersion(): string {
  const { version } = JSON.parse(
    readFileSync(new URL("../package.json", import.meta.url), "utf8"),
  ) as { version: string };
  return version;
}
