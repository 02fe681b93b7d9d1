import { Socket } from "node:net";
import { AV_LOG_ERROR } from "node-av/constants";
import { Log } from "node-av/lib";
import { CHANNEL_FD, type ChildRequest } from "../protocol.ts";
import { readClip } from "./clip-reader.ts";
import { ClipTable } from "./clip-table.ts";
import { LiveTable } from "./live-table.ts";
import { configurePictures, encodeStills, encodeStrip } from "./pictures.ts";
import { describePicture, readMask, readPicture } from "./read-pictures.ts";
import { type Answer, serveCalls } from "./serve-calls.ts";

/**
 * The encoder process: everything that runs a codec runs here, so that a crash in one takes nothing else with it.
 * It lives as long as its channel: the parent's end closes with the parent, however that ends.
 */
Log.setLevel(AV_LOG_ERROR);
configurePictures();
const clips = new ClipTable();
const streams = new LiveTable();
const channel = new Socket({ fd: CHANNEL_FD, readable: true, writable: true });
for (const event of ["end", "close", "error"]) channel.once(event, () => process.exit(0));
serveCalls(channel, handle);

async function handle(request: ChildRequest, payload: Uint8Array): Promise<Answer> {
  switch (request.method) {
    case "clip.open":
      return { result: await clips.open(request.clip, request.options) };
    case "clip.write":
      return { result: await clips.write(request.clip, payload, request.count) };
    case "clip.finish":
      return { result: await clips.finish(request.clip) };
    case "clip.abort":
      return { result: await clips.abort(request.clip) };
    case "live.open":
      return { result: await streams.open(request.live, request.options) };
    case "live.encode":
      return streams.encode(request.live, payload, request.count, request.keyFrame);
    case "live.close":
      return { result: await streams.close(request.live) };
    case "strip":
      return {
        result: null,
        payload: { picture: await encodeStrip(payload, request.size, request.count) },
      };
    case "stills": {
      const pictures = await encodeStills(payload, request.size, request.count);
      return {
        result: null,
        payload: Object.fromEntries(
          pictures.map((picture, index) => [`picture_${index}`, picture]),
        ),
      };
    }
    case "picture.describe":
      return { result: await describePicture(payload) };
    case "picture.read":
      return { result: null, payload: { frames: await readPicture(payload, request.size) } };
    case "mask.read":
      return { result: null, payload: { mask: await readMask(payload, request.size) } };
    case "clip.read": {
      const { data, ...clip } = await readClip(payload);
      return { result: clip, payload: { frames: data } };
    }
  }
}
