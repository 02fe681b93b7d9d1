import { Dictionary, FormatContext } from "node-av/lib";
import type { CodecContext, Packet, Rational, Stream } from "node-av/lib";
import { checkFfmpeg } from "./ffmpeg-error.ts";
import { checkFaststart } from "./mp4-boxes.ts";
import { frameRate } from "./video-encoder.ts";

/**
 * One H.264 stream in an MP4 file whose index stands at its beginning. `bitexact` leaves out the library's version and
 * the time, so that equal frames give equal files.
 */
export class Mp4Writer {
  readonly #path: string;
  readonly #format: FormatContext;
  readonly #stream: Stream;
  readonly #timeBase: Rational;
  #closed = false;

  private constructor(path: string, format: FormatContext, stream: Stream, timeBase: Rational) {
    this.#path = path;
    this.#format = format;
    this.#stream = stream;
    this.#timeBase = timeBase;
  }

  static async open(path: string, encoder: CodecContext, fps: number): Promise<Mp4Writer> {
    const format = new FormatContext();
    let opened = false;
    try {
      checkFfmpeg(format.allocOutputContext2(null, "mp4", path), "setting up the MP4 file");
      const stream = format.newStream();
      checkFfmpeg(stream.codecpar.fromContext(encoder), "describing the video stream");
      const rate = frameRate(fps);
      stream.timeBase = rate.inv();
      stream.avgFrameRate = rate;
      checkFfmpeg(await format.openOutput(), "creating the MP4 file");
      opened = true;
      const options = Dictionary.fromObject({ movflags: "+faststart", fflags: "+bitexact" });
      const status = await format.writeHeader(options);
      options.free();
      checkFfmpeg(status, "writing the MP4 header");
      return new Mp4Writer(path, format, stream, encoder.timeBase);
    } catch (error) {
      if (opened) await format.closeOutput();
      format.freeContext();
      throw error;
    }
  }

  async write(packet: Packet): Promise<void> {
    packet.streamIndex = this.#stream.index;
    packet.rescaleTs(this.#timeBase, this.#stream.timeBase);
    checkFfmpeg(await this.#format.interleavedWriteFrame(packet), "writing the video");
  }

  /** Writes the index, closes the file and looks whether it arrived whole. */
  async finish(): Promise<void> {
    try {
      checkFfmpeg(await this.#format.writeTrailer(), "finishing the video");
    } finally {
      await this.close();
    }
    await checkFaststart(this.#path);
  }

  /** Closes the file as it is. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#format.closeOutput();
    this.#format.freeContext();
  }
}
