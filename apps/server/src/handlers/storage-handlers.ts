import { fileNameOf } from "../http/multipart.ts";
import type { Handlers } from "../http/handler-types.ts";
import type { HandlerDeps } from "./handler-deps.ts";

const MAX_NAME_CHARS = 200;

export function storageHandlers({
  engine,
}: HandlerDeps): Pick<Handlers, "uploadFile" | "getStorage" | "thinStates"> {
  return {
    uploadFile: ({ body: { file, name } }) => engine.addFile(file, name ?? nameOf(file)),
    getStorage: () => engine.storage(),
    thinStates: ({ body }) => engine.thinStates(body),
  };
}

/** The last part of what the client called it: some send a whole path. */
export function nameOf(file: Uint8Array): string {
  const name = fileNameOf(file)?.split(/[/\\]/).at(-1)?.trim().slice(0, MAX_NAME_CHARS);
  return name || "picture";
}
