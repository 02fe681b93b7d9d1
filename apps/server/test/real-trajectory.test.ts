import {
  type Comparison,
  type DeriveRequestInput,
  isFinished,
  type Session,
  type State,
  type Take,
  type UploadedFile,
} from "@arc-fabric/contract";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { call } from "./support/call.ts";
import { multipartBody } from "./support/multipart-body.ts";
import { greyPng } from "./support/png.ts";
import { createRealServer, type TestServer, TINY_MODELS } from "./support/test-server.ts";

// A worker and an encoder process start here, which takes long on a busy machine.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

let server: TestServer;
let parent: Take;
beforeAll(async () => {
  server = await createRealServer({ models_dir: TINY_MODELS });
  parent = await server.generate();
});
afterAll(() => server.close());

const upload = async (bytes: Buffer, name: string) =>
  (
    await call(server.app, "uploadFile", await multipartBody({ file: { bytes, name } }))
  ).json<UploadedFile>();
async function derived(take: Take, body: DeriveRequestInput): Promise<Take> {
  const answer = await call(server.app, "deriveTake", { params: { take_id: take.id }, body });
  expect(answer.statusCode, answer.body).toBe(201);
  const done = await server.waitFor(answer.json<Take>().id, ({ status }) => isFinished(status));
  expect(done.error).toBeNull();
  return done;
}
const jpeg = (bytes: Buffer) => bytes.subarray(0, 3).toString("hex") === "ffd8ff";

describe("with the real worker and the real encoder", () => {
  it("a painted mask is edited, the rest stays bit for bit, and the comparison shows where", async () => {
    const file = await upload(await greyPng(32, 32, (x) => (x < 16 ? 255 : 0)), "mask.png");
    expect(file).toMatchObject({ media_type: "image/png", width: 32, height: 32 });
    const edit = await derived(parent, {
      kind: "edit",
      prompt: "a blue cube",
      area: { shape: "brush", file: file.digest },
      seed: 9,
    });
    expect(edit.proof).toMatchObject({ kept_path: "stored", kept_equal: true });
    const params = { take_id: parent.id, other_id: edit.id };
    const comparison = (await call(server.app, "compareTakes", { params })).json<Comparison>();
    expect(comparison.frame_differences).toHaveLength(17);
    expect(Math.max(...comparison.frame_differences)).toBeGreaterThan(0);
    const picture = await call(server.app, "getDifferencePicture", { params });
    expect(jpeg(picture.rawPayload)).toBe(true);
  });

  it("a take compared with its copy differs in nothing", async () => {
    const copy = await derived(parent, { kind: "fork", at_step: 4 });
    const params = { take_id: parent.id, other_id: copy.id };
    const comparison = (await call(server.app, "compareTakes", { params })).json<Comparison>();
    expect(comparison).toMatchObject({ shared_steps: 8, psnr_db: null, parameters: [] });
    expect(comparison.frame_differences.every((difference) => difference === 0)).toBe(true);
  });

  it("pictures of any size begin and end a clip, the longest one too, whatever its noise", async () => {
    const first = await upload(await greyPng(50, 40, (x, y) => (x * y) % 256), "first.png");
    const last = await upload(await greyPng(20, 60, (x, y) => (5 * x + y) % 256), "last.png");
    const given = { first_frame: first.digest, last_frame: last.digest, num_frames: 49 };
    const [take, other] = [
      await server.generate({ ...given, seed: 1 }),
      await server.generate({ ...given, seed: 2 }),
    ];
    expect(take).toMatchObject({ status: "completed", parameters: given });
    const params = { take_id: take.id, other_id: other.id };
    const { frame_differences: differences } = (
      await call(server.app, "compareTakes", { params })
    ).json<Comparison>();
    // The last group of frames is the picture as a whole; what is made lies between.
    expect(differences.map((difference) => difference === 0)).toEqual(
      Array.from({ length: 49 }, (_, frame) => frame === 0 || frame >= 45),
    );
  });

  it("a draft is a picture of the clean clip at a step", async () => {
    const draft = await call(server.app, "draftState", { params: { take_id: parent.id, step: 2 } });
    expect(jpeg(draft.rawPayload)).toBe(true);
  });

  it("a session moves to another server and is extended there", async () => {
    const exported = await call(server.app, "exportSession", {
      params: { session_id: parent.session_id },
    });
    const other = await createRealServer({ models_dir: TINY_MODELS });
    try {
      const imported = await call(other.app, "importSession", {
        body: exported.rawPayload,
        headers: { "content-type": "application/x-tar" },
      });
      expect(imported.json<Session>().id).toBe(parent.session_id);
      const states = async ({ app }: TestServer) =>
        (await call(app, "listStates", { params: { take_id: parent.id } }))
          .json<{ items: State[] }>()
          .items.map(({ digest }) => digest);
      expect(await states(other)).toEqual(await states(server));
      const extended = await call(other.app, "deriveTake", {
        params: { take_id: parent.id },
        body: { kind: "extend", num_frames: 8 },
      });
      const done = await other.waitFor(extended.json<Take>().id, ({ status }) =>
        isFinished(status),
      );
      expect(done.error).toBeNull();
      expect(done.parameters.num_frames).toBe(25);
    } finally {
      await other.close();
    }
  });
});
