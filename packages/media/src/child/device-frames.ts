import {
  AV_HWDEVICE_TYPE_VAAPI,
  AV_HWDEVICE_TYPE_VULKAN,
  AV_PIX_FMT_NV12,
  AV_PIX_FMT_VAAPI,
  AV_PIX_FMT_VULKAN,
} from "node-av/constants";
import { Frame, HardwareDeviceContext, HardwareFramesContext } from "node-av/lib";
import type { CodecContext } from "node-av/lib";
import type { FrameUpload } from "../encoders.ts";
import type { PictureSize } from "../protocol.ts";
import { checkFfmpeg } from "./ffmpeg-error.ts";

const DEVICES = {
  vaapi: { type: AV_HWDEVICE_TYPE_VAAPI, format: AV_PIX_FMT_VAAPI },
  vulkan: { type: AV_HWDEVICE_TYPE_VULKAN, format: AV_PIX_FMT_VULKAN },
} as const;

/** Frames an encoder may still read while the next ones are uploaded (its references and look-ahead). */
const POOL_FRAMES = 16;

/** NV12 frames uploaded to a device, for encoders that read nothing else. */
export class DeviceFrames {
  readonly #device = new HardwareDeviceContext();
  readonly #frames = new HardwareFramesContext();

  constructor(upload: Exclude<FrameUpload, "none">, size: PictureSize, context: CodecContext) {
    const { type, format } = DEVICES[upload];
    checkFfmpeg(this.#device.create(type), `opening a ${upload} device`);
    this.#frames.alloc(this.#device);
    this.#frames.format = format;
    this.#frames.swFormat = AV_PIX_FMT_NV12;
    this.#frames.width = size.width;
    this.#frames.height = size.height;
    this.#frames.initialPoolSize = POOL_FRAMES;
    checkFfmpeg(this.#frames.init(), `reserving ${upload} frames`);
    context.pixelFormat = format;
    context.hwFramesCtx = this.#frames;
  }

  async upload(source: Frame): Promise<Frame> {
    const frame = new Frame();
    frame.alloc();
    checkFfmpeg(this.#frames.getBuffer(frame), "taking a device frame");
    checkFfmpeg(await this.#frames.transferData(frame, source), "uploading a frame");
    checkFfmpeg(frame.copyProps(source), "copying a frame's properties");
    return frame;
  }

  close(): void {
    this.#frames.free();
    this.#device.free();
  }
}
