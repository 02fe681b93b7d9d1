import type { Readable } from "node:stream";
import { FabricError } from "@arc-fabric/contract";
import type { Extract } from "tar-stream";

/**
 * Writes a request's body into an archive reader as fast as that takes it. The body is never destroyed, unlike by
 * `stream.pipeline`: that would close the connection before the answer is sent.
 * @throws FabricError `payload_too_large`; `bundle_invalid` when the client goes away
 */
export async function feedArchive(
  body: Readable,
  archive: Extract,
  maxBytes: number,
): Promise<void> {
  let total = 0;
  try {
    for await (const chunk of readChunks(body)) {
      total += chunk.byteLength;
      if (total > maxBytes)
        throw new FabricError(
          "payload_too_large",
          `The bundle is larger than the ${maxBytes} bytes this server accepts (ARC_MAX_BUNDLE_BYTES).`,
          { details: { max_bytes: maxBytes } },
        );
      if (archive.destroyed) return;
      if (!archive.write(chunk)) await writable(archive);
    }
    archive.end(null);
  } catch (error) {
    archive.destroy(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}

async function* readChunks(body: Readable): AsyncGenerator<Uint8Array> {
  try {
    yield* body.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
  } catch (cause) {
    throw new FabricError(
      "bundle_invalid",
      "The upload broke off before the bundle was complete.",
      { cause },
    );
  }
}

/** Resolves when more may be written, or when nothing will be read any more. */
function writable(archive: Extract): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      archive.off("drain", done);
      archive.off("close", done);
      resolve();
    };
    archive.once("drain", done);
    archive.once("close", done);
    if (archive.destroyed) done();
  });
}
