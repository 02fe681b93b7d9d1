import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { isFinished, type Take } from "@arc-fabric/contract";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  createRealServer,
  REPOSITORY,
  type TestServer,
  TINY_MODELS,
} from "./support/test-server.ts";

const MODELS = path.join(REPOSITORY, "models");
// Worker processes start several times here, which takes long on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

let home: string;
let server: TestServer | null;
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), "arc-real-"));
  server = null;
});
afterEach(async () => {
  await server?.close();
  rmSync(home, { recursive: true, force: true });
});

const digests = ({ artifacts }: Take) =>
  artifacts.map(({ kind, digest }) => `${kind} ${digest}`).toSorted();

describe.runIf(existsSync(path.join(MODELS, "zoetrope-s/denoiser.onnx")))(
  "the embedded model, end to end",
  () => {
    it("a prompt becomes a playable file, the same one for the same seed", async () => {
      server = await createRealServer({ models_dir: MODELS, default_model: "zoetrope-s" });
      const request = {
        prompt: "a red ball bounces on a green meadow",
        seed: 11,
        num_inference_steps: 4,
      };
      const take = await server.generate(request);
      expect(take.error).toBeNull();
      expect(take).toMatchObject({
        status: "completed",
        model: "zoetrope-s",
        warnings: [],
        progress: { step: 4 },
      });
      expect(take.environment).toMatchObject({ runtime: "onnx" });
      const video = take.artifacts.find(({ kind }) => kind === "video")!;
      expect(video.metadata).toMatchObject({ width: 128, height: 128, fps: 8, num_frames: 17 });
      const { rawPayload } = await server.app.inject(`/api/v1/artifacts/${video.id}/content`);
      const text = rawPayload.toString("latin1");
      expect(text.slice(4, 8)).toBe("ftyp");
      expect(text.indexOf("moov")).toBeLessThan(text.indexOf("mdat"));
      expect(digests(await server.generate(request))).toEqual(digests(take));
      expect(digests(await server.generate({ ...request, seed: 12 }))).not.toEqual(digests(take));
    });
  },
);

describe("weights that are damaged", () => {
  it.each([
    [
      "corrupt",
      "weights_corrupt",
      (file: string) => writeFileSync(file, "not what the manifest promised"),
    ],
    ["missing", "weights_missing", (file: string) => rmSync(file)],
  ] as const)(
    "are %s: the take fails with the file's name and the server goes on",
    async (_what, code, damage) => {
      cpSync(path.join(TINY_MODELS, "zoetrope-tiny"), path.join(home, "zoetrope-tiny"), {
        recursive: true,
      });
      damage(path.join(home, "zoetrope-tiny/denoiser.onnx"));
      server = await createRealServer({ models_dir: home });
      const take = await server.generate();
      expect(take).toMatchObject({ status: "failed", error: { code } });
      expect(take.error?.message).toContain("denoiser.onnx");
      expect((await server.app.inject("/api/v1/health")).statusCode).toBe(200);
    },
  );
});

it("a worker that is killed at any step costs at most that step: the result is the same byte for byte", async () => {
  server = await createRealServer({ models_dir: TINY_MODELS });
  const { app, store, host, waitFor } = server;
  const request = {
    prompt: "a red ball",
    seed: 5,
    num_inference_steps: 24,
    num_frames: 17,
    solver: "dpmpp_2m" as const,
    reuse: false,
  };
  const whole = await server.generate(request);

  const killAt = new Set([1, 13, 24]);
  const stop = store.subscribe((event) => {
    if (event.type !== "step.completed" || !killAt.delete(event.data.step)) return;
    for (const { pid } of host.reports()) if (pid !== null) process.kill(pid, "SIGKILL");
  });
  const created = await app.inject({ method: "POST", url: "/api/v1/takes", payload: request });
  const take = await waitFor(created.json<Take>().id, ({ status }) => isFinished(status));
  stop();
  expect(take.error).toBeNull();
  expect(take.status).toBe("completed");
  expect(take.resumes).toBeGreaterThan(0);
  expect(killAt.size).toBe(0);
  expect(digests(take)).toEqual(digests(whole));
  const states = async (id: Take["id"]) => (await store.listStates(id)).map(({ digest }) => digest);
  expect(await states(take.id)).toEqual(await states(whole.id));
});
