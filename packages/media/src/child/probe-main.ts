import { AV_LOG_ERROR } from "node-av/constants";
import { Log } from "node-av/lib";
import { findEncoder } from "../encoders.ts";
import { PROBE_READY, RGB_CHANNELS } from "../protocol.ts";
import { VideoEncoder } from "./video-encoder.ts";

/**
 * Finds out whether one encoder works: encodes a few black frames and counts the packets. A process of its own, because
 * opening succeeds without the hardware for some encoders and crashes in the driver for others.
 */
const PROBE_FRAMES = 4;
const PROBE_EDGE = 256;

Log.setLevel(AV_LOG_ERROR);
const name = process.argv[2] ?? "";
process.stdout.write(PROBE_READY);
try {
  const packets = await encodeBlack();
  if (packets !== PROBE_FRAMES)
    throw new Error(`${name} gave ${packets} packets for ${PROBE_FRAMES} frames.`);
  process.stdout.write(JSON.stringify({ usable: true, error: null }));
} catch (error) {
  process.stdout.write(
    JSON.stringify({
      usable: false,
      error: error instanceof Error ? error.message : String(error),
    }),
  );
}
process.exit(0);

async function encodeBlack(): Promise<number> {
  const entry = findEncoder(name);
  if (!entry) throw new Error(`There is no encoder ${name} in the table.`);
  let packets = 0;
  const settings = { width: PROBE_EDGE, height: PROBE_EDGE, fps: 24, threads: 1 };
  const encoder = await VideoEncoder.open(entry, settings, async () => {
    packets += 1;
  });
  const black = new Uint8Array(PROBE_EDGE * PROBE_EDGE * RGB_CHANNELS);
  for (let index = 0; index < PROBE_FRAMES; index += 1) await encoder.encode(black);
  await encoder.flush();
  encoder.close();
  return packets;
}
