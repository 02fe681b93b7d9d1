import {
  constants,
  type FileHandle,
  copyFile,
  mkdir,
  open,
  readFile,
  rename,
  rm,
  stat,
  unlink,
} from "node:fs/promises";
import path from "node:path";
import type { Readable } from "node:stream";
import { FabricError, invariant } from "@arc-fabric/contract";
import type { BlobStore, System } from "@arc-fabric/core";
import { errnoOf, translateWriteError } from "../disk-errors.ts";
import { syncDirectory, writeAll, writeNewFile } from "../durable-files.ts";
import { type BlobPaths, blobPath, isDigest, shardOf } from "./blob-paths.ts";
import { collectGarbage } from "./collect-garbage.ts";
import { digestOf, digestOfFile } from "./digest.ts";
import { Removals } from "./removals.ts";
import { TemporaryFiles } from "./temporary-files.ts";

const WORK_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/**
 * Blobs as files named by their digest. A blob gets its name only when its bytes are on disk, and the name is on disk
 * before `put` resolves; so what has a name is whole.
 */
export class DirectoryBlobStore implements BlobStore {
  readonly #paths: BlobPaths;
  readonly #system: System;
  readonly #temporary: TemporaryFiles;
  readonly #removals = new Removals();

  constructor(deps: { paths: BlobPaths; system: System }) {
    this.#paths = deps.paths;
    this.#system = deps.system;
    this.#temporary = new TemporaryFiles(deps.paths.temporary);
  }

  async put(bytes: Uint8Array): Promise<{ digest: string; bytes: number }> {
    return this.#temporary.use(async (temporary) => {
      // The bytes are written while they are digested; that they are already there is the rare case.
      const [digest] = await allSettledOrThrow([
        digestOf(bytes),
        writeNewFile(temporary, (file) => this.#fill(file, bytes)).catch((error: unknown) => {
          throw translateWriteError(error, `a blob of ${bytes.byteLength} bytes`);
        }),
      ]);
      await this.#publish(temporary, digest);
      return { digest, bytes: bytes.byteLength };
    });
  }

  async putFile(source: string): Promise<{ digest: string; bytes: number }> {
    return this.#temporary.use(async (temporary) => {
      try {
        await moveFile(source, temporary);
        const file = await open(temporary, "r+");
        try {
          const { digest, bytes } = await digestOfFile(file);
          await this.#stampTime(file);
          await file.sync();
          await this.#publish(temporary, digest);
          return { digest, bytes };
        } finally {
          await file.close();
        }
      } catch (error) {
        throw translateWriteError(error, `the file ${source}`);
      }
    });
  }

  async read(digest: string): Promise<Uint8Array> {
    const bytes = isDigest(digest)
      ? await readFile(blobPath(this.#paths, digest)).catch(nullWhenMissing)
      : null;
    if (!bytes)
      throw new FabricError("state_corrupt", `The blob ${digest} is missing.`, {
        details: { digest },
      });
    const actual = await digestOf(bytes);
    if (actual === digest) return bytes;
    throw new FabricError(
      "state_corrupt",
      `The blob ${digest} is damaged: its content has the digest ${actual}.`,
      { details: { digest, actual } },
    );
  }

  async open(
    digest: string,
    range?: { start: number; end: number },
  ): Promise<{ stream: Readable; size: number } | null> {
    const file = isDigest(digest)
      ? await open(blobPath(this.#paths, digest), "r").catch(nullWhenMissing)
      : null;
    if (!file) return null;
    try {
      const { size } = await file.stat();
      return { stream: file.createReadStream({ ...range }), size };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async has(digest: string): Promise<boolean> {
    return (
      isDigest(digest) &&
      (await stat(blobPath(this.#paths, digest)).catch(nullWhenMissing)) !== null
    );
  }

  async delete(digest: string): Promise<void> {
    if (!isDigest(digest)) return;
    await this.#removals.remove(digest, () => rm(blobPath(this.#paths, digest), { force: true }));
  }

  async collectGarbage(
    referenced: ReadonlySet<string>,
    olderThanMs: number,
  ): Promise<{ removed: number; bytes: number }> {
    const before = this.#system.now() - olderThanMs;
    await this.#temporary.removeTorn();
    return collectGarbage({ paths: this.#paths, removals: this.#removals, referenced, before });
  }

  async workDirectory(name: string): Promise<string> {
    const directory = this.#workPath(name);
    await rm(directory, { recursive: true, force: true });
    await mkdir(directory, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
      throw translateWriteError(error, `the folder ${directory}`);
    });
    return directory;
  }

  async removeWorkDirectory(name: string): Promise<void> {
    await rm(this.#workPath(name), { recursive: true, force: true });
  }

  #workPath(name: string): string {
    invariant(
      WORK_NAME.test(name),
      `a work directory has a plain name, not ${JSON.stringify(name)}`,
    );
    return path.join(this.#paths.work, name);
  }

  async #fill(file: FileHandle, bytes: Uint8Array): Promise<void> {
    await writeAll(file, bytes);
    await this.#stampTime(file);
  }

  /** A blob's age is told by the same clock that garbage collection asks. */
  async #stampTime(file: FileHandle): Promise<void> {
    const seconds = this.#system.now() / 1000;
    await file.utimes(seconds, seconds);
  }

  /**
   * Gives a complete file its name. Where the blob is there already it is replaced, which renews its age and heals it: a damaged
   * blob has the right name and often the right size, and whoever puts these bytes has just computed them again.
   */
  async #publish(temporary: string, digest: string): Promise<void> {
    await this.#removals.keep(digest, async () => {
      await rename(temporary, blobPath(this.#paths, digest));
      await syncDirectory(shardOf(this.#paths, digest));
    });
  }
}

function nullWhenMissing(error: unknown): null {
  if (errnoOf(error) === "ENOENT") return null;
  throw error;
}

/** Waits for both, so that nothing is still writing when the caller cleans up. */
async function allSettledOrThrow<First, Second>(
  work: [Promise<First>, Promise<Second>],
): Promise<[First, Second]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}

async function moveFile(source: string, target: string): Promise<void> {
  try {
    await rename(source, target);
  } catch (error) {
    if (errnoOf(error) !== "EXDEV") throw error;
    await copyFile(source, target, constants.COPYFILE_EXCL);
    await unlink(source);
  }
}
