import type { LiveFrame, LiveKind } from "@arc-fabric/contract";
import { createStore } from "../util/create-store.ts";

export interface Picture {
  readonly bitmap: ImageBitmap;
  readonly kind: LiveKind;
  readonly index: number;
  readonly step: number;
  /** On the server's clock. */
  readonly producedAtMs: number;
}

/** What is known of a clip before its file is there: the newest preview, covered frame by frame by the finished clip. */
export class LiveClip {
  readonly #previews = new Map<number, Picture>();
  readonly #finished = new Map<number, Picture>();
  #previewCount = 0;
  #finishedCount = 0;
  #fps = 8;
  #closed = false;
  /** Changes when the first picture or the first finished frame arrives: what React needs to know. */
  readonly stage = createStore<"empty" | "forming" | "finishing">("empty");
  /** True once no more frames will come. */
  readonly ended = createStore(false);

  get fps(): number {
    return this.#fps;
  }

  /** Frames of one pass. */
  get frameCount(): number {
    return this.#finishedCount || this.#previewCount;
  }

  /** The best picture of a frame; undefined while a finished clip's frame is still on its way. */
  at(index: number): Picture | undefined {
    if (this.#finishedCount === 0) return this.#previews.get(index);
    return this.#finished.get(index);
  }

  async add(frame: LiveFrame): Promise<void> {
    const bitmap = await createImageBitmap(new Blob([frame.data as Uint8Array<ArrayBuffer>], { type: "image/jpeg" }));
    if (this.#closed) return bitmap.close();
    const { kind, frameIndex: index, step, producedAtMs } = frame;
    const pictures = kind === "frame" ? this.#finished : this.#previews;
    const before = pictures.get(index);
    // Several are decoded at a time, so an older one may be ready later.
    if (before && before.producedAtMs > producedAtMs) return bitmap.close();
    before?.bitmap.close();
    pictures.set(index, { bitmap, kind, index, step, producedAtMs });
    this.#fps = frame.fps;
    if (kind === "frame") this.#finishedCount = frame.frameCount;
    else this.#previewCount = frame.frameCount;
    if (kind === "frame") this.stage.set("finishing");
    else if (this.stage.get() === "empty") this.stage.set("forming");
  }

  close(): void {
    this.#closed = true;
    for (const picture of [...this.#previews.values(), ...this.#finished.values()]) picture.bitmap.close();
    this.#previews.clear();
    this.#finished.clear();
  }
}
