import { isFinished, type Take, type TakeId } from "@arc-fabric/contract";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FAKE_MANIFEST } from "./support/fake-manifest.ts";
import { createTestEngine, type TestEngine } from "./support/test-engine.ts";

let test: TestEngine;
beforeEach(async () => {
  test = await createTestEngine();
});
afterEach(() => test.close());

async function create(changes: object = {}): Promise<TakeId> {
  const request = { prompt: "a ball", seed: 1, reuse: false, ...changes };
  const options = { sessionId: null, idempotency: null };
  return (await test.engine.createTake(request, options)).take.id;
}

async function until(id: TakeId, reached: (take: Take) => boolean): Promise<Take> {
  await test.until(async () => reached((await test.store.getTake(id))!));
  return (await test.store.getTake(id))!;
}

const finished = (id: TakeId) => until(id, ({ status }) => isFinished(status));
const eventsOf = async (id: TakeId) => {
  const events = await test.store.readEvents(0, 10_000);
  return events.flatMap(({ type, data }) =>
    "take_id" in data && data.take_id === id ? [type] : [],
  );
};

/** Holds every take before this step until it is let go. */
function holdAt(step: number): () => void {
  const gate = Promise.withResolvers<void>();
  test.controls.beforeStep = (at) => (at === step ? gate.promise : Promise.resolve());
  return gate.resolve;
}

describe("a take that something happens to while it is claimed", () => {
  it("a server that stops then does not wait for the take's end", async () => {
    holdAt(1);
    let stopped = Promise.resolve();
    const claimed = test.interrupt({
      method: "claimNext",
      when: "after",
      act: async () => {
        stopped = test.engine.stop();
      },
    });
    const id = await create();
    await claimed;
    await stopped;
    expect(await test.store.getTake(id)).toMatchObject({ status: "queued" });
  });

  it("a take that is cancelled then takes no worker", async () => {
    const claimed = test.interrupt({
      method: "claimNext",
      when: "after",
      act: async () => {
        const { items } = await test.store.listTakes({}, { limit: 1, order: "asc" });
        await test.engine.cancelTake(items[0]!.id);
      },
    });
    const id = await create();
    await claimed;
    const next = await create();
    await finished(next);
    expect(await test.store.getTake(id)).toMatchObject({ status: "cancelled" });
    expect(test.acquired).toHaveLength(1);
  });
});

describe("the priority of a take that runs", () => {
  it("counts as it is now: one that was raised is not interrupted by what is lower", async () => {
    const release = holdAt(2);
    const running = await create();
    await until(running, ({ progress }) => progress.step === 1);
    await test.engine.updateTake(running, { priority: 5 });
    const other = await create({ priority: 3 });
    release();
    await finished(running);
    await finished(other);
    expect(await eventsOf(running)).not.toContain("take.preempted");
  });

  it("one that was lowered makes way for what waits", async () => {
    const release = holdAt(2);
    const running = await create({ priority: 5 });
    await until(running, ({ progress }) => progress.step === 1);
    const other = await create({ priority: 3 });
    const seen = test.interrupt({ method: "peekNext", when: "after", act: async () => {} });
    await test.engine.updateTake(running, { priority: 0 });
    await seen;
    release();
    await finished(other);
    expect(await eventsOf(running)).toContain("take.preempted");
    await finished(running);
  });
});

describe("a take that is derived while its parent is thinned out", () => {
  it("is refused when what it was planned from is gone, and planned from what is left when sent again", async () => {
    const parent = await create();
    await finished(parent);
    const edit = () =>
      test.engine.deriveTake(parent, { kind: "edit", frames: [0, 1] }, { idempotency: null });
    const thinned = test.interrupt({
      method: "createTake",
      when: "before",
      act: () => test.engine.thinStates({ keep_every: 9, dry_run: false }),
    });
    await expect(edit()).rejects.toMatchObject({ code: "state_not_found" });
    await thinned;
    const { take } = await edit();
    expect(await finished(take.id)).toMatchObject({
      status: "completed",
      proof: { kept_path: "straight_line", kept_equal: true },
    });
  });

  it("concatenate is refused when the other take is deleted meanwhile", async () => {
    const [one, other] = [await create(), await create({ seed: 2 })];
    await finished(other);
    const deleted = test.interrupt({
      method: "createTake",
      when: "before",
      act: () => test.engine.deleteTake(other),
    });
    const request = { kind: "concatenate" as const, takes: [other] };
    await expect(test.engine.deriveTake(one, request, { idempotency: null })).rejects.toMatchObject(
      { code: "state_not_found" },
    );
    await deleted;
  });
});

describe("a take that goes on with other weights", () => {
  it("says so once, however often it is paused and however many segments it has", async () => {
    const parent = await create();
    await finished(parent);
    const request = { kind: "extend", direction: "forward", num_frames: 16 } as const;
    const letGo = holdAt(2);
    const { take } = await test.engine.deriveTake(parent, request, { idempotency: null });
    await until(take.id, ({ progress }) => progress.step === 1);
    await test.close({ keep: true });
    letGo();
    const [file] = FAKE_MANIFEST.files;
    const manifest = { ...FAKE_MANIFEST, files: [{ ...file!, sha256: "1".repeat(64) }] };
    test = await createTestEngine({ directory: test.directory, manifest });
    const letOn = holdAt(6);
    const held = await until(take.id, ({ progress }) => progress.step >= 5);
    expect(held.plan.segments.filter(({ type }) => type === "denoise").length).toBeGreaterThan(1);
    await test.engine.pauseTake(take.id);
    letOn();
    await until(take.id, ({ status }) => status === "paused");
    await test.engine.resumeTake(take.id);
    const done = await finished(take.id);
    expect(done.environment_changes.map(({ after_step }) => after_step)).toEqual([1]);
    expect(await eventsOf(take.id)).toContain("take.environment_changed");
  });
});

describe("a take that the models of the server that starts again cannot run", () => {
  const latents = { ...FAKE_MANIFEST.latents, channels: FAKE_MANIFEST.latents.channels + 1 };
  it.each([
    ["is gone", { ...FAKE_MANIFEST, id: "another" }, "model_not_found", "fake-s"],
    ["has other latents", { ...FAKE_MANIFEST, latents }, "latent_space_mismatch", "latents"],
  ])(
    "is paused instead of lost where its model %s, says why, and goes on from its steps when the model is back",
    async (_, manifest, code, reason) => {
      const letGo = holdAt(3);
      const id = await create();
      await until(id, ({ progress }) => progress.step === 2);
      const { directory } = test;
      await test.close({ keep: true });
      letGo();
      test = await createTestEngine({ directory, manifest });
      expect(await test.store.getTake(id)).toMatchObject({
        status: "paused",
        progress: { step: 2 },
      });
      const [line] = (await test.store.listLogLines(id, 1)).map(({ message }) => message);
      expect(line).toContain(reason);
      await expect(test.engine.resumeTake(id)).rejects.toMatchObject({ code });
      await test.close({ keep: true });
      test = await createTestEngine({ directory });
      await test.engine.resumeTake(id);
      expect(await finished(id)).toMatchObject({ status: "completed" });
      expect((await eventsOf(id)).filter((type) => type === "step.completed")).toHaveLength(4);
    },
  );
});
