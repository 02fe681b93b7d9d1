import type { LiveFrame, TakeId } from "@arc-fabric/contract";
import type { Media } from "./ports/media.ts";
import type { RgbFrames } from "./ports/model-host.ts";
import type { System } from "./ports/system.ts";

/** Finished frames kept for viewers that join late; a longer clip is read from its file soon enough. */
const MAX_KEPT_FRAMES = 512;

export type LiveViewer = (frame: LiveFrame) => void;

interface Channel {
  readonly fps: number;
  readonly numFrames: number;
  preview: {
    frames: RgbFrames;
    step: number;
    producedAtMs: number;
    pictures: readonly Promise<readonly Uint8Array[]>[] | null;
  } | null;
  readonly finished: LiveFrame[];
}

/** Live pictures of running takes, handed to whoever watches. Nothing is encoded while nobody does. */
export class LiveHub {
  readonly #media: Media;
  readonly #system: System;
  readonly #channels = new Map<TakeId, Channel>();
  /** Kept apart from the channels: viewers may come before their take runs, and stay when it is interrupted and goes on. */
  readonly #viewers = new Map<TakeId, Set<LiveViewer>>();

  constructor(deps: { media: Media; system: System }) {
    this.#media = deps.media;
    this.#system = deps.system;
  }

  /** Begins with the newest preview or the finished frames so far. @returns stops watching */
  watch(takeId: TakeId, viewer: LiveViewer): () => void {
    const viewers = this.#viewersOf(takeId);
    this.#viewers.set(takeId, viewers);
    viewers.add(viewer);
    const channel = this.#channels.get(takeId);
    if (channel && channel.finished.length > 0) for (const frame of channel.finished) viewer(frame);
    else if (channel) void this.#sendPreview(channel, new Set([viewer]));
    return () => {
      viewers.delete(viewer);
      if (viewers.size === 0 && this.#viewers.get(takeId) === viewers) this.#viewers.delete(takeId);
    };
  }

  open(takeId: TakeId, clip: { fps: number; numFrames: number }): void {
    this.#channels.set(takeId, { ...clip, preview: null, finished: [] });
  }

  close(takeId: TakeId): void {
    this.#channels.delete(takeId);
  }

  /** Shows the expected clean clip as of `step`. */
  preview(takeId: TakeId, step: number, frames: RgbFrames): void {
    const channel = this.#channels.get(takeId);
    if (!channel) return;
    channel.preview = { frames, step, producedAtMs: this.#system.now(), pictures: null };
    void this.#sendPreview(channel, this.#viewersOf(takeId));
  }

  /** Shows decoded frames. They are encoded for late viewers too: a clip is decoded only once. */
  async finishedFrames(
    takeId: TakeId,
    firstFrame: number,
    step: number,
    frames: RgbFrames,
  ): Promise<void> {
    const channel = this.#channels.get(takeId);
    if (!channel) return;
    const producedAtMs = this.#system.now();
    const pictures = await this.#media.encodeStills(frames);
    pictures.forEach((data, i) => {
      const frame: LiveFrame = {
        kind: "frame",
        codec: "jpeg",
        frameIndex: firstFrame + i,
        frameCount: channel.numFrames,
        step,
        producedAtMs,
        fps: channel.fps,
        data,
      };
      if (channel.finished.length < MAX_KEPT_FRAMES) channel.finished.push(frame);
      for (const viewer of this.#viewersOf(takeId)) viewer(frame);
    });
  }

  #viewersOf(takeId: TakeId): Set<LiveViewer> {
    return this.#viewers.get(takeId) ?? new Set();
  }

  async #sendPreview(channel: Channel, viewers: ReadonlySet<LiveViewer>): Promise<void> {
    const { preview } = channel;
    if (!preview || viewers.size === 0) return;
    preview.pictures ??= this.#encodePreview(preview.frames);
    const { step, producedAtMs, frames } = preview;
    let frameIndex = 0;
    for (const batch of preview.pictures) {
      const pictures = await batch;
      if (pictures.length === 0 || channel.preview !== preview || channel.finished.length > 0)
        return;
      for (const data of pictures) {
        for (const viewer of viewers)
          viewer({
            kind: "preview",
            codec: "jpeg",
            frameIndex,
            frameCount: frames.count,
            step,
            producedAtMs,
            fps: channel.fps,
            data,
          });
        frameIndex++;
      }
    }
  }

  /** In two batches: the first picture, which is what a viewer waits for, and the others. A failed batch is empty. */
  #encodePreview(frames: RgbFrames): Promise<readonly Uint8Array[]>[] {
    const frameBytes = frames.data.byteLength / frames.count;
    const batches =
      frames.count > 1 ? [[0, 1] as const, [1, frames.count] as const] : [[0, 1] as const];
    return batches.map(([from, to]) =>
      this.#media
        .encodeStills({
          ...frames,
          count: to - from,
          data: frames.data.subarray(from * frameBytes, to * frameBytes),
        })
        .catch(() => []),
    );
  }
}
