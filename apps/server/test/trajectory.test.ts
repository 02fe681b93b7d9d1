import {
  type Comparison,
  type DeriveRequestInput,
  type ErrorCode,
  type Operation,
  type Planned,
  type Session,
  type State,
  type Take,
  type UploadedFile,
} from "@arc-fabric/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, type CallInput } from "./support/call.ts";
import { multipartBody } from "./support/multipart-body.ts";
import { createTestServer, type TestServer } from "./support/test-server.ts";

const NO_TAKE = "take_00000000000000000000000000";
const NO_SESSION = "ses_00000000000000000000000000";
const NO_DIGEST = "0".repeat(64);

let server: TestServer;
let parent: Take;
beforeAll(async () => {
  server = await createTestServer();
  parent = await server.generate();
});
afterAll(() => server.close());

const json = async <Answer>(operation: Operation, input?: CallInput) =>
  (await call(server.app, operation, input)).json<Answer>();
const of = (take: Take) => ({ params: { take_id: take.id } });
const completed = (id: string) => server.waitFor(id, ({ status }) => status === "completed");
const derive = (take: Take, body: DeriveRequestInput) =>
  json<Take>("deriveTake", { ...of(take), body });
const derived = async (take: Take, body: DeriveRequestInput) =>
  completed((await derive(take, body)).id);
const upload = async (text: string, fields: Record<string, string> = {}, name = "frame.png") =>
  call(
    server.app,
    "uploadFile",
    await multipartBody({ ...fields, file: { bytes: Buffer.from(text), name } }),
  );

/** Holds every take at its first step until the work is done. */
async function held<Result>(work: () => Promise<Result>): Promise<Result> {
  const gate = Promise.withResolvers<void>();
  server.controls.beforeStep = (step) => (step === 2 ? gate.promise : Promise.resolve());
  try {
    return await work();
  } finally {
    gate.resolve();
    server.controls.beforeStep = async () => {};
  }
}

describe("pause and resume", () => {
  it("a running take stops at the end of its step and goes on from there to the same bytes", async () => {
    const { id } = await held(async () => {
      const { id } = await json<Take>("createTake", {
        body: { prompt: "a red ball", seed: 7, reuse: false },
      });
      await server.waitFor(id, ({ progress }) => progress.step === 1);
      const marked = await json<Take>("pauseTake", { params: { take_id: id } });
      expect(marked).toMatchObject({ status: "running", pause_requested: true });
      return marked;
    });
    const paused = await server.waitFor(id, ({ status }) => status === "paused");
    expect(paused.progress.step).toBeGreaterThanOrEqual(1);
    expect(await json("resumeTake", of(paused))).toMatchObject({ status: "queued" });
    const done = await completed(id);
    const digests = ({ artifacts }: Take) => artifacts.map(({ digest }) => digest).toSorted();
    expect(digests(done)).toEqual(digests(parent));
  });

  it("what is not running cannot be paused, what is not paused cannot be resumed", async () => {
    expect(await json("pauseTake", of(parent))).toMatchObject({ code: "take_not_active" });
    expect(await json("resumeTake", of(parent))).toMatchObject({ code: "take_not_paused" });
  });
});

describe("a take's and a session's own fields", () => {
  it("title, tags and priority change, and only those that were sent", async () => {
    const gate = Promise.withResolvers<void>();
    server.controls.beforeStep = () => gate.promise;
    const take = await json<Take>("createTake", { body: { prompt: "a red ball", seed: 31 } });
    const body = { title: "Best", tags: ["red", "ball"] };
    expect(await json("updateTake", { ...of(take), body })).toMatchObject(body);
    expect(await json("updateTake", { ...of(take), body: { priority: 3 } })).toMatchObject({
      ...body,
      priority: 3,
    });
    expect(
      await json("updateTake", { ...of(take), body: { title: null, tags: [] } }),
    ).toMatchObject({ title: null, tags: [], priority: 3 });
    gate.resolve();
    server.controls.beforeStep = async () => {};
    await server.waitFor(take.id, ({ status }) => status === "completed");
    expect(await json("updateTake", { ...of(take), body: { title: "Best" } })).toMatchObject({
      title: "Best",
    });
    expect(await json("updateTake", { ...of(take), body: { priority: 4 } })).toMatchObject({
      code: "take_not_active",
      details: { field: "priority", status: "completed" },
    });
  });

  it("the session's head is one of its takes, or none", async () => {
    const params = { session_id: parent.session_id };
    const head = (id: string | null) =>
      json<Session>("updateSession", { params, body: { head_take_id: id } });
    expect(await head(parent.id)).toMatchObject({ head_take_id: parent.id });
    const other = await server.generate({ seed: 99 });
    expect(await head(other.id)).toMatchObject({ code: "take_not_found" });
    expect(await head(null)).toMatchObject({ head_take_id: null });
  });

  it("a step is named and its name taken away", async () => {
    const params = { take_id: parent.id, step: 2 };
    const label = (name: string | null) =>
      json<State>("labelState", { params, body: { label: name } });
    expect((await label("good composition")).label).toBe("good composition");
    const states = await json<{ items: State[] }>("listStates", of(parent));
    expect(states.items.map((state) => state.label)).toEqual([
      null,
      "good composition",
      null,
      null,
    ]);
    expect((await label(null)).label).toBeNull();
  });
});

