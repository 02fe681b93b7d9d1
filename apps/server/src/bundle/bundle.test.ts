import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { Session, SessionId } from "@arc-fabric/contract";
import { FabricError } from "@arc-fabric/contract";
import type { BlobStore, SessionRecords } from "@arc-fabric/core";
import { openBlobStore } from "@arc-fabric/store";
import { extract, type Header, pack } from "tar-stream";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { createSystem } from "../process/system.ts";
import { bundleStream, openExport } from "./export-bundle.ts";
import { importBundle } from "./import-bundle.ts";

const ID = "ses_00000000000000000000000000" as SessionId;
const system = createSystem();
const logger = { debug() {}, info() {}, warn() {}, error() {} };
const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

let source: BlobStore;
let target: BlobStore;
let targetFolder: string;
let imported: SessionRecords[];
let records: SessionRecords;
let contents: Map<string, Buffer>;

beforeEach(async () => {
  [source] = await blobStore();
  [target, targetFolder] = await blobStore();
  imported = [];
  contents = new Map();
  for (const bytes of [Buffer.from("a state"), Buffer.alloc(0), randomBytes(3_000_000)])
    contents.set((await source.put(bytes)).digest, bytes);
  records = {
    session: { id: ID, title: "Red ball" },
    takes: [{ id: "take_1", plan: '{"version":2}' }],
    states: [{ step: 1 }],
    artifacts: [],
    events: [{ seq: 1 }],
    log_lines: [],
    streams: [{ seed: 1 }],
    blobs: [...contents.keys()],
  };
});

async function blobStore(): Promise<[BlobStore, string]> {
  const directory = await mkdtemp(path.join(tmpdir(), "arc-bundle-"));
  folders.push(directory);
  return [await openBlobStore({ directory, system, logger }), directory];
}

const exporter = () => ({ store: { exportSession: async () => records }, blobs: source });
const importer = (maxBytes = 1 << 30) => ({
  store: {
    async importSession(given: SessionRecords) {
      imported.push(given);
      return { id: ID } as Session;
    },
  },
  blobs: target,
  system,
  maxBytes,
});
const exported = async () => {
  const deps = exporter();
  return buffer(bundleStream(deps, await openExport(deps, ID)));
};
const importBytes = (bytes: Uint8Array, maxBytes?: number) =>
  importBundle(importer(maxBytes), Readable.from([bytes], { objectMode: false }));

/** Nothing was written: no row, no blob, no work. */
async function expectNothing(): Promise<void> {
  expect(imported).toEqual([]);
  for (const digest of contents.keys()) expect(await target.has(digest)).toBe(false);
  expect(await readdir(path.join(targetFolder, "work"))).toEqual([]);
}

type TarEntry = [name: string, content: Buffer | string, header?: Partial<Header>];
async function tarOf(entries: readonly TarEntry[]): Promise<Buffer> {
  const archive = pack();
  for (const [name, content, header] of entries)
    archive.entry({ name, ...header }, Buffer.from(content));
  archive.finalize();
  return buffer(Readable.from(archive, { objectMode: false }));
}
const rowsOf = (change: Record<string, unknown> = {}, recordsChange: object = {}) =>
  JSON.stringify({
    format: "arc-fabric-session",
    version: 2,
    records: { ...records, ...recordsChange },
    ...change,
  });
const blobEntries = (): TarEntry[] =>
  [...contents].map(([digest, bytes]) => [`blobs/${digest}`, bytes]);

