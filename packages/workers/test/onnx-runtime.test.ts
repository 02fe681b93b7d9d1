import type { Solver } from "@arc-fabric/contract";
import type { StepResult, WorkerLease } from "@arc-fabric/core";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  collect,
  isAlive,
  NEVER,
  ONNX_RUNTIME,
  segment,
  startHost,
  TINY_MODEL,
  tinyManifest,
  until,
} from "./host-fixture.ts";

/** The real worker process of runtimes/onnx with a model of a few kilobytes. */
const prompts = { prompt: "A red ball bounces up and down on the Moon!", negativePrompt: "" };
const NO_PREVIEW = 1e9;
/** Several cold starts in one test; each takes seconds where other tests want the same cores. */
const MANY_STARTS = { timeout: 120_000 };

async function decode(lease: WorkerLease, state: Uint8Array): Promise<Buffer> {
  const frames = await collect(
    lease.decode(
      {
        segment: { type: "decode", model: "zoetrope-tiny", num_frames: 17, width: 32, height: 32 },
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
    const steps = await collect(
      lease.denoise({ segment: segment(), conditioning, state: null, previewIntervalMs: 0 }, NEVER),
    );
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
      const whole = segment({ solver, to: 4 });
      const reference = await collect(
        lease.denoise(
          { segment: whole, conditioning, state: null, previewIntervalMs: NO_PREVIEW },
          NEVER,
        ),
      );

      for (const killedAt of [1, 2, 3]) {
        const kept: StepResult[] = [];
        const walk = async () => {
          for await (const step of lease.denoise(
            { segment: whole, conditioning, state: null, previewIntervalMs: NO_PREVIEW },
            NEVER,
          )) {
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
        const rest = await collect(
          lease.denoise(
            {
              segment: { ...whole, from: step },
              conditioning,
              state,
              previewIntervalMs: NO_PREVIEW,
            },
            NEVER,
          ),
        );
        const states = [...kept.slice(0, killedAt), ...rest].map((one) =>
          Buffer.from(one.state).toString("base64"),
        );
        expect(states).toEqual(reference.map((one) => Buffer.from(one.state).toString("base64")));
      }
      expect(fixture.host.reports()[0]!.restarts).toBe(3);
    },
  );

  test("a cancel takes effect within one step", async () => {
    await using fixture = startHost(ONNX_RUNTIME);
    const lease = await fixture.acquire();
    const { conditioning } = await lease.encode(prompts, NEVER);
    const abort = new AbortController();
    let steps = 0;
    const walk = async () => {
      for await (const { step } of lease.denoise(
        { segment: segment({ to: 1000 }), conditioning, state: null, previewIntervalMs: 0 },
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
        lease.denoise(
          { segment: segment(), conditioning, state: null, previewIntervalMs: NO_PREVIEW },
          NEVER,
        ),
      ),
    ).toHaveLength(4);
  });

  test("requests that do not fit the model are refused and the worker stays warm", async () => {
    await using fixture = startHost(ONNX_RUNTIME);
    const lease = await fixture.acquire();
    const { conditioning } = await lease.encode(prompts, NEVER);
    const denoise = (change: Parameters<typeof segment>[0], state: Uint8Array | null = null) =>
      collect(
        lease.denoise(
          { segment: segment(change), conditioning, state, previewIntervalMs: NO_PREVIEW },
          NEVER,
        ),
      );
    await expect(denoise({ shape: [8, 5, 4, 4] })).rejects.toMatchObject({
      code: "unsupported_value",
    });
    await expect(denoise({ model: "other" })).rejects.toMatchObject({ code: "invalid_request" });
    await expect(denoise({ from: 2 })).rejects.toMatchObject({ code: "invalid_request" });
    await expect(denoise({ from: 2 }, new Uint8Array(100))).rejects.toMatchObject({
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
