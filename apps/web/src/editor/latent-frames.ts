import type { Range } from "./editor-state.ts";

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
