import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { EditProof } from "@arc-fabric/contract";
import { describe, expect, test } from "vitest";
import { cliBench } from "./support/cli-bench.ts";

const bench = cliBench();
const arc = (line: string, ...more: string[]) => bench.arc(...line.split(" "), ...more);

describe("commands that make a take from another one", () => {
  test("arc fork saves the new video and says what it was made from and what was reused", async () => {
    const parent = await bench.have();
    const result = await arc("fork last --at 2 -o fork.mp4 --prompt", "a blue ball");
    expect(result).toMatchObject({ code: 0 });
    expect(result.stderr).toContain("a blue ball\nfork at step 2 · zoetrope-s · ");
    expect(result.stdout).toMatch(
      /Saved fork\.mp4\n.*\n.*made in 7\.0 s \(expected 8\.0 s\), 2 of 4 steps reused/,
    );
    expect(existsSync(path.join(bench.folder, "fork.mp4"))).toBe(true);
    expect(bench.server.requests).toContain(`POST /api/v1/takes/${parent.id}/derive`);
  });

  test("every option is sent as the API's field, and nothing that was not given", async () => {
    await bench.have();
    await bench.have();
    const [first] = bench.server.takes;
    const lines = [
      "fork last --at 2 --negative cube --guidance 2.5 --solver dpmpp_2m --history reset --steps 9 --model zoetrope-m --cache 2:8:2 --priority -3 --title Blue",
      "fork last --at 0 --seed 5 --sigmas 0.5,.25,0",
      "edit last --frames 4-12 --area 10,20,30,40 --strength 0.5 --feather 2 --prompt blue",
      "edit last --seconds 0.5-1.5",
      "extend last",
      "extend last --frames 32 --backward --steps 8 --context 2 --seed 1",
      "insert last --at 9 --frames 8",
      "loop last",
      "continue last --prompt on",
      "finalize last",
      `concat last ${first!.id} last`,
    ];
    for (const line of lines) expect(await arc(`${line} --plan`)).toMatchObject({ code: 0 });
    const last = bench.server.takes[1]!.id;
    expect(bench.server.sent).toEqual([
      {
        kind: "fork",
        at_step: 2,
        negative_prompt: "cube",
        guidance_scale: 2.5,
        priority: -3,
        title: "Blue",
        solver: "dpmpp_2m",
        history: "reset",
        remaining_steps: 9,
        model: "zoetrope-m",
        cache: { start: 2, end: 8, interval: 2 },
      },
      { kind: "fork", at_step: 0, sigmas: [0.5, 0.25, 0], seed: 5 },
      {
        kind: "edit",
        prompt: "blue",
        frames: [4, 12],
        area: { shape: "rectangle", x: 10, y: 20, width: 30, height: 40 },
        strength: 0.5,
        feather: 2,
      },
      { kind: "edit", seconds: [0.5, 1.5] },
      { kind: "extend", direction: "forward", num_frames: 16 },
      {
        kind: "extend",
        direction: "backward",
        num_frames: 32,
        num_inference_steps: 8,
        seed: 1,
        context_frames: 2,
      },
      { kind: "insert", at_frame: 9, num_frames: 8 },
      { kind: "loop", num_frames: 8 },
      { kind: "continue", num_frames: 16, prompt: "on" },
      { kind: "finalize" },
      { kind: "concatenate", takes: [first!.id, last] },
    ]);
    expect(bench.server.takes).toHaveLength(2);
  });

  test("--plan prints what would be computed, reused and how long it takes, and makes nothing", async () => {
    const parent = await bench.have();
    const { stdout } = await arc("fork last --at 1 --plan");
    expect(stdout).toMatch(new RegExp(`^from +${parent.id}\n`));
    expect(stdout).toMatch(/steps 1-4 +zoetrope-s by euler, guidance 4\n/);
    expect(stdout).toMatch(
      /reuses +1 of 4 steps\ncomputes +3 steps\ntakes +about 8\.0 s \(2\.0 s a step\)\n/,
    );
    expect((await arc("edit last --frames 4-12 --plan")).stdout).toMatch(
      /\nkeeps +62\.5 % of the latents, bit for bit\n/,
    );
    const { stdout: json } = await arc("fork last --at 1 --plan --json");
    expect(JSON.parse(json)).toMatchObject({ estimate: { steps: 3, steps_reused: 1 } });
    expect(bench.server.takes).toHaveLength(1);
    expect(readdirSync(bench.folder)).toEqual(["have.mp4"]);
  });

  test("a mask is sent as a file and named by its digest", async () => {
    await bench.have();
    writeFileSync(path.join(bench.folder, "sky.png"), "not really a PNG");
    expect(await arc("edit last --mask sky.png -o e.mp4")).toMatchObject({ code: 0 });
    expect(bench.server.uploads[0]).toContain('filename="sky.png"');
    expect(bench.server.uploads[0]).toContain("not really a PNG");
    expect(bench.server.sent).toEqual([
      { kind: "edit", area: { shape: "brush", file: "1".repeat(64) } },
    ]);
  });

  test.each<[string, Partial<EditProof>, string]>([
    [
      "kept exactly",
      { kept_pixels_equal: true },
      "300 of 400 latents kept, equal bit for bit; their pixels equal; 4 steps (2.0 s) computed, the whole clip took 8 steps",
    ],
    [
      "pixels differ",
      { kept_psnr_db: 48.23 },
      "300 of 400 latents kept, equal bit for bit; their pixels at 48.2 dB; 4 steps (2.0 s)",
    ],
    [
      "thinned out",
      { kept_path: "straight_line", kept_pixels_equal: true },
      "equal bit for bit, led along a straight line instead of its stored steps; their pixels equal",
    ],
    [
      "not kept",
      { kept_equal: false },
      "300 of 400 latents kept, but NOT all of them equal bit for bit",
    ],
    [
      "all changed",
      { kept_latents: 0 },
      "Nothing was kept: the edit covers the whole clip; 4 steps",
    ],
  ])("an edit's proof is one honest line: %s", async (_, changes, line) => {
    const proof: EditProof = {
      kept_path: "stored",
      kept_latents: 300,
      changed_latents: 100,
      kept_equal: true,
      kept_psnr_db: null,
      kept_pixels_equal: false,
      cost: { computed: { steps: 4, seconds: 2 }, whole_clip: { steps: 8, seconds: null } },
      ...changes,
    };
    await bench.serve({
      script: (fake, take) => fake.complete(fake.change(take, { proof: take.parent_id && proof })),
    });
    await bench.have();
    const { stdout } = await arc("edit last --frames 4-12 -o e.mp4");
    const printed = stdout.split("\n").filter((text) => text.includes("kept"));
    expect(printed).toHaveLength(1);
    expect(printed[0]).toContain(line);
    expect(JSON.parse((await arc("edit last --json -o f.mp4")).stdout) as object).toMatchObject({
      proof,
      origin: { kind: "edit" },
    });
  });

  test.each([
    ["fork last", "arc fork needs --at STEP"],
    ["insert last --at 4", "arc insert needs --frames COUNT"],
    ["concat last", "arc concat needs two takes or more"],
    ["edit last --frames 12-4", 'a range of frames like 4-12, not "12-4"'],
    ["edit last --area 10,10", "--area takes x,y,width,height in percent"],
    ["edit last --polygon 1,1", "three or more points"],
    ["edit last --area 1,1,2,2 --mask m.png", "--area and --mask both say what part to change"],
    ["edit last --frames 1-2 --seconds 1-2", "--frames and --seconds both say"],
    ["edit last --mask none.png", "none.png cannot be read: there is no such file"],
    [
      "fork last --at 1 --cache 2-4",
      "start:end:interval in steps with the end after the start, like 4:16:2",
    ],
    ["fork last --at 1 --sigmas 0.5,x", "noise levels that fall to 0"],
    ["fork last --at 1 --detach -o a.mp4", "leave -o out"],
    ["generate ball --steps some", "a whole number, or few"],
    ["generate ball --stages zoetrope-s", "models with their steps"],
  ])("arc %s is refused before anything is asked", async (line, message) => {
    await bench.serve();
    expect(await arc(line)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(message) as string,
    });
    expect(bench.server.requests).toEqual([]);
  });

  test("a refusal of the server is told with the option that was typed", async () => {
    await bench.serve({
      refuseCreate: {
        status: 400,
        code: "unsupported_value",
        detail: "at_step = 30 leaves no step to change.",
        details: { field: "at_step", value: 30 },
      },
      script: () => {},
    });
    const { id: take } = bench.given();
    const result = await arc(`fork ${take} --at 30`);
    expect(result).toMatchObject({ code: 1 });
    expect(result.stderr).toContain("What to do: Change --at.\n(unsupported_value, request req-7)");
  });

  test("a step that is not stored any more says where to look", async () => {
    await bench.serve({
      refuseCreate: {
        status: 404,
        code: "state_not_found",
        detail: "The state after step 3 is not stored.",
        details: { take_id: "take_a" },
      },
    });
    const { id: take } = bench.given();
    expect((await arc(`fork ${take} --at 3`)).stderr).toContain("arc show take_a.");
  });

  test("--detach does not wait: it prints the id and how to look", async () => {
    await bench.serve({ script: () => {} });
    const { id: take } = bench.given();
    const result = await arc(`extend ${take} --detach`);
    expect(result.code).toBe(0);
    expect(result.stdout).toMatch(/^take_\w+1 is queued\. See how it goes: arc watch take_\w+1\n$/);
  });
});

