import path from "node:path";

const DIGEST = /^[0-9a-f]{64}$/;

/** Where things are in the data directory. */
export interface BlobPaths {
  readonly blobs: string;
  /** Files being written; whatever is in it at start is torn. */
  readonly temporary: string;
  /** Work in progress; emptied at start. */
  readonly work: string;
}

export function blobPaths(directory: string): BlobPaths {
  const blobs = path.join(directory, "blobs");
  return { blobs, temporary: path.join(blobs, "tmp"), work: path.join(directory, "work") };
}

/** The 256 folders blobs lie in, by the first two digits of the digest. */
export function shardNames(): string[] {
  return Array.from({ length: 256 }, (_, index) => index.toString(16).padStart(2, "0"));
}

export function isDigest(value: string): boolean {
  return DIGEST.test(value);
}

export function shardOf(paths: BlobPaths, digest: string): string {
  return path.join(paths.blobs, digest.slice(0, 2));
}

export function blobPath(paths: BlobPaths, digest: string): string {
  return path.join(shardOf(paths, digest), digest);
}
