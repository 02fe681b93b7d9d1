import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import type { System } from "@arc-fabric/core";
import { EncoderProber } from "../src/encoder-prober.ts";
import { ProbeProcess } from "../src/probe-process.ts";
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

test("a probe that does not start says nothing of the encoder: it is ended, reported and tried again; an outcome is remembered", async () => {
  let patience = false;
  const sleep: System["sleep"] = async (ms, signal) => {
    if (patience) await realSystem.sleep(ms, signal);
  };
  const prober = new EncoderProber({
    system: { ...realSystem, sleep },
    logger: recordedLogger(),
  });
  expect(await prober.probe(software)).toMatchObject({
    usable: false,
    error: expect.stringContaining("did not start within 30 s"),
  });
  patience = true;
  const report = await prober.probe(software);
  expect(report).toMatchObject({ usable: true, error: null });
  expect(await prober.probe(software)).toBe(report);
});

test("a probe whose encoder hangs is ended and reported", async () => {
  const sleep: System["sleep"] = async (ms, signal) =>
    ms === 5000 ? undefined : realSystem.sleep(ms, signal);
  const main = fileURLToPath(new URL("fixtures/hanging-probe-main.ts", import.meta.url));
  const probe = new ProbeProcess({ system: { ...realSystem, sleep }, encoder: "libx264", main });
  expect(await probe.outcome).toMatchObject({
    usable: false,
    error: expect.stringContaining("no answer within 5 s"),
    conclusive: true,
  });
});

test("an encoder that the build lacks is reported, not thrown", async () => {
  const entry = { ...software, name: "h264_missing" };
  const report = await new EncoderProber({ system: realSystem, logger: recordedLogger() }).probe(
    entry,
  );
  expect(report).toMatchObject({ usable: false, error: expect.stringContaining("h264_missing") });
});

test("what is known of the encoders is told at once; the rest is found out behind it", async () => {
  const media = fixture.media();
  expect(media.encoders()).toEqual({ reports: [], probing: true });
  const reports = await media.probe();
  expect(media.encoders()).toEqual({ reports, probing: false });
});

test("warming starts the process that the first picture then finds", async () => {
  const media = fixture.media();
  expect(media.pid).toBeUndefined();
  await media.warm();
  const { pid } = media;
  expect(pid).toBeGreaterThan(0);
  await media.encodeStills({ count: 1, width: 8, height: 8, data: new Uint8Array(8 * 8 * 3) });
  expect(media.pid).toBe(pid);
});
