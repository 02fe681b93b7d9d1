import type { Manifest } from "@arc-fabric/contract";
import { expect, test } from "vitest";
import { ClipPreview, toRgb24 } from "./decode-groups.ts";
import type { Graph } from "./ort.ts";

test("planes become interleaved bytes: rounded to nearest, clamped, frames chosen", () => {
  const frame = (red: number[], green: number[], blue: number[]) => [...red, ...green, ...blue];
  const planar = Float32Array.from([
    ...frame([0, 0], [0, 0], [0, 0]),
    ...frame([0.5, -0.2], [1, 1.7], [0.25, 1 / 255]),
  ]);
  expect([...toRgb24(planar, 1, 2, 2)]).toEqual([128, 255, 64, 0, 255, 1]);
  expect(toRgb24(planar, 0, 2, 2)).toHaveLength(12);
});

test("a preview decodes the groups that changed since the one before, and only those", async () => {
  const decoded: number[] = [];
  // Two grey frames of one pixel to the group, as bright as its latent.
  const graph = {
    runInto: async (inputs: FloatTensors, outputs: FloatTensors) => {
      const level = inputs["latents"]!.data[0]!;
      decoded.push(level);
      outputs["frames"]!.data.fill(level);
    },
  } as unknown as Graph;
  const manifest = {
    latents: { frames_per_group: 2 },
    defaults: { width: 1, height: 1 },
  } as Manifest;
  const preview = new ClipPreview(graph, [1, 3, 1, 1], manifest);

  const first = await preview.decode(Float32Array.from([0.2, 0.4, 0]));
  expect(decoded).toEqual([0.2, 0.4, 0].map(Math.fround));
  expect(first.count).toBe(5);
  const grey = (...levels: number[]) => levels.flatMap((level) => [level, level, level]);
  expect([...first.data]).toEqual(grey(51, 102, 102, 0, 0));

  const second = await preview.decode(Float32Array.from([0.2, 0.4, 1]));
  expect(decoded.slice(3)).toEqual([1]);
  expect([...second.data]).toEqual(grey(51, 102, 102, 255, 255));
  expect([...first.data]).toEqual(grey(51, 102, 102, 0, 0));
});

type FloatTensors = Record<string, { data: Float32Array }>;
