import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { MessagePart, NamedParts } from "../src/index.ts";

/** One committed example of a wire message; a change of the protocol is a visible change of its file. */
export interface GoldenMessage {
  readonly direction: "server to worker" | "worker to server";
  /** One line for the protocol's page. */
  readonly meaning: string;
  readonly header: Readonly<Record<string, unknown>> & {
    readonly type: string;
    readonly parts: readonly MessagePart[];
  };
  /** What each part holds. */
  readonly parts: Readonly<Record<string, string>>;
}

const DIRECTORY = join(import.meta.dirname, "..", "golden");

export function readGoldenMessages(): ReadonlyMap<string, GoldenMessage> {
  const files = readdirSync(DIRECTORY).filter((name) => name.endsWith(".json"));
  return new Map(
    files.map((name) => [
      name.slice(0, -".json".length),
      JSON.parse(readFileSync(join(DIRECTORY, name), "utf8")) as GoldenMessage,
    ]),
  );
}

/** Parts of the sizes the header tells, with a pattern that shows swapped or shifted bytes. */
export function partsOf(message: GoldenMessage): NamedParts {
  return Object.fromEntries(
    message.header.parts.map(({ name, bytes }, index) => [
      name,
      Uint8Array.from({ length: bytes }, (_, at) => (at * 7 + index * 101) % 256),
    ]),
  );
}
