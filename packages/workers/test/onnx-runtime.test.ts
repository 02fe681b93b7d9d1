import {
  asFloat32,
  decodeSafetensors,
  encodeSafetensors,
  FabricError,
  float32Tensor,
  type Solver,
} from "@arc-fabric/contract";
import type { StepResult, WorkerLease } from "@arc-fabric/core";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  collect,
  denoiseRequest,
  isAlive,
  NEVER,
  ONNX_RUNTIME,
  startHost,
  TINY_MODEL,
  tinyManifest,
  until,
} from "./host-fixture.ts";

/** The real worker process of runtimes/onnx with a model of a few kilobytes. */
const prompts = { prompt: "A red ball bounces up and down on the Moon!", negativePrompt: "" };
const NO_PREVIEW = 1e9;
/** A digest for a blob that only the test has. */
const named = (name: string) => createHash("sha256").update(name).digest("hex");
/** Several cold starts in one test; each takes seconds where other tests want the same cores. */
const MANY_STARTS = { timeout: 120_000 };

async function decode(lease: WorkerLease, state: Uint8Array): Promise<Buffer> {
  const frames = await collect(
    lease.decode(
      {
        piece: { state: null, frames: [0, 5], first: true },
        width: 32,
        height: 32,
        state,
      },
      NEVER,
    ),
  );
  expect(frames.map(({ firstFrame, count }) => [firstFrame, count])).toEqual([
    [0, 1],
    [1, 4],
    [5, 4],
    [9, 4],
    [13, 4],
  ]);
  return Buffer.concat(frames.map((frame) => frame.data));
}

