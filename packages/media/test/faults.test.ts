import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { setImmediate as turn } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test, vi } from "vitest";
import type { ClipOptions, System } from "@arc-fabric/core";
import { decodeClip } from "./decode-clip.ts";
import { MediaFixture, realSystem } from "./media-fixture.ts";
import { movingFrames } from "./test-frames.ts";

const fixture = new MediaFixture();
afterAll(async () => fixture.dispose());

const SOFTWARE = { encoder: "libx264" };
/** Starting an encoder process takes longer than most of these tests: those that leave it whole share one. */
const media = fixture.media(SOFTWARE);

async function clipOptions(changes: Partial<ClipOptions> = {}): Promise<ClipOptions> {
  return {
    width: 128,
    height: 128,
    fps: 8,
    numFrames: 17,
    directory: await fixture.directory(),
    ...changes,
  };
}

async function expectWorks(): Promise<void> {
  const clip = await media.openClip(await clipOptions());
  await clip.write(movingFrames(128, 128, 17));
  const [video] = await clip.finish();
  expect((await decodeClip(video!.path)).frames).toHaveLength(17);
}

describe("an encoder process killed with -9", () => {
  test("fails the open clips with a retryable error, leaves nothing of them, and the next clip works", async () => {
    const options = [await clipOptions(), await clipOptions()];
    const clips = await Promise.all(options.map(async (entry) => media.openClip(entry)));
    await Promise.all(clips.map(async (clip) => clip.write(movingFrames(128, 128, 9))));
    const pid = media.pid!;
    process.kill(pid, "SIGKILL");
    for (const clip of clips) {
      await expect(clip.finish()).rejects.toMatchObject({
        code: "encoder_failed",
        retryable: true,
        message: expect.stringContaining("SIGKILL"),
      });
    }
    for (const { directory } of options) expect(await readdir(directory)).toEqual([]);
    await expectWorks();
    expect(media.pid).not.toBe(pid);
  });

  test("fails stills that are under way, and the next ones work", async () => {
    await media.encodeStills(movingFrames(32, 32, 1));
    process.kill(media.pid!, "SIGSTOP");
    const stills = media.encodeStills(movingFrames(128, 128, 4));
    process.kill(media.pid!, "SIGKILL");
    await expect(stills).rejects.toMatchObject({ code: "encoder_failed" });
    expect(await media.encodeStills(movingFrames(32, 32, 2))).toHaveLength(2);
  });
});

test("an encoder process that hangs is ended after its time limit, and says so", async () => {
  const limit = new AbortController();
  const callTimeoutMs = 120_000;
  const sleep: System["sleep"] = async (ms, signal) => {
    if (ms !== callTimeoutMs) return realSystem.sleep(ms, signal);
    await once(limit.signal, "abort", { signal });
  };
  const hanging = fixture.media({ ...SOFTWARE, callTimeoutMs, system: { ...realSystem, sleep } });
  await hanging.encodeStills(movingFrames(32, 32, 1));
  process.kill(hanging.pid!, "SIGSTOP");
  const stills = hanging.encodeStills(movingFrames(32, 32, 1));
  limit.abort();
  await expect(stills).rejects.toMatchObject({ code: "encoder_failed" });
  expect(fixture.logger.lines.map(({ message }) => message)).toContain(
    "the encoder process hangs and is ended",
  );
});

test("no encoder process outlives a parent killed with -9", async () => {
  const main = fileURLToPath(new URL("fixtures/media-owner-main.ts", import.meta.url));
  const parent = spawn(process.execPath, [main, await fixture.directory()], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(parent.stdout, "data")) as [Buffer];
  const encoder = Number(line.toString());
  expect(isRunning(encoder)).toBe(true);
  parent.kill("SIGKILL");
  await vi.waitFor(() => expect(isRunning(encoder)).toBe(false), { timeout: 10_000 });
});

