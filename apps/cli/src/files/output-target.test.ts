import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fileNameOf, freePath, outputTarget } from "./output-target.ts";

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), "arc-output-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const target = (output?: string) => outputTarget("generate", output, folder);

describe("where -o points", () => {
  test("to a file, a folder, standard output, the user's folder when it is left out, or a device that is not replaced", () => {
    mkdirSync(path.join(folder, "clips"));
    expect(target("ball.mp4")).toEqual({
      type: "file",
      path: path.join(folder, "ball.mp4"),
      special: false,
    });
    expect(target("clips")).toEqual({ type: "folder", path: path.join(folder, "clips") });
    expect(target()).toEqual({ type: "folder", path: folder });
    expect(target("-")).toEqual({ type: "stdout" });
    expect(target("/dev/null")).toEqual({ type: "file", path: "/dev/null", special: true });
  });

  test("a link stays; the file behind it is the target", () => {
    writeFileSync(path.join(folder, "real.mp4"), "");
    symlinkSync("real.mp4", path.join(folder, "link.mp4"));
    expect(target("link.mp4")).toMatchObject({ path: path.join(folder, "real.mp4") });
  });

  test("a missing folder and another format are refused with what to do", () => {
    expect(() => target("no/ball.mp4")).toThrow(`mkdir -p ${path.join(folder, "no")}`);
    expect(() => target("clips/")).toThrow("There is no folder");
    expect(() => target("it's here/x.mp4")).toThrow(String.raw`it'\''s here'`);
    expect(() => target("ball.gif")).toThrow("its name ends in .mp4");
    expect(outputTarget("download", "a.jpeg", folder, "thumbnail")).toMatchObject({ type: "file" });
  });

  test("a name made from the prompt is safe, bounded, and never one that is taken", () => {
    const take = (prompt: string) => ({ parameters: { prompt, seed: 7 } });
    expect(fileNameOf(take("  Ein roter Ball, über Wiesen! "), "video")).toBe(
      "ein-roter-ball-uber-wiesen-7.mp4",
    );
    expect(fileNameOf(take("../../etc/passwd"), "thumbnail")).toBe("etc-passwd-7-thumbnail.jpg");
    expect(fileNameOf(take("赤いボール"), "video")).toBe("video-7.mp4");
    expect(fileNameOf(take("x".repeat(500)), "video").length).toBeLessThan(60);
    writeFileSync(path.join(folder, "a-7.mp4"), "");
    expect(freePath(folder, "a-7.mp4")).toBe(path.join(folder, "a-7-2.mp4"));
  });
});
