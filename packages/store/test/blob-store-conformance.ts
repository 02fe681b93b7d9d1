import { createHash } from "node:crypto";
import { access, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import type { BlobStore, System } from "@arc-fabric/core";
import { testSystem } from "./support/fixtures.ts";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const text = (value: string) => new TextEncoder().encode(value);
const NOBODY = "0".repeat(64);

/**
 * What every implementation of the `BlobStore` port does, to be called inside a test file.
 * @param open an empty store
 */
export function blobStoreConformance(
  name: string,
  open: (system: System) => Promise<BlobStore>,
): void {
  describe(name, () => {
    let blobs: BlobStore;
    let system: ReturnType<typeof testSystem>;

    beforeEach(async () => {
      system = testSystem();
      blobs = await open(system);
    });

    async function content(
      digest: string,
      range?: { start: number; end: number },
    ): Promise<string | null> {
      const opened = await blobs.open(digest, range);
      return opened && (await readText(opened.stream));
    }

    test("what was put is read back under its sha256, whatever the bytes", async () => {
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), async (bytes) => {
          const { digest, bytes: length } = await blobs.put(bytes);
          expect([digest, length]).toEqual([sha256(bytes), bytes.byteLength]);
          expect(Buffer.compare(await blobs.read(digest), bytes)).toBe(0);
        }),
        { numRuns: 20 },
      );
    });

    test("a blob larger than the inline digest's limit is stored just the same", async () => {
      const bytes = new Uint8Array(3 << 20).map((_, index) => index % 251);
      const { digest } = await blobs.put(bytes);
      expect(digest).toBe(sha256(bytes));
      expect(Buffer.compare(await blobs.read(digest), bytes)).toBe(0);
    });

    test("equal bytes are one blob, also when they are put at once", async () => {
      const results = await Promise.all(Array.from({ length: 8 }, () => blobs.put(text("same"))));
      expect(new Set(results.map(({ digest }) => digest)).size).toBe(1);
      expect(await blobs.collectGarbage(new Set(), 0)).toEqual({ removed: 1, bytes: 4 });
    });

    test("a file is taken over", async () => {
      const directory = await blobs.workDirectory("clip");
      const file = path.join(directory, "clip.mp4");
      await writeFile(file, "video");
      const { digest, bytes } = await blobs.putFile(file);
      expect([digest, bytes]).toEqual([sha256(text("video")), 5]);
      expect(await content(digest)).toBe("video");
      await expect(access(file)).rejects.toMatchObject({ code: "ENOENT" });
    });

    test("ranges are served from both ends inclusive, with the size of the whole", async () => {
      const { digest } = await blobs.put(text("0123456789"));
      expect(await content(digest, { start: 2, end: 4 })).toBe("234");
      expect(await content(digest, { start: 9, end: 9 })).toBe("9");
      const opened = await blobs.open(digest, { start: 0, end: 0 });
      expect(opened?.size).toBe(10);
      opened?.stream.destroy();
    });

    test("what is not there is told by each method in its own way", async () => {
      await expect(blobs.read(NOBODY)).rejects.toMatchObject({
        code: "state_corrupt",
        details: { digest: NOBODY },
      });
      expect(await blobs.open(NOBODY)).toBeNull();
      expect(await blobs.has(NOBODY)).toBe(false);
      await blobs.delete(NOBODY);
    });

    test("a name that is no digest reaches no file", async () => {
      for (const name of [
        "../../layout.json",
        "tmp",
        "",
        NOBODY.toUpperCase().replace("0", "A"),
        `${NOBODY}/..`,
      ]) {
        expect([name, await blobs.has(name), await blobs.open(name)]).toEqual([name, false, null]);
        await expect(blobs.read(name)).rejects.toMatchObject({ code: "state_corrupt" });
        await blobs.delete(name);
      }
      await expect(blobs.workDirectory("../escape")).rejects.toMatchObject({ code: "internal" });
    });

    test("a deleted blob is gone and may be put again", async () => {
      const { digest } = await blobs.put(text("twice"));
      await blobs.delete(digest);
      expect(await blobs.has(digest)).toBe(false);
      await blobs.put(text("twice"));
      expect(await content(digest)).toBe("twice");
    });

    test("garbage is what nothing refers to and is old enough", async () => {
      const kept = await blobs.put(text("kept"));
      const old = await blobs.put(text("old"));
      system.advance(60_000);
      const young = await blobs.put(text("young"));
      expect(await blobs.collectGarbage(new Set([kept.digest]), 30_000)).toEqual({
        removed: 1,
        bytes: 3,
      });
      expect([
        await blobs.has(kept.digest),
        await blobs.has(old.digest),
        await blobs.has(young.digest),
      ]).toEqual([true, false, true]);
    });

    test("putting a blob that is there already makes it young again, so that its new row finds it", async () => {
      const { digest } = await blobs.put(text("again"));
      system.advance(60_000);
      await blobs.put(text("again"));
      expect(await blobs.collectGarbage(new Set(), 30_000)).toEqual({ removed: 0, bytes: 0 });
      expect(await blobs.has(digest)).toBe(true);
    });

    test("puts and garbage collection at once leave every blob that was put after it was old", async () => {
      const digests = await Promise.all(
        Array.from({ length: 20 }, async (_, n) => (await blobs.put(text(`blob ${n}`))).digest),
      );
      system.advance(60_000);
      const [removed] = await Promise.all([
        blobs.collectGarbage(new Set(), 30_000),
        ...digests.map((_, n) => blobs.put(text(`blob ${n}`))),
      ]);
      expect(removed.removed).toBeLessThanOrEqual(20);
      for (const digest of digests) expect(await blobs.has(digest)).toBe(true);
    });

    test("a work directory is empty when given and gone when removed", async () => {
      const directory = await blobs.workDirectory("take_1");
      await writeFile(path.join(directory, "frame"), "x");
      await mkdtemp(path.join(directory, "deep-"));
      expect(await blobs.workDirectory("take_1")).toBe(directory);
      expect(await readdir(directory)).toEqual([]);
      await blobs.removeWorkDirectory("take_1");
      await blobs.removeWorkDirectory("take_1");
      await expect(readFile(directory)).rejects.toMatchObject({ code: "ENOENT" });
    });
  });
}

async function readText(stream: Readable): Promise<string> {
  return (await buffer(stream)).toString();
}
