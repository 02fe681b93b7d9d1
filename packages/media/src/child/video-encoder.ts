import { FabricError } from "@arc-fabric/contract";
import {
  AVERROR_EAGAIN,
  AVERROR_EOF,
  AV_CODEC_FLAG_CLOSED_GOP,
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_PICTURE_TYPE_I,
  AV_PICTURE_TYPE_NONE,
  AV_PIX_FMT_NV12,
  AV_PIX_FMT_YUV420P,
} from "node-av/constants";
import { Codec, CodecContext, Dictionary, Packet, Rational } from "node-av/lib";
import type { Frame } from "node-av/lib";
import { type EncoderEntry, LARGE_PICTURE_PIXELS } from "../encoders.ts";
import type { PictureSize } from "../protocol.ts";
import { DeviceFrames } from "./device-frames.ts";
import { checkFfmpeg } from "./ffmpeg-error.ts";
import { RgbConverter, tagBt709 } from "./rgb-converter.ts";

export interface VideoEncoderSettings extends PictureSize {
  readonly fps: number;
  readonly threads: number;
  /** Replaces the entry's own options (the live stream has others). */
  readonly options?: Readonly<Record<string, string>>;
  /** Parameter sets with every key frame instead of once in the file's header. */
  readonly inlineHeaders?: boolean;
}

export type PacketSink = (packet: Packet) => Promise<void>;

/** A key frame at least this often, so that seeking stays quick. */
const GOP_SECONDS = 2;

/** One open H.264 encoder: RGB24 frames in, packets out. */
export class VideoEncoder {
  readonly context: CodecContext;
  readonly #converter: RgbConverter;
  readonly #device: DeviceFrames | null;
  readonly #packet = new Packet();
  readonly #sink: PacketSink;
  #frames = 0;
  #closed = false;

  private constructor(
    context: CodecContext,
    converter: RgbConverter,
    device: DeviceFrames | null,
    sink: PacketSink,
  ) {
    this.context = context;
    this.#converter = converter;
    this.#device = device;
    this.#sink = sink;
    this.#packet.alloc();
  }

  /** @throws `encoder_failed` when the encoder does not exist in this build or does not open on this machine */
  static async open(
    entry: EncoderEntry,
    settings: VideoEncoderSettings,
    sink: PacketSink,
  ): Promise<VideoEncoder> {
    const codec = Codec.findEncoderByName(
      entry.name as Parameters<typeof Codec.findEncoderByName>[0],
    );
    if (!codec)
      throw new FabricError(
        "encoder_failed",
        `The encoder ${entry.name} is not part of this build.`,
      );
    const context = new CodecContext();
    context.allocContext3(codec);
    const format = entry.pixelFormat === "nv12" ? AV_PIX_FMT_NV12 : AV_PIX_FMT_YUV420P;
    configure(context, settings);
    context.pixelFormat = format;
    let device: DeviceFrames | null = null;
    try {
      if (entry.upload !== "none") device = new DeviceFrames(entry.upload, settings, context);
      const small = settings.width * settings.height < LARGE_PICTURE_PIXELS;
      const options = Dictionary.fromObject({ ...(settings.options ?? entry.options(small)) });
      const status = await context.open2(codec, options);
      options.free();
      checkFfmpeg(status, `opening the encoder ${entry.name}`);
      return new VideoEncoder(context, new RgbConverter(settings, format), device, sink);
    } catch (error) {
      device?.close();
      context.freeContext();
      throw error;
    }
  }

  async encode(rgb: Uint8Array, keyFrame = false): Promise<void> {
    const frame = await this.#converter.convert(rgb, this.#frames);
    frame.pictType = keyFrame ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    if (!this.#device) {
      await this.#send(frame);
    } else {
      const uploaded = await this.#device.upload(frame);
      await this.#send(uploaded);
      uploaded.free();
    }
    this.#frames += 1;
    await this.#drain();
  }

  /** Sends out what the encoder still holds back. */
  async flush(): Promise<void> {
    await this.#send(null);
    await this.#drain();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#packet.free();
    this.#converter.close();
    this.#device?.close();
    this.context.freeContext();
  }

  async #send(frame: Frame | null): Promise<void> {
    checkFfmpeg(await this.context.sendFrame(frame), "encoding a frame");
  }

  async #drain(): Promise<void> {
    for (;;) {
      const status = await this.context.receivePacket(this.#packet);
      if (status === AVERROR_EAGAIN || status === AVERROR_EOF) return;
      checkFfmpeg(status, "encoding a frame");
      await this.#sink(this.#packet);
      this.#packet.unref();
    }
  }
}

/** A frame rate as the exact fraction that a container stores; three decimals are kept. */
export function frameRate(fps: number): Rational {
  return Number.isInteger(fps) ? new Rational(fps, 1) : new Rational(Math.round(fps * 1000), 1000);
}

function configure(context: CodecContext, settings: VideoEncoderSettings): void {
  const rate = frameRate(settings.fps);
  context.width = settings.width;
  context.height = settings.height;
  context.sampleAspectRatio = new Rational(1, 1);
  context.timeBase = rate.inv();
  context.framerate = rate;
  context.gopSize = Math.max(1, Math.round(settings.fps * GOP_SECONDS));
  context.threadCount = settings.threads;
  context.setFlags(AV_CODEC_FLAG_CLOSED_GOP);
  if (!settings.inlineHeaders) context.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
  tagBt709(context);
}
