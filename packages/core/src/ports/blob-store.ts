import type { Readable } from "node:stream";

/** Immutable byte strings named by their sha256 (hex). A blob is complete and on disk when `put` resolves. */
export interface BlobStore {
  put(bytes: Uint8Array): Promise<{ digest: string; bytes: number }>;
  /** Takes the file over (it is moved, not copied). */
  putFile(path: string): Promise<{ digest: string; bytes: number }>;
  /** @throws FabricError `state_corrupt` when the content does not match the digest or is missing */
  read(digest: string): Promise<Uint8Array>;
  /** Bytes [start, end] of a blob for HTTP ranges, unchecked. @returns null when there is none */
  open(
    digest: string,
    range?: { start: number; end: number },
  ): Promise<{ stream: Readable; size: number } | null>;
  has(digest: string): Promise<boolean>;
  delete(digest: string): Promise<void>;
  /** Removes blobs nothing refers to and that are older than `olderThanMs`, and torn temporary files. */
  collectGarbage(
    referenced: ReadonlySet<string>,
    olderThanMs: number,
  ): Promise<{ removed: number; bytes: number }>;
  /** An empty folder on the same file system for work in progress; emptied at start. */
  workDirectory(name: string): Promise<string>;
  /** Removes it with whatever is left in it. */
  removeWorkDirectory(name: string): Promise<void>;
}