describe("a session bundle", () => {
  it("brings rows and blobs to another server as they are", async () => {
    await importBytes(await exported());
    expect(imported).toEqual([records]);
    for (const [digest, bytes] of contents)
      expect(Buffer.from(await target.read(digest)).equals(bytes)).toBe(true);
    expect(await readdir(path.join(targetFolder, "work"))).toEqual([]);
  });

  it("is a tar archive that begins with its rows, and is the same each time", async () => {
    const bytes = await exported();
    expect(bytes.equals(await exported())).toBe(true);
    const names: string[] = [];
    const archive = extract();
    archive.end(bytes);
    for await (const entry of archive) {
      names.push(entry.header.name);
      entry.resume();
    }
    expect(names).toEqual(["bundle.json", ...records.blobs.map((digest) => `blobs/${digest}`)]);
  });

  it("is made no faster than it is read", async () => {
    const reads: string[] = [];
    const blobs = {
      has: async () => true,
      read: async (digest: string) => {
        reads.push(digest);
        return new Uint8Array(1 << 20);
      },
    };
    const many = Array.from({ length: 50 }, (_, i) => String(i).padStart(64, "0"));
    const stream = bundleStream({ ...exporter(), blobs }, { ...records, blobs: many });
    await new Promise((resolve) => stream.once("readable", resolve));
    const reader = stream[Symbol.asyncIterator]();
    let taken = 0;
    while (taken < 5 << 20) taken += ((await reader.next()).value as Buffer).byteLength;
    expect(reads.length).toBeLessThan(9);
    await reader.return?.();
    expect(stream.destroyed).toBe(true);
  });

  it("is not begun without a session or with a blob missing", async () => {
    await expect(
      openExport({ store: { exportSession: async () => null }, blobs: source }, ID),
    ).rejects.toMatchObject({ code: "session_not_found" });
    await source.delete(records.blobs[0]!);
    await expect(openExport(exporter(), ID)).rejects.toMatchObject({ code: "state_corrupt" });
  });

  it("breaks off where a blob is damaged, and what arrived is refused", async () => {
    const damaged = {
      ...source,
      has: async () => true,
      read: async (digest: string) => {
        if (digest === records.blobs[2]) throw new FabricError("state_corrupt", "damaged");
        return source.read(digest);
      },
    };
    const chunks: Uint8Array[] = [];
    const reading = async () => {
      for await (const chunk of bundleStream({ ...exporter(), blobs: damaged }, records))
        chunks.push(chunk as Uint8Array);
    };
    await expect(reading()).rejects.toMatchObject({ code: "state_corrupt" });
    await expect(importBytes(Buffer.concat(chunks))).rejects.toMatchObject({
      code: "bundle_invalid",
    });
    await expectNothing();
  });
});