test("a producer is held back while the encoder stands still", async () => {
  const clip = await media.openClip(await clipOptions({ numFrames: 40 }));
  process.kill(media.pid!, "SIGSTOP");
  let accepted = 0;
  const writes = Array.from({ length: 40 }, async () => {
    await clip.write(movingFrames(128, 128, 1));
    accepted += 1;
  });
  for (let turns = 0; turns < 100; turns += 1) await turn();
  expect(accepted).toBeLessThanOrEqual(1);
  process.kill(media.pid!, "SIGCONT");
  await Promise.all(writes);
  expect(accepted).toBe(40);
  const [video] = await clip.finish();
  expect((await decodeClip(video!.path)).frames).toHaveLength(40);
});

test("more clips than allowed wait for their turn; closing ends the process, fails what is open or waits and starts nothing new", async () => {
  const single = fixture.media({ ...SOFTWARE, maxOpenClips: 1 });
  const first = await single.openClip(await clipOptions({ numFrames: 1 }));
  let opened = false;
  const second = clipOptions().then(async (options) => {
    const clip = await single.openClip(options);
    opened = true;
    return clip;
  });
  await first.write(movingFrames(128, 128, 1));
  expect(opened).toBe(false);
  await first.finish();
  const clip = await second;
  const waiting = single.openClip(await clipOptions());
  waiting.catch(() => undefined);

  const pid = single.pid!;
  await single.close();
  expect(isRunning(pid)).toBe(false);
  await expect(clip.finish()).rejects.toMatchObject({ code: "encoder_failed" });
  await expect(waiting).rejects.toMatchObject({ code: "shutting_down" });
  await expect(single.openClip(await clipOptions())).rejects.toMatchObject({
    code: "shutting_down",
  });
  await expect(single.encodeStills(movingFrames(32, 32, 1))).rejects.toMatchObject({
    code: "shutting_down",
  });
});

describe("a disk that becomes full", () => {
  const disk = mountSmallDisk();
  afterAll(() => disk.unmount());

  test.skipIf(disk.path === null)(
    `is told apart from other failures and keeps nothing of the clip${disk.path ? "" : " (needs the right to mount)"}`,
    async () => {
      const clip = await media.openClip(
        await clipOptions({ width: 256, height: 256, numFrames: 60, directory: disk.path! }),
      );
      const failed = (async () => {
        for (let frame = 0; frame < 60; frame += 1) await clip.write(noiseFrame(256, 256, frame));
        await clip.finish();
      })();
      await expect(failed).rejects.toMatchObject({ code: "disk_full", retryable: true });
      expect(await readdir(disk.path!)).toEqual([]);
      await expectWorks();
    },
  );
});

test("a wished encoder that does not work here gives way to software, and the clip says so", async () => {
  const absent = process.platform === "darwin" ? "h264_amf" : "h264_videotoolbox";
  const wishing = fixture.media({ encoder: absent });
  const clip = await wishing.openClip(await clipOptions({ numFrames: 1 }));
  await clip.write(movingFrames(128, 128, 1));
  const [video] = await clip.finish();
  expect(video!.metadata).toMatchObject({
    encoder: "libx264",
    rejected_encoders: [{ encoder: absent }],
  });
  expect(
    fixture.logger.lines.filter(
      ({ level, message }) => level === "warn" && message.includes("another encoder"),
    ),
  ).not.toHaveLength(0);

  const strict = fixture.media({ encoder: absent, allowSoftwareEncoder: false });
  await expect(strict.openClip(await clipOptions())).rejects.toMatchObject({
    code: "encoder_unavailable",
    message: expect.stringContaining(absent),
  });
});

/** Whether a process runs; one that ended but was not waited for does not. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return process.platform !== "linux";
  }
}

function noiseFrame(width: number, height: number, seed: number) {
  let state = seed + 1;
  const data = Uint8Array.from({ length: width * height * 3 }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
  return { count: 1, width, height, data };
}

/** A tmpfs of one megabyte, where this user may mount one. */
function mountSmallDisk(): { path: string | null; unmount: () => void } {
  const path = `/tmp/arc-media-disk-${process.pid}`;
  try {
    execFileSync("mkdir", ["-p", path], { stdio: "ignore" });
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", path], { stdio: "ignore" });
  } catch {
    return { path: null, unmount: () => execFileSync("rm", ["-rf", path]) };
  }
  return {
    path,
    unmount: () => {
      execFileSync("umount", [path]);
      execFileSync("rmdir", [path]);
    },
  };
}
