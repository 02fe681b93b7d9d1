import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmdirSync, statfsSync } from "node:fs";
import { readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import type { BlobStore, Store } from "@arc-fabric/core";
import { openBlobStore, openDataDirectory, openStore } from "@arc-fabric/store";
import { Maker, testLogger, testSystem } from "./support/fixtures.ts";

const DISK_BYTES = 4 << 20;

/** A disk of its own that is small enough to fill. @returns why there is none, when the machine does not allow a mount */
function mountSmallDisk(): { directory: string } | { reason: string } {
  const directory = mkdtempSync(path.join(tmpdir(), "arc-full-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_BYTES}`, "tmpfs", directory], {
      stdio: "pipe",
    });
    return { directory };
  } catch {
    rmdirSync(directory);
    return { reason: "a small disk cannot be mounted here (needs root and the right to mount)" };
  }
}

const disk = mountSmallDisk();
const directory = "directory" in disk ? disk.directory : "";
const title = "reason" in disk ? `a full disk (skipped: ${disk.reason})` : "a full disk";

afterAll(() => {
  if (directory) execFileSync("umount", [directory]);
  if (directory) rmdirSync(directory);
});

describe.skipIf("reason" in disk)(title, () => {
  let store: Store;
  let blobs: BlobStore;
  let make: Maker;

  beforeEach(async () => {
    const system = testSystem();
    const deps = { directory, system, logger: testLogger() };
    store = await openStore(deps);
    blobs = await openBlobStore(deps);
    make = new Maker(store, system);
  });

  afterEach(async () => {
    await store.close();
    for (const name of await readdir(directory))
      await rm(path.join(directory, name), { recursive: true, force: true });
  });

  /** Takes all space but `leaveBytes`. @returns frees it again */
  async function fillDisk(leaveBytes: number): Promise<() => Promise<void>> {
    const ballast = path.join(directory, "ballast");
    const { bavail, bsize } = statfsSync(directory);
    await writeFile(ballast, Buffer.alloc(Math.max(0, bavail * bsize - leaveBytes)));
    return () => rm(ballast);
  }

  test("a blob that does not fit is refused by name, leaves nothing half-written, and fits when there is space again", async () => {
    const kept = await blobs.put(Buffer.from("kept"));
    const free = await fillDisk(64 << 10);
    const state = randomBytes(256 << 10);
    await expect(blobs.put(state)).rejects.toMatchObject({ code: "disk_full", retryable: true });
    expect(await readdir(path.join(directory, "blobs/tmp"))).toEqual([]);
    expect(Buffer.from(await blobs.read(kept.digest)).toString()).toBe("kept");
    await free();
    const { digest } = await blobs.put(state);
    expect(Buffer.compare(await blobs.read(digest), state)).toBe(0);
  });

  test("a transaction that does not fit is refused by name and leaves nothing, what was stored stays readable, and work goes on after", async () => {
    const session = await make.session();
    const id = await make.take(session);
    const announced: string[] = [];
    store.subscribe((event) => void announced.push(event.type));
    const free = await fillDisk(0);
    const long = { ...make.newTake(session).parameters, prompt: "x".repeat(100_000) };
    const refused = await Promise.allSettled(
      Array.from({ length: 5 }, () => make.take(session, { parameters: long })),
    );
    expect(refused.map((outcome) => outcome.status === "rejected" && outcome.reason.code)).toEqual(
      Array(5).fill("disk_full"),
    );
    expect(announced).toEqual([]);
    expect(await store.getSession(session)).toMatchObject({ take_count: 1, last_seq: 2 });
    expect((await store.getTake(id))?.status).toBe("queued");
    await free();
    await make.take(session, { parameters: long });
    expect(await store.getSession(session)).toMatchObject({ take_count: 2, last_seq: 3 });
    expect(announced).toEqual(["take.queued"]);
  });

  test("a server that starts on a full disk is told so, and nothing that was stored is harmed", async () => {
    const session = await make.session();
    await store.close();
    const free = await fillDisk(0);
    const { system } = make;
    const start = async () => {
      const data = await openDataDirectory(directory);
      try {
        return await openStore({ directory, system, logger: testLogger() });
      } finally {
        await data.close();
      }
    };
    await expect(start()).rejects.toMatchObject({ code: "disk_full" });
    await free();
    store = await start();
    expect(await store.getSession(session)).toMatchObject({ id: session });
  });
});