describe("arc generate with the trajectory's options", () => {
  test("stages, cache, priority and --no-reuse are sent; --estimate only prints", async () => {
    await bench.serve();
    await arc(
      "generate ball --stages zoetrope-s:8,zoetrope-m:12 --cache 4:16:2 --priority 5 --title One --no-reuse -o a.mp4",
    );
    expect(bench.server.bodies).toEqual([
      {
        prompt: "ball",
        stages: [
          { model: "zoetrope-s", steps: 8 },
          { model: "zoetrope-m", steps: 12 },
        ],
        cache: { start: 4, end: 16, interval: 2 },
        priority: 5,
        title: "One",
        reuse: false,
      },
    ]);
    await arc("generate ball --stages default --steps few -o b.mp4");
    const own = { stages: "default", num_inference_steps: "few" };
    expect(bench.server.bodies[1]).toEqual({ prompt: "ball", ...own });
    const { stdout } = await arc("generate ball --estimate");
    expect(stdout).toMatch(/^prompt +ball\nresult +17 frames of 128x128, 2\.1 s at 8 fps\n/);
    expect(stdout).toMatch(/computes +at most 4 steps\ntakes +not known yet/);
    expect(bench.server.takes).toHaveLength(2);
  });

  test("first and last frame are sent as files", async () => {
    await bench.serve();
    for (const name of ["a.png", "b.png"]) writeFileSync(path.join(bench.folder, name), name);
    await arc("generate ball --first-frame a.png --last-frame b.png -o c.mp4");
    expect(bench.server.bodies).toEqual([
      { prompt: "ball", first_frame: "1".repeat(64), last_frame: "2".repeat(64) },
    ]);
    expect(readFileSync(path.join(bench.folder, "c.mp4"), "utf8")).toContain("the bytes");
  });
});
