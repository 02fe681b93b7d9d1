import { takeRequestSchema } from "@arc-fabric/contract";
import { describe, expect, test } from "vitest";
import { MOCK_MODEL } from "../../mock/model.ts";
import { changedCount, effectiveSettings, parseDraft, requestFrom, streamOf } from "./draft.ts";

describe("draft: what is typed survives a reload and stays inside the model's limits", () => {
  test("nothing remembered, or something unreadable, gives an empty draft", () => {
    for (const text of [null, "", "{", '{"prompt":3}']) expect(parseDraft(text).prompt).toBe("");
  });
  test("an empty draft follows the model's defaults", () => {
    const { defaults } = MOCK_MODEL;
    expect(effectiveSettings({}, MOCK_MODEL)).toMatchObject({ ...defaults, frame_lag: 0 });
    expect(changedCount({}, MOCK_MODEL)).toBe(0);
  });
  test("settings of another model are brought into this one's limits", () => {
    const now = effectiveSettings(
      { num_frames: 81, width: 832, fps: 60, guidance_scale: 99 },
      MOCK_MODEL,
    );
    const { max } = MOCK_MODEL.limits.num_frames;
    expect(now).toMatchObject({ num_frames: max, width: 128, fps: 30, guidance_scale: 15 });
  });
  test("a stream's blocks are whole groups of frames and no longer than a clip", () => {
    const { latents, limits } = MOCK_MODEL;
    const frames = (asked: number) =>
      streamOf({ ...parseDraft(null), stream: { blocks: 3, frames: asked } }, MOCK_MODEL).frames;
    expect([frames(1), frames(9), frames(1000)]).toEqual([
      latents.frames_per_group,
      2 * latents.frames_per_group,
      limits.num_frames.max - 1,
    ]);
  });
  test("the request is one the contract accepts, with a seed only when it is kept", () => {
    const draft = { ...parseDraft(null), prompt: "  a red ball  " };
    const free = takeRequestSchema.parse(requestFrom(draft, MOCK_MODEL));
    expect(free.prompt).toBe("a red ball");
    expect("seed" in free).toBe(false);
    expect(requestFrom({ ...draft, seed: 7 }, MOCK_MODEL).seed).toBe(7);
  });
});
