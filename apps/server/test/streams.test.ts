import type { ErrorCode, Operation, Stream, Take } from "@arc-fabric/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, type CallInput } from "./support/call.ts";
import { createTestServer, type TestServer } from "./support/test-server.ts";

const NO_STREAM = "str_00000000000000000000000000";

let server: TestServer;
beforeAll(async () => {
  server = await createTestServer();
});
afterAll(() => server.close());

const json = async <Answer>(operation: Operation, input?: CallInput) =>
  (await call(server.app, operation, input)).json<Answer>();
const of = ({ id }: Stream) => ({ params: { stream_id: id } });
const start = (body: object = {}) =>
  json<Stream>("createStream", { body: { prompt: "a red ball", seed: 3, ...body } });

/** The stream once it is as wanted; looked at after every event. */
async function until(stream: Stream, reached: (stream: Stream) => boolean): Promise<Stream> {
  let look = () => {};
  const unsubscribe = server.store.subscribe(() => look());
  try {
    return await new Promise<Stream>((resolve, reject) => {
      look = () => {
        json<Stream>("getStream", of(stream)).then((now) => reached(now) && resolve(now), reject);
      };
      look();
    });
  } finally {
    unsubscribe();
  }
}

/** Holds every take before its first step until the work is done. */
async function held<Result>(work: () => Promise<Result>): Promise<Result> {
  const gate = Promise.withResolvers<void>();
  server.controls.beforeStep = () => gate.promise;
  try {
    return await work();
  } finally {
    server.controls.beforeStep = async () => {};
    gate.resolve();
  }
}

