import { createMedia } from "@arc-fabric/media";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { percentile, report, type Row } from "./lib/table.ts";

/**
 * What the encoder process takes: whole clips (video, thumbnail, sprite sheet) from RGB frames in this process, and the
 * stills of the live picture. Best of several runs, because anything else on the machine only makes it slower.
 */
const SIZES = [
  { width: 128, height: 128, count: 49 },
  { width: 832, height: 480, count: 49 },
];
const RUNS = 5;
const STILLS = 200;
const GROUP = 4;

const quiet = () => undefined;
const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const system = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  randomBytes: (count: number) => randomBytes(count),
  sleep: async (ms: number, signal?: AbortSignal) => sleep(ms, undefined, { signal }),
};
const media = createMedia({ system, logger, encoder: "libx264", allowSoftwareEncoder: true });

const rows: Row[] = [];
const started = performance.now();
await media.encodeStills(picture(128, 128, 1));
const coldMs = performance.now() - started;
for (const size of SIZES)
  rows.push({
    ...(await measureClip(size)),
    ...(await measureStills(size)),
    ...(await measureLive(size)),
  });
await media.close();

report({
  name: "media-encode",
  title: "Encoding clips and live stills",
  method: `A moving disc over a gradient with dither noise, libx264 on two threads in the encoder process, frames handed over in groups of ${GROUP}. Clips: best of ${RUNS} runs, from the first frame to the finished files. Stills: ${STILLS} calls of one frame each, warm. Live packets: H.264 for watching, one frame a call.`,
  rows,
  notes: [
    `First still of a cold encoder process (start, codecs loaded, one 128x128 JPEG): ${coldMs.toFixed(0)} ms.`,
    `Load average of the machine meanwhile: ${loadavg()[0]?.toFixed(1)} (above the number of cores, other programs slowed this down).`,
  ],
});

async function measureClip(size: { width: number; height: number; count: number }): Promise<Row> {
  const { width, height, count } = size;
  const frames = picture(width, height, count);
  const bytes = width * height * 3;
  let best = { totalMs: Infinity, finishMs: 0, kilobytes: 0 };
  for (let run = 0; run < RUNS; run += 1) {
    const directory = await mkdtemp(path.join(tmpdir(), "arc-bench-media-"));
    const clip = await media.openClip({ width, height, fps: 8, numFrames: count, directory });
    const began = performance.now();
    for (let first = 0; first < count; first += GROUP) {
      const group = Math.min(GROUP, count - first);
      const data = frames.data.subarray(first * bytes, (first + group) * bytes);
      await clip.write({ width, height, count: group, data });
    }
    const written = performance.now();
    const [video] = await clip.finish();
    const ended = performance.now();
    const { size: fileBytes } = await stat(video!.path);
    if (ended - began < best.totalMs)
      best = { totalMs: ended - began, finishMs: ended - written, kilobytes: fileBytes / 1024 };
    await rm(directory, { recursive: true });
  }
  return {
    size: `${width}x${height}`,
    frames: count,
    "clip frames/s": count / (best.totalMs / 1000),
    "clip ms": best.totalMs,
    "of it finish ms": best.finishMs,
    "video kB": best.kilobytes,
  };
}

async function measureStills(size: { width: number; height: number }): Promise<Row> {
  const frame = picture(size.width, size.height, 1);
  const samples: number[] = [];
  for (let call = 0; call < STILLS; call += 1) {
    const began = performance.now();
    await media.encodeStills(frame);
    samples.push(performance.now() - began);
  }
  return { "still ms p50": percentile(samples, 0.5), "still ms p95": percentile(samples, 0.95) };
}

async function measureLive(size: { width: number; height: number; count: number }): Promise<Row> {
  const { width, height, count } = size;
  const frames = picture(width, height, count);
  const bytes = width * height * 3;
  const live = await media.openLive({ width, height, fps: 8 });
  const samples: number[] = [];
  for (let frame = 0; frame < count; frame += 1) {
    const data = frames.data.subarray(frame * bytes, (frame + 1) * bytes);
    const began = performance.now();
    await live.encode({ width, height, count: 1, data });
    samples.push(performance.now() - began);
  }
  await live.close();
  return {
    "live packet ms p50": percentile(samples, 0.5),
    "live packet ms p95": percentile(samples, 0.95),
  };
}

function picture(width: number, height: number, count: number) {
  const data = new Uint8Array(count * width * height * 3);
  let state = 1;
  let offset = 0;
  for (let frame = 0; frame < count; frame += 1) {
    const centre = { x: width * (0.2 + (0.6 * frame) / count), y: height / 2 };
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        const noise = (state >>> 29) - 4;
        const inside = (x - centre.x) ** 2 + (y - centre.y) ** 2 < (height / 5) ** 2;
        data[offset] = (inside ? 210 : 60 + (100 * x) / width) + noise;
        data[offset + 1] = (inside ? 50 : 140 - (60 * y) / height) + noise;
        data[offset + 2] = (inside ? 40 : 90) + noise;
        offset += 3;
      }
    }
  }
  return { width, height, count, data };
}
