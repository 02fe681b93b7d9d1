import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import type { Readable } from "node:stream";
import { isFabricError, newId, type Session, toFabricError } from "@arc-fabric/contract";
import type { BlobStore, SessionRecords, Store, System } from "@arc-fabric/core";
import { type Extract, extract } from "tar-stream";
import { decodeRows, digestOfEntry, invalidBundle, ROWS_ENTRY } from "./bundle-format.ts";
import { feedArchive } from "./feed-archive.ts";

export interface ImportDeps {
  readonly store: Pick<Store, "importSession">;
  readonly blobs: Pick<BlobStore, "putFile" | "workDirectory" | "removeWorkDirectory">;
  readonly system: Pick<System, "now" | "randomBytes">;
  /** Largest bundle. */
  readonly maxBytes: number;
}

type Entry = Extract extends AsyncIterable<infer Item> ? Item : never;

/** They are held in memory: about a million steps. */
const MAX_ROWS_BYTES = 512 << 20;

/**
 * Brings in a session. Blobs are received into a work folder and checked there; then they are stored, and last the rows are
 * written in one transaction, so that a bundle that is refused leaves nothing behind.
 * @throws FabricError `bundle_invalid`, `bundle_newer`, `payload_too_large`, `disk_full`
 */
export async function importBundle(deps: ImportDeps, body: Readable): Promise<Session> {
  const { store, blobs, system } = deps;
  const randomBytes = (count: number) => system.randomBytes(count);
  const folder = `import-${Buffer.from(randomBytes(12)).toString("hex")}`;
  const directory = await blobs.workDirectory(folder);
  try {
    const records = await receive(deps, body, directory);
    for (const digest of records.blobs) {
      const stored = await blobs.putFile(path.join(directory, digest));
      if (stored.digest !== digest) throw invalidBundle(`the blob ${digest} was changed on disk`);
    }
    const nowMs = system.now();
    return await store.importSession(records, nowMs, {
      session: () => newId("ses", nowMs, randomBytes),
      take: () => newId("take", nowMs, randomBytes),
      artifact: () => newId("art", nowMs, randomBytes),
      stream: () => newId("str", nowMs, randomBytes),
    });
  } finally {
    await blobs.removeWorkDirectory(folder);
  }
}

/** Reads the whole archive: the rows, and every blob into a file named by its digest. */
async function receive(
  { maxBytes }: ImportDeps,
  body: Readable,
  directory: string,
): Promise<SessionRecords> {
  const archive = extract();
  const feeding = feedArchive(body, archive, maxBytes);
  // Its failure arrives through the archive; what is left of it after ours is of no interest.
  feeding.catch(() => undefined);
  let records: SessionRecords | null = null;
  const missing = new Set<string>();
  const received = new Set<string>();
  try {
    for await (const entry of archive) {
      if (records === null) {
        records = await readRows(entry);
        for (const digest of records.blobs) missing.add(digest);
        continue;
      }
      const digest = expectedDigest(entry, missing, received);
      await receiveBlob(entry, digest, path.join(directory, digest));
      missing.delete(digest);
      received.add(digest);
    }
    await feeding;
  } catch (error) {
    archive.destroy();
    throw whatWentWrong(error);
  }
  if (!records) throw invalidBundle("it is empty");
  const [first] = missing;
  if (first)
    throw invalidBundle(`${missing.size} of its blobs are missing, the first is ${first}`, {
      missing: missing.size,
    });
  return records;
}

async function readRows(entry: Entry): Promise<SessionRecords> {
  const { name, type, size } = entry.header;
  if (name !== ROWS_ENTRY || type !== "file")
    throw invalidBundle(`it begins with "${clip(name)}" instead of ${ROWS_ENTRY}`);
  if (size > MAX_ROWS_BYTES)
    throw invalidBundle(`its ${ROWS_ENTRY} has ${size} bytes, more than ${MAX_ROWS_BYTES}`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of entry) chunks.push(chunk as Uint8Array);
  return decodeRows(Buffer.concat(chunks));
}

/** @returns the digest that the entry's bytes must have */
function expectedDigest(
  { header: { name, type } }: Entry,
  missing: ReadonlySet<string>,
  received: ReadonlySet<string>,
): string {
  const digest = digestOfEntry(name);
  if (digest === null || type !== "file")
    throw invalidBundle(`"${clip(name)}" does not belong in it`, { entry: clip(name) });
  if (received.has(digest)) throw invalidBundle(`the blob ${digest} is in it twice`, { digest });
  if (!missing.has(digest))
    throw invalidBundle(`the blob ${digest} belongs to none of its rows`, { digest });
  return digest;
}

async function receiveBlob(entry: Entry, digest: string, file: string): Promise<void> {
  const hash = createHash("sha256");
  await writeFile(file, hashed(entry, hash), { flag: "wx", mode: 0o600 });
  const actual = hash.digest("hex");
  if (actual !== digest)
    throw invalidBundle(`the content of blob ${digest} has the digest ${actual}`, {
      digest,
      actual,
    });
}

async function* hashed(
  entry: Entry,
  hash: ReturnType<typeof createHash>,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of entry) {
    hash.update(chunk as Uint8Array);
    yield chunk as Uint8Array;
  }
}

/** Our own refusals and the disk's errors stand, also those that came through the archive; anything else is a torn archive. */
function whatWentWrong(error: unknown): unknown {
  if (isFabricError(error)) return error;
  if (isDiskError(error)) return toFabricError(error);
  return invalidBundle(`it is no complete tar archive (${messageOf(error)})`);
}

const isDiskError = (error: unknown): boolean =>
  typeof (error as { syscall?: unknown } | null)?.syscall === "string";
const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).slice(0, 200);
const clip = (name: string): string => (name.length > 100 ? `${name.slice(0, 100)}…` : name);
