import { FabricError } from "@arc-fabric/contract";
import type {
  ClipOptions,
  ClipWriter,
  LiveEncoder,
  LiveMedia,
  LiveOptions,
  EncoderKnowledge,
  EncoderReport,
  Logger,
  Media,
  PictureInfo,
  RgbFrames,
  System,
} from "@arc-fabric/core";
import { checkClipOptions, checkFrames, checkLiveOptions } from "./clip-options.ts";
import { ClipPlaces } from "./clip-places.ts";
import { checkPolicy, chooseEncoders } from "./encoder-policy.ts";
import { EncoderProber } from "./encoder-prober.ts";
import { type CallAnswer, EncoderProcess } from "./encoder-process.ts";
import { ENCODERS, SOFTWARE_ENCODER } from "./encoders.ts";
import { ProcessClipWriter, removeClipFiles } from "./process-clip-writer.ts";
import { onlyPart, ProcessLiveEncoder } from "./process-live-encoder.ts";
import {
  type ChildCall,
  type ClipOpened,
  type ClipRead,
  type PictureDescription,
  RGB_CHANNELS,
} from "./protocol.ts";

export interface MediaDeps {
  readonly system: System;
  readonly logger: Logger;
  /** "auto" or an encoder's name (`libx264`, `h264_nvenc`, …). */
  readonly encoder: string;
  readonly allowSoftwareEncoder: boolean;
  /** Clips encoded at once (default 4); more wait. */
  readonly maxOpenClips?: number;
  /** Threads of one software encode (default 2). Part of what determines the file's bytes. */
  readonly encoderThreads?: number;
  /** How long a call may go unanswered before the encoder process is taken for hung (default 120 s). */
  readonly callTimeoutMs?: number;
}

const DEFAULT_OPEN_CLIPS = 4;
const MAX_WAITING_CLIPS = 64;
const DEFAULT_ENCODER_THREADS = 2;
/** Ultrafast needs no more, and slices of several threads would cost quality. */
const LIVE_THREADS = 1;
const DEFAULT_CALL_TIMEOUT_MS = 120_000;

/** @throws `config_invalid` when the encoder's name is not known */
export function createMedia(deps: MediaDeps): ProcessMedia {
  checkPolicy(deps);
  return new ProcessMedia(deps);
}

/** Media in one encoder process, started by `warm` or the first call, and replaced by the next call when it ends. */
export class ProcessMedia implements Media, LiveMedia {
  readonly #deps: MediaDeps;
  readonly #prober: EncoderProber;
  readonly #places: ClipPlaces;
  #process: EncoderProcess | null = null;
  #probing: Promise<unknown> | null = null;
  #lastClip = 0;
  #lastLive = 0;
  #closed = false;

  constructor(deps: MediaDeps) {
    this.#deps = deps;
    this.#prober = new EncoderProber(deps);
    this.#places = new ClipPlaces(deps.maxOpenClips ?? DEFAULT_OPEN_CLIPS, MAX_WAITING_CLIPS);
  }

  /** The encoder process's id while it runs. */
  get pid(): number | undefined {
    return this.#process?.alive ? this.#process.pid : undefined;
  }

  async openClip(options: ClipOptions): Promise<ClipWriter> {
    checkClipOptions(options);
    this.#checkOpen();
    const choice = await chooseEncoders(this.#deps, options, async (entry) =>
      this.#prober.probe(entry),
    );
    await this.#places.take();
    try {
      this.#checkOpen();
      return await this.#open(options, choice);
    } catch (error) {
      this.#places.give();
      await removeClipFiles(options.directory);
      throw error;
    }
  }

  async openLive(options: LiveOptions): Promise<LiveEncoder> {
    checkLiveOptions(options);
    this.#checkOpen();
    if (!this.#deps.allowSoftwareEncoder)
      throw new FabricError(
        "encoder_unavailable",
        `Live H.264 is encoded by ${SOFTWARE_ENCODER}, and software encoders are not allowed; watch by JPEG instead.`,
      );
    const { width, height, fps } = options;
    const plan = { width, height, fps, threads: LIVE_THREADS };
    const encoderProcess = this.#running();
    this.#lastLive += 1;
    const live = this.#lastLive;
    await encoderProcess.call({ method: "live.open", live, options: plan }).answer;
    return new ProcessLiveEncoder({ encoderProcess, live, options });
  }

  async encodeStrip(frames: RgbFrames): Promise<Uint8Array> {
    checkFrames(frames);
    const { count, width, height, data } = frames;
    const { parts } = await this.#running().call(
      { method: "strip", size: { width, height }, count },
      { frames: data },
    ).answer;
    return onlyPart(parts, "picture");
  }

