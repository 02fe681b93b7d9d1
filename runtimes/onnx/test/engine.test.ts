import { decodeSafetensors, encodeSafetensors } from "@arc-fabric/contract";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { TINY_MODELS, tinyModelFiles } from "./fixtures/tiny-model.ts";
import {
  laggedSchedule,
  startTinyEngine,
  tinyDirectory,
  tinyWalk,
  uniformSchedule,
  type Answer,
  type Walk,
} from "./tiny-engine.ts";

const tiny = await startTinyEngine();
const bytes = (answer: Answer) => Buffer.from(answer.parts["state"]!).toString("base64");

const models = Object.keys(TINY_MODELS) as (keyof typeof TINY_MODELS)[];
test.each(models)("the committed model %s is what its generator writes", (id) => {
  for (const [path, content] of Object.entries(tinyModelFiles(id)))
    expect(Buffer.from(content).equals(readFileSync(join(tinyDirectory(id), path))), path).toBe(
      true,
    );
});

describe("denoising", () => {
  test("a state holds the latents, their levels, the solver's history and what they derive from; nothing of when or for whom", async () => {
    const steps = await tiny.denoise(tinyWalk({ solver: "dpmpp_2m" }));
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
      format: "arc-fabric.state/2",
      latent_space: "zoetrope-tiny",
      model: "zoetrope-tiny",
      solver: "dpmpp_2m",
      step: "3",
      weights_digest: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(
      Object.keys(decodeSafetensors((await tiny.denoise(tinyWalk()))[0]!.parts["state"]!).tensors),
    ).toEqual(["frame_sigmas", "latents"]);
  });

  test("every parameter has an effect", async () => {
    const shifted = uniformSchedule(8).sigmas.map((u) => (3 * u) / (1 + 2 * u));
    const variants = [
      tinyWalk(),
      tinyWalk({}, { start: { kind: "noise", seed: 8 } }),
      tinyWalk({ guidance_scale: 1 }),
      tinyWalk({ guidance_scale: 0 }),
      tinyWalk({ guidance_scale: 5 }),
      tinyWalk({ solver: "dpmpp_2m" }),
      tinyWalk({ cache: { start: 2, end: 6, interval: 2 } }),
      tinyWalk({}, { schedule: { sigmas: shifted } }),
    ];
    const ends = [];
    for (const walk of variants) ends.push(latents((await tiny.denoise(walk)).at(-1)!));
    expect(new Set(ends).size).toBe(variants.length);
  });

  test("a guidance scale of 1 and 0 are the limits of the two-row batch", async () => {
    for (const scale of [0, 1]) {
      const exact = values(await tiny.denoise(tinyWalk({ guidance_scale: scale })));
      const near = values(await tiny.denoise(tinyWalk({ guidance_scale: scale + 1e-7 })));
      exact.forEach((value, index) => expect(value).toBeCloseTo(near[index]!, 4));
    }
  });

  test("guidance that is built into a net takes one pass, and other scales count from there", async () => {
    const student = await startTinyEngine("zoetrope-tiny", { guidance_built_in: 4 });
    for (const [asked, meant] of [
      [4, 1],
      [8, 2],
      [0, 0],
    ] as const)
      expect(values(await student.denoise(tinyWalk({ guidance_scale: asked })))).toEqual(
        values(await tiny.denoise(tinyWalk({ guidance_scale: meant }))),
      );
  });

  test.each([4, 0])(
    "from the model's level on, a take guided by %d goes on as one by the net's own guidance",
    async (guidance_scale) => {
      const eased = await startTinyEngine("zoetrope-tiny", { guidance_until: 0.5 });
      const walk = tinyWalk({ guidance_scale });
      const steps = await eased.denoise(walk);
      const guided = await tiny.denoise(walk);
      const after = guided.findIndex((_, step) => walk.schedule.sigmas[step]! <= 0.5);
      expect(latents(steps[after - 1]!)).toEqual(latents(guided[after - 1]!));
      const state = guided[after - 1]!.parts["state"]!;
      const plain = await tiny.denoise(tinyWalk({ guidance_scale: 1 }), state, after);
      expect(values(steps)).toEqual(values(plain));
      expect(values(steps)).not.toEqual(values(guided));
    },
  );

  test("a preview comes with every step at interval 0, with none at a long one, and changes no state", async () => {
    const with0 = await tiny.denoise(tinyWalk(), null, 0, 0);
    const without = await tiny.denoise(tinyWalk(), null, 0, 1e9);
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
      { type: "denoise", ...tinyWalk(), from: 0, preview_interval_ms: 1e9 },
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
  const whole = tinyWalk({ solver: "dpmpp_2m" });
  const stateAt = async (step: number, walk = whole) =>
    (await tiny.denoise(walk))[step - 1]!.parts["state"]!;
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
    ["of another solver", async () => stateAt(3, tinyWalk()), "its solver is euler"],
    [
      "of another model",
      async () => changed(({ metadata }) => (metadata["model"] = "other")),
      "its model is other",
    ],
    [
      "of another schedule",
      async () =>
        stateAt(3, {
          ...whole,
          schedule: { sigmas: [1, 0.9, 0.8, 0.7, 0.4, 0.3, 0.2, 0.1, 0] },
        }),
      "its frame_sigmas is 0.7",
    ],
    [
      "of another length",
      async () => stateAt(3, tinyWalk({ solver: "dpmpp_2m" }, { shape: [4, 3, 4, 4] })),
      "its shape is 4, 3, 4, 4",
    ],
  ])("%s is refused with the reason", async (_, make, words) => {
    const resumed = tiny.denoise(whole, await make(), 3);
    await expect(resumed).rejects.toMatchObject({
      code: "invalid_request",
      severity: "request",
      message: expect.stringContaining(words),
    });
  });

  test("one without its history, of another format, or torn is corrupt", async () => {
    const corrupt = { code: "state_corrupt", severity: "request" };
    for (const state of [
      await changed(({ tensors }) => delete tensors["history.x0"]),
      await changed(({ metadata }) => (metadata["format"] = "x")),
      (await stateAt(3)).subarray(0, 500),
    ])
      await expect(tiny.denoise(whole, state, 3)).rejects.toMatchObject(corrupt);
  });

  test("one of another latent space is refused as that", async () => {
    const state = await changed(({ metadata }) => (metadata["latent_space"] = "elsewhere"));
    await expect(tiny.denoise(whole, state, 3)).rejects.toMatchObject({
      code: "latent_space_mismatch",
      message: expect.stringContaining("elsewhere"),
    });
  });

  test("one that other weights made goes on: the server decides about that", async () => {
    const state = await changed(({ metadata }) => (metadata["weights_digest"] = "00"));
    const rest = await tiny.denoise(whole, state, 3);
    expect(rest.map(bytes)).toEqual((await tiny.denoise(whole)).slice(3).map(bytes));
  });
});

