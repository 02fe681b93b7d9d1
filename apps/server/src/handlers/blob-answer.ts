import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { FabricError } from "@arc-fabric/contract";
import type { BlobStore } from "@arc-fabric/core";
import type { FileAnswer } from "../http/handler-types.ts";

interface BlobFile {
  readonly digest: string;
  readonly bytes: number;
  readonly mediaType: string;
  readonly fileName: string;
  readonly immutable: boolean;
}

/** A stored blob as a file answer, streamed from disk. */
export function blobAnswer(blobs: Pick<BlobStore, "open">, file: BlobFile): FileAnswer {
  return {
    ...file,
    async open(range) {
      const opened = await blobs.open(file.digest, range);
      if (!opened)
        throw new FabricError(
          "state_corrupt",
          `The stored file ${file.fileName} (${file.digest}) is missing on disk.`,
        );
      return opened.stream;
    },
  };
}

/** A small blob that is read whole, and so checked against its digest. */
export async function readBlobAnswer(
  blobs: Pick<BlobStore, "read">,
  file: Omit<BlobFile, "bytes">,
): Promise<FileAnswer> {
  return fromMemory(await blobs.read(file.digest), file);
}

/** A picture that was made for this answer. */
export function pictureAnswer(bytes: Uint8Array, fileName: string): FileAnswer {
  const digest = createHash("sha256").update(bytes).digest("hex");
  return fromMemory(bytes, { digest, mediaType: "image/jpeg", fileName, immutable: false });
}

const fromMemory = (bytes: Uint8Array, file: Omit<BlobFile, "bytes">): FileAnswer => ({
  ...file,
  bytes: bytes.byteLength,
  open: async ({ start, end }) => Readable.from([bytes.subarray(start, end + 1)]),
});
