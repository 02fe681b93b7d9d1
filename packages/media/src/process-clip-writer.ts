import { FabricError } from "@arc-fabric/contract";
import type { ClipFile, ClipOptions, ClipWriter, RgbFrames } from "@arc-fabric/core";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { checkFrames } from "./clip-options.ts";
import type { CallAnswer, EncoderProcess } from "./encoder-process.ts";
import { CLIP_FILES, type ClipFinished, type ClipOpened, RGB_CHANNELS } from "./protocol.ts";

/** The most that one message carries (but always a whole frame), which bounds what lies between the processes. */
const MAX_MESSAGE_BYTES = 4 << 20;

export interface ClipWriterDeps {
  readonly encoderProcess: EncoderProcess;
  readonly clip: number;
  readonly options: ClipOptions;
  readonly opened: ClipOpened;
  /** Called once, when the clip is finished, failed or aborted. */
  readonly onEnd: () => void;
}

/** A clip written in the encoder process. At most one message is unanswered while the next one is handed over. */
export class ProcessClipWriter implements ClipWriter {
  readonly #deps: ClipWriterDeps;
  #unanswered: Promise<CallAnswer> | null = null;
  #tail: Promise<void> = Promise.resolve();
  #status: "open" | "finished" | "failed" | "aborted" = "open";

  constructor(deps: ClipWriterDeps) {
    this.#deps = deps;
  }

  async write(frames: RgbFrames): Promise<void> {
    checkFrames(frames, this.#deps.options);
    return this.#next(async () => {
      const frameBytes = frames.width * frames.height * RGB_CHANNELS;
      const perMessage = Math.max(1, Math.floor(MAX_MESSAGE_BYTES / frameBytes));
      for (let first = 0; first < frames.count; first += perMessage) {
        const count = Math.min(perMessage, frames.count - first);
        await this.#send(
          frames.data.subarray(first * frameBytes, (first + count) * frameBytes),
          count,
        );
      }
    });
  }

  async finish(): Promise<readonly ClipFile[]> {
    return this.#next(async () => {
      await this.#unanswered;
      const { encoderProcess, clip } = this.#deps;
      const { result } = await encoderProcess.call({ method: "clip.finish", clip }).answer;
      this.#checkOpen();
      this.#end("finished");
      return describeFiles(this.#deps.options, this.#deps.opened, result as ClipFinished);
    });
  }

  async abort(): Promise<void> {
    if (this.#status !== "open") return;
    this.#status = "aborted";
    await this.#tail;
    await this.#cleanUp();
    this.#deps.onEnd();
  }

  async #send(data: Uint8Array, count: number): Promise<void> {
    await this.#unanswered;
    const { encoderProcess, clip } = this.#deps;
    const { sent, answer } = encoderProcess.call(
      { method: "clip.write", clip, count },
      { frames: data },
    );
    this.#unanswered = answer;
    await sent;
  }

  /** Runs the clip's calls one after the other; the first failure ends the clip and leaves no file. */
  async #next<T>(action: () => Promise<T>): Promise<T> {
    const previous = this.#tail;
    const run = previous.then(async () => {
      this.#checkOpen();
      try {
        return await action();
      } catch (error) {
        if (this.#status === "open") {
          await this.#cleanUp();
          this.#end("failed");
        }
        throw error;
      }
    });
    this.#tail = run.then(
      () => undefined,
      () => undefined,
    );
    return run;
  }

  async #cleanUp(): Promise<void> {
    const { encoderProcess, clip, options } = this.#deps;
    // Where the process is gone its files are still there, and where it hangs it is about to be ended.
    await encoderProcess.call({ method: "clip.abort", clip }).answer.catch(() => undefined);
    await removeClipFiles(options.directory);
  }

  #checkOpen(): void {
    if (this.#status !== "open")
      throw new FabricError(
        "encoder_failed",
        `The clip is ${this.#status} and takes no more calls.`,
      );
  }

  #end(status: "finished" | "failed"): void {
    this.#status = status;
    this.#deps.onEnd();
  }
}

export async function removeClipFiles(directory: string): Promise<void> {
  await Promise.all(
    Object.values(CLIP_FILES).map((name) => rm(join(directory, name), { force: true })),
  );
}

function describeFiles(
  options: ClipOptions,
  opened: ClipOpened,
  finished: ClipFinished,
): ClipFile[] {
  const { width, height, fps, numFrames, directory } = options;
  const { thumbnail, thumbnailFrame, sheet } = finished;
  const rejected = opened.rejected.length > 0 ? { rejected_encoders: opened.rejected } : {};
  return [
    {
      kind: "video",
      path: join(directory, CLIP_FILES.video),
      mediaType: "video/mp4",
      metadata: {
        width,
        height,
        fps,
        num_frames: numFrames,
        duration_s: numFrames / fps,
        codec: "h264",
        encoder: opened.encoder,
        ...rejected,
      },
    },
    {
      kind: "thumbnail",
      path: join(directory, CLIP_FILES.thumbnail),
      mediaType: "image/jpeg",
      metadata: { ...thumbnail, frame: thumbnailFrame },
    },
    {
      kind: "spritesheet",
      path: join(directory, CLIP_FILES.spritesheet),
      mediaType: "image/jpeg",
      metadata: {
        width: sheet.columns * sheet.frameWidth,
        height: sheet.rows * sheet.frameHeight,
        columns: sheet.columns,
        rows: sheet.rows,
        frame_width: sheet.frameWidth,
        frame_height: sheet.frameHeight,
        count: numFrames,
      },
    },
  ];
}