describe("a segment that cannot be walked", () => {
  const rows = laggedSchedule(4, 5, 1).frame_sigmas!;
  const scheduled = (schedule: Walk["schedule"]) => tinyWalk({}, { schedule });
  const twoFrames = {
    sigmas: [1, 0],
    frame_sigmas: [
      [1, 1],
      [0, 0],
    ],
  };
  test.each<[string, Walk, string, string]>([
    ["does not begin with noise", scheduled({ sigmas: [0.9, 0.5, 0] }), "starts it at 0.9", ""],
    ["rises", scheduled({ sigmas: [1, 0.5, 0.6, 0] }), "rise in step 2", ""],
    ["ends behind its schedule", tinyWalk({ to: 9 }), "do not lie in a schedule of 8 steps", ""],
    ["has no state", tinyWalk({ from: 2 }), "needs a state", ""],
    [
      "has too few rows of frame levels",
      scheduled({ sigmas: [1, 0.5, 0], frame_sigmas: rows.slice(0, 2) }),
      "has 2 rows",
      "",
    ],
    ["has levels for another number of frames", scheduled(twoFrames), "one per latent frame", ""],
    ["moves a frame it does not see", tinyWalk({ window: [0, 4] }), "Latent frame 4 moves", ""],
    [
      "has a window outside the clip",
      tinyWalk({ window: [2, 6] }),
      "does not lie in a clip of 5",
      "",
    ],
    [
      "sees more than the model can",
      tinyWalk({}, { shape: [4, 14, 4, 4] }),
      "at most 13",
      "unsupported_value",
    ],
    [
      "sees more than the model can with the absent frame",
      tinyWalk({ window: [1, 14] }, { shape: [4, 14, 4, 4] }),
      "the absent first frame are 14",
      "unsupported_value",
    ],
    [
      "has kept states for other steps",
      tinyWalk({ keep: { mask: "", clean: "", seed: 0, states: [null] } }),
      "8 steps but 1 kept states",
      "",
    ],
  ])("because it %s is refused", async (_, walk, words, code) => {
    await expect(tiny.denoise(walk)).rejects.toMatchObject({
      code: code || "invalid_request",
      severity: "request",
      message: expect.stringContaining(words),
    });
  });
});

