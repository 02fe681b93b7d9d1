import { describe, expect, test } from "vitest";
import { checkPolicy, chooseEncoders } from "./encoder-policy.ts";
import type { EncoderEntry } from "./encoders.ts";

const SMALL = { width: 128, height: 128 };
const LARGE = { width: 1280, height: 720 };

/** A machine on which only the given encoders work; tells which were tried. */
function machine(...working: string[]) {
  const tried: string[] = [];
  const probe = async (entry: EncoderEntry) => {
    tried.push(entry.name);
    const usable = working.includes(entry.name);
    return {
      encoder: entry.name,
      hardware: entry.hardware,
      usable,
      error: usable ? null : "no driver",
      ms: 1,
    };
  };
  return { tried, probe };
}

describe("auto", () => {
  test("probes nothing and uses software for small pictures", async () => {
    const { tried, probe } = machine("h264_nvenc");
    const choice = await chooseEncoders(
      { encoder: "auto", allowSoftwareEncoder: true },
      SMALL,
      probe,
    );
    expect(choice.encoders).toEqual(["libx264"]);
    expect(tried).toEqual([]);
  });

  test("takes the first hardware encoder that works for large pictures, with software behind it", async () => {
    const { tried, probe } = machine("h264_nvenc", "h264_vaapi");
    const choice = await chooseEncoders(
      { encoder: "auto", allowSoftwareEncoder: true },
      LARGE,
      probe,
    );
    expect(choice.encoders).toEqual(["h264_nvenc", "libx264"]);
    expect(tried).toEqual(["h264_amf", "h264_nvenc"]);
  });

  test("uses software for large pictures where no hardware works", async () => {
    const choice = await chooseEncoders(
      { encoder: "auto", allowSoftwareEncoder: true },
      LARGE,
      machine().probe,
    );
    expect(choice.encoders).toEqual(["libx264"]);
  });

  test("uses hardware for small pictures where software is not allowed", async () => {
    const choice = await chooseEncoders(
      { encoder: "auto", allowSoftwareEncoder: false },
      SMALL,
      machine("h264_qsv").probe,
    );
    expect(choice.encoders).toEqual(["h264_qsv"]);
  });

  test("is refused where no hardware works and software is not allowed, naming what was tried", async () => {
    await expect(
      chooseEncoders({ encoder: "auto", allowSoftwareEncoder: false }, SMALL, machine().probe),
    ).rejects.toMatchObject({
      code: "encoder_unavailable",
      message: expect.stringContaining("h264_nvenc: no driver"),
    });
  });
});

describe("a named encoder", () => {
  test("is used where it works", async () => {
    const choice = await chooseEncoders(
      { encoder: "h264_vaapi", allowSoftwareEncoder: false },
      SMALL,
      machine("h264_vaapi").probe,
    );
    expect(choice).toEqual({ encoders: ["h264_vaapi"], rejected: [] });
  });

  test("gives way to software with its reason, where that is allowed", async () => {
    const choice = await chooseEncoders(
      { encoder: "h264_vaapi", allowSoftwareEncoder: true },
      SMALL,
      machine().probe,
    );
    expect(choice).toEqual({
      encoders: ["libx264"],
      rejected: [{ encoder: "h264_vaapi", error: "no driver" }],
    });
  });

  test("that does not work is refused by name where software is not allowed", async () => {
    await expect(
      chooseEncoders(
        { encoder: "h264_vaapi", allowSoftwareEncoder: false },
        SMALL,
        machine().probe,
      ),
    ).rejects.toMatchObject({
      code: "encoder_unavailable",
      message: expect.stringContaining("h264_vaapi does not work here (no driver)"),
    });
  });

  test("that is the software one contradicts a policy without software", async () => {
    await expect(
      chooseEncoders({ encoder: "libx264", allowSoftwareEncoder: false }, SMALL, machine().probe),
    ).rejects.toMatchObject({ code: "encoder_unavailable" });
  });

  test("that does not exist is refused at the start, listing those that do", () => {
    expect(() => checkPolicy({ encoder: "h264_magic", allowSoftwareEncoder: true })).toThrow(
      expect.objectContaining({
        code: "config_invalid",
        message: expect.stringContaining("auto, h264_amf"),
      }),
    );
  });
});
