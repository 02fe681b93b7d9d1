import {
  encodeSafetensors,
  float32Tensor,
  type Manifest,
  manifestSchema,
  type DenoiseSegment,
  type LatentShape,
  type NamedParts,
  type Schedule,
  type Start,
} from "@arc-fabric/contract";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { systemClock } from "../src/clock.ts";
import { Engine, type EngineAnswer, type EngineRequest } from "../src/engine.ts";

export type TinyModel = "zoetrope-tiny" | "zoetrope-tiny-b";
export const tinyDirectory = (model: TinyModel): string =>
  join(import.meta.dirname, "fixtures", model);

export interface Answer {
  readonly message: EngineAnswer;
  readonly parts: NamedParts;
}
type Body<Request = EngineRequest> = Request extends EngineRequest
  ? Omit<Request, "id" | "parts">
  : never;

/** What a test says of a denoise request; the rest is the whole of `tinyPlan`. */
export interface Walk {
  readonly shape: LatentShape;
  readonly start: Start;
  readonly schedule: Schedule;
  readonly segment: DenoiseSegment;
}

/** The engine on this thread, with a tiny model loaded; `changes` to its manifest. */
export async function startTinyEngine(
  model: TinyModel = "zoetrope-tiny",
  changes: Partial<Manifest> = {},
) {
  const directory = tinyDirectory(model);
  const own = JSON.parse(readFileSync(join(directory, "manifest.json"), "utf8"));
  const manifest = manifestSchema.parse({ ...own, ...changes });
  /** Blobs by digest: what a server's blob store holds. */
  const blobs: Record<string, Uint8Array> = {};
  let answers: Answer[] = [];
  let id = 0;
  let onAnswer: (answer: Answer) => void = () => {};
  const engine = new Engine({
    clock: systemClock,
    rssBytes: () => 1,
    nextTurn: () => nextTurn(),
    async send(message, parts = {}) {
      const copied = Object.fromEntries(
        Object.entries(parts).map(([name, part]) => [name, new Uint8Array(part)]),
      );
      answers.push({ message, parts: copied });
      onAnswer({ message, parts: copied });
    },
  });
  /** All answers to one request. */
  async function ask(
    body: Body,
    parts: NamedParts = {},
    listener: (answer: Answer) => void = () => {},
  ): Promise<Answer[]> {
    answers = [];
    onAnswer = listener;
    await engine.handle({ ...body, id: ++id, parts: [] } as EngineRequest, parts);
    return answers;
  }
  await ask({ type: "load", manifest, directory, threads: 1 });
  const [encoded] = await ask({
    type: "encode",
    prompt: "a red ball bounces",
    negative_prompt: "",
  });
  const conditioning = encoded!.parts["conditioning"]!;

  return {
    engine,
    ask,
    conditioning,
    blobs,
    lastId: () => id,
    /** The answer of every step, in order; throws the engine's failure. Kept states come one step ahead of their need. */
    async denoise(
      walk: Walk,
      state: Uint8Array | null = null,
      from = walk.segment.from,
      previewIntervalMs = 1e9,
    ): Promise<Answer[]> {
      const supply = (step: number) => {
        const digest = walk.segment.keep?.states[step - walk.segment.from - 1];
        const { length } = walk.schedule.sigmas;
        if (digest && step > from && step < length - 1)
          engine.supply({ type: "kept", target: id, step, parts: [] } as never, {
            state: blobs[digest]!,
          });
      };
      const parts: NamedParts = state
        ? { ...blobs, conditioning, state }
        : { ...blobs, conditioning };
      const asked = ask(
        { type: "denoise", ...walk, from, preview_interval_ms: previewIntervalMs },
        parts,
        ({ message }) => {
          if (message.type === "denoise.step") supply(message.step + 1);
        },
      );
      supply(from + 1);
      const all = await asked;
      const last = all.at(-1)!.message;
      if (last.type === "failed")
        throw Object.assign(new Error(last.message), { code: last.code, severity: last.severity });
      return all.filter((answer) => answer.message.type === "denoise.step");
    },
  };
}

export type TinyEngine = Awaited<ReturnType<typeof startTinyEngine>>;

/** Names a blob by its digest in every engine given. */
export function store(bytes: Uint8Array, ...engines: TinyEngine[]): string {
  const digest = createHash("sha256").update(bytes).digest("hex");
  for (const { blobs } of engines) blobs[digest] = bytes;
  return digest;
}

/** A mask [5, 4, 4] from its values by frame and row. */
export function maskBlob(
  value: (frame: number, row: number, column: number) => number,
): Uint8Array {
  const values = Float32Array.from({ length: 5 * 16 }, (_, i) =>
    value(Math.floor(i / 16), Math.floor(i / 4) % 4, i % 4),
  );
  return encodeSafetensors({ tensors: { mask: float32Tensor([5, 4, 4], values) }, metadata: {} });
}

/** A clip of 17 frames in 8 steps from noise, in one segment, with what is changed. */
export function tinyWalk(
  change: Partial<DenoiseSegment> = {},
  around: Partial<Omit<Walk, "segment">> = {},
): Walk {
  const schedule = around.schedule ?? uniformSchedule(8);
  const shape = around.shape ?? [4, 5, 4, 4];
  return {
    shape,
    start: around.start ?? { kind: "noise", seed: 7 },
    schedule,
    segment: {
      type: "denoise",
      model: "zoetrope-tiny",
      conditioning: 0,
      from: 0,
      to: schedule.sigmas.length - 1,
      solver: "euler",
      history: "reset",
      guidance_scale: 4,
      window: [0, shape[1]],
      keep: null,
      cache: null,
      ...change,
    },
  };
}

/** From 1, or from a lower level, to 0. */
export function uniformSchedule(steps: number, from = 1): Schedule {
  return {
    sigmas: Array.from({ length: steps + 1 }, (_, index) => from * (1 - index / steps)),
  };
}

/** Each latent frame `lag` steps behind the one before it. */
export function laggedSchedule(steps: number, frames: number, lag: number): Schedule {
  const total = steps + lag * (frames - 1);
  const level = (step: number, frame: number) =>
    Math.min(1, Math.max(0, 1 - (step - lag * frame) / steps));
  return rowsSchedule(
    Array.from({ length: total + 1 }, (_, step) =>
      Array.from({ length: frames }, (_unused, frame) => level(step, frame)),
    ),
  );
}

/** A schedule from its rows; `sigmas` are their means. */
export function rowsSchedule(rows: number[][]): Schedule {
  return {
    sigmas: rows.map((row) => row.reduce((sum, level) => sum + level, 0) / row.length),
    frame_sigmas: rows,
  };
}
