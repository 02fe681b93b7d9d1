import { encodeSafetensors, type Solver } from "@arc-fabric/contract";
import { describe, expect, test } from "vitest";
import { drawNoise } from "../src/noise.ts";
import { maskBlob, rowsSchedule, tinyWalk } from "./tiny-engine.ts";
import {
  EDIT_MASK,
  editPlan,
  everyPlan,
  extendPlan,
  frameOf,
  latentsOf,
  startTinyModels,
  tinyPlan,
  type Step,
} from "./tiny-plans.ts";

const models = await startTinyModels();
const bytes = ({ state }: Step) => Buffer.from(state).toString("base64");
const SOLVERS: readonly Solver[] = ["euler", "dpmpp_2m"];
const KINDS = Object.keys(await everyPlan(models, "euler"));
const refused = (words: string, code = "invalid_request") => ({
  code,
  severity: "request",
  message: expect.stringContaining(words),
});

describe.each(SOLVERS)("with %s", (solver) => {
  test.each(KINDS)(
    "continued from any of its states, a plan of the kind %s gives the same states byte for byte",
    async (kind) => {
      const plan = (await everyPlan(models, solver))[kind]!;
      const reference = await models.run(plan);
      expect(reference).toHaveLength(plan.schedule.sigmas.length - 1);
      expect(new Set(reference.map(bytes)).size).toBe(reference.length);
      for (let done = 0; done < reference.length; done++) {
        const rest = await models.run(plan, done, reference[done - 1]?.state ?? null);
        expect(rest.map(bytes)).toEqual(reference.slice(done).map(bytes));
        expect(rest.map(({ cached }) => cached)).toEqual(
          reference.slice(done).map(({ cached }) => cached),
        );
      }
    },
  );

  test("a fork's states up to its step are the take's own, whatever follows", async () => {
    for (const plan of [
      tinyPlan({ solver, cache: { start: 1, end: 7, interval: 3 } }),
      tinyPlan({ solver }),
    ]) {
      const reference = await models.run(plan);
      for (const at of [2, 3, 4]) {
        const [segment] = plan.segments;
        const shorter = {
          ...plan,
          schedule: { sigmas: [...plan.schedule.sigmas.slice(0, at + 1), 0] },
          segments: [
            { ...segment!, to: at },
            { ...segment!, from: at, to: at + 1, cache: null },
          ],
        };
        const fork = await models.run(shorter);
        expect(fork.slice(0, at).map(bytes)).toEqual(reference.slice(0, at).map(bytes));
      }
    }
  });
});

