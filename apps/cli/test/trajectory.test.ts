import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Take } from "@arc-fabric/contract";
import { SESSION_ID } from "@arc-fabric/contract/testing";
import { describe, expect, test } from "vitest";
import { cliBench } from "./support/cli-bench.ts";
import type { FakeServer } from "./support/fake-server.ts";
import { startArc } from "./support/run-arc.ts";
import { derivedTake } from "./support/samples.ts";

const bench = cliBench();
const arc = (line: string, ...more: string[]) => bench.arc(...line.split(" "), ...more);

const given = (changes?: Partial<Take>) => bench.given(changes);

describe("pause and resume", () => {
  test("a take that waits is paused at once, one that runs at the end of its step", async () => {
    await bench.serve();
    const { progress } = given();
    const running = given({ status: "running", progress: { ...progress, step: 2 } });
    const { stdout } = await arc(`pause ${bench.server.takes[0]!.id} last`);
    expect(stdout).toBe(
      `Paused ${bench.server.takes[0]!.id}\nPausing ${running.id}: it stops at the end of its present step\n`,
    );
  });

  test("resume goes on and saves the video", async () => {
    await bench.serve();
    given({ status: "paused" });
    const result = await arc("resume last -o ball.mp4");
    expect(result).toMatchObject({ code: 0 });
    expect(result.stdout).toContain("Saved ball.mp4");
  });

  test("a take that is not paused cannot be resumed", async () => {
    await bench.serve();
    const { id } = given({ status: "running" });
    expect((await arc("resume last")).stderr).toBe(
      `Error: Take ${id} is running.\nWhat to do: See what it does: arc show ${id}.\n(take_not_paused, request req-7)\n`,
    );
  });

  test("Ctrl-C during arc resume pauses again and cancels nothing", async () => {
    const paused = (fake: FakeServer, take: Take) =>
      fake.change(take, { status: "paused", progress: { ...take.progress, step: 2 } });
    await bench.serve({ script: () => {} });
    const take = paused(bench.server, given());
    const running = startArc(["resume", take.id], {
      cwd: bench.folder,
      env: { ARC_SERVER: bench.server.url },
    });
    await running.says("Waiting");
    running.kill("SIGINT");
    const result = await running.ended;
    expect(result).toMatchObject({ code: 130 });
    expect(result.stderr).toContain(
      `Paused after step 2 of 4. Let it go on: arc resume ${take.id}`,
    );
    expect(bench.server.requests.filter((request) => request.endsWith("/cancel"))).toEqual([]);
  });

  test("a take that is paused elsewhere is waited for; Ctrl-C leaves it paused", async () => {
    await bench.serve({
      script: () => {},
      onFollowed(fake, take) {
        fake.change(take, { status: "paused" });
        fake.publish(take, { type: "take.paused", data: { take_id: take.id, last_step: 1 } });
      },
    });
    const running = startArc(["generate", "a red ball"], {
      cwd: bench.folder,
      env: { ARC_SERVER: bench.server.url },
    });
    await running.says("Paused at step 1/4");
    running.kill("SIGINT");
    expect(await running.ended).toMatchObject({ code: 130 });
    expect(bench.server.requests.filter((request) => request.endsWith("/cancel"))).toEqual([]);
    expect(bench.server.takes[0]!.status).toBe("paused");
  });
});

describe("arc tree", () => {
  test("draws what was made from what, with status, steps and tags", async () => {
    await bench.serve();
    const first = given({ status: "completed" });
    const done = { ...first.progress, step: 4 };
    bench.server.change(first, { progress: done, tags: ["good"] });
    const add = (parent: Take, origin: Take["origin"], changes: Partial<Take> = {}) => {
      const take = { ...derivedTake(bench.server.takes.length, parent, origin), ...changes };
      bench.server.takes.push(take);
      return take;
    };
    const fork = add(first, { kind: "fork", at_step: 2, prompt: "a blue ball" });
    const edit = add(first, {
      kind: "edit",
      frames: [4, 12],
      area: { shape: "rectangle", x: 1, y: 2, width: 3, height: 4 },
    });
    const deeper = add(fork, { kind: "extend", direction: "backward", num_frames: 16 });
    const head = given();
    const { stdout } = await arc("tree");
    const lines = stdout.split("\n").map((line) => line.replaceAll(/ {2,}/g, "  ").trimEnd());
    expect(lines).toEqual([
      `Red things  ${SESSION_ID}, 5 takes`,
      `${first.id}  completed  "a red ball"  4 computed  #good`,
      `├─ ${fork.id}  queued 1  fork at step 2: prompt "a blue ball"  2 reused, 0 computed`,
      `│  └─ ${deeper.id}  queued 1  16 frames added at the beginning  0 computed`,
      `└─ ${edit.id}  queued 1  edit of frames 4-12, area 1,2 3x4 %  0 computed`,
      `${head.id}  queued 1  "a red ball"  0 computed  head`,
      "",
    ]);
    expect(
      (JSON.parse((await arc("tree --json")).stdout) as { items: unknown[] }).items,
    ).toHaveLength(5);
    expect((await arc("tree ses_none")).stderr).toContain("arc storage lists them");
  });
});