describe("the ONNX runtime's worker", () => {
  test("a prompt becomes pictures; unknown words come back as warnings", async () => {
    await using fixture = startHost(ONNX_RUNTIME);
    const lease = await fixture.acquire();
    expect(lease.progress.at(-1)).toBe(1);
    expect(lease.environment).toMatchObject({
      runtime: "onnx",
      onnxruntime: "1.30.0",
      execution_provider: "cpu",
      threads: 1,
    });
    const { conditioning, warnings } = await lease.encode(prompts, NEVER);
    expect(warnings).toEqual([
      { code: "unknown_words", message: expect.stringContaining("moon"), words: ["moon"] },
    ]);
    const steps = await collect(lease.denoise(denoiseRequest({ conditioning }), NEVER));
    expect(steps.map((step) => step.step)).toEqual([1, 2, 3, 4]);
    expect(steps.map((step) => step.sigma)).toEqual([0.75, 0.5, 0.25, 0]);
    for (const { preview } of steps)
      expect(preview).toMatchObject({ count: 17, width: 32, height: 32 });
    const pixels = await decode(lease, steps.at(-1)!.state);
    // The last preview is the clean clip itself, so decoding it must give the same pictures.
    expect(pixels.equals(Buffer.from(steps.at(-1)!.preview!.data))).toBe(true);
    expect(fixture.host.reports()[0]!.rss_bytes).toBeGreaterThan(10_000_000);
  });

  test.each<Solver>(["euler", "dpmpp_2m"])(
    "killed with -9 at any step and continued by a new process, %s gives the same bytes",
    MANY_STARTS,
    async (solver) => {
      await using fixture = startHost(ONNX_RUNTIME, { respawn: { budget: 10 } });
      let lease = await fixture.acquire();
      const { conditioning } = await lease.encode(prompts, NEVER);
      const whole = denoiseRequest({
        segment: { solver },
        conditioning,
        previewIntervalMs: NO_PREVIEW,
      });
      const reference = await collect(lease.denoise(whole, NEVER));

      for (const killedAt of [1, 2, 3]) {
        const kept: StepResult[] = [];
        const walk = async () => {
          for await (const step of lease.denoise(whole, NEVER)) {
            kept.push(step);
            if (step.step === killedAt) process.kill(fixture.host.reports()[0]!.pid!, "SIGKILL");
            if (step.step === killedAt)
              await until(() => fixture.host.status("zoetrope-tiny") !== "busy");
          }
        };
        await walk().catch((error: unknown) =>
          expect(error).toMatchObject({ code: "worker_lost" }),
        );
        lease.release();
        lease = await fixture.acquire();
        const { step, state } = kept.find((one) => one.step === killedAt)!;
        const rest = await collect(lease.denoise({ ...whole, from: step, state }, NEVER));
        const states = [...kept.slice(0, killedAt), ...rest].map((one) =>
          Buffer.from(one.state).toString("base64"),
        );
        expect(states).toEqual(reference.map((one) => Buffer.from(one.state).toString("base64")));
      }
      expect(fixture.host.reports()[0]!.restarts).toBe(3);
    },
  );

  test("an edit reads its blobs and its kept states; what it keeps is the parent's bit for bit", async () => {
    await using fixture = startHost(ONNX_RUNTIME);
    const lease = await fixture.acquire();
    const { conditioning } = await lease.encode(prompts, NEVER);
    const parent = await collect(
      lease.denoise(
        denoiseRequest({ segment: { to: 12 }, conditioning, previewIntervalMs: NO_PREVIEW }),
        NEVER,
      ),
    );
    const mask = encodeSafetensors({
      tensors: {
        mask: float32Tensor(
          [5, 4, 4],
          Float32Array.from({ length: 80 }, (_, i) => (i < 32 ? 1 : 0)),
        ),
      },
      metadata: {},
    });
    const blobs = new Map([
      [named("mask"), mask],
      ...parent.map(({ step, state }) => [named(`step ${step}`), state] as const),
    ]);
    const read: string[] = [];
    const edit = denoiseRequest({
      shape: [4, 5, 4, 4],
      schedule: { sigmas: Array.from({ length: 11 }, (_, index) => 1 - (index + 2) / 12) },
      start: {
        kind: "renoise",
        seed: 8,
        clean: named("step 12"),
        mask: named("mask"),
        kept_seed: 7,
        kept: { kind: "state", digest: named("step 2") },
      },
      segment: {
        to: 10,
        keep: {
          mask: named("mask"),
          clean: named("step 12"),
          seed: 7,
          states: parent.slice(2).map(({ step }) => named(`step ${step}`)),
        },
      },
      conditioning,
      previewIntervalMs: NO_PREVIEW,
      async readBlob(digest) {
        read.push(digest);
        return blobs.get(digest)!;
      },
    });
    const latents = (state: Uint8Array) => asFloat32(decodeSafetensors(state).tensors["latents"]!);
    const steps = await collect(lease.denoise(edit, NEVER));
    steps.forEach(({ state }, index) => {
      const [now, before] = [latents(state), latents(parent[index + 2]!.state)];
      let changed = 0;
      now.forEach((value, i) => {
        if (i % 80 >= 32) expect(value).toBe(before[i]);
        else if (value !== before[i]) changed++;
      });
      expect(changed).toBe(128);
    });
    // The clean latents take the place of the last state, which is not read again.
    const kept = parent.slice(2, -1).map(({ step }) => named(`step ${step}`));
    expect(read).toEqual([...["step 12", "mask", "step 2"].map(named), ...kept]);
    for (const done of [1, 5, 9]) {
      const rest = await collect(
        lease.denoise({ ...edit, from: done, state: steps[done - 1]!.state }, NEVER),
      );
      expect(rest.map(({ state }) => Buffer.from(state).toString("base64"))).toEqual(
        steps.slice(done).map(({ state }) => Buffer.from(state).toString("base64")),
      );
    }
  });

  test("a kept state that cannot be read ends the request with the reason, and the lease goes on", async () => {
    await using fixture = startHost(ONNX_RUNTIME);
    const lease = await fixture.acquire();
    const { conditioning } = await lease.encode(prompts, NEVER);
    const plain = denoiseRequest({ conditioning, previewIntervalMs: NO_PREVIEW });
    const parent = await collect(lease.denoise(plain, NEVER));
    const mask = encodeSafetensors({
      tensors: { mask: float32Tensor([5, 4, 4], new Float32Array(80)) },
      metadata: {},
    });
    const blobs = new Map([
      [named("mask"), mask],
      [named("clean"), parent.at(-1)!.state],
      [named("one"), parent[0]!.state],
    ]);
    const edit = denoiseRequest({
      conditioning,
      segment: {
        keep: {
          mask: named("mask"),
          clean: named("clean"),
          seed: 7,
          states: [...["one", "lost", "lost"].map(named), null],
        },
      },
      async readBlob(digest) {
        const blob = blobs.get(digest);
        if (!blob) throw new FabricError("state_corrupt", `${digest.slice(0, 8)} is not there.`);
        return blob;
      },
    });
    await expect(collect(lease.denoise(edit, NEVER))).rejects.toMatchObject({
      code: "state_corrupt",
      message: `${named("lost").slice(0, 8)} is not there.`,
    });
    expect(await collect(lease.denoise(plain, NEVER))).toHaveLength(4);
    expect(fixture.warnings).toEqual([]);
  });

  test("a cancel takes effect within one step", async () => {
    await using fixture = startHost(ONNX_RUNTIME);
    const lease = await fixture.acquire();
    const { conditioning } = await lease.encode(prompts, NEVER);
    const abort = new AbortController();
    let steps = 0;
    const walk = async () => {
      for await (const { step } of lease.denoise(
        denoiseRequest({ segment: { to: 1000 }, conditioning }),
        abort.signal,
      )) {
        steps = step;
        if (step === 5) abort.abort(new Error("enough"));
      }
    };
    await expect(walk()).rejects.toThrow("enough");
    expect(steps).toBe(5);
    expect(
      await collect(
        lease.denoise(denoiseRequest({ conditioning, previewIntervalMs: NO_PREVIEW }), NEVER),
      ),
    ).toHaveLength(4);
  });

  test("requests that do not fit the model are refused and the worker stays warm", async () => {
    await using fixture = startHost(ONNX_RUNTIME);
    const lease = await fixture.acquire();
    const { conditioning } = await lease.encode(prompts, NEVER);
    const denoise = (change: Parameters<typeof denoiseRequest>[0]) =>
      collect(lease.denoise(denoiseRequest({ conditioning, ...change }), NEVER));
    await expect(denoise({ shape: [8, 5, 4, 4] })).rejects.toMatchObject({
      code: "unsupported_value",
    });
    await expect(denoise({ segment: { model: "other" } })).rejects.toMatchObject({
      code: "invalid_request",
    });
    await expect(denoise({ from: 2 })).rejects.toMatchObject({ code: "invalid_request" });
    await expect(denoise({ from: 2, state: new Uint8Array(100) })).rejects.toMatchObject({
      code: "state_corrupt",
    });
    expect(await denoise({})).toHaveLength(4);
    expect(fixture.warnings).toEqual([]);
  });

  test("missing and corrupt weights are named", MANY_STARTS, async () => {
    const directory = mkdtempSync(join(tmpdir(), "arc-weights-"));
    cpSync(TINY_MODEL, directory, { recursive: true });
    const manifest = tinyManifest();
    await using fixture = startHost(ONNX_RUNTIME, {
      models: new Map([[manifest.id, { manifest, directory }]]),
    });
    const path = join(directory, "denoiser.onnx");
    const size = manifest.files.find((file) => file.role === "denoiser")!.bytes;
    writeFileSync(path, new Uint8Array(size));
    await expect(fixture.acquire()).rejects.toMatchObject({
      code: "weights_corrupt",
      message: expect.stringContaining("denoiser.onnx"),
    });
    writeFileSync(path, new Uint8Array(size - 1));
    await expect(fixture.acquire()).rejects.toMatchObject({
      code: "weights_corrupt",
      message: expect.stringContaining(`${size - 1} bytes`),
    });
    rmSync(path);
    await expect(fixture.acquire()).rejects.toMatchObject({
      code: "weights_missing",
      message: expect.stringContaining("denoiser.onnx"),
    });
    cpSync(join(TINY_MODEL, "denoiser.onnx"), path);
    await fixture.acquire();
  });

  test("no worker outlives a server that was killed with -9", async () => {
    const parent = spawn(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", join(import.meta.dirname, "fixtures", "parent.ts")],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    const [line] = (await once(parent.stdout, "data")) as [Buffer];
    const pid = Number(line.toString());
    expect(isAlive(pid)).toBe(true);
    parent.kill("SIGKILL");
    await until(() => !isAlive(pid));
  });
});