describe("an edit", () => {
  test.each(SOLVERS)("keeps what it was told to keep bit for bit, with %s", async (solver) => {
    const parent = await models.run(tinyPlan({ solver }));
    const kept = parent.slice(3).map(latentsOf);
    const mask = new Float32Array(80);
    mask.set(new Float32Array(EDIT_MASK.slice(-320).buffer));
    for (const kind of ["edit", "edit on the straight line"]) {
      const result = await models.run((await everyPlan(models, solver))[kind]!);
      const latents = result.map(latentsOf);
      const changed = new Array<number>(3).fill(0);
      latents.at(-1)!.forEach((value, i) => {
        const share = mask[i % 80]!;
        if (share === 0) {
          expect(value).toBe(kept.at(-1)![i]);
          if (kind === "edit")
            latents.forEach((after, step) => expect(after[i]).toBe(kept[step]![i]));
        } else if (value !== kept.at(-1)![i]) changed[share === 1 ? 1 : 2]!++;
      });
      // 4 frames of 2 rows (1 of the border) with 4 cells in 4 channels: all of them come out new.
      expect(changed).toEqual([0, 128, 64]);
    }
  });

  test("under a mask of ones is the run without one, whatever is kept", async () => {
    const parent = await models.run(tinyPlan({ solver: "dpmpp_2m" }));
    const edit = editPlan(
      models,
      parent,
      "dpmpp_2m",
      maskBlob(() => 1),
    );
    const free = { ...edit, segments: [{ ...edit.segments[0]!, keep: null }] };
    expect((await models.run(edit)).map(bytes)).toEqual((await models.run(free)).map(bytes));
    // From level 1 the renoised start is plain noise.
    const { start } = edit;
    if (start.kind !== "renoise") throw new Error("an edit renoises");
    const full = tinyPlan({}, { start: { ...start, kept: null } });
    const plain = tinyPlan({}, { start: { kind: "noise", seed: 8 } });
    expect((await models.run(full)).map(bytes)).toEqual((await models.run(plain)).map(bytes));
  });

  test("under a mask of zeros is the parent again, step by step", async () => {
    const parent = await models.run(tinyPlan());
    const edit = await models.run(
      editPlan(
        models,
        parent,
        "euler",
        maskBlob(() => 0),
      ),
    );
    expect(edit.map(latentsOf)).toEqual(parent.slice(3).map(latentsOf));
  });

  test("reads the stored trajectory: another one gives other pictures under the soft border only by it", async () => {
    const parent = await models.run(tinyPlan());
    const stored = await models.run(editPlan(models, parent, "euler"));
    const edit = editPlan(models, parent, "euler");
    const segment = edit.segments[0]!;
    const line = {
      ...edit,
      segments: [
        { ...segment, keep: { ...segment.keep!, states: [null, null, null, null, null] } },
      ],
    };
    expect(bytes((await models.run(line)).at(-1)!)).not.toBe(bytes(stored.at(-1)!));
  });

  test("leaves frames alone while they wait, also under the soft border", async () => {
    const plan = (await everyPlan(models, "euler"))["edit in a window, of frames that lag"]!;
    const steps = (await models.run(plan)).map(latentsOf);
    // The last of the three frames moves from step 4 on.
    for (const step of [1, 2, 3])
      for (const frame of [0, 1, 4])
        expect(frameOf(steps[step]!, frame)).toEqual(frameOf(steps[0]!, frame));
    expect(frameOf(steps[5]!, 4)).not.toEqual(frameOf(steps[3]!, 4));
    // The first one is finished after step 4 and stays as it is.
    expect(frameOf(steps.at(-1)!, 2)).toEqual(frameOf(steps[3]!, 2));
  });

  test("a preview shows the clip as it will be kept", async () => {
    const parent = await models.run(tinyPlan());
    const edit = editPlan(
      models,
      parent,
      "euler",
      maskBlob(() => 0),
    );
    const engine = models.engines["zoetrope-tiny"];
    const walk = { ...edit, segment: edit.segments[0]! };
    const shown = await engine.denoise(walk, null, 0, 0);
    const last = Buffer.from(shown.at(-1)!.parts["preview"]!);
    for (const { parts } of shown) expect(last.equals(parts["preview"]!)).toBe(true);
  });

  test.each<[string, (mask: Float32Array) => Uint8Array, string]>([
    ["of another shape", (mask) => maskFile(mask, [5, 8, 2]), "of shape [5, 4, 4]"],
    [
      "with a value over 1",
      (mask) =>
        maskFile(
          mask.map(() => 1.5),
          [5, 4, 4],
        ),
      "has 1.5",
    ],
    [
      "with no number",
      (mask) =>
        maskFile(
          mask.map(() => Number.NaN),
          [5, 4, 4],
        ),
      "has NaN",
    ],
  ])("a mask %s is refused", async (_, make, words) => {
    const parent = await models.run(tinyPlan());
    const plan = editPlan(models, parent, "euler", make(new Float32Array(80)));
    await expect(models.run(plan)).rejects.toMatchObject(refused(words, "invalid_mask"));
  });

  test("kept states of other levels, and clean latents that are not clean, are refused", async () => {
    const parent = await models.run(tinyPlan());
    const edit = editPlan(models, parent, "euler");
    const segment = edit.segments[0]!;
    const keep = segment.keep!;
    const withKeep = (change: Partial<typeof keep>) => ({
      ...edit,
      segments: [{ ...segment, keep: { ...keep, ...change } }],
    });
    const shifted = [keep.states[1]!, ...keep.states.slice(1)];
    await expect(models.run(withKeep({ states: shifted }))).rejects.toMatchObject(
      refused("after step 1 stands at the levels 0.375"),
    );
    await expect(models.run(withKeep({ clean: keep.states[0]! }))).rejects.toMatchObject(
      refused("stands at the levels 0.5"),
    );
  });
});

function maskFile(values: Float32Array, shape: number[]): Uint8Array {
  const data = new Uint8Array(values.buffer);
  return encodeSafetensors({ tensors: { mask: { dtype: "F32", shape, data } }, metadata: {} });
}

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

