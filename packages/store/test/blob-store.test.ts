import { randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBlobStore } from "@arc-fabric/store";
import { blobStoreConformance } from "./blob-store-conformance.ts";
import { testLogger, testSystem } from "./support/fixtures.ts";
import { temporaryDirectory } from "./support/temporary-directory.ts";

let root: string;

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), "arc-blobs-"));
});

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

blobStoreConformance("a directory", async (system) => {
  return openBlobStore({
    directory: await mkdtemp(path.join(root, "blobs-")),
    system,
    logger: testLogger(),
  });
});

async function opened() {
  const directory = await temporaryDirectory();
  const logger = testLogger();
  const open = () => openBlobStore({ directory, system: testSystem(), logger });
  return { directory, logger, open, blobs: await open() };
}

const fileOf = (directory: string, digest: string) =>
  path.join(directory, "blobs", digest.slice(0, 2), digest);

test("a blob that was changed or cut on disk is refused when read, not returned", async () => {
  const { directory, blobs } = await opened();
  const { digest } = await blobs.put(randomBytes(1000));
  const file = fileOf(directory, digest);
  const bytes = await readFile(file);
  bytes[500]! ^= 1;
  await writeFile(file, bytes);
  await expect(blobs.read(digest)).rejects.toMatchObject({ code: "state_corrupt" });
  await truncate(file, 10);
  await expect(blobs.read(digest)).rejects.toMatchObject({ code: "state_corrupt" });
});

test("a blob that was cut or changed on disk is whole again when its bytes are put again", async () => {
  const { directory, blobs } = await opened();
  const bytes = randomBytes(1000);
  const { digest } = await blobs.put(bytes);
  const file = fileOf(directory, digest);
  await truncate(file, 10);
  await blobs.put(bytes);
  expect(Buffer.compare(await blobs.read(digest), bytes)).toBe(0);
  await writeFile(file, randomBytes(1000));
  await blobs.put(bytes);
  expect(Buffer.compare(await blobs.read(digest), bytes)).toBe(0);
});

test("opening removes torn temporary files and old work, and keeps blobs", async () => {
  const { directory, logger, open, blobs } = await opened();
  const { digest } = await blobs.put(Buffer.from("kept"));
  await writeFile(path.join(directory, "blobs/tmp/17"), "half a sta");
  await mkdir(path.join(directory, "work/take_old/deep"), { recursive: true });
  const again = await open();
  expect(await readdir(path.join(directory, "blobs/tmp"))).toEqual([]);
  expect(await readdir(path.join(directory, "work"))).toEqual([]);
  expect(Buffer.from(await again.read(digest)).toString()).toBe("kept");
  expect(logger.lines.map(({ message }) => message)).toEqual([expect.stringContaining("1 files")]);
});

test("collecting garbage leaves alone what lies in the folders by another hand", async () => {
  const { directory, blobs } = await opened();
  const foreign = path.join(directory, "blobs/ab/notes.txt");
  await writeFile(foreign, "mine");
  await blobs.collectGarbage(new Set(), 0);
  expect(await readFile(foreign, "utf8")).toBe("mine");
});

test("a file from another file system is copied, and then gone from there", async ({ skip }) => {
  const { directory, blobs } = await opened();
  const { dev } = await stat(directory);
  const elsewhere = ["/dev/shm", "/tmp"].find(
    (place) => (statSync(place, { throwIfNoEntry: false })?.dev ?? dev) !== dev,
  );
  if (!elsewhere) return skip("neither /dev/shm nor /tmp is another file system here");
  const source = path.join(await mkdtemp(path.join(elsewhere, "arc-")), "clip.mp4");
  await writeFile(source, "from afar");
  const { digest } = await blobs.putFile(source);
  expect(Buffer.from(await blobs.read(digest)).toString()).toBe("from afar");
  await expect(stat(source)).rejects.toMatchObject({ code: "ENOENT" });
  await rm(path.dirname(source), { recursive: true });
});

test("blobs are for their owner only", async () => {
  const { directory, blobs } = await opened();
  const { digest } = await blobs.put(Buffer.from("secret"));
  expect((await stat(fileOf(directory, digest))).mode & 0o077).toBe(0);
});
