import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Take } from "@arc-fabric/contract";
import { stepCompleted } from "@arc-fabric/contract/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startFakeServer, type FakeOptions, type FakeServer } from "./support/fake-server.ts";
import { callArc, type CallResult } from "./support/call-arc.ts";
import { startArc, type RunningArc } from "./support/run-arc.ts";

let folder: string;
let server: FakeServer | undefined;
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), "arc-cli-"))));
afterEach(async () => {
  await server?.close();
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** The program itself as a process. */
async function start(args: readonly string[], options: FakeOptions = {}): Promise<RunningArc> {
  server = await startFakeServer(options);
  return startArc(["generate", ...args], { cwd: folder, env: { ARC_SERVER: server.url } });
}

async function generate(args: readonly string[], options: FakeOptions = {}): Promise<CallResult> {
  server = await startFakeServer(options);
  return callArc(["generate", ...args], { cwd: folder, env: { ARC_SERVER: server.url } });
}

/** Runs all steps and completes. */
function play(fake: FakeServer, take: Take): void {
  fake.change(take, { status: "running", queue_position: null });
  fake.publish(take, {
    type: "take.started",
    data: { take_id: take.id, resumed_from_step: 0, environment: {} },
  });
  for (let step = 1; step <= take.progress.total_steps; step++)
    fake.publish(take, stepCompleted(take, step));
  fake.complete(take);
}

describe("arc generate", () => {
  test("writes the video and says what it is", async () => {
    const arc = await start(["a red ball bounces", "-o", "ball.mp4"], { script: play });
    const result = await arc.ended;
    expect(result).toMatchObject({ code: 0 });
    expect(result.stdout).toContain("Saved ball.mp4");
    expect(result.stdout).toMatch(
      /17 frames of 128x128, 2\.1 s at 8 fps, 47 B\n.*seed 7, made in 7\.0 s, take_/s,
    );
    expect(readFileSync(path.join(folder, "ball.mp4"), "utf8")).toContain(
      "the bytes the server has",
    );
    expect(readdirSync(folder)).toEqual(["ball.mp4"]);
  });

  test("sends every option as the API's field, and nothing that was not given", async () => {
    const options =
      "--model zoetrope-s --seed 3 --frames 9 --fps 12 --steps 5 --guidance 2.5 --negative cube --size 128x64 --solver dpmpp_2m --shift 3 --frame-lag 1";
    await generate(["a", "red", "ball", ...options.split(" "), "--json"], { script: play });
    await callArc(["generate", "-", "-o", "b.mp4"], {
      cwd: folder,
      env: { ARC_SERVER: server!.url },
      input: "from a pipe\n",
    });
    expect(server!.bodies).toEqual([
      {
        prompt: "a red ball",
        model: "zoetrope-s",
        seed: 3,
        num_frames: 9,
        fps: 12,
        num_inference_steps: 5,
        guidance_scale: 2.5,
        negative_prompt: "cube",
        width: 128,
        height: 64,
        solver: "dpmpp_2m",
        shift: 3,
        frame_lag: 1,
      },
      { prompt: "from a pipe" },
    ]);
  });

  test("in a pipe, progress is a few plain lines without control characters", async () => {
    // Followed first, so that each step is an event of its own.
    const result = await generate(["a red ball", "--steps", "40", "-o", "ball.mp4"], {
      onFollowed: play,
    });
    const lines = result.stderr.trim().split("\n");
    expect(lines.filter((line) => line.startsWith("Step "))).toEqual([
      "Step 1/40, about 59 s left",
      "Step 10/40, about 45 s left",
      "Step 20/40, about 30 s left",
      "Step 30/40, about 15 s left",
      "Step 40/40, about 1 s left",
    ]);
    expect(result.stderr).not.toContain("\u001b");
  });

  test("--json prints one object with the path and the request as it ran; --no-progress nothing else", async () => {
    const result = await generate(["a red ball", "--json", "--no-progress", "-o", "ball.mp4"], {
      script: play,
    });
    const printed = JSON.parse(result.stdout) as Record<string, unknown>;
    expect(printed).toMatchObject({
      status: "completed",
      path: path.join(folder, "ball.mp4"),
      seed: 7,
      num_frames: 17,
      seconds: 7,
      bytes: 47,
    });
    expect(result.stderr).toBe("");
  });

  test("without -o the name comes from prompt and seed, and no file is replaced", async () => {
    server = await startFakeServer({ script: play });
    const env = { ARC_SERVER: server.url };
    for (let i = 0; i < 2; i++)
      expect((await callArc(["generate", "Ein Ball, rot & groß"], { cwd: folder, env })).code).toBe(
        0,
      );
    expect(readdirSync(folder).toSorted()).toEqual([
      "ein-ball-rot-gro-7-2.mp4",
      "ein-ball-rot-gro-7.mp4",
    ]);
  });

  test("-o replaces a file, keeps a link in place, and -o - writes to standard output", async () => {
    writeFileSync(path.join(folder, "real.mp4"), "old");
    symlinkSync("real.mp4", path.join(folder, "link.mp4"));
    await generate(["a red ball", "-o", "link.mp4"], { script: play });
    expect(readFileSync(path.join(folder, "real.mp4"), "utf8")).toContain(
      "the bytes the server has",
    );
    const piped = await callArc(["generate", "a red ball", "-o", "-"], {
      cwd: folder,
      env: { ARC_SERVER: server!.url },
    });
    expect(piped.stdout).toBe("not really a film, but the bytes the server has");
    expect(readdirSync(folder).toSorted()).toEqual(["link.mp4", "real.mp4"]);
  });

  test("warnings are shown with where to look", async () => {
    const result = await generate(["a red cuube zebra", "-o", "z.mp4"], {
      script(fake, take) {
        const warnings: Take["warnings"] = [
          {
            code: "unknown_words",
            message: 'Zoetrope S does not know "cuube", "zebra".',
            words: ["cuube", "zebra"],
          },
        ];
        fake.change(take, { warnings });
        fake.publish(take, { type: "take.warned", data: { take_id: take.id, warnings } });
        fake.complete(take);
      },
    });
    expect(result.stderr).toContain(
      'Warning: Zoetrope S does not know "cuube", "zebra".\ncuube: did you mean cube?\nThe words it knows: arc models zoetrope-s',
    );
  });

  test("a failed take is an error with code and remedy, exit code 1, and leaves no file", async () => {
    const error = {
      code: "generation_failed",
      message: "The model gave NaN.",
      remedy: "",
      retryable: false,
      details: {},
    } as const;
    const script = (fake: FakeServer, take: Take) => {
      fake.change(take, { status: "failed", error });
      fake.publish(take, { type: "take.failed", data: { take_id: take.id, error } });
    };
    const result = await generate(["a red ball", "-o", "ball.mp4"], { script });
    expect(result.code).toBe(1);
    expect(result.stderr).toContain(
      "Error: The model gave NaN.\nWhat to do: Read the take's log: arc logs take_01jd0000000000000000000000.\n(generation_failed)",
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  test("a refusal names the option that was typed and the nearest value, with the request id", async () => {
    const refuseCreate = {
      status: 400,
      code: "unsupported_value",
      detail: "Zoetrope S cannot use num_frames = 18.",
      details: { field: "num_frames", nearest: 17 },
    };
    const result = await generate(["a red ball", "--frames", "18"], { refuseCreate });
    expect(result.code).toBe(1);
    expect(result.stderr).toContain(
      "What to do: Change --frames; the nearest is --frames 17.\n(unsupported_value, request req-7)",
    );
    const json = await callArc(["generate", "a", "--json"], {
      cwd: folder,
      env: { ARC_SERVER: server!.url },
    });
    expect(JSON.parse(json.stdout)).toMatchObject({
      error: { code: "unsupported_value", request_id: "req-7", details: { nearest: 17 } },
    });
  });

  test("bytes that are not what the server has are not kept", async () => {
    const script = (fake: FakeServer, take: Take) => {
      fake.complete(take);
      const completed = fake.takes[0]!;
      fake.change(take, { artifacts: [{ ...completed.artifacts[0]!, digest: "1".repeat(64) }] });
    };
    const result = await generate(["a red ball", "-o", "ball.mp4"], { script });
    expect(result.code).toBe(1);
    expect(result.stderr).toContain("its digest differs");
    expect(readdirSync(folder)).toEqual([]);
  });

  test("a place that cannot be written is refused before anything is generated", async () => {
    const result = await generate(["a red ball", "-o", "not/there/ball.mp4"], { script: play });
    expect(result.code).toBe(2);
    expect(result.stderr).toContain(`Create it first: mkdir -p ${path.join(folder, "not/there")}`);
    expect(server!.requests).toEqual([]);
  });

  test("a connection that is lost on the way is taken up again", async () => {
    const result = await generate(["a red ball", "-o", "ball.mp4"], {
      onFollowed: (fake, take) => {
        fake.publish(take, stepCompleted(take, 1));
        setImmediate(() => {
          fake.dropConnections();
          for (const step of [2, 3, 4]) fake.publish(take, stepCompleted(take, step));
          fake.complete(take);
        });
      },
    });
    expect(result).toMatchObject({ code: 0 });
    expect(result.stderr).toContain("Connection to the server lost; trying again.");
  });
});

describe("Ctrl-C during arc generate", () => {
  const start1 = (fake: FakeServer, take: Take) => fake.publish(take, stepCompleted(take, 1));
  const cancelled = (fake: FakeServer, take: Take) => {
    fake.change(take, { status: "cancelled", progress: { ...take.progress, step: 1 } });
    fake.publish(take, { type: "take.cancelled", data: { take_id: take.id, last_step: 1 } });
  };

  test("cancels the take and exits with 130", async () => {
    const arc = await start(["a red ball", "-o", "ball.mp4"], {
      script: start1,
      onCancel: cancelled,
    });
    await arc.says("seed 7");
    arc.kill("SIGINT");
    const result = await arc.ended;
    expect(result.code).toBe(130);
    expect(result.stderr).toContain("Cancelled after step 1 of 4");
    expect(server!.requests.filter((request) => request.endsWith("/cancel"))).toHaveLength(1);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("a take that was finished a moment before is saved", async () => {
    const arc = await start(["a red ball", "-o", "ball.mp4"], {
      script: start1,
      onCancel: (fake, take) => fake.complete(take),
    });
    await arc.says("seed 7");
    arc.kill("SIGINT");
    expect(await arc.ended).toMatchObject({ code: 0 });
    expect(readdirSync(folder)).toEqual(["ball.mp4"]);
  });

  test("a server that cannot cancel does not keep it: SIGTERM ends with 143", async () => {
    const arc = await start(["a red ball"], {
      script: start1,
      onCancel: () => Promise.reject(new Error("broken")),
    });
    await arc.says("seed 7");
    arc.kill("SIGTERM");
    expect((await arc.ended).code).toBe(143);
  });

  test("a second one leaves at once while the server is still thinking", async () => {
    const asked = Promise.withResolvers<void>();
    const arc = await start(["a red ball"], {
      script: start1,
      onCancel() {
        asked.resolve();
        return new Promise(() => {});
      },
    });
    await arc.says("seed 7");
    arc.kill("SIGINT");
    await asked.promise;
    // A repeat within a moment counts as the same Ctrl-C, so it is pressed until it is heard.
    const pressing = setInterval(() => arc.kill("SIGINT"), 100);
    expect((await arc.ended).code).toBe(130);
    clearInterval(pressing);
  });
});