describe("decoding", () => {
  const decode = async (
    change: Record<string, unknown> = {},
    piece: Record<string, unknown> = {},
  ) => {
    const state = (await tiny.denoise(tinyWalk())).at(-1)!.parts["state"]!;
    const request = {
      type: "decode" as const,
      piece: { state: null, frames: [0, 5] as [number, number], first: true, ...piece },
      width: 32,
      height: 32,
      ...change,
    };
    return tiny.ask(request, { state });
  };
  const counts = (answers: readonly Answer[]) =>
    answers.map(({ message }) =>
      message.type === "decode.frames" ? [message.first_frame, message.count] : message.type,
    );

  test("the first group gives its last frame, every other one all four, each as soon as it is there", async () => {
    const answers = await decode();
    expect(counts(answers)).toEqual([[0, 1], [1, 4], [5, 4], [9, 4], [13, 4], "decode.completed"]);
    for (const { message, parts } of answers)
      if (message.type === "decode.frames")
        expect(parts["frames"]).toHaveLength(message.count * 32 * 32 * 3);
  });

  test("a piece of a clip gives the same pictures as the clip, with a whole group or one frame in front", async () => {
    const pixels = (answers: readonly Answer[]) =>
      Buffer.concat(answers.flatMap(({ parts }) => (parts["frames"] ? [parts["frames"]] : [])));
    const frame = 32 * 32 * 3;
    const whole = pixels(await decode());
    const piece = await decode({}, { frames: [2, 4], first: false });
    expect(counts(piece)).toEqual([[0, 4], [4, 4], "decode.completed"]);
    expect(pixels(piece).equals(whole.subarray(5 * frame, 13 * frame))).toBe(true);
    const first = await decode({}, { frames: [2, 4], first: true });
    expect(counts(first)).toEqual([[0, 1], [1, 4], "decode.completed"]);
    expect(pixels(first).equals(whole.subarray(8 * frame, 13 * frame))).toBe(true);
  });

  test.each([
    ["another size", { width: 64 }, {}, "unsupported_value"],
    ["a piece outside the clip", {}, { frames: [3, 6] }, "range_outside_clip"],
    ["an empty piece", {}, { frames: [3, 3] }, "range_outside_clip"],
  ])("%s is refused", async (_, change, piece, code) => {
    const [answer] = await decode(change, piece);
    expect(answer!.message).toMatchObject({ type: "failed", severity: "request", code });
  });
});

test("conditioning of other weights is refused", async () => {
  const file = decodeSafetensors(tiny.conditioning);
  const conditioning = encodeSafetensors({
    tensors: file.tensors,
    metadata: { ...file.metadata, weights_digest: "00" },
  });
  const [answer] = await tiny.ask(
    { type: "denoise", ...tinyWalk(), from: 0, preview_interval_ms: 0 },
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
