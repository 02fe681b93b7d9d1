import { fileURLToPath } from "node:url";

/** The server's entry point; the CLI knows it as a program to run, not as a module to import. */
export const SERVER_MAIN = fileURLToPath(new URL("../../../server/src/main.ts", import.meta.url));

/** Node's arguments for the server. SQLite's notice that it is experimental is for its developers. */
export function serverCommand(flags: readonly string[]): string[] {
  return ["--disable-warning=ExperimentalWarning", SERVER_MAIN, ...flags];
}
