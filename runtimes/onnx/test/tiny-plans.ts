import {
  asFloat32,
  decodeSafetensors,
  type DenoiseSegment,
  type Keep,
  type LatentShape,
  type Schedule,
  type Solver,
  type Start,
} from "@arc-fabric/contract";
import {
  laggedSchedule,
  maskBlob,
  rowsSchedule,
  startTinyEngine,
  store,
  tinyWalk,
  uniformSchedule,
  type TinyModel,
} from "./tiny-engine.ts";

/** One step's answer as the server gets it. */
export interface Step {
  readonly state: Uint8Array;
  readonly cached: boolean;
}

/** A plan without its encode, decode and post-process segments. */
export interface TinyPlan {
  readonly shape: LatentShape;
  readonly start: Start;
  readonly schedule: Schedule;
  readonly segments: readonly DenoiseSegment[];
}

/** Two tiny models of one latent space, and a walk over plans of both. */
export async function startTinyModels() {
  const engines = {
    "zoetrope-tiny": await startTinyEngine("zoetrope-tiny"),
    "zoetrope-tiny-b": await startTinyEngine("zoetrope-tiny-b"),
  };
  const all = Object.values(engines);
  return {
    engines,
    store: (bytes: Uint8Array) => store(bytes, ...all),
    /** Every step after `done`, from the state after it. */
    async run(plan: TinyPlan, done = 0, state: Uint8Array | null = null): Promise<Step[]> {
      const steps: Step[] = [];
      for (const segment of plan.segments) {
        if (segment.to <= done) continue;
        const engine = engines[segment.model as TinyModel];
        const from = Math.max(done, segment.from);
        const before: Uint8Array | null = steps.at(-1)?.state ?? state;
        for (const { message, parts } of await engine.denoise({ ...plan, segment }, before, from))
          steps.push({
            state: parts["state"]!,
            cached: message.type === "denoise.step" && message.cached,
          });
      }
      return steps;
    },
  };
}
export type TinyModels = Awaited<ReturnType<typeof startTinyModels>>;

/** A plan of one segment. */
export function tinyPlan(...walk: Parameters<typeof tinyWalk>): TinyPlan {
  const { segment, ...around } = tinyWalk(...walk);
  return { ...around, segments: [segment] };
}

/** Rows 0 and 1 are made anew, row 2 is a soft border, row 3 and the whole last latent frame are kept. */
export const EDIT_MASK = maskBlob((frame, row) => (frame === 4 ? 0 : [1, 1, 0.25, 0][row]!));

/** Every kind of plan there is. The edited parent is `tinyPlan({ solver })`. */
export async function everyPlan(
  models: TinyModels,
  solver: Solver,
): Promise<Record<string, TinyPlan>> {
  const parent = await models.run(tinyPlan({ solver }));
  const clean = models.store(parent.at(-1)!.state);
  const mask = models.store(EDIT_MASK);
  const cut: DenoiseSegment = tinyWalk({ solver, to: 3 }).segment;
  return {
    plain: tinyPlan({ solver }),
    "frames that lag": tinyPlan({ solver }, { schedule: laggedSchedule(6, 5, 1) }),
    cached: tinyPlan({ solver, cache: { start: 2, end: 7, interval: 3 } }),
    "cached while frames lag, half of them seen": lagOverWindow(solver),
    hybrid: {
      ...tinyPlan(),
      segments: [
        cut,
        { ...cut, from: 3, to: 5, model: "zoetrope-tiny-b", history: "carry" },
        { ...cut, from: 5, to: 8, guidance_scale: 1, history: "reset" },
      ],
    },
    edit: editPlan(models, parent, solver),
    "edit on the straight line": tinyPlan(
      { solver, keep: { mask, clean, seed: 9, states: new Array<null>(5).fill(null) } },
      {
        schedule: uniformSchedule(5, 0.7),
        start: { kind: "renoise", seed: 8, clean, mask, kept_seed: 9, kept: null },
      },
    ),
    "edit in a window, of frames that lag": editInWindow(solver, clean, mask),
    extended: extendPlan(clean, solver),
  };
}

