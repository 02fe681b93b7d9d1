import { FabricError, invariant } from "@arc-fabric/contract";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type EncoderEntry, findEncoder } from "../encoders.ts";
import {
  CLIP_FILES,
  type ClipFinished,
  type ClipOpened,
  type ClipPlan,
  type PictureSize,
} from "../protocol.ts";
import { Mp4Writer } from "./mp4-writer.ts";
import { encodeJpeg, frameAt, scalePicture } from "./pictures.ts";
import { SpriteSheet } from "./sprite-sheet.ts";
import { VideoEncoder } from "./video-encoder.ts";

const MAX_THUMBNAIL_EDGE = 640;

/** One clip being encoded: the video as the frames come, thumbnail and sprite sheet at its end. */
export class ClipEncoder {
  readonly opened: ClipOpened;
  readonly #plan: ClipPlan;
  readonly #encoder: VideoEncoder;
  readonly #writer: Mp4Writer;
  readonly #sheet: SpriteSheet;
  readonly #thumbnailFrame: number;
  #thumbnail: Uint8Array | null = null;
  #frames = 0;

  private constructor(
    plan: ClipPlan,
    opened: ClipOpened,
    encoder: VideoEncoder,
    writer: Mp4Writer,
  ) {
    this.opened = opened;
    this.#plan = plan;
    this.#encoder = encoder;
    this.#writer = writer;
    this.#sheet = new SpriteSheet(plan, plan.numFrames);
    this.#thumbnailFrame = Math.floor(plan.numFrames / 2);
  }

  /** Opens the first of the plan's encoders that works. @throws `encoder_failed` when none does, `disk_full` */
  static async open(plan: ClipPlan): Promise<ClipEncoder> {
    const rejected: { encoder: string; error: string }[] = [];
    for (const name of plan.encoders) {
      const entry = findEncoder(name);
      invariant(entry, `the encoder ${name} is in the table`);
      try {
        return await ClipEncoder.#openWith(entry, plan, rejected);
      } catch (error) {
        if (!(error instanceof FabricError) || error.code !== "encoder_failed") throw error;
        rejected.push({ encoder: name, error: error.message });
      }
    }
    throw new FabricError(
      "encoder_failed",
      `No encoder opened: ${rejected.map(({ error }) => error).join(" ")}`,
    );
  }

  static async #openWith(
    entry: EncoderEntry,
    plan: ClipPlan,
    rejected: ClipOpened["rejected"],
  ): Promise<ClipEncoder> {
    let writer: Mp4Writer | null = null;
    const encoder = await VideoEncoder.open(entry, plan, async (packet) => writer?.write(packet));
    try {
      writer = await Mp4Writer.open(
        join(plan.directory, CLIP_FILES.video),
        encoder.context,
        plan.fps,
      );
      return new ClipEncoder(
        plan,
        { encoder: entry.name, rejected: [...rejected] },
        encoder,
        writer,
      );
    } catch (error) {
      encoder.close();
      throw error;
    }
  }

  /** @param rgb `count` frames, one after the other */
  async write(rgb: Uint8Array, count: number): Promise<void> {
    for (let index = 0; index < count; index += 1) await this.#add(frameAt(rgb, this.#plan, index));
  }

  /** @throws `encoder_failed` when frames are missing, `disk_full` */
  async finish(): Promise<ClipFinished> {
    const { numFrames, directory } = this.#plan;
    if (this.#frames !== numFrames)
      throw new FabricError(
        "encoder_failed",
        `The clip was to have ${numFrames} frames but got ${this.#frames}.`,
      );
    await this.#encoder.flush();
    await this.#writer.finish();
    this.#encoder.close();
    const thumbnail = thumbnailSize(this.#plan);
    invariant(this.#thumbnail, "the thumbnail's frame was seen");
    await writeFile(
      join(directory, CLIP_FILES.thumbnail),
      await encodeJpeg(this.#thumbnail, thumbnail),
    );
    await writeFile(join(directory, CLIP_FILES.spritesheet), await this.#sheet.toJpeg());
    return { thumbnail, thumbnailFrame: this.#thumbnailFrame, sheet: this.#sheet.layout };
  }

  /** Lets go of encoder and file and removes what was written. */
  async abort(): Promise<void> {
    await this.#writer.close();
    this.#encoder.close();
    for (const name of Object.values(CLIP_FILES))
      await rm(join(this.#plan.directory, name), { force: true });
  }

  async #add(rgb: Uint8Array): Promise<void> {
    if (this.#frames >= this.#plan.numFrames)
      throw new FabricError(
        "encoder_failed",
        `The clip was to have ${this.#plan.numFrames} frames but got more.`,
      );
    await this.#encoder.encode(rgb);
    await this.#sheet.add(rgb);
    if (this.#frames === this.#thumbnailFrame)
      this.#thumbnail = Uint8Array.from(
        await scalePicture(rgb, this.#plan, thumbnailSize(this.#plan)),
      );
    this.#frames += 1;
  }
}

function thumbnailSize(frame: PictureSize): PictureSize {
  const scale = Math.min(1, MAX_THUMBNAIL_EDGE / Math.max(frame.width, frame.height));
  return {
    width: Math.max(1, Math.round(frame.width * scale)),
    height: Math.max(1, Math.round(frame.height * scale)),
  };
}
