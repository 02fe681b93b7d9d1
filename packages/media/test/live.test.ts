import { afterAll, expect, test } from "vitest";
import { decodePackets } from "./decode-clip.ts";
import { MediaFixture, sliceFrames } from "./media-fixture.ts";
import { flatFrames, meanColor, movingFrames } from "./test-frames.ts";

const fixture = new MediaFixture();
const media = fixture.media();
afterAll(async () => fixture.dispose());

test("every frame is one packet at once, decodable without waiting for the next", async () => {
  const live = await media.openLive({ width: 128, height: 128, fps: 8 });
  const frames = movingFrames(128, 128, 40);
  const packets = [];
  for (let first = 0; first < 40; first += 4) {
    const encoded = await live.encode(sliceFrames(frames, first, 4));
    expect(encoded).toHaveLength(4);
    packets.push(...encoded);
  }
  await live.close();
  const keys = packets.flatMap(({ keyFrame }, index) => (keyFrame ? [index] : []));
  expect(keys).toEqual([0, 16, 32]);
  for (let joined = 0; joined < keys.length; joined += 1) {
    const seen = packets.slice(keys[joined]).map(({ data }) => data);
    expect(await decodePackets(seen)).toHaveLength(seen.length);
  }
  const firstOnly = await decodePackets([packets[0]!.data]);
  expect(firstOnly, "no delay in the decoder either").toHaveLength(1);
});

test("a key frame comes when it is asked for, and colours stay true", async () => {
  const live = await media.openLive({ width: 64, height: 64, fps: 8 });
  await live.encode(movingFrames(64, 64, 3));
  const [packet] = await live.encode(flatFrames(64, 64, [[220, 30, 20]]), { keyFrame: true });
  expect(packet!.keyFrame).toBe(true);
  const [picture] = await decodePackets([packet!.data]);
  const mean = meanColor(picture!);
  for (const [channel, wanted] of [220, 30, 20].entries())
    expect(Math.abs(mean[channel as 0 | 1 | 2] - wanted)).toBeLessThanOrEqual(4);
  await live.close();
  await expect(live.encode(movingFrames(64, 64, 1))).rejects.toMatchObject({
    code: "encoder_failed",
    message: expect.stringContaining("closed"),
  });
});

test("a stream that cannot be is refused", async () => {
  await expect(media.openLive({ width: 65, height: 64, fps: 8 })).rejects.toMatchObject({
    code: "unsupported_value",
  });
  const strict = fixture.media({ allowSoftwareEncoder: false });
  await expect(strict.openLive({ width: 64, height: 64, fps: 8 })).rejects.toMatchObject({
    code: "encoder_unavailable",
  });
});