describe("a bundle is refused and leaves nothing behind", () => {
  it("when it is torn anywhere", async () => {
    const whole = await exported();
    const cuts = [0, 1, 511, 512, 700, 1024, 2048, 2560, whole.length >> 1, whole.length - 100_000];
    for (const cut of cuts) {
      await expect(importBytes(whole.subarray(0, cut)), String(cut)).rejects.toMatchObject({
        code: "bundle_invalid",
      });
      await expectNothing();
    }
  });

  it("when a single bit of it is changed", async () => {
    const whole = await exported();
    const rowsEnd = 512 + Math.ceil(Buffer.from(rowsOf()).length / 512) * 512;
    for (const at of [3, 150, rowsEnd + 1024, whole.length - 1_500_000]) {
      const changed = Buffer.from(whole);
      changed[at]! ^= 1;
      await expect(importBytes(changed), String(at)).rejects.toMatchObject({
        code: "bundle_invalid",
      });
      await expectNothing();
    }
  });

  it("when the upload breaks off, whatever was to come", async () => {
    const whole = await exported();
    const body = Readable.from(
      (async function* () {
        yield whole.subarray(0, 100_000);
        throw Object.assign(new Error("aborted"), { code: "ECONNRESET" });
      })(),
      { objectMode: false },
    );
    await expect(importBundle(importer(), body)).rejects.toMatchObject({
      code: "bundle_invalid",
      message: expect.stringContaining("broke off"),
    });
    await expectNothing();
  });

  it("of version 1 had no streams", async () => {
    const rows = rowsOf({ version: 1 }, { streams: undefined });
    await importBytes(await tarOf([["bundle.json", rows], ...blobEntries()]));
    expect(imported).toEqual([{ ...records, streams: [] }]);
  });

  it.each<[string, () => TarEntry[], string, string]>([
    [
      "of a newer version",
      () => [["bundle.json", rowsOf({ version: 3, more: 1 })]],
      "bundle_newer",
      "version 3",
    ],
    [
      "of another format",
      () => [["bundle.json", rowsOf({ format: "zip" })]],
      "bundle_invalid",
      "format",
    ],
    [
      "without a version",
      () => [["bundle.json", rowsOf({ version: undefined })]],
      "bundle_invalid",
      "version",
    ],
    ["whose rows are not JSON", () => [["bundle.json", "{"]], "bundle_invalid", "not JSON"],
    [
      "whose rows lack a part",
      () => [["bundle.json", rowsOf({}, { takes: undefined })]],
      "bundle_invalid",
      '"records.takes"',
    ],
    [
      "whose digests are none",
      () => [["bundle.json", rowsOf({}, { blobs: ["../x"] })]],
      "bundle_invalid",
      '"records.blobs.0"',
    ],
    [
      "that does not begin with its rows",
      () => [...blobEntries(), ["bundle.json", rowsOf()]],
      "bundle_invalid",
      "begins with",
    ],
    [
      "that lacks a blob",
      () => [["bundle.json", rowsOf()], ...blobEntries().slice(1)],
      "bundle_invalid",
      "1 of its blobs are missing",
    ],
    [
      "with a blob twice",
      () => [["bundle.json", rowsOf()], ...blobEntries(), blobEntries()[0]!],
      "bundle_invalid",
      "twice",
    ],
    [
      "with a blob too many",
      () => [
        ["bundle.json", rowsOf()],
        [`blobs/${"0".repeat(64)}`, "x"],
      ],
      "bundle_invalid",
      "none of its rows",
    ],
    [
      "with its rows twice",
      () => [
        ["bundle.json", rowsOf()],
        ["bundle.json", rowsOf()],
      ],
      "bundle_invalid",
      "does not belong",
    ],
    [
      "with a path that leads out",
      () => [
        ["bundle.json", rowsOf()],
        ["blobs/../../evil", "x"],
      ],
      "bundle_invalid",
      "does not belong",
    ],
    [
      "with an absolute path",
      () => [
        ["bundle.json", rowsOf()],
        ["/etc/evil", "x"],
      ],
      "bundle_invalid",
      "does not belong",
    ],
    [
      "with a link",
      () => [
        ["bundle.json", rowsOf()],
        [blobEntries()[0]![0], "", { type: "symlink", linkname: "/etc/passwd" }],
      ],
      "bundle_invalid",
      "does not belong",
    ],
    [
      "with other bytes under a digest",
      () => [
        ["bundle.json", rowsOf()],
        [blobEntries()[0]![0], "other"],
      ],
      "bundle_invalid",
      "has the digest",
    ],
  ])("%s", async (_name, entries, code, message) => {
    const refused = importBytes(await tarOf(entries()));
    await expect(refused).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
    await expectNothing();
  });

  it("when it is larger than allowed, before it is read to its end", async () => {
    const whole = await exported();
    await expect(importBytes(whole, 1_000_000)).rejects.toMatchObject({
      code: "payload_too_large",
      details: { max_bytes: 1_000_000 },
    });
    await expectNothing();
  });

  it("when its rows are refused", async () => {
    const store = {
      importSession: async () => {
        throw new FabricError("bundle_invalid", "a take without its session");
      },
    };
    const body = Readable.from([await exported()], { objectMode: false });
    await expect(importBundle({ ...importer(), store }, body)).rejects.toMatchObject({
      code: "bundle_invalid",
    });
    expect(await readdir(path.join(targetFolder, "work"))).toEqual([]);
    // Its blobs belong to nothing, so the next collection takes them.
    await target.collectGarbage(new Set(), -1000);
    for (const digest of contents.keys()) expect(await target.has(digest)).toBe(false);
  });
});