describe("tags and labels", () => {
  test("tags are added to those that are there, and taken away", async () => {
    await bench.serve();
    const { id } = given({ tags: ["good"] });
    expect((await arc("tag last keep good")).stdout).toBe(`${id}  #good #keep\n`);
    expect((await arc("tag last good keep --remove")).stdout).toBe(`${id}  no tags\n`);
    expect(bench.server.sent).toEqual([{ tags: ["good", "keep"] }, { tags: [] }]);
  });

  test("a step gets a name, which arc show lists with the stored steps", async () => {
    await bench.serve();
    const { id } = given();
    expect((await arc("label last 2", "shape is there")).stdout).toBe(
      `Step 2 of ${id} is called "shape is there" and is kept\n`,
    );
    expect((await arc("label last 2 --remove")).stdout).toContain("has no name any more");
    expect((await arc("label last two x")).stderr).toContain('not "two"');
    expect((await arc("label last 2")).code).toBe(2);
    expect((await arc("show last")).stdout).toContain('steps 1-2, 4; 3.0 kB; named: 2 "good"');
  });
});

describe("arc compare", () => {
  test("prints settings, shared steps and frames, and saves the picture", async () => {
    await bench.serve({
      comparison: {
        parameters: [{ name: "prompt", a: "a red ball", b: "a blue ball" }],
        shared_steps: 3,
        psnr_db: 21.53,
        frame_differences: [0, 1, 7],
      },
    });
    given();
    given();
    const { stdout } = await arc(`compare ${bench.server.takes[0]!.id} last -o d.jpg`);
    expect(stdout).toMatch(/prompt +a red ball +a blue ball\n/);
    expect(stdout).toContain("The first 3 steps are equal byte for byte.\n");
    expect(stdout).toContain("Frames ▁▂█  21.5 dB, most in frame 2: 7.0 of 255 on average\n");
    expect(readFileSync(path.join(bench.folder, "d.jpg"), "utf8")).toBe("a picture");
    expect((await arc("compare last last -o d.png")).stderr).toContain("its name ends in .jpg");
  });

  test("equal takes are said to be equal", async () => {
    await bench.serve();
    given();
    expect((await arc("compare last last")).stdout).toBe(
      "All settings are equal.\nNo steps are equal byte for byte.\nAll 2 frames are equal.\n",
    );
  });
});

describe("bundles", () => {
  test("export writes the file whole, under a name from the title", async () => {
    await bench.serve({ bundle: { text: "a bundle" } });
    given();
    const { stdout } = await arc("export");
    const file = path.join(bench.folder, "red-things.arc.tar");
    expect(stdout).toBe(`Saved ${file}\n  1 take of ${SESSION_ID}, 8 B\n`);
    expect(readFileSync(file, "utf8")).toBe("a bundle");
    await arc("export");
    expect(readdirSync(bench.folder).toSorted()).toEqual([
      "red-things-2.arc.tar",
      "red-things.arc.tar",
    ]);
  });

  test("one that breaks off leaves no file", async () => {
    await bench.serve({ bundle: { text: "half a", breaksOff: true } });
    given();
    expect(await arc("export -o a.tar")).toMatchObject({ code: 1 });
    expect(readdirSync(bench.folder)).toEqual([]);
  });

  test("import sends the file and names the session", async () => {
    await bench.serve();
    writeFileSync(path.join(bench.folder, "a.arc.tar"), "a bundle");
    const { stdout } = await arc("import a.arc.tar");
    expect(bench.server.uploads).toEqual(["a bundle"]);
    expect(stdout).toBe(
      `Imported ${SESSION_ID}  Red things, 0 takes\nSee it: arc tree ${SESSION_ID}\n`,
    );
    expect((await arc("import none.tar")).stderr).toContain("there is no such file");
    expect((await arc("import .")).stderr).toContain("is a folder");
  });

  test("a damaged bundle is an error with what to do", async () => {
    await bench.serve({
      refuseImport: { status: 400, code: "bundle_invalid", detail: "The blob 12ab is damaged." },
    });
    writeFileSync(path.join(bench.folder, "a.tar"), "a bundle");
    expect((await arc("import a.tar")).stderr).toContain(
      "Error: The blob 12ab is damaged.\nWhat to do: Export the session again; nothing was imported.",
    );
  });
});

describe("arc storage", () => {
  test("shows what is used and thins out", async () => {
    const usage = { states: 40, state_bytes: 8_000_000, artifact_bytes: 90_000 };
    await bench.serve({
      storage: {
        ...usage,
        budget_bytes: 20_000_000,
        sessions: [{ session_id: SESSION_ID, title: "Red things", ...usage }],
      },
    });
    const { stdout } = await arc("storage");
    expect(stdout).toContain(
      "40 stored steps, 8.0 MB (of at most 20 MB); videos and pictures 90 kB\n",
    );
    expect(stdout).toMatch(new RegExp(`${SESSION_ID} +40 +8\\.0 MB +90 kB +Red things`));
    expect((await arc("storage --thin 5 --dry-run")).stdout).toBe(
      "Would remove 12 stored steps, 3.0 MB\n",
    );
    await arc(`storage --thin 3 --session ${SESSION_ID}`);
    expect(bench.server.sent).toEqual([
      { keep_every: 5, dry_run: true },
      { keep_every: 3, dry_run: false, session_id: SESSION_ID },
    ]);
    expect((await arc("storage --dry-run")).stderr).toContain("--dry-run goes with --thin N");
  });
});
