import { encodeSafetensors } from "@arc-fabric/contract";
import { describe, expect, test } from "vitest";
import { rowsSchedule } from "./tiny-engine.ts";
import {
  EDIT_MASK,
  frameOf,
  latentsOf,
  startTinyModels,
  tinyPlan,
  type Step,
} from "./tiny-plans.ts";

const models = await startTinyModels();
const bytes = ({ state }: Step) => Buffer.from(state).toString("base64");
const refused = (words: string, code = "invalid_request") => ({
  code,
  severity: "request",
  message: expect.stringContaining(words),
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
