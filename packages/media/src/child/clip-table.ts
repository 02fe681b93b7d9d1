import { FabricError } from "@arc-fabric/contract";
import type { ClipFinished, ClipOpened, ClipPlan } from "../protocol.ts";
import { ClipEncoder } from "./clip-encoder.ts";

interface OpenClip {
  readonly encoder: ClipEncoder;
  /** The clip's calls one after the other; after a failure the later ones fail alike. */
  tail: Promise<void>;
}

/** The clips being encoded, by the number the parent gave them. */
export class ClipTable {
  readonly #clips = new Map<number, OpenClip>();

  async open(clip: number, plan: ClipPlan): Promise<ClipOpened> {
    const encoder = await ClipEncoder.open(plan);
    this.#clips.set(clip, { encoder, tail: Promise.resolve() });
    return encoder.opened;
  }

  async write(clip: number, rgb: Uint8Array, count: number): Promise<void> {
    const entry = this.#get(clip);
    entry.tail = entry.tail.then(async () => entry.encoder.write(rgb, count));
    await entry.tail;
  }

  async finish(clip: number): Promise<ClipFinished> {
    const entry = this.#get(clip);
    await entry.tail;
    const finished = await entry.encoder.finish();
    this.#clips.delete(clip);
    return finished;
  }

  async abort(clip: number): Promise<void> {
    const entry = this.#clips.get(clip);
    if (!entry) return;
    this.#clips.delete(clip);
    await Promise.allSettled([entry.tail]);
    await entry.encoder.abort();
  }

  #get(clip: number): OpenClip {
    const entry = this.#clips.get(clip);
    if (!entry) throw new FabricError("encoder_failed", `The clip ${clip} is not open.`);
    return entry;
  }
}
