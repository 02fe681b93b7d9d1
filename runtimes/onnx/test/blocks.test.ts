import { encodeSafetensors } from "@arc-fabric/contract";
import { describe, expect, test } from "vitest";
import { drawNoise } from "../src/noise.ts";
import { maskBlob, rowsSchedule, uniformSchedule } from "./tiny-engine.ts";
import {
  extendPlan,
  frameOf,
  grownStart,
  latentsOf,
  startTinyModels,
  tinyPlan,
  type Step,
} from "./tiny-plans.ts";

const models = await startTinyModels();
const bytes = ({ state }: Step) => Buffer.from(state).toString("base64");

describe("a clip made in blocks", () => {
  test("begins with the stored latents bit for bit and sees only its windows", async () => {
    const parent = await models.run(tinyPlan());
    const clean = parent.at(-1)!;
    const plan = extendPlan(models.store(clean.state), "dpmpp_2m");
    const steps = (await models.run(plan)).map(latentsOf);
    const [noise, given] = [drawNoise(3, [4, 11, 4, 4]), latentsOf(clean)];
    steps.forEach((latents, step) => {
      for (let frame = 0; frame < 11; frame++) {
        const now = frameOf(latents, frame);
        if (frame < 5) expect(now).toEqual(frameOf(given, frame));
        else if (frame >= 8 && step < 4) expect(now).toEqual(frameOf(noise, frame));
        else expect(now).not.toEqual(frameOf(noise, frame));
      }
    });
    // Model b mixes what it sees: frame 2 lies outside the first window, frame 3 inside.
    const touched = async (frame: number) => {
      const altered = given.slice();
      for (let channel = 0; channel < 4; channel++) altered[(channel * 5 + frame) * 16]! += 1;
      const state = encodeSafetensors({
        tensors: {
          latents: { dtype: "F32", shape: [4, 5, 4, 4], data: new Uint8Array(altered.buffer) },
          frame_sigmas: { dtype: "F64", shape: [5], data: new Uint8Array(40) },
        },
        metadata: { format: "arc-fabric.state/2", latent_space: "zoetrope-tiny" },
      });
      const other = await models.run(extendPlan(models.store(state), "dpmpp_2m"));
      return frameOf(latentsOf(other.at(-1)!), 5);
    };
    const made = frameOf(steps.at(-1)!, 5);
    expect(await touched(2)).toEqual(made);
    expect(await touched(3)).not.toEqual(made);
  });

  test.each([
    { solver: "dpmpp_2m", window: [0, 5], share: 1 },
    { solver: "euler", window: [2, 5], share: 0.5 },
  ] as const)(
    "beside finished frames under their noise it is what an edit makes that keeps them on their way, with $solver in $window",
    async ({ solver, window: [from, to], share }) => {
      const clean = models.store((await models.run(tinyPlan({ solver }))).at(-1)!.state);
      const mask = models.store(maskBlob((frame) => (frame < 3 ? 0 : 1)));
      const { sigmas } = uniformSchedule(4);
      const walk = { solver, model: "zoetrope-tiny-b", window: [from, to] } as const;
      const rows = (kept: (sigma: number) => number) =>
        rowsSchedule(
          sigmas.map((sigma) =>
            Array.from({ length: 5 }, (_, t) => (t < from ? 0 : t < 3 ? kept(sigma) : sigma)),
          ),
        );
      const states = new Array<null>(4).fill(null);
      const edit = tinyPlan(
        { ...walk, window: [from, to], keep: { mask, clean, seed: 7, states } },
        {
          schedule: rows((sigma) => share * sigma),
          start: { kind: "renoise", seed: 8, clean, mask, kept_seed: 7, kept: null },
        },
      );
      const grown = (frames: [number, number]) =>
        tinyPlan(
          { ...walk, window: [from, to], context: [{ frames, seed: 7, at: frames[0], share }] },
          {
            schedule: rows(() => 0),
            start: grownStart(8, clean, 3, 2),
          },
        );
      const made = (await models.run(grown([from, 3]))).map(latentsOf);
      const edited = (await models.run(edit)).map(latentsOf);
      made.forEach((latents, step) => {
        for (const frame of [3, 4])
          expect(frameOf(latents, frame)).toEqual(frameOf(edited[step]!, frame));
        for (const frame of [0, 1, 2])
          expect(frameOf(latents, frame)).toEqual(frameOf(edited.at(-1)!, frame));
      });
      for (const frames of [
        [from, 4],
        [from, 6],
        [3, 3],
      ] as [number, number][])
        await expect(models.run(grown(frames))).rejects.toMatchObject({ code: "invalid_request" });
    },
  );

  test("with the negative prompt finished frames are seen as far back as is asked for that pass alone", async () => {
    const clean = models.store((await models.run(tinyPlan())).at(-1)!.state);
    const first = async (guidance_scale: number, share: number, negative_share?: number) => {
      const run = { frames: [0, 3] as [number, number], seed: 7, at: 0, share };
      const context = [negative_share === undefined ? run : { ...run, negative_share }];
      const zeros = uniformSchedule(4).sigmas.map((sigma) => [0, 0, 0, sigma, sigma]);
      const plan = tinyPlan(
        { solver: "euler", model: "zoetrope-tiny-b", guidance_scale, context },
        { schedule: rowsSchedule(zeros), start: grownStart(8, clean, 3, 2) },
      );
      return frameOf(latentsOf((await models.run(plan))[0]!), 3);
    };
    const [prompt, negative] = [await first(1, 0.5), await first(0, 1)];
    const guided = await first(3, 0.5, 1);
    guided.forEach((value, i) => {
      expect(value).toBeCloseTo(negative[i]! + 3 * (prompt[i]! - negative[i]!), 4);
    });
    expect(await first(0, 0.5, 1)).toEqual(negative);
    expect(await first(3, 0.5)).not.toEqual(guided);
  });

  test("a window that begins later is shown behind an absent frame, always the same", async () => {
    const rows = [
      [0, 1, 1],
      [0, 0.5, 0.5],
      [0, 0, 0],
    ];
    const parent = await models.run(tinyPlan());
    const digest = models.store(parent.at(-1)!.state);
    const piece = (frames: [number, number]) => ({ kind: "latents" as const, digest, frames });
    // Two clips that differ before the window only; where the window begins at 0 there is no absent frame.
    const run = async (front: [number, number][], window: [number, number], frames: number) => {
      const kept = front.reduce((sum, [from, to]) => sum + to - from, 0);
      const steps = await models.run(
        tinyPlan(
          { model: "zoetrope-tiny-b", window },
          {
            shape: [4, frames, 4, 4],
            start: {
              kind: "compose",
              seed: 1,
              pieces: [...front.map(piece), { kind: "noise", frames: frames - kept }],
            },
            schedule: rowsSchedule(
              rows.map((row) => [...new Array<number>(frames - 3).fill(0), ...row]),
            ),
          },
        ),
      );
      return frameOf(latentsOf(steps.at(-1)!), frames - 1);
    };
    expect(
      await run(
        [
          [0, 1],
          [4, 5],
        ],
        [1, 4],
        4,
      ),
    ).toEqual(
      await run(
        [
          [2, 3],
          [4, 5],
        ],
        [1, 4],
        4,
      ),
    );
    expect(
      await run(
        [
          [0, 1],
          [4, 5],
        ],
        [0, 4],
        4,
      ),
    ).not.toEqual(
      await run(
        [
          [2, 3],
          [4, 5],
        ],
        [0, 4],
        4,
      ),
    );
  });

  test("that frame is noise of a fixed seed at level 1: a clip whose own first frame is just that gives the same", async () => {
    const parent = await models.run(tinyPlan());
    const digest = models.store(parent.at(-1)!.state);
    const run = async (window: [number, number]) => {
      const rows = [1, 0.5, 0].map((level) => [1, 0, level, level]);
      const steps = await models.run(
        tinyPlan(
          { model: "zoetrope-tiny-b", window },
          {
            shape: [4, 4, 4, 4],
            start: {
              kind: "compose",
              seed: 0x5eed,
              pieces: [
                { kind: "noise", frames: 1 },
                { kind: "latents", digest, frames: [4, 5] },
                { kind: "noise", frames: 2 },
              ],
            },
            schedule: rowsSchedule(rows),
          },
        ),
      );
      return bytes(steps.at(-1)!);
    };
    expect(await run([1, 4])).toBe(await run([0, 4]));
  });

  test("is edited like any other, though noise stands in the place of its first frame", async () => {
    const parent = await models.run(tinyPlan());
    const digest = models.store(parent.at(-1)!.state);
    const shape: [number, number, number, number] = [4, 4, 4, 4];
    const rows = (levels: number[]) => rowsSchedule(levels.map((level) => [1, 0, level, level]));
    const model = "zoetrope-tiny-b" as const;
    const block = await models.run(
      tinyPlan(
        { model, window: [1, 4] },
        {
          shape,
          start: {
            kind: "compose",
            seed: 5,
            pieces: [
              { kind: "noise", frames: 1 },
              { kind: "latents", digest, frames: [4, 5] },
              { kind: "noise", frames: 2 },
            ],
          },
          schedule: rows([1, 0.5, 0]),
        },
      ),
    );
    const clean = models.store(block.at(-1)!.state);
    const mask = models.store(
      encodeSafetensors({
        tensors: {
          mask: {
            dtype: "F32",
            shape: [4, 4, 4],
            data: new Uint8Array(Float32Array.from({ length: 64 }, (_, i) => +(i >= 48)).buffer),
          },
        },
        metadata: { format: "arc-fabric.mask/1" },
      }),
    );
    const edit = await models.run(
      tinyPlan(
        {
          model,
          window: [1, 4],
          guidance_scale: 2,
          keep: { mask, clean, seed: 5, states: [null, null] },
        },
        {
          shape,
          start: { kind: "renoise", seed: 8, clean, mask, kept_seed: 5, kept: null },
          schedule: rows([1, 0.5, 0]),
        },
      ),
    );
    const [before, after] = [latentsOf(block.at(-1)!), latentsOf(edit.at(-1)!)];
    for (const frame of [0, 1, 2]) expect(frameOf(after, frame)).toEqual(frameOf(before, frame));
    expect(frameOf(after, 3)).not.toEqual(frameOf(before, 3));
  });

  test("a preview shows finished frames, and grey where frames wait outside the window", async () => {
    const parent = await models.run(tinyPlan());
    const plan = extendPlan(models.store(parent.at(-1)!.state), "euler");
    const engine = models.engines["zoetrope-tiny-b"];
    const [step] = await engine.denoise({ ...plan, segment: plan.segments[0]! }, null, 0, 0);
    const frame = 32 * 32 * 3;
    const preview = step!.parts["preview"]!;
    expect(preview).toHaveLength(41 * frame);
    const decoded = async (latents: Uint8Array, frames: number) => {
      const answers = await engine.ask(
        {
          type: "decode",
          piece: { state: null, frames: [0, frames], first: true },
          width: 32,
          height: 32,
        },
        { state: latents },
      );
      return Buffer.concat(answers.flatMap(({ parts }) => parts["frames"] ?? []));
    };
    expect((await decoded(parent.at(-1)!.state, 5)).equals(preview.subarray(0, 17 * frame))).toBe(
      true,
    );
    const tail = preview.subarray(29 * frame);
    expect(new Set(tail)).toEqual(new Set([128]));
  });
});
