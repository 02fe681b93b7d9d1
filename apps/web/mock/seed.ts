import type { World } from "./world.ts";

const OLD_TAKES = [
  ["a red ball bounces on a green meadow", "completed"],
  ["a yellow star rises at night", "completed"],
  ["a blue square moves right over the blue sea", "completed"],
  ["a purple ball circles around in the desert", "completed"],
  ["a pink star circles around over the blue sea", "failed"],
  ["a white ball bounces at night", "completed"],
  ["an orange square rises on a green meadow", "cancelled"],
  ["a green ball moves right in the desert", "completed"],
] as const;

/** A library of `count` takes made over the last days. */
export function seedLibrary(world: World, count: number): void {
  for (let i = count - 1; i >= 0; i--) {
    const [prompt, status] = OLD_TAKES[i % OLD_TAKES.length]!;
    world.addFinished(prompt, status, 3 + i * i * 7);
  }
}
