import type { Take } from "@arc-fabric/contract";
import { labelState, updateSession, updateTake } from "./trajectory.ts";
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

/** A session that was worked on: forks, an edit, a longer clip. @returns its takes by what they are */
export function seedSession(world: World) {
  const first = world.create({ prompt: "a red ball bounces on a green meadow", seed: 7 });
  const end = ({ id }: Take, minutesAgo: number) => world.endAt(id, "completed", minutesAgo);
  end(first, 30);
  const fork = world.derive(first.id, {
    kind: "fork",
    at_step: 8,
    prompt: "a red ball bounces in the desert",
  });
  end(fork, 24);
  const other = world.derive(first.id, { kind: "fork", at_step: 0, seed: 8 });
  end(other, 21);
  const edit = world.derive(fork.id, {
    kind: "edit",
    frames: [4, 12],
    area: { shape: "rectangle", x: 25, y: 20, width: 50, height: 60 },
    prompt: "a blue ball bounces in the desert",
    strength: 0.6,
  });
  end(edit, 12);
  const longer = world.derive(edit.id, { kind: "extend", direction: "forward", num_frames: 8 });
  end(longer, 5);
  const restyled = world.derive(fork.id, {
    kind: "edit",
    prompt: "a red star bounces in the desert",
    strength: 0.4,
  });
  end(restyled, 3);
  updateTake(world, fork.id, { tags: ["warm light"] });
  updateTake(world, longer.id, { title: "the long one" });
  labelState(world, first.id, 8, "composition");
  updateSession(world, first.session_id, { title: "Ball study", head_take_id: edit.id });
  return { session: first.session_id, first, fork, other, edit, longer, restyled };
}
