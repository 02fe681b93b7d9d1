import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Take } from "@arc-fabric/contract";
import { describe, expect, test, vi } from "vitest";
import { callArc, type CallResult } from "./support/call-arc.ts";
import { tinyServer } from "./support/tiny-server.ts";

// A server computes the takes of these tests, on a machine that others may use.
vi.setConfig({ testTimeout: 120_000 });

const server = tinyServer();
const arc = (...args: string[]): Promise<CallResult> =>
  callArc(args, { cwd: server.folder, env: { ARC_SERVER: server.url } });
const make = async (...args: string[]): Promise<string> => {
  const result = await arc(...args, "--json", "-o", "clip.mp4");
  expect(result).toMatchObject({ code: 0 });
  return (JSON.parse(result.stdout) as { take_id: string }).take_id;
};
const generate = (...more: string[]) => make("generate", "a red ball", "--steps", "4", ...more);
const shown = async (id: string) => JSON.parse((await arc("show", id, "--json")).stdout) as Take;

describe("arc watch", () => {
  test("follows a take that another command has started, and saves its video when asked to", async () => {
    const started = await arc("generate", "a red ball", "--steps", "4", "--detach", "--json");
    const { take_id: id } = JSON.parse(started.stdout) as { take_id: string };
    const result = await arc("watch", "last");
    expect(result).toMatchObject({
      code: 0,
      stdout: `${id} is completed. Save its video: arc download ${id}\n`,
    });
    expect(existsSync(path.join(server.folder, "watched.mp4"))).toBe(false);
    expect((await arc("watch", id, "-o", "watched.mp4")).stdout).toContain("Saved watched.mp4");
    expect(readFileSync(path.join(server.folder, "watched.mp4")).toString("latin1", 4, 8)).toBe(
      "ftyp",
    );
  });
});

describe("arc rename", () => {
  test("gives takes and sessions titles, which lists show, and takes those of takes away", async () => {
    const id = await generate();
    const { session_id: session } = await shown(id);
    expect((await arc("rename", id, "the", "good one")).stdout).toBe(
      `${id} is called "the good one"\n`,
    );
    expect((await arc("takes", "-n", "1")).stdout).toContain("the good one: a red ball");
    expect((await arc("rename", session, "red balls")).stdout).toContain('"red balls"');
    expect((await arc("tree", session)).stdout).toContain(`red balls  ${session}, 1 take`);
    expect((await arc("rename", id, "--remove")).stdout).toBe(`${id} has no title any more\n`);
    expect((await shown(id)).title).toBeNull();
    expect(await arc("rename", id)).toMatchObject({ code: 2 });
    expect(await arc("rename", session, "--remove")).toMatchObject({ code: 2 });
  });
});

describe("arc head", () => {
  test("goes back to an earlier take of the session", async () => {
    const first = await generate();
    const { session_id: session } = await shown(first);
    await make("fork", first, "--at", "2", "--prompt", "a blue ball");
    expect((await arc("head", first)).stdout).toBe(`${first} is the head of "a red ball"\n`);
    expect((await arc("tree", session)).stdout).toMatch(new RegExp(`${first}.* head\\b`));
    expect(await arc("head", "take_none")).toMatchObject({ code: 1 });
  });
});

describe("arc draft", () => {
  test("saves the frames that are expected at a step; one that is not stored is refused", async () => {
    const id = await generate();
    expect((await arc("draft", id, "2", "-o", "early.jpg")).stdout).toContain("early.jpg");
    const jpeg = readFileSync(path.join(server.folder, "early.jpg"));
    expect([...jpeg.subarray(0, 2)]).toEqual([0xff, 0xd8]);
    const missing = await arc("draft", id, "9");
    expect(missing.stderr).toContain(`What to do: The steps that are stored: arc show ${id}.`);
    expect(await arc("draft", id, "0")).toMatchObject({ code: 2 });
    expect((await arc("draft", id, "2", "-o", "early.png")).stderr).toContain("ends in .jpg");
  });
});

describe("arc generate --session", () => {
  test("puts another take into the session of a take", async () => {
    const first = await generate();
    const second = await generate("--session", first, "--seed", "3");
    expect((await shown(second)).session_id).toBe((await shown(first)).session_id);
    const wrong = await arc("generate", "a red ball", "--session", "nope");
    expect(wrong.stderr).toContain("the id of one of its takes will do as well");
  });
});

describe("arc delete", () => {
  test("deletes takes in an order that works, whatever order they are named in", async () => {
    const parent = await generate();
    const child = await make("fork", parent, "--at", "2");
    const alone = await arc("delete", parent, "--yes");
    expect(alone).toMatchObject({ code: 1 });
    expect(alone.stderr).toContain("take_in_use");
    const both = await arc("delete", parent, child, "--yes");
    expect(both).toMatchObject({ code: 0, stdout: `Deleted ${child}\nDeleted ${parent}\n` });
  });

  test("with --with-children deletes a branch and nothing beside it", async () => {
    const root = await generate();
    const branch = await make("fork", root, "--at", "2");
    const leaf = await make("fork", branch, "--at", "3");
    const joined = await make("concat", root, leaf);
    const beside = await make("fork", root, "--at", "1");
    const { session_id: session } = await shown(root);
    const result = await arc("delete", branch, "--with-children", "--yes");
    expect(result.stdout).toBe(`Deleted ${joined}\nDeleted ${leaf}\nDeleted ${branch}\n`);
    const left = JSON.parse((await arc("tree", session, "--json")).stdout) as { items: Take[] };
    expect(left.items.map(({ id }) => id)).toEqual([root, beside]);
  });
});