  async encodeStills(frames: RgbFrames): Promise<readonly Uint8Array[]> {
    checkFrames(frames);
    const { count, width, height, data } = frames;
    const { parts } = await this.#running().call(
      { method: "stills", size: { width, height }, count },
      { frames: data },
    ).answer;
    return Array.from({ length: count }, (_, index) => onlyPart(parts, `picture_${index}`));
  }

  async describePicture(bytes: Uint8Array): Promise<PictureInfo> {
    const { result } = await this.#readFile({ method: "picture.describe" }, bytes);
    return result as PictureDescription;
  }

  async readPicture(bytes: Uint8Array, width: number, height: number): Promise<RgbFrames> {
    const call = { method: "picture.read", size: { width, height } } as const;
    const { parts } = await this.#readFile(call, bytes);
    return { count: 1, width, height, data: onlyPart(parts, "frames") };
  }

  async readMask(bytes: Uint8Array, width: number, height: number): Promise<Uint8Array> {
    const call = { method: "mask.read", size: { width, height } } as const;
    const { parts } = await this.#readFile(call, bytes);
    return onlyPart(parts, "mask");
  }

  async readClip(video: Uint8Array): Promise<RgbFrames> {
    const { result, parts } = await this.#readFile({ method: "clip.read" }, video);
    return { ...(result as ClipRead), data: onlyPart(parts, "frames") };
  }

  encoders(): EncoderKnowledge {
    this.#checkOpen();
    if (!this.#probing && !ENCODERS.every((entry) => this.#prober.isSettled(entry)))
      this.#probing = this.probe()
        .catch((error: unknown) =>
          this.#deps.logger.debug("probing the encoders stopped", { error: String(error) }),
        )
        .then(() => (this.#probing = null));
    const reports = ENCODERS.map((entry) => this.#prober.latest(entry));
    return {
      reports: reports.filter((report) => report !== undefined),
      probing: reports.includes(undefined),
    };
  }

  /** One picture through the process: it is started then and its codecs are loaded. */
  async warm(): Promise<void> {
    const [width, height] = [16, 16];
    const data = new Uint8Array(width * height * RGB_CHANNELS);
    await this.encodeStills({ count: 1, width, height, data });
  }

  async probe(): Promise<readonly EncoderReport[]> {
    this.#checkOpen();
    const reports: EncoderReport[] = [];
    // One after the other: two drivers starting at once is not what is to be found out.
    for (const entry of ENCODERS) {
      this.#checkOpen();
      reports.push(await this.#prober.probe(entry));
    }
    return reports;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#places.close(stopped());
    await Promise.all([this.#prober.close(), this.#process?.stop()]);
  }

  async #readFile(call: ChildCall, file: Uint8Array): Promise<CallAnswer> {
    return this.#running().call(call, { file }).answer;
  }

  async #open(
    options: ClipOptions,
    choice: Awaited<ReturnType<typeof chooseEncoders>>,
  ): Promise<ClipWriter> {
    const { width, height, fps, numFrames, directory } = options;
    const threads = this.#deps.encoderThreads ?? DEFAULT_ENCODER_THREADS;
    const encoderProcess = this.#running();
    this.#lastClip += 1;
    const clip = this.#lastClip;
    const plan = { width, height, fps, numFrames, directory, encoders: choice.encoders, threads };
    const { result } = await encoderProcess.call({ method: "clip.open", clip, options: plan })
      .answer;
    const answer = result as ClipOpened;
    const opened = { encoder: answer.encoder, rejected: [...choice.rejected, ...answer.rejected] };
    if (opened.rejected.length > 0)
      this.#deps.logger.warn("another encoder than the wished one is used", {
        encoder: opened.encoder,
        rejected: opened.rejected,
      });
    return new ProcessClipWriter({
      encoderProcess,
      clip,
      options,
      opened,
      onEnd: () => this.#places.give(),
    });
  }

  #running(): EncoderProcess {
    this.#checkOpen();
    if (!this.#process?.alive)
      this.#process = new EncoderProcess({
        ...this.#deps,
        callTimeoutMs: this.#deps.callTimeoutMs ?? DEFAULT_CALL_TIMEOUT_MS,
      });
    return this.#process;
  }

  #checkOpen(): void {
    if (this.#closed) throw stopped();
  }
}

function stopped(): FabricError {
  return new FabricError("shutting_down", "The encoder is being stopped.");
}
