import {
  asFloat32,
  decodeSafetensors,
  invariant,
  type EditProof,
  type Keep,
} from "@arc-fabric/contract";
import { decodeOf, ownPiece, segmentsOf } from "../plan/plan-parts.ts";
import type { RgbFrames, WorkerLease } from "../ports/model-host.ts";
import { editCost } from "./edit-cost.ts";
import { record, type Run } from "./run.ts";

const PEAK = 255;

/** Measures on an edit's result what it was told to keep (invariant 4). */
export class EditProver {
  readonly #run: Run;
  readonly #keep: Keep;
  readonly #state: Uint8Array;
  readonly #frames: Uint8Array[] = [];

  private constructor(run: Run, keep: Keep, state: Uint8Array) {
    this.#run = run;
    this.#keep = keep;
    this.#state = state;
  }

  /** null for takes that keep nothing. */
  static of(run: Run, state: Uint8Array | null): EditProver | null {
    const keep = segmentsOf(run.claim.take.plan, "denoise").at(-1)?.keep;
    return keep && state ? new EditProver(run, keep, state) : null;
  }

  /** The result's own frames, in order. */
  keepFrames({ data }: RgbFrames): void {
    this.#frames.push(data);
  }

  /** Compares with the parent's latents and frames, and records the proof. */
  async prove(lease: WorkerLease): Promise<void> {
    const { blobs, claim, store } = this.#run;
    const [clean, maskBlob, take] = await Promise.all([
      blobs.read(this.#keep.clean),
      blobs.read(this.#keep.mask),
      store.getTake(claim.take.id),
    ]);
    invariant(take, "a take that runs is not deleted");
    const mask = asFloat32(decodeSafetensors(maskBlob).tensors["mask"]!);
    const proof: EditProof = {
      kept_path: this.#followsStates() ? "stored" : "straight_line",
      ...compareLatents(this.#state, clean, mask),
      ...(await this.#comparePixels(lease, clean, mask)),
      cost: await editCost(store, take),
    };
    await record(
      this.#run,
      { type: "take.proved", data: { take_id: claim.take.id, proof } },
      { proof },
    );
  }

  #followsStates(): boolean {
    return segmentsOf(this.#run.claim.take.plan, "denoise").every(({ keep }) =>
      keep?.states.every((digest) => digest !== null),
    );
  }

  async #comparePixels(
    lease: WorkerLease,
    clean: Uint8Array,
    mask: Float32Array,
  ): Promise<Pick<EditProof, "kept_psnr_db" | "kept_pixels_equal">> {
    const { plan } = this.#run.claim.take;
    const { width, height } = decodeOf(plan);
    const piece = ownPiece(plan);
    invariant(piece, "an edited clip is one piece");
    const isKept = keptPixels(plan.shape, mask, width, height);
    let [squares, count, at] = [0, 0, 0];
    const request = { piece, width, height, state: clean };
    let latentFrame = piece.frames[0];
    for await (const before of lease.decode(request, this.#run.control.signal)) {
      const after = this.#frames[at++];
      invariant(after?.length === before.data.length, "an edit has as many frames as its parent");
      for (let i = 0; i < after.length; i++) {
        if (!isKept(latentFrame, Math.floor(i / 3) % (width * height))) continue;
        squares += (after[i]! - before.data[i]!) ** 2;
        count++;
      }
      latentFrame++;
    }
    return {
      kept_pixels_equal: squares === 0,
      kept_psnr_db: squares === 0 ? null : 10 * Math.log10(PEAK ** 2 / (squares / count)),
    };
  }
}

function compareLatents(
  state: Uint8Array,
  clean: Uint8Array,
  mask: Float32Array,
): Pick<EditProof, "kept_latents" | "changed_latents" | "kept_equal"> {
  // Bit patterns, so that two NaN or two zeros of different sign are told apart too.
  const [after, before] = [state, clean].map((blob) => {
    const latents = decodeSafetensors(blob).tensors["latents"];
    invariant(latents, "a state holds latents");
    return new Uint32Array(asFloat32(latents).slice().buffer);
  }) as [Uint32Array, Uint32Array];
  const channels = after.length / mask.length;
  let [kept, equal] = [0, true];
  for (let i = 0; i < after.length; i++) {
    if (mask[i % mask.length] !== 0) continue;
    kept++;
    equal &&= after[i] === before[i];
  }
  invariant(Number.isInteger(channels), "a mask has the latents' frames, height and width");
  return { kept_latents: kept, changed_latents: after.length - kept, kept_equal: equal };
}

/** Whether a pixel is decoded from a kept latent (the decoder also looks at its neighbours). */
function keptPixels(
  [, , rows, columns]: readonly number[],
  mask: Float32Array,
  width: number,
  height: number,
): (latentFrame: number, pixel: number) => boolean {
  return (latentFrame, pixel) => {
    const row = Math.floor((Math.floor(pixel / width) * rows!) / height);
    const column = Math.floor(((pixel % width) * columns!) / width);
    return mask[(latentFrame * rows! + row) * columns! + column] === 0;
  };
}
