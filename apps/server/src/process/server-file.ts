import { rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";

/** What a running server tells programs that look for one: `<data directory>/server.json`. */
export interface ServerFile {
  readonly url: string;
  readonly pid: number;
  readonly started_at: string;
}

/** Written whole or not at all. A server that was killed leaves its file behind: readers ask the address for its health. */
export async function writeServerFile(dataDir: string, content: ServerFile): Promise<void> {
  const file = path.join(dataDir, "server.json");
  await writeFile(`${file}.new`, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

export const removeServerFile = (dataDir: string): Promise<void> =>
  rm(path.join(dataDir, "server.json"), { force: true });