describe("a stream", () => {
  it("makes block after block, each a take that begins where the one before ended", async () => {
    const stream = await start({ max_blocks: 3 });
    expect(stream).toMatchObject({ status: "running", blocks: 0, head_take_id: null });
    const done = await until(stream, ({ status }) => status === "paused");
    expect(done).toMatchObject({ blocks: 3, next_take_id: null, error: null });
    const { items } = await json<{ items: Take[] }>("listTakes", {
      query: { session_id: stream.session_id, order: "asc" },
    });
    expect(items.map(({ origin }) => origin.kind)).toEqual(["generate", "continue", "continue"]);
    expect(items.map(({ parent_id: parent }) => parent)).toEqual([
      null,
      items[0]!.id,
      items[1]!.id,
    ]);
    const listed = await json<{ items: Stream[] }>("listStreams", {
      query: { session_id: stream.session_id },
    });
    expect(listed.items).toEqual([done]);
  });

  it("takes another prompt from the next block on, rewinds to any block, and becomes one clip", async () => {
    const stream = await start({ max_blocks: 2 });
    const two = await until(stream, ({ status }) => status === "paused");
    expect(await json("resumeStream", of(two))).toMatchObject({ code: "unsupported_value" });
    await json("updateStream", { ...of(two), body: { prompt: "a blue ball", max_blocks: 3 } });
    await json("resumeStream", of(two));
    const three = await until(stream, ({ blocks }) => blocks === 3);
    const head = await json<Take>("getTake", { params: { take_id: three.head_take_id! } });
    expect(head.parameters.prompt).toBe("a blue ball");

    const rewound = await json<Stream>("rewindStream", {
      ...of(three),
      body: { take_id: two.head_take_id },
    });
    expect(rewound).toMatchObject({ head_take_id: two.head_take_id, blocks: 2 });
    const paused = await json<Stream>("pauseStream", of(rewound));
    expect(paused.status).toBe("paused");
    const settled = await until(paused, ({ next_take_id: next }) => next === null);

    const finalized = await call(server.app, "finalizeStream", of(settled));
    expect(finalized.statusCode).toBe(201);
    const clip = await server.waitFor(
      finalized.json<Take>().id,
      ({ status }) => status === "completed",
    );
    expect(clip).toMatchObject({ parent_id: settled.head_take_id, origin: { kind: "finalize" } });
    expect(await json("getStream", of(stream))).toMatchObject({ status: "ended" });
    for (const operation of ["pauseStream", "resumeStream", "finalizeStream"] as const)
      expect(await json(operation, of(stream))).toMatchObject({ code: "stream_ended" });
  });

  it("is made once for one Idempotency-Key", async () => {
    const input = {
      body: { prompt: "x", max_blocks: 1 },
      headers: { "idempotency-key": "stream-1" },
    };
    const first = await json<Stream>("createStream", input);
    await until(first, ({ status }) => status === "paused");
    expect((await json<Stream>("createStream", input)).id).toBe(first.id);
  });

  it("is finalized once for one Idempotency-Key, also as the clip that is there already", async () => {
    for (const max_blocks of [1, 2]) {
      const stream = await start({ max_blocks, seed: 100 + max_blocks });
      await until(stream, ({ status }) => status === "paused");
      const input = { ...of(stream), headers: { "idempotency-key": `final-${max_blocks}` } };
      const first = await call(server.app, "finalizeStream", input);
      const again = await call(server.app, "finalizeStream", input);
      expect([first.statusCode, again.statusCode]).toEqual([201, 201]);
      expect(again.json<Take>().id).toBe(first.json<Take>().id);
      expect(again.headers["idempotent-replayed"]).toBe("true");
      const other = { ...of(stream), headers: { "idempotency-key": "another" } };
      expect(await json("finalizeStream", other)).toMatchObject({ code: "stream_ended" });
    }
  });

  it("goes on from a block that was edited, which stands in the place of the old one in the clip", async () => {
    const stream = await start({ max_blocks: 2, seed: 4 });
    const two = await until(stream, ({ status }) => status === "paused");
    const edit = await json<Take>("deriveTake", {
      params: { take_id: two.head_take_id! },
      body: { kind: "edit", prompt: "a blue ball" },
    });
    await server.waitFor(edit.id, ({ status }) => status === "completed");
    const rewound = await json<Stream>("rewindStream", { ...of(two), body: { take_id: edit.id } });
    expect(rewound).toMatchObject({ head_take_id: edit.id, blocks: 2 });
    const clip = await json<Take>("finalizeStream", of(stream));
    expect(clip.parameters.num_frames).toBe(9 + 8);
    await server.waitFor(clip.id, ({ status }) => status === "completed");
  });

  it("gives its blocks seeds that JSON keeps, also at the end of their range", async () => {
    const stream = await start({ max_blocks: 3, seed: Number.MAX_SAFE_INTEGER - 1 });
    const done = await until(stream, ({ status }) => status === "paused");
    const { items } = await json<{ items: Take[] }>("listTakes", {
      query: { session_id: done.session_id, order: "asc" },
    });
    const seeds = items.map(({ parameters }) => parameters.seed);
    expect(seeds).toEqual([Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER, 0]);
  });

  it("cannot be finalized before its first block is there", async () => {
    await held(async () => {
      const stream = await start({ seed: 77 });
      expect(await json("finalizeStream", of(stream))).toMatchObject({
        code: "take_not_completed",
      });
      await json("pauseStream", of(stream));
      await json("cancelTake", { params: { take_id: stream.next_take_id! } });
    });
  });

  it.each<[Operation, CallInput, ErrorCode]>([
    ["createStream", { body: { prompt: "x", model: "none" } }, "model_not_found"],
    ["createStream", { body: { prompt: "x", max_blocks: 0 } }, "invalid_request"],
    ["createStream", { body: { prompt: "x", block_frames: 7 } }, "unsupported_value"],
    ["createStream", { body: { prompt: "x", guidance_scale: 99 } }, "unsupported_value"],
    ["getStream", { params: { stream_id: NO_STREAM } }, "stream_not_found"],
    ["updateStream", { params: { stream_id: NO_STREAM }, body: {} }, "stream_not_found"],
    ["pauseStream", { params: { stream_id: NO_STREAM } }, "stream_not_found"],
    ["resumeStream", { params: { stream_id: NO_STREAM } }, "stream_not_found"],
    ["finalizeStream", { params: { stream_id: NO_STREAM } }, "stream_not_found"],
    ["getStream", { params: { stream_id: "x" } }, "invalid_request"],
  ])("%s %j is refused as %s", async (operation, input, code) => {
    expect(await json(operation, input)).toMatchObject({ code });
  });

  it("refuses settings that its model cannot use before its first clip is there", async () => {
    await held(async () => {
      const stream = await start({ seed: 78 });
      const body = { guidance_scale: 99 };
      expect(await json("updateStream", { ...of(stream), body })).toMatchObject({
        code: "unsupported_value",
      });
      await json("cancelTake", { params: { take_id: stream.next_take_id! } });
    });
  });

  it("rewinds only to finished blocks of its own", async () => {
    const stream = await start({ max_blocks: 1 });
    await until(stream, ({ status }) => status === "paused");
    const other = await server.generate({ seed: 55 });
    expect(
      await json("rewindStream", { ...of(stream), body: { take_id: other.id } }),
    ).toMatchObject({ code: "illegal_derivation" });
    expect(
      await json("rewindStream", {
        ...of(stream),
        body: { take_id: "take_00000000000000000000000000" },
      }),
    ).toMatchObject({ code: "take_not_found" });
  });
});
