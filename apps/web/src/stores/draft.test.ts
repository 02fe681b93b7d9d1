import { takeRequestSchema } from "@arc-fabric/contract";
import { describe, expect, test } from "vitest";
import { MOCK_MODEL } from "../../mock/model.ts";
import { changedCount, effectiveSettings, parseDraft, requestFrom } from "./draft.ts";

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
    expect(now).toMatchObject({ num_frames: 17, width: 128, fps: 30, guidance_scale: 15 });
  });
  test("the request is one the contract accepts, with a seed only when it is kept", () => {
    const draft = { ...parseDraft(null), prompt: "  a red ball  " };
    const free = takeRequestSchema.parse(requestFrom(draft, MOCK_MODEL));
    expect(free.prompt).toBe("a red ball");
    expect("seed" in free).toBe(false);
    expect(requestFrom({ ...draft, seed: 7 }, MOCK_MODEL).seed).toBe(7);
  });
});