/** The last 5 of the parent's 8 steps again, under the mask. */
export function editPlan(
  models: TinyModels,
  parent: readonly Step[],
  solver: Solver,
  mask = EDIT_MASK,
): TinyPlan {
  const digests = parent.map(({ state }) => models.store(state));
  const keep: Keep = {
    mask: models.store(mask),
    clean: digests.at(-1)!,
    seed: 7,
    states: digests.slice(3),
  };
  return tinyPlan(
    { solver, keep, guidance_scale: 2 },
    {
      schedule: { sigmas: uniformSchedule(8).sigmas.slice(3) },
      start: {
        kind: "renoise",
        seed: 8,
        clean: keep.clean,
        mask: keep.mask,
        kept_seed: 7,
        kept: { kind: "state", digest: digests[2]! },
      },
    },
  );
}

/** The last three latent frames anew, one after the other, under the mask; the first two are neither seen nor changed. */
function editInWindow(solver: Solver, clean: string, mask: string): TinyPlan {
  const { sigmas, frame_sigmas: rows } = laggedSchedule(4, 3, 2);
  const states = new Array<null>(sigmas.length - 1).fill(null);
  return tinyPlan(
    {
      solver,
      model: "zoetrope-tiny-b",
      window: [2, 5],
      keep: { mask, clean, seed: 9, states },
    },
    {
      schedule: rowsSchedule(rows!.map((row) => [0, 0, ...row])),
      start: { kind: "renoise", seed: 8, clean, mask, kept_seed: 9, kept: null },
    },
  );
}

/** Five stored latent frames and six new ones, in two blocks of three that see two finished frames each on their way. */
export function extendPlan(clean: string, solver: Solver): TinyPlan {
  const steps = 4;
  const rows = Array.from({ length: 2 * steps + 1 }, (_, step) =>
    Array.from({ length: 11 }, (_frame, frame) => {
      if (frame < 5) return 0;
      const done = step - (frame < 8 ? 0 : steps);
      return Math.min(1, Math.max(0, 1 - done / steps));
    }),
  );
  const context = (frames: [number, number], seed: number) => ({
    context: [{ frames, seed, at: frames[0], share: 0.5 }],
  });
  const walk = { solver, model: "zoetrope-tiny-b", to: steps } as const;
  const block = tinyWalk({ ...walk, window: [3, 8], ...context([3, 5], 7) }).segment;
  return {
    shape: [4, 11, 4, 4],
    start: grownStart(3, clean, 5, 6),
    schedule: rowsSchedule(rows),
    segments: [
      block,
      { ...block, from: steps, to: 2 * steps, window: [6, 11], ...context([6, 8], 3) },
    ],
  };
}

/** The first stored latent frames of a clip and new ones after them. */
export function grownStart(seed: number, clean: string, kept: number, made: number): Start {
  return {
    kind: "compose",
    seed,
    pieces: [
      { kind: "latents", digest: clean, frames: [0, kept] },
      { kind: "noise", frames: made },
    ],
  };
}

function lagOverWindow(solver: Solver): TinyPlan {
  const lagged = laggedSchedule(6, 3, 2);
  const rows = lagged.frame_sigmas!.map((row) => [1, 1, ...row]);
  return tinyPlan(
    { solver, model: "zoetrope-tiny-b", window: [2, 5], cache: { start: 0, end: 10, interval: 2 } },
    { schedule: rowsSchedule(rows) },
  );
}

export function latentsOf({ state }: Step): Float32Array {
  return asFloat32(decodeSafetensors(state).tensors["latents"]!);
}

/** Latent frame `frame` of a clip of tiny latents. */
export function frameOf(latents: Float32Array, frame: number): number[] {
  const frames = latents.length / 64;
  return [0, 1, 2, 3].flatMap((channel) => [
    ...latents.subarray((channel * frames + frame) * 16, (channel * frames + frame + 1) * 16),
  ]);
}
