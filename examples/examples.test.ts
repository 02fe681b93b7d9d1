import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const ROOT = path.resolve(import.meta.dirname, "..");
const MODEL = path.join(ROOT, "models/zoetrope-s/denoiser.onnx");
const NODE = [process.execPath, "--disable-warning=ExperimentalWarning"];
const TIMEOUT_MS = 180_000;

const EXAMPLES = [
  { file: "native-client.ts", command: NODE, says: /step 8 of 8\n[\s\S]*live pictures seen/ },
  {
    file: "trajectory.ts",
    command: NODE,
    says: /4 of 8 steps reused[\s\S]*block 3: take_\w+ "a blue ball[\s\S]*25 frames/,
  },
  { file: "openai-client.ts", command: NODE, says: /128x128/ },
  { file: "curl.sh", command: ["sh"], needs: "curl", says: /completed/ },
  { file: "python_client.py", command: ["python3"], needs: "python3", says: /step 8 of 8/ },
];

const isThere = (program: string) =>
  spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;

describe.skipIf(!existsSync(MODEL))("the examples make a video on a real server", () => {
  let folder: string;
  let server: ChildProcess;
  let url: string;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "arc-examples-"));
    const flags = ["--port", "0", "--data-dir", folder, "--default-model", "zoetrope-s"];
    flags.push("--no-studio-build", "--exit-with-stdin");
    server = spawn(
      NODE[0]!,
      [...NODE.slice(1), path.join(ROOT, "apps/server/src/main.ts"), ...flags],
      { cwd: folder, stdio: ["pipe", "ignore", "ignore"] },
    );
    const announced = path.join(folder, "server.json");
    while (!existsSync(announced)) {
      expect(server.exitCode).toBeNull();
      await sleep(50);
    }
    url = (JSON.parse(readFileSync(announced, "utf8")) as { url: string }).url;
  }, TIMEOUT_MS);

  afterAll(async () => {
    const ended = new Promise((resolve) => server.once("exit", resolve));
    server.stdin?.end();
    await ended;
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }, TIMEOUT_MS);

  for (const { file, command, says, needs } of EXAMPLES)
    test.skipIf(needs !== undefined && !isThere(needs))(file, { timeout: TIMEOUT_MS }, async () => {
      const target = path.join(folder, `${file}.mp4`);
      const { code, output } = await run([
        ...command,
        path.join(import.meta.dirname, file),
        "a red ball bounces on a green meadow",
        target,
      ]);
      expect(output).toMatch(says);
      expect(code).toBe(0);
      expect(readFileSync(target).subarray(4, 8).toString("latin1")).toBe("ftyp");
    });

  function run([program, ...args]: string[]): Promise<{ code: number | null; output: string }> {
    const child = spawn(program!, args, {
      cwd: ROOT,
      env: { ...process.env, ARC_SERVER: url, ARC_TOKEN: "not-needed" },
    });
    let output = "";
    child.stdout.on("data", (text: Buffer) => (output += text.toString()));
    child.stderr.on("data", (text: Buffer) => (output += text.toString()));
    return new Promise((resolve, reject) =>
      child.on("error", reject).on("close", (code) => resolve({ code, output })),
    );
  }
});
