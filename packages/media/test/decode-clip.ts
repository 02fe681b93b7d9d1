import {
  AVERROR_EAGAIN,
  AVERROR_EOF,
  AVMEDIA_TYPE_VIDEO,
  AV_CODEC_ID_H264,
  AV_PIX_FMT_RGB24,
  AVCOL_RANGE_JPEG,
  AVCOL_SPC_RGB,
} from "node-av/constants";
import {
  Codec,
  CodecContext,
  FFmpegError,
  FormatContext,
  Frame,
  Packet,
  SoftwareScaleContext,
} from "node-av/lib";

export interface DecodedClip {
  readonly width: number;
  readonly height: number;
  /** "num/den" */
  readonly frameRate: string;
  readonly durationS: number;
  readonly pixelFormat: number;
  readonly colorTags: { space: number; range: number; primaries: number; transfer: number };
  /** RGB24 */
  readonly frames: Uint8Array[];
  readonly keyFrames: number[];
  /** Presentation times in seconds. */
  readonly times: number[];
}

/** Opens a clip as a player would and decodes every frame. */
export async function decodeClip(path: string): Promise<DecodedClip> {
  const format = new FormatContext();
  check(await format.openInput(path));
  check(await format.findStreamInfo());
  const stream = format.streams[check(format.findBestStream(AVMEDIA_TYPE_VIDEO))]!;
  const codec = new CodecContext();
  const decoder = Codec.findDecoder(stream.codecpar.codecId);
  codec.allocContext3(decoder);
  check(codec.parametersToContext(stream.codecpar));
  check(await codec.open2(decoder));
  const frames: Uint8Array[] = [];
  const keyFrames: number[] = [];
  const times: number[] = [];
  const packet = new Packet();
  packet.alloc();
  const frame = new Frame();
  frame.alloc();
  for (let more = true; more;) {
    const status = await format.readFrame(packet);
    more = status !== AVERROR_EOF;
    if (more) check(status);
    check(await codec.sendPacket(more ? packet : null));
    packet.unref();
    for (;;) {
      const received = await codec.receiveFrame(frame);
      if (received === AVERROR_EAGAIN || received === AVERROR_EOF) break;
      check(received);
      if (frame.keyFrame) keyFrames.push(frames.length);
      times.push(Number(frame.pts) * stream.timeBase.toDouble());
      frames.push(toRgb(frame));
      frame.unref();
    }
  }
  const { codecpar } = stream;
  const decoded = {
    width: codecpar.width,
    height: codecpar.height,
    frameRate: `${stream.rFrameRate.num}/${stream.rFrameRate.den}`,
    durationS: Number(stream.duration) * stream.timeBase.toDouble(),
    pixelFormat: codecpar.format as number,
    colorTags: {
      space: codec.colorSpace,
      range: codec.colorRange,
      primaries: codec.colorPrimaries,
      transfer: codec.colorTrc,
    },
    frames,
    keyFrames,
    times,
  };
  codec.freeContext();
  await format.closeInput();
  return decoded;
}

function toRgb(frame: Frame): Uint8Array {
  const scaler = new SoftwareScaleContext();
  scaler.allocContext();
  const rgb = new Frame();
  rgb.alloc();
  rgb.format = AV_PIX_FMT_RGB24;
  rgb.width = frame.width;
  rgb.height = frame.height;
  rgb.colorRange = AVCOL_RANGE_JPEG;
  rgb.colorSpace = AVCOL_SPC_RGB;
  check(rgb.getBuffer());
  check(scaler.scaleFrameSync(rgb, frame));
  const bytes = Uint8Array.from(rgb.toBuffer());
  rgb.free();
  scaler.freeContext();
  return bytes;
}

function check(status: number): number {
  FFmpegError.throwIfError(status);
  return status;
}

/** Decodes access units in Annex B one by one, as a live viewer does, without a file around them. */
export async function decodePackets(packets: readonly Uint8Array[]): Promise<Uint8Array[]> {
  const codec = new CodecContext();
  const decoder = Codec.findDecoder(AV_CODEC_ID_H264);
  codec.allocContext3(decoder);
  codec.threadCount = 1;
  check(await codec.open2(decoder));
  const frame = new Frame();
  frame.alloc();
  const frames: Uint8Array[] = [];
  for (const [index, data] of packets.entries()) {
    const packet = new Packet();
    packet.alloc();
    packet.data = Buffer.from(data);
    packet.pts = BigInt(index);
    check(await codec.sendPacket(packet));
    packet.free();
    while ((await codec.receiveFrame(frame)) >= 0) {
      frames.push(toRgb(frame));
      frame.unref();
    }
  }
  codec.freeContext();
  return frames;
}