describe("a composed start", () => {
  const compose = (pieces: unknown[], levels: number[]) =>
    tinyPlan(
      {},
      {
        start: { kind: "compose", seed: 7, pieces } as never,
        schedule: rowsSchedule([levels, levels.map((level) => level / 2), levels.map(() => 0)]),
      },
    );

  test("of noise alone is the noise of its seed, by position in the clip", async () => {
    const pieces = [
      { kind: "noise", frames: 2 },
      { kind: "noise", frames: 3 },
    ];
    const plain = tinyPlan(
      {},
      { schedule: rowsSchedule([1, 0.5, 0].map((level) => new Array<number>(5).fill(level))) },
    );
    expect((await models.run(compose(pieces, [1, 1, 1, 1, 1]))).map(bytes)).toEqual(
      (await models.run(plain)).map(bytes),
    );
  });

  test("encodes pictures, at either end", async () => {
    const picture = (value: number) => {
      const data = new Uint8Array(32 * 32 * 3).map((_, i) => (value * (i + 1)) % 256);
      return models.store(
        encodeSafetensors({
          tensors: { rgb: { dtype: "U8", shape: [32, 32, 3], data } },
          metadata: {},
        }),
      );
    };
    const [first, last] = [picture(3), picture(7)];
    const steps = await models.run(
      compose(
        [
          { kind: "image", digest: first },
          { kind: "noise", frames: 3 },
          { kind: "image", digest: last },
        ],
        [0, 1, 1, 1, 0],
      ),
    );
    const [before, after] = [steps[0]!, steps.at(-1)!].map(latentsOf);
    for (const frame of [0, 4]) expect(frameOf(before!, frame)).toEqual(frameOf(after!, frame));
    expect(frameOf(after!, 0)).not.toEqual(frameOf(after!, 4));
    // The tiny encoder is known in closed form: means of 8x8 pixels, then a 1x1 convolution.
    const mean = (x: number, y: number, colour: number) => {
      let sum = 0;
      for (let j = 0; j < 8; j++)
        for (let i = 0; i < 8; i++)
          sum += (3 * (((y * 8 + j) * 32 + x * 8 + i) * 3 + colour + 1)) % 256;
      return sum / 64 / 255;
    };
    const expected = [0, 1, 2, 3].map((channel) => {
      let value = 0;
      for (let plane = 0; plane < 12; plane++)
        value += Math.cos(1.3 * (channel * 12 + plane)) * mean(1, 2, plane % 3);
      return value;
    });
    expected.forEach((value, channel) =>
      expect(frameOf(after!, 0)[channel * 16 + 2 * 4 + 1]).toBeCloseTo(value, 4),
    );
  });

  test.each<[string, unknown[], number[], string, string?]>([
    [
      "pieces of another length than the clip",
      [{ kind: "noise", frames: 4 }],
      [1, 1, 1, 1, 1],
      "have 4 latent frames; the clip has 5",
    ],
    [
      "noise that does not begin at level 1",
      [{ kind: "noise", frames: 5 }],
      [1, 1, 1, 1, 0.5],
      "begins as noise, at level 1, but the schedule starts it at 0.5",
    ],
    [
      "finished latents that begin above level 0",
      [{ kind: "latents", digest: "CLEAN", frames: [0, 5] }],
      [0, 0, 1, 0, 0],
      "Latent frame 2 begins as latents, at level 0",
    ],
    [
      "frames that the stored clip does not have",
      [{ kind: "latents", digest: "CLEAN", frames: [3, 8] }],
      [0, 0, 0, 0, 0],
      "has 5",
    ],
    [
      "frames that were not finished",
      [{ kind: "latents", digest: "NOISY", frames: [0, 5] }],
      [0, 0, 0, 0, 0],
      "stands at level 0.5",
    ],
    [
      "latents of another space",
      [{ kind: "latents", digest: "FOREIGN", frames: [0, 5] }],
      [0, 0, 0, 0, 0],
      "elsewhere",
      "latent_space_mismatch",
    ],
    [
      "a picture of another size",
      [
        { kind: "image", digest: "MASK" },
        { kind: "noise", frames: 4 },
      ],
      [0, 1, 1, 1, 1],
      "pictures of shape [32, 32, 3]",
      "invalid_image",
    ],
    [
      "a blob that was not sent",
      [
        { kind: "image", digest: "nothing" },
        { kind: "noise", frames: 4 },
      ],
      [0, 1, 1, 1, 1],
      "carries no part",
      "worker_protocol",
    ],
  ])("refuses %s", async (_, pieces, levels, words, code) => {
    const parent = await models.run(tinyPlan());
    const foreign = encodeSafetensors({
      tensors: {},
      metadata: { format: "arc-fabric.state/2", latent_space: "elsewhere" },
    });
    const blobs: Record<string, Uint8Array> = {
      CLEAN: parent.at(-1)!.state,
      NOISY: parent[3]!.state,
      FOREIGN: foreign,
      MASK: EDIT_MASK,
    };
    const named = pieces.map((piece) => {
      const blob = blobs[(piece as { digest?: string }).digest ?? ""];
      return blob ? { ...(piece as object), digest: models.store(blob) } : piece;
    });
    await expect(models.run(compose(named, levels))).rejects.toMatchObject(refused(words, code));
  });
});