describe("derived takes", () => {
  it("a plan tells the steps that are stored where nothing can be said of the time", async () => {
    const fresh = await createTestServer();
    const gate = Promise.withResolvers<void>();
    fresh.controls.beforeStep = (step) => (step === 3 ? gate.promise : Promise.resolve());
    const created = await call(fresh.app, "createTake", { body: { prompt: "a red ball" } });
    const params = { take_id: created.json<Take>().id };
    await fresh.waitFor(params.take_id, ({ progress }) => progress.step === 2);
    const body = { kind: "fork", at_step: 2 };
    const planned = await call(fresh.app, "planDerivedTake", { params, body });
    expect(planned.json()).toMatchObject({ steps_reused: 2, estimate: null });
    gate.resolve();
    await fresh.close();
  });

  it("a fork computes only what follows, and its plan says so before", async () => {
    const body: DeriveRequestInput = { kind: "fork", at_step: 2, prompt: "a blue ball" };
    const planned = await json<Planned>("planDerivedTake", { ...of(parent), body });
    expect(planned.estimate).toMatchObject({ steps: 2, steps_reused: 2 });
    expect(planned.steps_reused).toBe(2);
    const fork = await derived(parent, body);
    expect(fork).toMatchObject({
      parent_id: parent.id,
      session_id: parent.session_id,
      steps_reused: 2,
      origin: body,
      plan: planned.plan,
    });
    const children = await json<{ items: Take[] }>("listTakes", {
      query: { parent_id: parent.id },
    });
    expect(children.items.map(({ id }) => id)).toContain(fork.id);
    expect(await json("deleteTake", of(parent))).toMatchObject({
      code: "take_in_use",
      details: { takes: expect.arrayContaining([fork.id]) },
    });
  });

  it("a derived take that is made twice computes nothing the second time, unless that is switched off", async () => {
    const bodies: DeriveRequestInput[] = [
      { kind: "fork", at_step: 1, prompt: "a grey ball" },
      { kind: "edit", frames: [0, 1], seed: 31 },
      { kind: "extend", num_frames: 4, seed: 32 },
    ];
    for (const body of bodies) {
      const first = await derived(parent, body);
      const again = await derived(parent, body);
      expect(again.steps_reused).toBe(first.plan.total_steps);
      const anew = await derived(parent, { ...body, reuse: false } as DeriveRequestInput);
      expect(anew.steps_reused).toBe(body.kind === "fork" ? 1 : 0);
      expect(anew.artifacts[0]!.digest).toBe(first.artifacts[0]!.digest);
      // What is made of it goes on like it, unless it says otherwise.
      const at_step = first.plan.total_steps - 1;
      expect((await derived(anew, { kind: "fork", at_step })).parameters.reuse).toBe(false);
      const shared = await derived(anew, { kind: "fork", at_step, reuse: true });
      expect(shared.steps_reused).toBe(first.plan.total_steps);
    }
  });

  it("an edit keeps what is outside its area bit for bit, as much as its plan said", async () => {
    const body: DeriveRequestInput = {
      kind: "edit",
      prompt: "a blue ball",
      area: { shape: "rectangle", x: 0, y: 0, width: 50, height: 100 },
      seed: 5,
    };
    const planned = await json<Planned>("planDerivedTake", { ...of(parent), body });
    expect(planned.kept_share).toBe(0.5);
    const { proof } = await derived(parent, body);
    expect(proof).toMatchObject({ kept_path: "stored", kept_equal: true });
    expect(proof!.kept_latents).toBe(proof!.changed_latents);
    expect(proof!.cost).toMatchObject({
      computed: { steps: 4, seconds: expect.any(Number) },
      whole_clip: { steps: 4, seconds: expect.any(Number) },
    });
  });

  it("an edit takes a brush that was uploaded", async () => {
    const { digest } = (await upload("picture 32x32 mask")).json<UploadedFile>();
    const area = { shape: "brush", file: digest } as const;
    expect((await derived(parent, { kind: "edit", area })).proof).toMatchObject({
      kept_equal: true,
    });
  });

  it.each<[DeriveRequestInput["kind"], DeriveRequestInput, number]>([
    ["extend", { kind: "extend", num_frames: 8 }, 17],
    ["extend", { kind: "extend", direction: "backward", num_frames: 4 }, 13],
    ["insert", { kind: "insert", at_frame: 5, num_frames: 4 }, 13],
    ["loop", { kind: "loop", num_frames: 4 }, 13],
  ])("%s gives a longer clip: %j", async (_kind, body, frames) => {
    const longer = await derived(parent, body);
    expect(longer.artifacts.find(({ kind }) => kind === "video")?.metadata).toMatchObject({
      num_frames: frames,
    });
  });

  it("concatenate puts clips behind one another", async () => {
    const other = await server.generate({ seed: 3 });
    const both = await derived(parent, { kind: "concatenate", takes: [other.id] });
    expect(both.parameters.num_frames).toBe(18);
  });

  it("the same Idempotency-Key makes one take", async () => {
    const input = {
      ...of(parent),
      body: { kind: "fork", at_step: 1 },
      headers: { "idempotency-key": "fork-1" },
    };
    const first = await json<Take>("deriveTake", input);
    const again = await call(server.app, "deriveTake", input);
    expect(again.json<Take>().id).toBe(first.id);
    expect(again.headers["idempotent-replayed"]).toBe("true");
    const changed = { ...input, body: { kind: "fork", at_step: 2 } };
    expect(await json("deriveTake", changed)).toMatchObject({ code: "idempotency_key_reused" });
    await completed(first.id);
  });

  it.each<[object, ErrorCode, string | null]>([
    [{ kind: "fork", at_step: 9 }, "unsupported_value", null],
    [{ kind: "fork", at_step: 2, seed: 3 }, "illegal_derivation", "seed"],
    [{ kind: "fork", at_step: 1, model: "none" }, "model_not_found", "model"],
    [{ kind: "fork", at_step: 1, sigmas: [0.2, 0.5, 0] }, "schedule_mismatch", null],
    [{ kind: "fork" }, "invalid_request", "at_step"],
    [{ kind: "fork", at_step: 1, at: 2 }, "unknown_field", "at"],
    [{ kind: "edit", frames: [0, 400] }, "range_outside_clip", null],
    [{ kind: "edit", seconds: [9, 10] }, "range_outside_clip", null],
    [{ kind: "edit", area: { shape: "brush", file: NO_DIGEST } }, "file_not_found", null],
    [{ kind: "edit", strength: 0 }, "invalid_request", "strength"],
    [{ kind: "insert", at_frame: 900, num_frames: 4 }, "range_outside_clip", null],
    [{ kind: "extend", num_frames: 3 }, "unsupported_value", null],
    [{ kind: "concatenate", takes: [NO_TAKE] }, "take_not_found", null],
    [{ kind: "morph" }, "invalid_request", "kind"],
  ])("%j is refused as %s, also when it is only planned", async (body, code, field) => {
    const before = await json<{ items: Take[] }>("listTakes", { query: { limit: 100 } });
    for (const operation of ["deriveTake", "planDerivedTake"] as const) {
      const error = await json<{ code: string; details: object }>(operation, {
        ...of(parent),
        body,
      });
      expect(error).toMatchObject({ code });
      if (field) expect(error.details).toMatchObject({ field });
    }
    expect(await json("listTakes", { query: { limit: 100 } })).toEqual(before);
  });

  it("a brush of another size is refused with what is wrong", async () => {
    const { digest } = (await upload("picture 64x64 mask")).json<UploadedFile>();
    const body = { kind: "edit", area: { shape: "brush", file: digest } };
    expect(await json("deriveTake", { ...of(parent), body })).toMatchObject({
      code: "invalid_mask",
    });
  });

  it("only what is completed is edited or extended; what runs can be forked", async () => {
    await held(async () => {
      const { id } = await json<Take>("createTake", { body: { prompt: "x", seed: 1234 } });
      const running = await server.waitFor(id, ({ progress }) => progress.step === 1);
      for (const body of [{ kind: "edit" }, { kind: "extend", num_frames: 4 }])
        expect(await json("deriveTake", { ...of(running), body })).toMatchObject({
          code: "take_not_completed",
        });
      const fork = await derive(running, { kind: "fork", at_step: 1, prompt: "y" });
      expect(fork).toMatchObject({ parent_id: running.id, status: "queued" });
      await json("cancelTake", of(fork));
      await json("cancelTake", of(running));
    });
  });
});

