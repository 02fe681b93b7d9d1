import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runArc, startArc, type RunningArc } from "./support/run-arc.ts";

const MODEL = fileURLToPath(new URL("../../../models/zoetrope-s/denoiser.onnx", import.meta.url));
/** Generous: other tests may have the processor. */
const TIMEOUT_MS = 180_000;
const LOOK_MS = 50;

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), "arc-e2e-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

// A port where no other test's or user's server is found.
const options = () => ({ cwd: folder, env: { ARC_PORT: "1", ARC_DEFAULT_MODEL: "zoetrope-s" } });
const generate = (...args: string[]): RunningArc =>
  startArc(
    ["generate", "a red ball bounces on a green meadow", "-o", "ball.mp4", ...args],
    options(),
  );

function serverPid(): number {
  return (
    JSON.parse(readFileSync(path.join(folder, "data/server.json"), "utf8")) as { pid: number }
  ).pid;
}

/** The server and its workers: processes whose command line names the test's folder. */
function processesHere(): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(folder);
      } catch {
        return false;
      }
    });
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
}

describe.skipIf(!existsSync(MODEL) || !existsSync("/proc/self"))(
  "arc generate with the embedded model and no server",
  () => {
    test("makes a real video and leaves no process behind", { timeout: TIMEOUT_MS }, async () => {
      const result = await generate("--steps", "4", "--seed", "7", "--json").ended;
      expect(result.stderr).toBe("");
      expect(JSON.parse(result.stdout)).toMatchObject({
        status: "completed",
        seed: 7,
        num_inference_steps: 4,
        num_frames: 17,
      });
      const video = readFileSync(path.join(folder, "ball.mp4"));
      expect(video.subarray(4, 8).toString("latin1")).toBe("ftyp");
      expect(result.code).toBe(0);
      await until(() => processesHere().length === 0);
    });

    test(
      "--keep-server leaves a server for list, fork, edit, a session's way out and back in; arc stop ends it",
      { timeout: TIMEOUT_MS },
      async () => {
        const arc = async (...args: string[]) => {
          const result = await runArc([...args, "--json"], options());
          expect(result).toMatchObject({ code: 0 });
          return JSON.parse(result.stdout) as Record<string, unknown>;
        };
        const kept = await generate("--steps", "4", "--keep-server").ended;
        expect(kept.stdout).toContain("Saved ball.mp4");
        const pid = serverPid();
        const takes = await runArc(["takes"], options());
        expect(takes.stdout).toMatch(/completed .* a red ball bounces on a green meadow/);
        const fork = await arc("fork", "last", "--at", "2", "--prompt", "a blue ball");
        expect(fork).toMatchObject({ total_steps: 4, steps_reused: 2, status: "completed" });
        const edit = await arc("edit", "last", "--area", "0,0,50,100", "--prompt", "a red cube");
        expect(edit["proof"]).toMatchObject({ kept_equal: true });
        await arc("export", "-o", "session.arc.tar");
        const session = await arc("import", "session.arc.tar");
        expect(session).toMatchObject({ take_count: 3 });
        expect((await arc("tree", String(session["id"])))["items"]).toHaveLength(3);
        expect(serverPid()).toBe(pid);
        expect((await runArc(["stop"], options())).stdout).toMatch(/^Stopped http/);
        await until(() => processesHere().length === 0);
      },
    );

    test("Ctrl-C cancels the take and ends the server", { timeout: TIMEOUT_MS }, async () => {
      const arc = generate("--steps", "100");
      await arc.says("Step 0/100");
      arc.kill("SIGINT");
      const result = await arc.ended;
      expect(result.code).toBe(130);
      expect(result.stderr).toContain("Cancelled");
      await until(() => processesHere().length === 0);
      expect(existsSync(path.join(folder, "ball.mp4"))).toBe(false);
    });

    test("kill -9 of arc ends its server as well", { timeout: TIMEOUT_MS }, async () => {
      const arc = generate("--steps", "100");
      await arc.says("Step 0/100");
      expect(processesHere().length).toBeGreaterThan(0);
      arc.kill("SIGKILL");
      await arc.ended;
      await until(() => processesHere().length === 0);
    });

    test(
      "kill -9 of the server in the middle: another one is started and the video is finished",
      { timeout: TIMEOUT_MS },
      async () => {
        const arc = generate("--steps", "20");
        await arc.says("Step 10/20");
        process.kill(serverPid(), "SIGKILL");
        const result = await arc.ended;
        expect(result.stderr).toContain("The server is gone; looking for another one.");
        expect(result.code).toBe(0);
        expect(readFileSync(path.join(folder, "ball.mp4")).byteLength).toBeGreaterThan(1000);
        await until(() => processesHere().length === 0);
      },
    );
  },
);
