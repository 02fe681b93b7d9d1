import {
  deriveRequestSchema,
  type DeriveRequestOf,
  type Take,
  type TakeId,
} from "@arc-fabric/contract";
import { expect, it } from "vitest";
import { completedTake, digest, models, takeOf } from "../../test/support/samples.ts";
import { planEdit } from "../plan/plan-edit.ts";
import { type DerivedPlan, planFork } from "../plan/plan-fork.ts";
import { planGrow } from "../plan/plan-grow.ts";
import { editCost } from "./edit-cost.ts";

const takes = new Map<string, Take>();
const store = { getTake: async (id: TakeId) => takes.get(id) ?? null };

/** A take of 20 steps, and of each kind one that was made from another; every step took the same time. */
function add(take: Take, parent: Take | null, kind: string, reused = 0): Take {
  const id = `take_${takes.size}` as TakeId;
  const progress = { step_seconds: 0.5 };
  const whole = { ...take, id, parent_id: parent?.id ?? null, origin: { kind }, progress };
  const added = { ...whole, steps_reused: reused } as Take;
  takes.set(id, added);
  return added;
}
const from = (parent: Take, kind: string, derived: DerivedPlan): Take =>
  add(takeOf(derived, parent.id), parent, kind, derived.inheritedSteps);
const request = <Kind extends "fork" | "edit" | "extend">(kind: Kind, fields: object) =>
  deriveRequestSchema.parse({ kind, ...fields }) as DeriveRequestOf<Kind>;
const clean = digest("clean");
const fork = (parent: Take, at_step: number) =>
  from(parent, "fork", planFork(parent, request("fork", { at_step, prompt: "a star" }), models));
const extend = (parent: Take) =>
  from(
    parent,
    "extend",
    planGrow({ parent, clean, seed: 3 }, request("extend", { num_frames: 16 }), models),
  );
const edit = (parent: Take) => {
  const sources = {
    parent,
    clean,
    states: new Map<number, string>(),
    mask: digest("mask"),
    frames: [1, 3] as const,
    seed: 9,
  };
  return from(parent, "edit", planEdit(sources, request("edit", { strength: 0.25 }), models));
};

it("an edit tells its steps beside those that its whole clip was made with", async () => {
  const made = add(completedTake(), null, "generate");
  expect(await editCost(store, edit(made))).toEqual({
    computed: { steps: 5, seconds: 2.5 },
    whole_clip: { steps: 20, seconds: 10 },
  });
});

it("what was forked counts once, what was edited on the way not at all, what was added is added", async () => {
  const made = add(completedTake(), null, "generate");
  const longer = extend(fork(edit(fork(made, 8)), 2));
  const again = edit(fork(fork(longer, 3), 5));
  const { whole_clip } = await editCost(store, fork(again, 1));
  expect(whole_clip.steps).toBe(20 + longer.plan.total_steps);
});

it("where no step was measured the seconds are not known", async () => {
  const made = add(completedTake(), null, "generate");
  const unmeasured = { ...made, progress: { ...made.progress, step_seconds: null } };
  takes.set(made.id, unmeasured);
  expect((await editCost(store, edit(unmeasured))).whole_clip.seconds).toBeNull();
});
