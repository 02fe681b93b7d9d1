import { encodeSafetensors, type Solver } from "@arc-fabric/contract";
import { describe, expect, test } from "vitest";
import { maskBlob, tinyWalk } from "./tiny-engine.ts";
import {
  EDIT_MASK,
  editPlan,
  everyPlan,
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
