import { afterAll, expect, test } from "vitest";
import { EncoderProber } from "../src/encoder-prober.ts";
import { ENCODERS, findEncoder } from "../src/encoders.ts";
import { MediaFixture, realSystem, recordedLogger } from "./media-fixture.ts";

const fixture = new MediaFixture();
afterAll(async () => fixture.dispose());

const software = findEncoder("libx264")!;

test("the probe reports on every encoder; the software one works everywhere, and what does not work says why", async () => {
  const reports = await fixture.media().probe();
  expect(reports.map(({ encoder }) => encoder)).toEqual(ENCODERS.map(({ name }) => name));
  expect(reports.at(-1)).toMatchObject({
    encoder: "libx264",
    hardware: false,
    usable: true,
    error: null,
  });
  for (const report of reports)
    expect(report.usable || (report.error ?? "").length > 10).toBe(true);
});

test("a probe that takes too long is ended and reported", async () => {
  const impatient = { ...realSystem, sleep: async () => undefined };
  const prober = new EncoderProber({ system: impatient, logger: recordedLogger() });
  const report = await prober.probe(software);
  expect(report).toMatchObject({
    usable: false,
    error: expect.stringContaining("no answer within 5 s"),
  });
  expect(await prober.probe(software), "tried once and remembered").toBe(report);
});

test("an encoder that the build lacks is reported, not thrown", async () => {
  const entry = { ...software, name: "h264_missing" };
  const report = await new EncoderProber({ system: realSystem, logger: recordedLogger() }).probe(
    entry,
  );
  expect(report).toMatchObject({ usable: false, error: expect.stringContaining("h264_missing") });
});
