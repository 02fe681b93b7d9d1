import {
  AVCHROMA_LOC_LEFT,
  AVCOL_PRI_BT709,
  AVCOL_RANGE_JPEG,
  AVCOL_RANGE_MPEG,
  AVCOL_SPC_BT709,
  AVCOL_SPC_RGB,
  AVCOL_TRC_BT709,
  AV_PIX_FMT_RGB24,
  SWS_ACCURATE_RND,
  SWS_BICUBIC,
  SWS_FULL_CHR_H_INP,
} from "node-av/constants";
import type { AVPixelFormat } from "node-av/constants";
import { Frame, SoftwareScaleContext } from "node-av/lib";
import type { CodecContext } from "node-av/lib";
import type { PictureSize } from "../protocol.ts";
import { checkFfmpeg } from "./ffmpeg-error.ts";

/**
 * RGB24 to limited-range BT.709 4:2:0. The scaler takes matrix and range from the frames' tags, so the same tags decide
 * the conversion and what a player is told. Two frames are allocated once and reused: allocating two per picture makes
 * the process float at 270-560 MB instead of 120 MB.
 */
export class RgbConverter {
  readonly #scaler = new SoftwareScaleContext();
  readonly #source: Frame;
  readonly #target: Frame;

  constructor(size: PictureSize, format: AVPixelFormat) {
    this.#scaler.allocContext();
    checkFfmpeg(
      this.#scaler.setOption("sws_flags", SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INP),
      "setting up the colour conversion",
    );
    this.#source = allocateFrame(size, AV_PIX_FMT_RGB24);
    this.#source.colorRange = AVCOL_RANGE_JPEG;
    this.#source.colorSpace = AVCOL_SPC_RGB;
    this.#source.colorPrimaries = AVCOL_PRI_BT709;
    this.#source.colorTrc = AVCOL_TRC_BT709;
    this.#target = allocateFrame(size, format);
    tagBt709(this.#target);
  }

  /** @returns the one reused frame, to be sent before the next call */
  async convert(rgb: Uint8Array, pts: number): Promise<Frame> {
    const bytes = Buffer.from(rgb.buffer, rgb.byteOffset, rgb.byteLength);
    checkFfmpeg(this.#source.fromBuffer(bytes), "reading a frame");
    checkFfmpeg(this.#target.makeWritable(), "preparing a frame");
    checkFfmpeg(
      await this.#scaler.scaleFrame(this.#target, this.#source),
      "converting a frame's colours",
    );
    this.#target.pts = BigInt(pts);
    this.#target.duration = 1n;
    return this.#target;
  }

  close(): void {
    this.#scaler.freeContext();
    this.#source.free();
    this.#target.free();
  }
}

/** Tags a frame or an encoder as what nearly every player assumes for video anyway. */
export function tagBt709(target: Frame | CodecContext): void {
  target.colorRange = AVCOL_RANGE_MPEG;
  target.colorSpace = AVCOL_SPC_BT709;
  target.colorPrimaries = AVCOL_PRI_BT709;
  target.colorTrc = AVCOL_TRC_BT709;
  target.chromaLocation = AVCHROMA_LOC_LEFT;
}

function allocateFrame(size: PictureSize, format: AVPixelFormat): Frame {
  const frame = new Frame();
  frame.alloc();
  frame.format = format;
  frame.width = size.width;
  frame.height = size.height;
  checkFfmpeg(frame.getBuffer(), "reserving a frame");
  return frame;
}