describe("step caching", () => {
  test("reuses the last velocity inside its zone, except every interval-th step, and says so", async () => {
    const flags = async (cache: { start: number; end: number; interval: number }, from = 0) => {
      const steps = await models.run(tinyPlan({ cache }));
      return steps
        .slice(from)
        .map(({ cached }) => (cached ? "c" : "n"))
        .join("");
    };
    expect(await flags({ start: 2, end: 7, interval: 3 })).toBe("nnnccncn");
    expect(await flags({ start: 0, end: 8, interval: 2 })).toBe("ncncncnc");
    expect(await flags({ start: 8, end: 9, interval: 2 })).toBe("nnnnnnnn");
  });

  test("a segment's first step always computes", async () => {
    const cut = tinyWalk({ to: 3, cache: { start: 0, end: 8, interval: 8 } }).segment;
    const plan = {
      ...tinyPlan(),
      segments: [cut, { ...cut, from: 3, to: 8, model: "zoetrope-tiny-b" }],
    };
    const steps = await models.run(plan);
    expect(steps.map(({ cached }) => cached)).toEqual([
      false,
      true,
      true,
      false,
      true,
      true,
      true,
      true,
    ]);
  });

  test("a state without the velocity that the next step reuses is corrupt", async () => {
    const cached = tinyPlan({ cache: { start: 2, end: 7, interval: 3 } });
    const plain = await models.run(tinyPlan());
    await expect(models.run(cached, 3, plain[2]!.state)).rejects.toMatchObject(
      refused("cache.velocity", "state_corrupt"),
    );
  });
});

describe("where a segment begins", () => {
  const second = tinyWalk({ from: 3, to: 8, solver: "dpmpp_2m", history: "carry" }).segment;
  const at3 = async (solver: Solver) => (await models.run(tinyPlan({ solver })))[2]!.state;

  test("carrying a history that the state does not have is refused; resetting it is not", async () => {
    const carry = { ...tinyPlan(), segments: [second] };
    await expect(models.run(carry, 3, await at3("euler"))).rejects.toMatchObject(
      refused("has no history for dpmpp_2m"),
    );
    const reset = { ...tinyPlan(), segments: [{ ...second, history: "reset" as const }] };
    expect(await models.run(reset, 3, await at3("euler"))).toHaveLength(5);
  });

  test("carried and reset history give different clips; a solver without history reads none", async () => {
    const from = await at3("dpmpp_2m");
    const ends = async (solver: Solver, history: "carry" | "reset") =>
      bytes(
        (
          await models.run({ ...tinyPlan(), segments: [{ ...second, solver, history }] }, 3, from)
        ).at(-1)!,
      );
    expect(await ends("dpmpp_2m", "carry")).not.toBe(await ends("dpmpp_2m", "reset"));
    expect(await ends("euler", "carry")).toBe(await ends("euler", "reset"));
  });
});

test("a cancel ends a request that waits for a kept state", async () => {
  const parent = await models.run(tinyPlan());
  const edit = editPlan(models, parent, "euler");
  const { engine, ask, conditioning, blobs, lastId } = models.engines["zoetrope-tiny"];
  // Nobody sends kept states: the first step waits for its own.
  const asked = ask(
    { type: "denoise", ...edit, segment: edit.segments[0]!, from: 0, preview_interval_ms: 1e9 },
    { ...blobs, conditioning },
  );
  engine.cancel(lastId());
  expect((await asked).map(({ message }) => message.type)).toEqual(["cancelled"]);
});

test("kept states that nobody asked for do not pile up", async () => {
  const parent = await models.run(tinyPlan());
  const edit = editPlan(models, parent, "euler");
  const { engine, ask, conditioning, blobs, lastId } = models.engines["zoetrope-tiny"];
  const asked = ask(
    { type: "denoise", ...edit, segment: edit.segments[0]!, from: 0, preview_interval_ms: 1e9 },
    { ...blobs, conditioning },
  );
  for (let step = 100; step < 110; step++)
    engine.supply({ type: "kept", target: lastId(), step, parts: [] }, { state: parent[0]!.state });
  expect((await asked).at(-1)!.message).toMatchObject({ type: "failed", code: "worker_protocol" });
});
