import { FabricError, MAX_PAYLOAD_BYTES } from "@arc-fabric/contract";
import {
  AVCOL_RANGE_JPEG,
  AVCOL_SPC_RGB,
  AVERROR_EAGAIN,
  AVERROR_EOF,
  AVFMT_FLAG_CUSTOM_IO,
  AVMEDIA_TYPE_VIDEO,
  AVSEEK_CUR,
  AVSEEK_END,
  AVSEEK_SIZE,
  AV_PIX_FMT_RGB24,
  SWS_ACCURATE_RND,
  SWS_BICUBIC,
  SWS_FULL_CHR_H_INT,
} from "node-av/constants";
import {
  Codec,
  CodecContext,
  FormatContext,
  Frame,
  IOContext,
  Packet,
  SoftwareScaleContext,
  type Stream,
} from "node-av/lib";
import { type PictureSize, RGB_CHANNELS } from "../protocol.ts";
import { checkFfmpeg } from "./ffmpeg-error.ts";

const READ_BUFFER_BYTES = 64 << 10;

export interface ClipFrames extends PictureSize {
  readonly count: number;
  /** RGB24 [count, height, width, 3] */
  readonly data: Uint8Array;
}

/**
 * Every frame of an MP4 file in memory.
 * @throws `encoder_failed` when it cannot be read, `unsupported_value` when its frames are more than one answer holds
 */
export async function readClip(video: Uint8Array): Promise<ClipFrames> {
  const format = new FormatContext();
  const codec = new CodecContext();
  const input = memoryInput(video);
  try {
    format.allocContext();
    format.pb = input;
    format.setFlags(AVFMT_FLAG_CUSTOM_IO);
    checkFfmpeg(await format.openInput(""), "opening the clip");
    checkFfmpeg(await format.findStreamInfo(), "looking into the clip");
    const index = checkFfmpeg(
      format.findBestStream(AVMEDIA_TYPE_VIDEO),
      "looking for the clip's pictures",
    );
    const stream = format.streams[index]!;
    await openDecoder(codec, stream);
    return await decodeAll(format, stream, codec);
  } finally {
    codec.freeContext();
    await format.closeInput();
    input.freeContext();
  }
}

async function openDecoder(codec: CodecContext, { codecpar }: Stream): Promise<void> {
  const decoder = Codec.findDecoder(codecpar.codecId);
  if (!decoder) throw new FabricError("encoder_failed", "There is no decoder for this clip.");
  codec.allocContext3(decoder);
  checkFfmpeg(codec.parametersToContext(codecpar), "setting up the decoder");
  codec.threadCount = 1;
  checkFfmpeg(await codec.open2(decoder), "opening the decoder");
}

async function decodeAll(
  format: FormatContext,
  stream: Stream,
  codec: CodecContext,
): Promise<ClipFrames> {
  const { width, height } = stream.codecpar;
  const frames = new FrameCollector({ width, height });
  const packet = new Packet();
  packet.alloc();
  try {
    for (let more = true; more;) {
      const status = await format.readFrame(packet);
      more = status !== AVERROR_EOF;
      if (more) checkFfmpeg(status, "reading the clip");
      if (more && packet.streamIndex !== stream.index) {
        packet.unref();
        continue;
      }
      checkFfmpeg(await codec.sendPacket(more ? packet : null), "decoding the clip");
      packet.unref();
      await frames.receive(codec);
    }
    return frames.all();
  } finally {
    packet.free();
    frames.close();
  }
}

/** Takes a decoder's frames and turns each into RGB. */
class FrameCollector {
  readonly #size: PictureSize;
  readonly #decoded = new Frame();
  readonly #rgb = new Frame();
  readonly #scaler = new SoftwareScaleContext();
  readonly #frames: Uint8Array[] = [];

  constructor(size: PictureSize) {
    this.#size = size;
    this.#decoded.alloc();
    this.#scaler.allocContext();
    checkFfmpeg(
      this.#scaler.setOption("sws_flags", SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT),
      "setting up the colour conversion",
    );
    this.#rgb.alloc();
    this.#rgb.format = AV_PIX_FMT_RGB24;
    this.#rgb.width = size.width;
    this.#rgb.height = size.height;
    this.#rgb.colorRange = AVCOL_RANGE_JPEG;
    this.#rgb.colorSpace = AVCOL_SPC_RGB;
    checkFfmpeg(this.#rgb.getBuffer(), "reserving a frame");
  }

  async receive(codec: CodecContext): Promise<void> {
    for (;;) {
      const status = await codec.receiveFrame(this.#decoded);
      if (status === AVERROR_EAGAIN || status === AVERROR_EOF) return;
      checkFfmpeg(status, "decoding a frame");
      this.#checkSize();
      checkFfmpeg(
        await this.#scaler.scaleFrame(this.#rgb, this.#decoded),
        "converting a frame's colours",
      );
      this.#frames.push(Uint8Array.from(this.#rgb.toBuffer()));
      this.#decoded.unref();
    }
  }

  all(): ClipFrames {
    if (this.#frames.length === 0)
      throw new FabricError("encoder_failed", "The clip has no frame.");
    return { ...this.#size, count: this.#frames.length, data: Buffer.concat(this.#frames) };
  }

  close(): void {
    this.#decoded.free();
    this.#rgb.free();
    this.#scaler.freeContext();
  }

  #checkSize(): void {
    const { width, height } = this.#size;
    if (this.#decoded.width !== width || this.#decoded.height !== height)
      throw new FabricError(
        "encoder_failed",
        `The clip changes its size from ${width}x${height} to ${this.#decoded.width}x${this.#decoded.height}.`,
      );
    const frameBytes = width * height * RGB_CHANNELS;
    if ((this.#frames.length + 1) * frameBytes > MAX_PAYLOAD_BYTES)
      throw new FabricError(
        "unsupported_value",
        `The clip has more than the ${Math.floor(MAX_PAYLOAD_BYTES / frameBytes)} frames of ${width}x${height} that can be read at once.`,
      );
  }
}

function memoryInput(bytes: Uint8Array): IOContext {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let position = 0;
  const input = new IOContext();
  input.allocContextWithCallbacks(
    READ_BUFFER_BYTES,
    0,
    (size) => {
      if (position >= buffer.length) return AVERROR_EOF;
      const chunk = buffer.subarray(position, position + size);
      position += chunk.length;
      return chunk;
    },
    null,
    (offset, whence) => {
      if (whence === AVSEEK_SIZE) return BigInt(buffer.length);
      const from = whence === AVSEEK_CUR ? position : whence === AVSEEK_END ? buffer.length : 0;
      position = Math.min(buffer.length, Math.max(0, from + Number(offset)));
      return BigInt(position);
    },
  );
  return input;
}
