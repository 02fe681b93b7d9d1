import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { cliReference } from "@arc-fabric/cli";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { COMMAND_NAMES } from "../src/command-line/commands.ts";
import { startFakeServer, type FakeOptions, type FakeServer } from "./support/fake-server.ts";
import { callArc, type CallResult } from "./support/call-arc.ts";

let folder: string;
let server: FakeServer;
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "arc-cli-"));
  await serve({ script: (fake, take) => fake.complete(take) });
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function serve(options: FakeOptions): Promise<void> {
  await (server as FakeServer | undefined)?.close();
  server = await startFakeServer(options);
}
const arc = (...args: string[]): Promise<CallResult> =>
  callArc(args, { cwd: folder, env: { ARC_SERVER: server.url } });

describe("help", () => {
  test("docs/cli.md is what the table of commands gives", () => {
    const page = fileURLToPath(new URL("../../../docs/cli.md", import.meta.url));
    expect(readFileSync(page, "utf8")).toBe(cliReference());
  });

  test("arc --help names every command; each command's help has its usage and an example", async () => {
    const { stdout } = await arc("--help");
    for (const name of COMMAND_NAMES) expect(stdout).toMatch(new RegExp(`^  ${name} +\\w`, "m"));
    expect((await arc("generate", "--help")).stdout).toContain(
      'arc generate "a red ball bounces on a green meadow" -o ball.mp4',
    );
    expect((await arc("help", "takes")).stdout).toContain("Usage: arc takes [options]");
  });

  test("a wrong command line exits with 2 and says what was meant", async () => {
    expect(await arc("takse")).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringContaining("Did you mean takes?") as string,
    });
    expect(await arc("generate", "a", "--stesp", "3")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("Did you mean --steps?") as string,
    });
    expect(await arc("generate", "a", "--seed", "x")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('a whole number, not "x"') as string,
    });
  });
});

describe("looking at things", () => {
  test("models, takes, show and logs print what the server has", async () => {
    await arc("generate", "a red ball", "-o", "a.mp4");
    await arc("generate", "a blue cube", "-o", "b.mp4");
    expect((await arc("models")).stdout).toMatch(
      /zoetrope-s \(default\)\s+warm\s+128x128\s+5, 9 … 17\s+300 MB/,
    );
    expect((await arc("models", "zoetrope-s")).stdout).toContain("shapes: ball, cube");
    expect((await arc("takes")).stdout).toMatch(
      /take_\w+1 +completed .* a blue cube\ntake_\w+0 +completed .* a red ball/,
    );
    expect((await arc("show", "last")).stdout).toContain("a blue cube");
    expect((await arc("logs", "last")).stdout).toContain("warn  worker It is warm.");
    expect(
      (JSON.parse((await arc("takes", "--json")).stdout) as { items: unknown[] }).items,
    ).toHaveLength(2);
  });

  test("download saves the video of an earlier take under a name of its own", async () => {
    await arc("generate", "a red ball", "-o", "a.mp4");
    const { stdout } = await arc("download", "last");
    expect(stdout).toBe(`Saved ${path.join(folder, "a-red-ball-7.mp4")}\n`);
    expect(readFileSync(path.join(folder, "a-red-ball-7.mp4"))).toEqual(
      readFileSync(path.join(folder, "a.mp4")),
    );
    expect((await arc("download", "last", "--variant", "thumbnail")).stderr).toContain(
      "has no thumbnail",
    );
  });

  test("a take that is not there is an error as a person reads it", async () => {
    expect(await arc("show", "take_x")).toMatchObject({
      code: 1,
      stderr:
        "Error: There is no take take_x.\nWhat to do: arc takes lists them.\n(take_not_found, request req-7)\n",
    });
    expect((await arc("show", "last")).stderr).toContain("There is no take yet.");
  });

  test("delete asks, and where nobody can be asked wants --yes", async () => {
    await arc("generate", "a red ball", "-o", "a.mp4");
    expect(await arc("delete", "last")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("add --yes") as string,
    });
    expect((await arc("delete", "last", "--yes")).stdout).toMatch(/^Deleted take_/);
    expect(server.takes).toEqual([]);
  });
});

describe("finding the server", () => {
  test("status and doctor tell about it", async () => {
    const { stdout } = await arc("status");
    expect(stdout).toContain(`${server.url}, version 0.1.0, up 1 min 15 s`);
    expect(stdout).toContain("1 running, 2 waiting of at most 200");
    const doctor = await arc("doctor");
    expect(doctor.code).toBe(0);
    expect(doctor.stdout).toMatch(/✓ Model zoetrope-s .*\n✓ Video encoder {2}libx264/);
  });

  test("the one on the data directory is found by its server.json; one that is gone is not believed", async () => {
    const env = { ARC_DATA_DIR: folder, ARC_PORT: "1" };
    writeFileSync(path.join(folder, "server.json"), JSON.stringify({ url: server.url, pid: 1 }));
    expect((await callArc(["status"], { cwd: folder, env })).stdout).toContain(server.url);
    await server.close();
    const gone = await callArc(["status"], { cwd: folder, env });
    expect(gone).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("No server runs") as string,
    });
  });

  test("one on the default port is used only if it works on the data directory that was chosen", async () => {
    const port = new URL(server.url).port;
    expect((await callArc(["status"], { cwd: folder, env: { ARC_PORT: port } })).code).toBe(0);
    expect(
      (
        await callArc(["status", "--data-dir", "elsewhere"], {
          cwd: folder,
          env: { ARC_PORT: port },
        })
      ).code,
    ).toBe(1);
  });

  test("a named one that does not answer is an error; no other is started in its place", async () => {
    await server.close();
    const result = await arc("generate", "a red ball");
    expect(result.code).toBe(1);
    expect(result.stderr).toContain(
      `Error: No answer from ${server.url}: connection refused.\nWhat to do: Start a server with arc serve, or check the address.`,
    );
  });

  test("one that cannot be started for the command says in its own words why", async () => {
    writeFileSync(path.join(folder, "file"), "");
    const env = { ARC_PORT: "1", ARC_DATA_DIR: "file" };
    const result = await callArc(["models"], { cwd: folder, env });
    expect(result).toMatchObject({ code: 1, stdout: "" });
    expect(result.stderr).toContain("did not start");
    expect(result.stderr).toContain("data_dir_unwritable");
  });

  test("a missing token is asked for by the name of the option", async () => {
    await serve({ token: "secret" });
    expect((await arc("models")).stderr).toContain(
      "What to do: Give the server's token with --token or ARC_TOKEN.",
    );
    expect((await arc("models", "--token", "secret")).code).toBe(0);
  });
});
