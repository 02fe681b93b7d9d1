import type { LiveFrame, LiveKind } from "@arc-fabric/contract";
import { createStore } from "../util/create-store.ts";

export interface Picture {
  readonly bitmap: ImageBitmap;
  readonly kind: LiveKind;
  readonly index: number;
  readonly step: number;
  /** On the server's clock. */
  readonly producedAtMs: number;
  readonly receivedAtMs: number;
}

/** One frame's place: its newest bytes, and the newest of them that were decoded. */
interface Slot {
  newest: { frame: LiveFrame; receivedAtMs: number };
  decoded: LiveFrame | null;
  picture: Picture | undefined;
  decoding: boolean;
}

/**
 * What is known of a clip before its file is there: the newest preview, replaced by the finished clip. Pictures are only
 * decoded when they are about to be shown: far more arrive than a loop at the clip's rate can show.
 */
export class LiveClip {
  readonly #slots: Record<LiveKind, Map<number, Slot>> = { preview: new Map(), frame: new Map() };
  readonly #count: Record<LiveKind, number> = { preview: 0, frame: 0 };
  #fps = 8;
  #closed = false;
  /** The frame in view, and the one after it. */
  #wanted: readonly [number, number] = [0, 1];
  /** Changes when the first picture or the first finished frame arrives: what React needs to know. */
  readonly stage = createStore<"empty" | "forming" | "finishing">("empty");
  /** True once no more frames will come. */
  readonly ended = createStore(false);

  get fps(): number {
    return this.#fps;
  }

  get finishing(): boolean {
    return this.#count.frame > 0;
  }

  /** Frames of one pass. */
  get frameCount(): number {
    return this.#count.frame || this.#count.preview;
  }

  /** The best decoded picture of a frame; undefined while it is on its way. The next frame is made ready. */
  at(index: number): Picture | undefined {
    const slots = this.#slots[this.finishing ? "frame" : "preview"];
    this.#wanted = [index, (index + 1) % Math.max(1, this.frameCount)];
    for (const wanted of this.#wanted) this.#decode(slots.get(wanted));
    return slots.get(index)?.picture;
  }

  /** The same for a picture that stands still beside the loop: none other is made ready. */
  peek(index: number): Picture | undefined {
    const slot = this.#slots[this.finishing ? "frame" : "preview"].get(index);
    this.#decode(slot);
    return slot?.picture;
  }

  add(frame: LiveFrame): void {
    if (this.#closed) return;
    const slots = this.#slots[frame.kind];
    const slot = slots.get(frame.frameIndex) ?? {
      newest: { frame, receivedAtMs: 0 },
      decoded: null,
      picture: undefined,
      decoding: false,
    };
    slot.newest = { frame, receivedAtMs: Date.now() };
    slots.set(frame.frameIndex, slot);
    if (frame.kind === "frame" && !this.finishing) this.#wanted = [0, 1];
    this.#count[frame.kind] = frame.frameCount;
    this.#fps = frame.fps;
    if (this.#wanted.includes(frame.frameIndex)) this.#decode(slot);
    this.stage.set(this.finishing ? "finishing" : "forming");
  }

  close(): void {
    this.#closed = true;
    for (const slots of Object.values(this.#slots)) {
      for (const slot of slots.values()) slot.picture?.bitmap.close();
      slots.clear();
    }
  }

  #decode(slot: Slot | undefined): void {
    if (!slot || slot.decoding || slot.decoded === slot.newest.frame) return;
    const { frame, receivedAtMs } = slot.newest;
    const { kind, frameIndex: index, step, producedAtMs } = frame;
    slot.decoding = true;
    createImageBitmap(new Blob([frame.data as Uint8Array<ArrayBuffer>], { type: "image/jpeg" }))
      .then((bitmap) => {
        if (this.#closed) return bitmap.close();
        slot.picture?.bitmap.close();
        slot.picture = { bitmap, kind, index, step, producedAtMs, receivedAtMs };
      })
      // A picture that cannot be decoded is one less; the next one comes soon.
      .catch(() => {})
      .finally(() => {
        slot.decoding = false;
        slot.decoded = frame;
      });
  }
}