describe("steps that are there already", () => {
  it("are not computed again for a take that begins the same way, unless asked; the bytes are the same", async () => {
    const body = { prompt: "a red ball", seed: 7, title: "Again" };
    const steps: number[] = [];
    server.controls.beforeStep = async (step) => void steps.push(step);
    const reused = await server.generate(body);
    expect([reused.steps_reused, steps]).toEqual([4, []]);
    const computed = await server.generate({ ...body, reuse: false });
    expect([computed.steps_reused, steps]).toEqual([0, [1, 2, 3, 4]]);
    server.controls.beforeStep = async () => {};
    const digests = ({ artifacts }: Take) => artifacts.map(({ digest }) => digest).toSorted();
    expect(digests(reused)).toEqual(digests(parent));
    expect(digests(computed)).toEqual(digests(parent));
  });
});

describe("comparing and looking", () => {
  it("two takes are compared by parameters, steps and frames", async () => {
    const fork = await derived(parent, { kind: "fork", at_step: 2, prompt: "a green ball" });
    const params = { take_id: parent.id, other_id: fork.id };
    const comparison = await json<Comparison>("compareTakes", { params });
    expect(comparison).toMatchObject({ a: parent.id, b: fork.id, shared_steps: 4 });
    expect(comparison.parameters).toContainEqual({
      name: "prompt",
      a: "a red ball",
      b: "a green ball",
    });
    expect(comparison.frame_differences).toHaveLength(9);
    const picture = await call(server.app, "getDifferencePicture", { params });
    expect([picture.statusCode, picture.headers["content-type"]]).toEqual([200, "image/jpeg"]);
  });

  it("a draft of a step is made without touching the take", async () => {
    const before = await json("getTake", of(parent));
    const draft = await call(server.app, "draftState", { params: { take_id: parent.id, step: 3 } });
    expect([draft.statusCode, draft.headers["content-type"]]).toEqual([200, "image/jpeg"]);
    expect(draft.headers["content-disposition"]).toContain(`${parent.id}-step-3-draft.jpg`);
    expect(await json("getTake", of(parent))).toEqual(before);
  });

  it("a draft whose state is removed meanwhile says that it is not there any more", async () => {
    const leaf = await server.generate({ seed: 77 });
    server.controls.beforeStep = async () => {
      await call(server.app, "deleteTake", of(leaf));
      throw new Error("what the step reads is gone");
    };
    const params = { take_id: leaf.id, step: 2 };
    const refused = await call(server.app, "draftState", { params });
    server.controls.beforeStep = async () => {};
    expect(refused.json()).toMatchObject({ code: "state_not_found", details: { value: 2 } });
  });
});

