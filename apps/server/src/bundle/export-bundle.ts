import { Readable } from "node:stream";
import { FabricError, type SessionId } from "@arc-fabric/contract";
import type { BlobStore, SessionRecords, Store } from "@arc-fabric/core";
import { pack, type Pack } from "tar-stream";
import { sessionNotFound } from "../handlers/found.ts";
import { blobEntry, encodeRows, ROWS_ENTRY } from "./bundle-format.ts";

export interface ExportDeps {
  readonly store: Pick<Store, "exportSession">;
  readonly blobs: Pick<BlobStore, "has" | "read">;
}

/** Equal sessions give equal bytes: no time, no owner. */
const ENTRY = { mtime: new Date(0), mode: 0o644, uid: 0, gid: 0 } as const;

/**
 * What a bundle of the session is made of; whatever can be refused is refused here, before anything is sent.
 * @throws FabricError `session_not_found`, `session_active`, `state_corrupt` when a blob is missing
 */
export async function openExport(
  { store, blobs }: ExportDeps,
  id: SessionId,
): Promise<SessionRecords> {
  const records = await store.exportSession(id);
  if (!records) throw sessionNotFound(id);
  for (const digest of records.blobs)
    if (!(await blobs.has(digest)))
      throw new FabricError(
        "state_corrupt",
        `The blob ${digest} of session ${id} is missing on disk, so it cannot be exported.`,
        { details: { digest } },
      );
  return records;
}

/** The archive, made as fast as it is read; in memory are the rows and one blob. A damaged blob breaks the stream off. */
export function bundleStream({ blobs }: ExportDeps, records: SessionRecords): Readable {
  const archive = pack();
  fill(archive, blobs, records).catch((error: unknown) =>
    archive.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  return Readable.from(archive, { objectMode: false });
}

async function fill(
  archive: Pack,
  blobs: ExportDeps["blobs"],
  records: SessionRecords,
): Promise<void> {
  await addEntry(archive, ROWS_ENTRY, encodeRows(records));
  for (const digest of records.blobs)
    await addEntry(archive, blobEntry(digest), await blobs.read(digest));
  archive.finalize();
}

/** Resolves when the reader has taken the bytes. */
function addEntry(archive: Pack, name: string, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const entry = archive.entry({ ...ENTRY, name, size: bytes.byteLength }, (error) =>
      error ? reject(error) : resolve(),
    );
    entry.on("error", reject);
    entry.end(bytes);
  });
}
