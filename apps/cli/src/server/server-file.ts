import { readFileSync } from "node:fs";
import path from "node:path";

/** What a running server leaves in its data directory (`server.json`). */
export interface ServerFile {
  readonly url: string;
  readonly pid: number;
}

/** @returns null when there is none, or it is being written */
export function readServerFile(dataDirectory: string): ServerFile | null {
  try {
    const { url, pid } = JSON.parse(
      readFileSync(path.join(dataDirectory, "server.json"), "utf8"),
    ) as Partial<ServerFile>;
    return typeof url === "string" && typeof pid === "number" ? { url, pid } : null;
  } catch {
    return null;
  }
}