describe("what is not there", () => {
  const step = { take_id: NO_TAKE, step: 1 };
  it.each<[Operation, CallInput, ErrorCode]>([
    ["pauseTake", { params: { take_id: NO_TAKE } }, "take_not_found"],
    ["resumeTake", { params: { take_id: NO_TAKE } }, "take_not_found"],
    ["updateTake", { params: { take_id: NO_TAKE }, body: { tags: [] } }, "take_not_found"],
    ["deriveTake", { params: { take_id: NO_TAKE }, body: { kind: "edit" } }, "take_not_found"],
    ["planDerivedTake", { params: { take_id: NO_TAKE }, body: { kind: "edit" } }, "take_not_found"],
    ["compareTakes", { params: { take_id: NO_TAKE, other_id: NO_TAKE } }, "take_not_found"],
    ["getDifferencePicture", { params: { take_id: NO_TAKE, other_id: NO_TAKE } }, "take_not_found"],
    ["labelState", { params: step, body: { label: "x" } }, "take_not_found"],
    ["draftState", { params: step }, "take_not_found"],
    ["updateSession", { params: { session_id: NO_SESSION }, body: {} }, "session_not_found"],
    ["thinStates", { body: { session_id: NO_SESSION, keep_every: 2 } }, "session_not_found"],
  ])("%s %j is refused as %s", async (operation, input, code) => {
    expect(await json(operation, input)).toMatchObject({ code });
  });

  it.each<[Operation, object | undefined]>([
    ["labelState", { label: "x" }],
    ["draftState", undefined],
  ])("%s of a step that is not stored", async (operation, body) => {
    const params = { take_id: parent.id, step: 77 };
    expect(await json(operation, { params, body })).toMatchObject({ code: "state_not_found" });
  });

  it("comparing what is not completed", async () => {
    await held(async () => {
      const { id } = await json<Take>("createTake", { body: { prompt: "x", seed: 4321 } });
      const params = { take_id: parent.id, other_id: id };
      for (const operation of ["compareTakes", "getDifferencePicture"] as const)
        expect(await json(operation, { params })).toMatchObject({ code: "take_not_completed" });
      await json("cancelTake", { params: { take_id: id } });
    });
  });
});
