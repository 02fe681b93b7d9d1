/**
 * From a picture's making in the server to its drawing in a real browser, and how many finished frames were never drawn:
 * `node bench/live-latency.ts [--save]`. Needs a Chromium (ARC_CHROMIUM or a usual place).
 */
import { createClient } from "@arc-fabric/client";
import { loadavg } from "node:os";
import { chromium, type Page } from "playwright-core";
import { buildStudio } from "../tools/build-studio.ts";
import { findChromium } from "../tools/find-chromium.ts";
import { startServer } from "./lib/start-server.ts";
import { percentile, report } from "./lib/table.ts";

const TAKES = 20;
const FRAMES = 17;
const GOAL_MS = 40;
const REQUEST = { prompt: "a red ball bounces on a green meadow", num_frames: FRAMES };

/** What the studio's live canvas notes for every picture it draws for the first time; both clocks are this machine's. */
interface Shown {
  kind: "preview" | "frame";
  index: number;
  step: number;
  producedAtMs: number;
  receivedAtMs: number;
  shownAtMs: number;
}

async function main(): Promise<void> {
  const executablePath = findChromium(process.env);
  if (!executablePath)
    throw new Error("No Chromium was found. Install one or set ARC_CHROMIUM to its path.");
  await buildStudio({ log: console.error });
  const server = await startServer();
  const browser = await chromium.launch({ executablePath, args: ["--disable-gpu"] });
  try {
    const client = createClient({ baseUrl: server.url });
    await client.takes.wait((await client.takes.create({ ...REQUEST, seed: 0 })).id);
    const page = await browser.newPage({ viewport: { width: 1360, height: 900 } });
    await page.addInitScript(collect);
    await page.goto(server.url);
    const takes: Shown[][] = [];
    for (let seed = 1; seed <= TAKES; seed++) takes.push(await watchOne(page, seed));
    tell(takes);
  } finally {
    await browser.close();
    await server.stop();
  }
}

function collect(): void {
  const shown: unknown[] = [];
  (globalThis as unknown as { shown: unknown[] }).shown = shown;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntriesByName("arc.picture-shown"))
      shown.push((entry as unknown as { detail: Shown }).detail);
  }).observe({ type: "mark" });
}

/** Generates in the studio as a person does and waits until the video has taken the live picture's place. */
async function watchOne(page: Page, seed: number): Promise<Shown[]> {
  await page.evaluate(
    () => void ((globalThis as unknown as { shown: unknown[] }).shown.length = 0),
  );
  // A take leads to its session; the form is on the page before.
  await page.getByRole("link", { name: "Create", exact: true }).click();
  await page.getByRole("textbox", { name: "Prompt", exact: true }).fill(REQUEST.prompt);
  await page.getByRole("textbox", { name: "Seed, exact value" }).fill(String(seed));
  const before = page.url();
  await page.getByRole("button", { name: "Generate" }).click();
  await page.waitForURL((url) => url.href !== before);
  await page.getByRole("img", { name: /^Live picture/ }).waitFor();
  await page.locator("video").waitFor();
  await page.getByRole("img", { name: /^Live picture/ }).waitFor({ state: "detached" });
  return page.evaluate(() => [...(globalThis as unknown as { shown: Shown[] }).shown]);
}

function tell(takes: readonly Shown[][]): void {
  const firsts = (kind: Shown["kind"]) =>
    takes.flatMap((shown) =>
      shown
        .filter((one) => one.kind === kind)
        .toSorted((a, b) => a.producedAtMs - b.producedAtMs || a.shownAtMs - b.shownAtMs)
        .slice(0, 1),
    );
  const [previews, frames] = [firsts("preview"), firsts("frame")];
  const wholeWay = ({ producedAtMs, shownAtMs }: Shown) => shownAtMs - producedAtMs;
  const inServer = ({ producedAtMs, receivedAtMs }: Shown) => receivedAtMs - producedAtMs;
  const inBrowser = ({ receivedAtMs, shownAtMs }: Shown) => shownAtMs - receivedAtMs;
  const drawn = takes.map(
    (shown) => new Set(shown.filter(({ kind }) => kind === "frame").map(({ index }) => index)).size,
  );
  const dropped = drawn.reduce((sum, count) => sum + FRAMES - count, 0);
  const verdict = (what: string, shown: readonly Shown[]) => {
    const p50 = percentile(shown.map(wholeWay), 0.5);
    return `Goal: first produced → first shown ≤ ${GOAL_MS} ms at p50, ${what}: ${p50 <= GOAL_MS ? "met" : `missed by ${(p50 - GOAL_MS).toFixed(0)} ms`}.`;
  };
  const row = (what: string, samples: readonly number[]) => ({
    what,
    takes: samples.length,
    "p50 ms": percentile(samples, 0.5),
    "p95 ms": percentile(samples, 0.95),
    "best ms": Math.min(...samples),
  });
  report({
    name: "live-latency",
    title: "Live picture in the browser",
    method: `${TAKES} takes of ${FRAMES} frames made one after the other in the studio, in headless Chromium without a GPU, against a real server with the embedded model, all on this machine and on one clock. Produced: the worker's pixels are in the server; JPEG coding, WebSocket and decoding come after. Shown: drawn on the canvas in the browser's next animation frame.`,
    rows: [
      row("first preview: produced → shown", previews.map(wholeWay)),
      row("… produced → received by the page", previews.map(inServer)),
      row("… received → shown", previews.map(inBrowser)),
      row("first finished frame: produced → shown", frames.map(wholeWay)),
      row("… produced → received by the page", frames.map(inServer)),
      row("… received → shown", frames.map(inBrowser)),
    ],
    notes: [
      verdict("finished frames", frames),
      verdict("previews of the forming clip", previews),
      "Previews are made while the model computes the next step on all cores, so their coding and drawing have to share them.",
      `Finished frames that were never drawn: ${dropped} of ${TAKES * FRAMES}; goal 0: ${dropped === 0 ? "met" : "missed"}.`,
      `Load average of the machine meanwhile: ${loadavg()[0]?.toFixed(1)} (above the number of cores, other programs slowed this down).`,
    ],
  });
}

await main();
