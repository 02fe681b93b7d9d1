import { decodeSafetensors, encodeSafetensors, type Solver } from "@arc-fabric/contract";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { tinyModelFiles } from "./fixtures/tiny-model.ts";
import {
  laggedSchedule,
  startTinyEngine,
  TINY_DIRECTORY,
  tinySegment,
  type Answer,
} from "./tiny-engine.ts";

const tiny = await startTinyEngine();
const bytes = (answer: Answer) => Buffer.from(answer.parts["state"]!).toString("base64");
const SOLVERS: readonly Solver[] = ["euler", "dpmpp_2m"];

test("the committed tiny model is what its generator writes", () => {
  for (const [path, content] of Object.entries(tinyModelFiles()))
    expect(Buffer.from(content).equals(readFileSync(join(TINY_DIRECTORY, path))), path).toBe(true);
});

describe("denoising", () => {
  test.each(SOLVERS)(
    "continued from any of its states, %s gives the same states byte for byte",
    async (solver) => {
      for (const schedule of [tinySegment().schedule, laggedSchedule(6, 5, 1)]) {
        const whole = tinySegment({ solver, schedule, to: schedule.sigmas.length - 1 });
        const reference = await tiny.denoise(whole);
        expect(reference).toHaveLength(whole.to);
        for (let k = 1; k < whole.to; k++) {
          const rest = await tiny.denoise({ ...whole, from: k }, reference[k - 1]!.parts["state"]!);
          expect(rest.map(bytes)).toEqual(reference.slice(k).map(bytes));
        }
      }
    },
  );

  test("a state holds the latents, their levels, the solver's history and what they derive from; nothing of when or for whom", async () => {
    const steps = await tiny.denoise(tinySegment({ solver: "dpmpp_2m" }));
    const { tensors, metadata } = decodeSafetensors(steps[2]!.parts["state"]!);
    expect(
      Object.fromEntries(
        Object.entries(tensors).map(([name, { dtype, shape }]) => [name, [dtype, ...shape]]),
      ),
    ).toEqual({
      latents: ["F32", 4, 5, 4, 4],
      frame_sigmas: ["F64", 5],
      "history.x0": ["F32", 4, 5, 4, 4],
      "history.sigma": ["F64", 5],
    });
    expect(metadata).toEqual({
      format: "arc-fabric.state/1",
      model: "zoetrope-tiny",
      solver: "dpmpp_2m",
      step: "3",
      total_steps: "8",
      weights_digest: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(
      Object.keys(
        decodeSafetensors((await tiny.denoise(tinySegment()))[0]!.parts["state"]!).tensors,
      ),
    ).toEqual(["frame_sigmas", "latents"]);
  });

  test("every parameter has an effect", async () => {
    const base = tinySegment({ to: 8 });
    const shifted = base.schedule.sigmas.map((u) => (3 * u) / (1 + 2 * u));
    const variants = [
      base,
      { seed: 8 },
      { guidance_scale: 1 },
      { guidance_scale: 0 },
      { guidance_scale: 5 },
      { solver: "dpmpp_2m" as const },
      { schedule: { sigmas: shifted } },
    ];
    const ends = [];
    for (const change of variants)
      ends.push(latents((await tiny.denoise({ ...base, ...change })).at(-1)!));
    expect(new Set(ends).size).toBe(variants.length);
  });

  test("a guidance scale of 1 and 0 are the limits of the two-row batch", async () => {
    for (const scale of [0, 1]) {
      const exact = values(await tiny.denoise(tinySegment({ guidance_scale: scale })));
      const near = values(await tiny.denoise(tinySegment({ guidance_scale: scale + 1e-7 })));
      exact.forEach((value, index) => expect(value).toBeCloseTo(near[index]!, 4));
    }
  });

  test("a preview comes with every step at interval 0, with none at a long one, and changes no state", async () => {
    const with0 = await tiny.denoise(tinySegment(), null, 0);
    const without = await tiny.denoise(tinySegment(), null, 1e9);
    for (const { message, parts } of with0) {
      expect(message).toMatchObject({ preview: { count: 17, width: 32, height: 32 } });
      expect(parts["preview"]).toHaveLength(17 * 32 * 32 * 3);
    }
    for (const { message, parts } of without)
      expect([message.type === "denoise.step" && message.preview, parts["preview"]]).toEqual([
        null,
        undefined,
      ]);
    expect(with0.map(bytes)).toEqual(without.map(bytes));
  });

  test("a cancel ends it at the next step", async () => {
    let steps = 0;
    const answers = await tiny.ask(
      { type: "denoise", segment: tinySegment(), preview_interval_ms: 1e9 },
      { conditioning: tiny.conditioning },
      ({ message }) => {
        if (message.type === "denoise.step" && ++steps === 3) tiny.engine.cancel(tiny.lastId());
      },
    );
    expect(answers.at(-1)!.message.type).toBe("cancelled");
    expect(steps).toBe(3);
  });
});

describe("a state that does not belong", () => {
  const whole = tinySegment({ solver: "dpmpp_2m" });
  const stateAt = async (step: number, segment = whole) =>
    (await tiny.denoise(segment))[step - 1]!.parts["state"]!;
  const changed = async (
    change: (file: { tensors: Record<string, unknown>; metadata: Record<string, string> }) => void,
  ) => {
    const file = decodeSafetensors(await stateAt(3));
    const copy = { tensors: { ...file.tensors }, metadata: { ...file.metadata } };
    change(copy as never);
    return encodeSafetensors(copy);
  };

  test.each([
    ["of another step", async () => stateAt(4), "its step is 4, but 3 is needed"],
    ["of another solver", async () => stateAt(3, tinySegment()), "its solver is euler"],
    [
      "of other weights",
      async () => changed(({ metadata }) => (metadata["weights_digest"] = "00")),
      "its weights_digest is 00",
    ],
    [
      "of another model",
      async () => changed(({ metadata }) => (metadata["model"] = "other")),
      "its model is other",
    ],
    [
      "of another schedule",
      async () =>
        stateAt(3, { ...whole, schedule: { sigmas: [1, 0.9, 0.8, 0.7, 0.4, 0.3, 0.2, 0.1, 0] } }),
      "its frame_sigmas is 0.7",
    ],
    [
      "of another length",
      async () => stateAt(3, { ...whole, shape: [4, 3, 4, 4] }),
      "its shape of",
    ],
  ])("%s is refused with the reason", async (_, make, words) => {
    const resumed = tiny.denoise({ ...whole, from: 3 }, await make());
    await expect(resumed).rejects.toMatchObject({
      code: "invalid_request",
      severity: "request",
      message: expect.stringContaining(words),
    });
  });

  test("one without its history, of another format, or torn is corrupt", async () => {
    const whole3 = { ...whole, from: 3 };
    const corrupt = { code: "state_corrupt", severity: "request" };
    await expect(
      tiny.denoise(whole3, await changed(({ tensors }) => delete tensors["history.x0"])),
    ).rejects.toMatchObject(corrupt);
    await expect(
      tiny.denoise(whole3, await changed(({ metadata }) => (metadata["format"] = "x"))),
    ).rejects.toMatchObject(corrupt);
    await expect(tiny.denoise(whole3, (await stateAt(3)).subarray(0, 500))).rejects.toMatchObject(
      corrupt,
    );
  });
});

describe("a segment that cannot be walked", () => {
  const rows = laggedSchedule(4, 5, 1).frame_sigmas!;
  test.each([
    ["does not begin with noise", { schedule: { sigmas: [0.9, 0.5, 0] } }, "starts at level 1"],
    ["rises", { schedule: { sigmas: [1, 0.5, 0.6, 0] } }, "rise in step 2"],
    ["ends behind its schedule", { to: 9 }, "do not lie in a schedule of 8 steps"],
    ["has no steps", { from: 2, to: 2 }, "needs a state"],
    [
      "has too few rows of frame levels",
      { schedule: { sigmas: [1, 0.5, 0], frame_sigmas: rows.slice(0, 2) } },
      "has 2 rows",
    ],
    [
      "has levels for another number of frames",
      {
        schedule: {
          sigmas: [1, 0],
          frame_sigmas: [
            [1, 1],
            [0, 0],
          ],
        },
      },
      "one per latent frame",
    ],
  ])("because it %s is refused", async (_, change, words) => {
    await expect(tiny.denoise(tinySegment(change))).rejects.toMatchObject({
      code: "invalid_request",
      severity: "request",
      message: expect.stringContaining(words),
    });
  });
});

describe("decoding", () => {
  test("the first group gives its last frame, every other one all four, each as soon as it is there", async () => {
    const state = (await tiny.denoise(tinySegment())).at(-1)!.parts["state"]!;
    const answers = await tiny.ask(
      {
        type: "decode",
        segment: { type: "decode", model: "zoetrope-tiny", num_frames: 17, width: 32, height: 32 },
      },
      { state },
    );
    expect(
      answers.map(({ message }) =>
        message.type === "decode.frames" ? [message.first_frame, message.count] : message.type,
      ),
    ).toEqual([[0, 1], [1, 4], [5, 4], [9, 4], [13, 4], "decode.completed"]);
    for (const { message, parts } of answers)
      if (message.type === "decode.frames")
        expect(parts["frames"]).toHaveLength(message.count * 32 * 32 * 3);
  });

  test("another size or length than the state's is refused", async () => {
    const state = (await tiny.denoise(tinySegment())).at(-1)!.parts["state"]!;
    for (const change of [{ num_frames: 13 }, { width: 64 }]) {
      const segment = {
        type: "decode" as const,
        model: "zoetrope-tiny",
        num_frames: 17,
        width: 32,
        height: 32,
        ...change,
      };
      const [answer] = await tiny.ask({ type: "decode", segment }, { state });
      expect(answer!.message).toMatchObject({
        type: "failed",
        severity: "request",
        code: "unsupported_value",
      });
    }
  });
});

test("conditioning of other weights is refused", async () => {
  const file = decodeSafetensors(tiny.conditioning);
  const conditioning = encodeSafetensors({
    tensors: file.tensors,
    metadata: { ...file.metadata, weights_digest: "00" },
  });
  const [answer] = await tiny.ask(
    { type: "denoise", segment: tinySegment(), preview_interval_ms: 0 },
    { conditioning },
  );
  expect(answer!.message).toMatchObject({
    type: "failed",
    severity: "request",
    code: "invalid_request",
  });
});

test("nothing works without a loaded model, and everything again after loading one", async () => {
  const other = await startTinyEngine();
  await other.ask({ type: "unload" });
  const [answer] = await other.ask({ type: "encode", prompt: "x", negative_prompt: "" });
  expect(answer!.message).toMatchObject({ type: "failed", code: "invalid_request" });
});

function latents(answer: Answer): string {
  return Buffer.from(decodeSafetensors(answer.parts["state"]!).tensors["latents"]!.data).toString(
    "base64",
  );
}

function values(steps: readonly Answer[]): Float32Array {
  return new Float32Array(
    new Uint8Array(decodeSafetensors(steps.at(-1)!.parts["state"]!).tensors["latents"]!.data)
      .buffer,
  );
}
