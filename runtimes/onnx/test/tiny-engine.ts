import { manifestSchema, type DenoiseSegment, type NamedParts } from "@arc-fabric/contract";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { systemClock } from "../src/clock.ts";
import { Engine, type EngineAnswer, type EngineRequest } from "../src/engine.ts";

export const TINY_DIRECTORY = join(import.meta.dirname, "fixtures", "zoetrope-tiny");
export const tinyManifest = manifestSchema.parse(
  JSON.parse(readFileSync(join(TINY_DIRECTORY, "manifest.json"), "utf8")),
);

export interface Answer {
  readonly message: EngineAnswer;
  readonly parts: NamedParts;
}
type Body<Request = EngineRequest> = Request extends EngineRequest
  ? Omit<Request, "id" | "parts">
  : never;

/** The engine on this thread, with the tiny model loaded. */
export async function startTinyEngine() {
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
  await ask({ type: "load", manifest: tinyManifest, directory: TINY_DIRECTORY, threads: 1 });
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
    lastId: () => id,
    /** The states of every step, in order; throws the engine's failure. */
    async denoise(
      segment: DenoiseSegment,
      state: Uint8Array | null = null,
      previewIntervalMs = 1e9,
    ): Promise<Answer[]> {
      const parts: NamedParts = state ? { conditioning, state } : { conditioning };
      const all = await ask(
        { type: "denoise", segment, preview_interval_ms: previewIntervalMs },
        parts,
      );
      const last = all.at(-1)!.message;
      if (last.type === "failed")
        throw Object.assign(new Error(last.message), { code: last.code, severity: last.severity });
      return all.filter((answer) => answer.message.type === "denoise.step");
    },
  };
}

export function tinySegment(change: Partial<DenoiseSegment> = {}): DenoiseSegment {
  const steps = (change.schedule?.sigmas.length ?? 9) - 1;
  return {
    type: "denoise",
    model: "zoetrope-tiny",
    from: 0,
    to: steps,
    schedule: { sigmas: Array.from({ length: steps + 1 }, (_, index) => 1 - index / steps) },
    solver: "euler",
    guidance_scale: 4,
    seed: 7,
    shape: [4, 5, 4, 4],
    ...change,
  };
}

/** Each latent frame `lag` steps behind the one before it. */
export function laggedSchedule(
  steps: number,
  frames: number,
  lag: number,
): DenoiseSegment["schedule"] {
  const total = steps + lag * (frames - 1);
  const level = (step: number, frame: number) =>
    Math.min(1, Math.max(0, 1 - (step - lag * frame) / steps));
  const rows = Array.from({ length: total + 1 }, (_, step) =>
    Array.from({ length: frames }, (_unused, frame) => level(step, frame)),
  );
  return { sigmas: rows.map((row) => Math.max(...row)), frame_sigmas: rows };
}
