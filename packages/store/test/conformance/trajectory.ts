import { describe, expect, test } from "vitest";
import {
  type EditProof,
  type Origin,
  stateSchema,
  type TakeId,
  takeSchema,
} from "@arc-fabric/contract";
import type { Subject } from "../store-conformance.ts";
import { digestOf, ENVIRONMENT, PLAN, TOTAL_STEPS } from "../support/fixtures.ts";

const forkAt = (at_step: number): Origin => ({ kind: "fork", at_step });
const derivations = (name: string) =>
  Array.from({ length: TOTAL_STEPS }, (_, index) => `${name} ${index + 1}`);

export function describeTrajectory(subject: Subject): void {
  async function fork(parentId: TakeId, step: number, changes = {}): Promise<TakeId> {
    const { store, make } = subject;
    const { session_id } = (await store.getTake(parentId))!;
    const inherit = { takeId: parentId, step };
    return make.take(session_id, { parentId, origin: forkAt(step), inherit, ...changes });
  }

  async function steps(id: TakeId): Promise<number[]> {
    return (await subject.store.listStates(id)).map(({ step }) => step);
  }

  describe("derived takes", () => {
    test("a fork begins with its parent's states, as rows that name the same blobs", async () => {
      const { store, make } = subject;
      const parent = await make.completed(await make.session(), {}, "p");
      const inputs = [digestOf("mask"), digestOf("mask")];
      const estimate = { seconds: 9, step_seconds: 3, steps: 2, steps_reused: 2 };
      const id = await fork(parent, 2, { title: "Darker", inputs, estimate });
      const take = takeSchema.parse(await store.getTake(id));
      expect(take).toMatchObject({
        parent_id: parent,
        origin: { kind: "fork", at_step: 2 },
        title: "Darker",
        estimate,
        steps_reused: 2,
        progress: { phase: "queued", step: 2, step_seconds: null },
      });
      const [own, parents] = [await store.listStates(id), await store.listStates(parent)];
      expect(own.map(({ step, digest, reused }) => [step, digest, reused])).toEqual(
        parents.slice(0, 2).map(({ step, digest }) => [step, digest, true]),
      );
      for (const state of own) expect(stateSchema.parse(state)).toEqual(state);
      expect(await store.listTakes({ parentId: parent }, { limit: 9, order: "asc" })).toMatchObject(
        { items: [{ id }] },
      );
      expect(await store.referencedBlobs()).toContain(digestOf("mask"));
    });

    test("the time of a step is told from steps that this take computed", async () => {
      const { store, make } = subject;
      const parent = await make.completed(await make.session(), {}, "p");
      const id = await fork(parent, 2);
      const claim = await make.claim();
      await store.addState(claim, make.state(3, { seconds: 11 }), make.now());
      expect(await store.getTake(id)).toMatchObject({
        steps_reused: 2,
        progress: { step: 3, step_seconds: 11, remaining_seconds: 11 },
      });
    });

    test("a take whose plan reads a state that is gone is refused, one that reads what another plan reads is not", async () => {
      const { store, make, announced } = subject;
      const parent = await make.completed(await make.session(), {}, "p");
      const { session_id } = (await store.getTake(parent))!;
      const states = [digestOf("p 1"), digestOf("p 3")];
      const reader = await make.take(session_id, { parentId: parent, states: [states[0]!] });
      const policy = { sessionId: null, keepEvery: 9, dryRun: false, untilBytes: null };
      await store.cancelTake(reader, make.now());
      await store.thinStates(policy, make.now());
      expect(await steps(parent)).toEqual([1, 4]);
      const before = announced.length;
      await expect(make.take(session_id, { parentId: parent, states })).rejects.toMatchObject({
        code: "state_not_found",
        details: { digest: digestOf("p 3") },
      });
      expect(announced).toHaveLength(before);
      const other = await make.take(session_id, { parentId: parent, states: [states[0]!] });
      expect(await store.referencedBlobs()).toContain(states[0]);
      await store.cancelTake(other, make.now());
    });

    test("a step that is not stored is refused with those that are, and nothing is left", async () => {
      const { store, make, announced } = subject;
      const parent = await make.completed(await make.session(), {}, "p");
      await store.thinStates(
        { sessionId: null, keepEvery: 2, dryRun: false, untilBytes: null },
        make.now(),
      );
      const before = announced.length;
      await expect(fork(parent, 3)).rejects.toMatchObject({
        code: "state_not_found",
        message: expect.stringContaining("Begin at step 0 or at one that is stored: 2, 4."),
        details: { take_id: parent, step: 3, stored_steps: [2, 4] },
      });
      const { session_id } = (await store.getTake(parent))!;
      const nobody = make.id("take");
      for (const changes of [{ parentId: nobody }, { inherit: { takeId: nobody, step: 1 } }])
        await expect(make.take(session_id, changes)).rejects.toMatchObject({
          code: "take_not_found",
          details: { take_id: nobody },
        });
      expect(announced).toHaveLength(before);
      expect(await store.counts()).toMatchObject({ queued: 0, completed: 1 });
      const id = await fork(parent, 4);
      expect(await steps(id)).toEqual([2, 4]);
    });

    test("a take whose clip was put behind another one is not deleted either", async () => {
      const { store, make } = subject;
      const [first, second] = [
        await make.completed(await make.session()),
        await make.completed(await make.session()),
      ];
      const { session_id } = (await store.getTake(first))!;
      const both = await make.take(session_id, {
        parentId: first,
        origin: { kind: "concatenate", takes: [second] },
      });
      for (const used of [first, second])
        await expect(store.deleteTake(used, make.now())).rejects.toMatchObject({
          code: "take_in_use",
          details: { takes: [both] },
        });
      await store.cancelTake(both, make.now());
      expect(await store.deleteTake(both, make.now())).toBe(true);
      expect(await store.deleteTake(second, make.now())).toBe(true);
    });

    test("a take that others were derived from is not deleted, and the error names them", async () => {
      const { store, make } = subject;
      const parent = await make.completed(await make.session());
      const child = await fork(parent, 1);
      await expect(store.deleteTake(parent, make.now())).rejects.toMatchObject({
        code: "take_in_use",
        details: { takes: [child] },
      });
      await store.cancelTake(child, make.now());
      expect(await store.deleteTake(child, make.now())).toBe(true);
      expect(await store.deleteTake(parent, make.now())).toBe(true);
      expect(await store.referencedBlobs()).toEqual(new Set());
    });

    test("a session is deleted with parents and children in it; a child elsewhere stays, without its parent", async () => {
      const { store, make } = subject;
      const session = await make.session();
      const parent = await make.completed(session);
      const child = await fork(parent, 1);
      const elsewhere = await make.take(await make.session(), {
        parentId: parent,
        origin: forkAt(1),
        inherit: { takeId: parent, step: 1 },
      });
      await store.cancelTake(child, make.now());
      expect(await store.deleteSession(session)).toBe(true);
      expect(await store.getTake(elsewhere)).toMatchObject({ parent_id: null, steps_reused: 1 });
      expect(await steps(elsewhere)).toEqual([1]);
    });

    test("title, tags and priority change together, once, whatever the status", async () => {
      const { store, make, announced } = subject;
      const id = await make.completed(await make.session());
      const changes = { title: "Best", tags: ["keep", "blue"], priority: 3 };
      expect(await store.updateTake(id, changes, make.now())).toMatchObject(changes);
      expect(announced.at(-1)).toMatchObject({ type: "take.changed", data: changes });
      const before = announced.length;
      await store.updateTake(id, { title: "Best" }, make.now());
      expect(announced).toHaveLength(before);
      expect(await store.updateTake(id, { title: null }, make.now())).toMatchObject({
        title: null,
        tags: ["keep", "blue"],
      });
      expect(await store.updateTake(make.id("take"), changes, make.now())).toBeNull();
    });

    test("a session's head is one of its takes, and goes when that take is deleted", async () => {
      const { store, make, announced } = subject;
      const session = await make.session();
      const [id, foreign] = [
        await make.completed(session),
        await make.completed(await make.session()),
      ];
      const head = (headTakeId: TakeId | null) =>
        store.updateSession(session, { headTakeId }, make.now());
      expect(await head(id)).toMatchObject({ head_take_id: id });
      expect(announced.at(-1)).toMatchObject({
        type: "session.head_changed",
        data: { head_take_id: id },
      });
      await expect(head(foreign)).rejects.toMatchObject({ code: "take_not_found" });
      await store.deleteTake(id, make.now());
      expect(await store.getSession(session)).toMatchObject({ head_take_id: null });
      expect(announced.slice(-2).map(({ type }) => type)).toEqual([
        "session.head_changed",
        "take.deleted",
      ]);
    });

    test("proof and changes of environment are recorded with their events", async () => {
      const { store, make } = subject;
      const id = await make.take(await make.session());
      const claim = await make.claim();
      const proof: EditProof = {
        kept_path: "stored",
        kept_latents: 3,
        changed_latents: 1,
        kept_equal: true,
        kept_psnr_db: null,
        kept_pixels_equal: true,
      };
      await store.record(
        claim,
        { type: "take.proved", data: { take_id: id, proof } },
        { proof },
        1,
      );
      for (const after_step of [1, 2]) {
        const environmentChange = { after_step, environment: { threads: after_step } };
        const data = { take_id: id, ...environmentChange };
        const event = { type: "take.environment_changed", data } as const;
        await store.record(claim, event, { environmentChange }, make.now());
      }
      expect(takeSchema.parse(await store.getTake(id))).toMatchObject({
        proof,
        environment_changes: [
          { after_step: 1, environment: { threads: 1 } },
          { after_step: 2, environment: { threads: 2 } },
        ],
      });
    });
  });

  describe("prefixes", () => {
    test("the longest stored prefix is found, in this environment only, and not the take's own", async () => {
      const { store, make } = subject;
      const session = await make.session();
      const first = await make.completed(session, {}, "p");
      const find = (
        names: readonly string[],
        environment = ENVIRONMENT,
        except = make.id("take"),
      ) => store.findPrefix(names, environment, except);
      const [one, two] = derivations("p");
      expect(await find(derivations("p"))).toEqual({ takeId: first, step: 4 });
      expect(await find([one!, two!, "other 3", "other 4"])).toEqual({ takeId: first, step: 2 });
      expect(await find(derivations("q"))).toBeNull();
      expect(await find([])).toBeNull();
      expect(await find(derivations("p"), "another")).toBeNull();
      expect(await find(derivations("p"), ENVIRONMENT, first)).toBeNull();
    });

    test("a prefix longer than one query's values is found at its end", async () => {
      const { store, make } = subject;
      const id = await make.take(await make.session());
      const claim = await make.claim();
      for (const step of [3, 700])
        await store.addState(claim, make.state(step, { derivation: `long ${step}` }), make.now());
      const long = Array.from({ length: 1000 }, (_, index) => `long ${index + 1}`);
      expect(await store.findPrefix(long, ENVIRONMENT, make.id("take"))).toEqual({
        takeId: id,
        step: 700,
      });
      expect(await store.findPrefix(long.slice(0, 600), ENVIRONMENT, make.id("take"))).toEqual({
        takeId: id,
        step: 3,
      });
    });

    test("an adopted prefix is the take's own: rows, progress, what was reused, and an event", async () => {
      const { store, make, announced } = subject;
      const session = await make.session();
      const first = await make.completed(session, {}, "p");
      await store.labelState(first, 1, "mine", make.now());
      const id = await make.take(session);
      const claim = await make.claim();
      expect(await store.adoptPrefix(claim, { takeId: first, step: 3 }, make.now())).toBe(true);
      expect(announced.at(-1)).toMatchObject({
        type: "take.reused",
        data: { take_id: id, from_take_id: first, steps: 3 },
      });
      expect(await store.getTake(id)).toMatchObject({ steps_reused: 3, progress: { step: 3 } });
      expect(await store.latestState(id)).toMatchObject({
        step: 3,
        reused: true,
        label: null,
        environment: ENVIRONMENT,
        derivation: "p 3",
      });
      const before = announced.length;
      expect(await store.adoptPrefix(claim, { takeId: first, step: 2 }, make.now())).toBe(true);
      expect(announced).toHaveLength(before);
      expect(await store.getTake(id)).toMatchObject({ steps_reused: 3, progress: { step: 3 } });
      await store.deleteTake(first, make.now());
      expect(await steps(id)).toEqual([1, 2, 3]);
    });

    test("what a take computed itself stays its own when it adopts more", async () => {
      const { store, make } = subject;
      const session = await make.session();
      const first = await make.completed(session, {}, "p");
      const id = await make.take(session);
      const claim = await make.claim();
      await store.addState(claim, make.namedState("p", 1), make.now());
      await store.adoptPrefix(claim, { takeId: first, step: 3 }, make.now());
      expect((await store.listStates(id)).map(({ reused }) => reused)).toEqual([false, true, true]);
      expect(await store.getTake(id)).toMatchObject({ steps_reused: 2, progress: { step: 3 } });
    });

    test("a prefix that was deleted since it was found leaves the take as it is", async () => {
      const { store, make } = subject;
      const session = await make.session();
      const first = await make.completed(session, {}, "p");
      const id = await make.take(session);
      const claim = await make.claim();
      await store.deleteTake(first, make.now());
      expect(await store.adoptPrefix(claim, { takeId: first, step: 3 }, make.now())).toBe(true);
      expect(await store.getTake(id)).toMatchObject({ steps_reused: 0, progress: { step: 0 } });
      const stale = { ...claim, epoch: claim.epoch - 1 };
      expect(await store.adoptPrefix(stale, { takeId: first, step: 3 }, make.now())).toBe(false);
    });

    test("a reused state that is lost is computed again, and is not reused any more", async () => {
      const { store, make } = subject;
      const session = await make.session();
      const first = await make.completed(session, {}, "p");
      const id = await make.take(session);
      const claim = await make.claim();
      await store.adoptPrefix(claim, { takeId: first, step: 3 }, make.now());
      await store.dropState(claim, 3);
      expect(await store.getTake(id)).toMatchObject({ steps_reused: 2, progress: { step: 2 } });
      await store.addState(claim, make.namedState("p", 3), make.now());
      expect(await store.getState(id, 3)).toMatchObject({ reused: false });
    });
  });

  describe("labels, measurements", () => {
    test("a state is named and its name taken away, with events", async () => {
      const { store, make, announced } = subject;
      const id = await make.completed(await make.session());
      expect(await store.labelState(id, 2, "best", make.now())).toMatchObject({ label: "best" });
      expect(announced.at(-1)).toMatchObject({
        type: "state.labelled",
        data: { take_id: id, step: 2, label: "best" },
      });
      expect(await store.labelState(id, 2, null, make.now())).toMatchObject({ label: null });
      expect(await store.labelState(id, 9, "none", make.now())).toBeNull();
    });

    test("seconds are told from completed takes of the same model and shape that ran through", async () => {
      const { store, make } = subject;
      const session = await make.session();
      const measured = () => store.measuredSeconds("zoetrope-s", PLAN.shape);
      expect(await measured()).toBeNull();
      for (const seconds of [1, 3, 100]) {
        await make.take(session);
        const claim = await make.claim();
        if (seconds === 100) {
          await store.requeueTake(claim, "Lost.", make.now());
          Object.assign(claim, await make.claim());
        }
        make.system.advance(1000 * (seconds * 2 + 5));
        for (const step of [1, 2])
          await store.addState(claim, make.state(step, { seconds }), make.now());
        await store.completeTake(claim, make.now());
      }
      const told = { frames: PLAN.shape[1], step: 2, rest: expect.closeTo(5, 1) };
      expect(await measured()).toEqual(told);
      expect(await store.measuredSeconds("zoetrope-s", null)).toEqual(told);
      expect(await store.measuredSeconds("zoetrope-m", PLAN.shape)).toBeNull();
      expect(await store.measuredSeconds("zoetrope-s", [24, 3, 16, 16])).toBeNull();
    });
  });
}
