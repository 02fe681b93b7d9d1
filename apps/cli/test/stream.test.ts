import { readFileSync } from "node:fs";
import path from "node:path";
import type { Stream, Take } from "@arc-fabric/contract";
import { describe, expect, test, vi } from "vitest";
import { callArc, type CallResult } from "./support/call-arc.ts";
import { startArc } from "./support/run-arc.ts";
import { tinyServer } from "./support/tiny-server.ts";

// A server computes all blocks of these tests, on a machine that others may use.
vi.setConfig({ testTimeout: 120_000 });

const server = tinyServer();
const options = () => ({ cwd: server.folder, env: { ARC_SERVER: server.url } });
const arc = (...args: string[]): Promise<CallResult> => callArc(args, options());

interface Shown {
  readonly stream: Stream;
  readonly items: Take[];
}
const json = async (...args: string[]): Promise<Shown> => {
  const result = await arc(...args, "--json");
  expect(result).toMatchObject({ code: 0, stderr: "" });
  return JSON.parse(result.stdout) as Shown;
};
const prompts = ({ items }: Shown) => items.map(({ parameters }) => parameters.prompt);
const start = (...more: string[]) =>
  json("stream", "a red ball", "--steps", "2", "--block-frames", "4", ...more);

describe("arc stream", () => {
  test("follows the blocks one by one and says what can be done with them", async () => {
    const result = await arc("stream", "a red ball", "--blocks", "2", "--steps", "2");
    const { stream, items } = await json("stream", "show", "last");
    expect(stream).toMatchObject({ status: "paused", blocks: 2, num_inference_steps: 2 });
    expect(result.stdout).toBe(
      `All 2 blocks are made.\nAs one clip: arc stream finalize ${stream.id}\nMore of them: arc stream resume ${stream.id} --blocks 6\n`,
    );
    for (const [i, { id }] of items.entries())
      expect(result.stderr).toMatch(new RegExp(`^Block ${i + 1}  ${id} .* "a red ball"$`, "m"));
    expect(result.stderr).toMatch(/^Block [12]\/2: /m);
  });

  test("with -o ends the stream and saves its blocks as one clip", async () => {
    const words = "--blocks 2 --steps 2 --block-frames 4 --no-progress -o ball.mp4".split(" ");
    const result = await arc("stream", "a red ball", ...words);
    expect(result).toMatchObject({ code: 0, stderr: "" });
    expect(result.stdout).toMatch(/^Saved ball\.mp4\n {2}21 frames of 32x32/);
    const video = readFileSync(path.join(server.folder, "ball.mp4"));
    expect(video.subarray(4, 8).toString("latin1")).toBe("ftyp");
    expect((await json("stream", "show", "last")).stream.status).toBe("ended");
    const again = await arc("stream", "resume", "last");
    expect(again).toMatchObject({ code: 1 });
    expect(again.stderr).toContain("Start a new one with arc stream");
  });

  test("a changed prompt counts from the next block on; going back makes what follows anew", async () => {
    const first = await start("--blocks", "3");
    expect(prompts(first)).toEqual(["a red ball", "a red ball", "a red ball"]);
    const { id } = first.stream;
    const changed = await arc("stream", "change", id, "--prompt", "a blue ball", "--blocks", "4");
    expect(changed.stdout).toContain("Paused with 3 of 4 blocks.");
    expect(prompts(await json("stream", "resume", id))).toEqual([...prompts(first), "a blue ball"]);
    const back = await arc("stream", "back", id, "2", "--prompt", "a green ball");
    expect(back.stdout).toContain(`Went back to block 2, ${first.items[1]!.id}.`);
    const other = await json("stream", "resume", id);
    expect(prompts(other)).toEqual(["a red ball", "a red ball", "a green ball", "a green ball"]);
    expect(other.items[1]!.id).toBe(first.items[1]!.id);
    const tree = await arc("tree", first.stream.session_id);
    expect(tree.stdout).toContain(first.items[2]!.id);
    expect(tree.stdout).toContain('next block of 4 frames: prompt "a blue ball"');
    const there = await arc("stream", "back", id, first.items[2]!.id);
    expect(there.stdout).toContain("Went back to block 3");
    const saved = await arc("stream", "finalize", id, "-o", "back.mp4", "--no-progress");
    expect(saved.stdout).toMatch(/25 frames/);
  });

  test("Ctrl-C pauses it; watch follows what another command lets go on", async () => {
    const running = startArc(
      ["stream", "a red ball", "--blocks", "100", "--steps", "20", "--block-frames", "4"],
      options(),
    );
    // Its line when it is made; of a block as quick as these, progress may never be told.
    await running.says("Block 1  take_");
    running.kill("SIGINT");
    const result = await running.ended;
    expect(result).toMatchObject({ code: 130, stdout: "" });
    const { stream } = await json("stream", "show", "last");
    expect(result.stderr).toContain(`Let it go on: arc stream resume ${stream.id}`);
    expect(stream).toMatchObject({ status: "paused", error: null });
    const more = ["--blocks", "5", "--detach"];
    expect((await json("stream", "resume", stream.id, ...more)).stream.status).toBe("running");
    const { stream: after } = await json("stream", "watch", stream.id);
    expect(after).toMatchObject({ status: "paused", blocks: 5 });
    expect((await arc("streams")).stdout).toMatch(new RegExp(`^${stream.id} +paused +5/5 `, "m"));
  });

  test("wrong input names the value and the remedy, and changes nothing", async () => {
    const { stream, items } = await start("--blocks", "1");
    const refusals: [string[], number, string][] = [
      [["stream", "resume", stream.id], 1, "What to do: Change --blocks."],
      [["stream", "back", stream.id, "7"], 1, "no block 7: its blocks are 1 to 1"],
      [["stream", "back", stream.id, "nope"], 1, '"take_id" must be an id'],
      [["stream", "change", stream.id], 2, "needs what to change"],
      [["stream", "change", stream.id, "--guidance", "99"], 1, "Change --guidance"],
      [["stream", "change", stream.id, "--blocks", "0"], 1, '"max_blocks"'],
      [["stream", "puase", stream.id], 2, "Did you mean pause?"],
      [["stream", ""], 2, "The prompt is empty."],
      [["stream", "show", "str_01jd0000000000000000000000"], 1, "arc streams lists them."],
      [["stream", "a ball", "--block-frames", "3"], 1, "--block-frames"],
      [["stream", "a ball", "-o", "ball.gif"], 2, "its name ends in .mp4"],
    ];
    for (const [args, code, text] of refusals) {
      const result = await arc(...args);
      expect([args, result.code, result.stderr]).toEqual([
        args,
        code,
        expect.stringContaining(text) as string,
      ]);
    }
    expect((await json("stream", "show", items[0]!.id)).stream).toEqual(stream);
  });
});
