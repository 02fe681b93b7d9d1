import type { Model } from "@arc-fabric/contract";
import type { Range, Rectangle } from "./editor-state.ts";

/** The first latent frame stands for one frame of the clip, every other one for a group. */
const latentOf = (frame: number, perGroup: number): number => Math.ceil(frame / perGroup);

/** Latent frames [from, to) that a range of frames touches. */
function touchedLatents([from, to]: Range, perGroup: number): Range {
  return [latentOf(from, perGroup), latentOf(to - 1, perGroup) + 1];
}

/** All frames that are made anew with a range: those of every latent frame it touches. */
export function touchedFrames(range: Range, perGroup: number, numFrames: number): Range {
  const [from, to] = touchedLatents(range, perGroup);
  return [from === 0 ? 0 : (from - 1) * perGroup + 1, Math.min(numFrames, (to - 1) * perGroup + 1)];
}

/** Frames before which a new latent frame begins. */
export function groupBorders(numFrames: number, perGroup: number): number[] {
  const borders: number[] = [];
  for (let frame = 1; frame < numFrames; frame += perGroup) borders.push(frame);
  return borders;
}

/**
 * Share of the latents that an edit keeps, 0 … 1.
 * @param area share of the picture's latents that are touched; 1 = the whole picture
 */
export function keptShare(
  range: Range | null,
  numFrames: number,
  perGroup: number,
  area: number,
): number {
  const all = latentOf(numFrames - 1, perGroup) + 1;
  const [from, to] = range ? touchedLatents(range, perGroup) : [0, all];
  return 1 - ((to - from) / all) * area;
}

/** Which latents of a picture an area covers, row by row. */
export interface Cells {
  readonly width: number;
  readonly height: number;
  readonly covered: readonly boolean[];
}

export function rectangleCells(
  { x, y, width, height }: Rectangle,
  latents: Pick<Model["latents"], "width" | "height">,
): Cells {
  const inside = (index: number, count: number, from: number, size: number) =>
    ((index + 1) / count) * 100 > from + 1e-9 && (index / count) * 100 < from + size - 1e-9;
  const covered = Array.from(
    { length: latents.width * latents.height },
    (_, i) =>
      inside(i % latents.width, latents.width, x, width) &&
      inside(Math.floor(i / latents.width), latents.height, y, height),
  );
  return { width: latents.width, height: latents.height, covered };
}

/** Share of the picture's latents that change, 0 … 1. @param feather width of the soft border in percent of the picture */
export function changedShare({ width, height, covered }: Cells, feather: number): number {
  const reach = (feather / 100) * width;
  const inside = covered.flatMap((value, i) => (value ? [i] : []));
  const near = (i: number) =>
    inside.some(
      (other) =>
        Math.hypot(
          (i % width) - (other % width),
          Math.floor(i / width) - Math.floor(other / width),
        ) <
        reach + 1,
    );
  return covered.filter((value, i) => value || (reach > 0 && near(i))).length / (width * height);
}
