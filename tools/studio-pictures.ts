/**
 * Draws the README's pictures of the studio, from the real server and the embedded model:
 * `node tools/studio-pictures.ts`. Needs a Chromium (ARC_CHROMIUM or a usual place).
 */
import { createClient } from "@arc-fabric/client";
import { chromium, type Page } from "playwright-core";
import sharp from "sharp";
import { startServer } from "../bench/lib/start-server.ts";
import { buildStudio } from "./build-studio.ts";
import { findChromium } from "./find-chromium.ts";

const ON_STAGE = { prompt: "a red ball bounces on a green meadow", seed: 9 };
/** Of the video, counted from 0: near the highest point of the bounce. */
const FRAME = 11;
const LIBRARY = [
  { prompt: "a large purple heart stays still in the snow", seed: 5 },
  { prompt: "a large blue ball shrinks in the desert", seed: 12 },
  { prompt: "a large white ball moves right at night", seed: 2 },
  { prompt: "a large orange ball rises over the blue sea", seed: 11 },
  { prompt: "a large pink heart stays still on a white background", seed: 2 },
  { prompt: "a yellow ball rises at sunset", seed: 6 },
  { prompt: "an orange ball moves left over the blue sea", seed: 2 },
];
const PICTURES = { light: "docs/studio.png", dark: "docs/studio-dark.png" } as const;

async function main(): Promise<void> {
  const executablePath = findChromium(process.env);
  if (!executablePath)
    throw new Error("No Chromium was found. Install one or set ARC_CHROMIUM to its path.");
  await buildStudio({ log: console.error });
  // As a new user has it: with the model that the server chooses, not the one that the benchmarks compare.
  const server = await startServer([]);
  const browser = await chromium.launch({
    executablePath,
    args: ["--headless", "--no-sandbox", "--disable-gpu"],
  });
  try {
    const client = createClient({ baseUrl: server.url });
    for (const request of LIBRARY) await client.takes.wait((await client.takes.create(request)).id);
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    await page.goto(server.url);
    await generate(page);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      const picture = await page.screenshot({ animations: "disabled" });
      // 256 colours are enough for it and leave two fifths of the bytes.
      await sharp(picture).png({ palette: true, effort: 10 }).toFile(PICTURES[colorScheme]);
    }
  } finally {
    await browser.close();
    await server.stop();
  }
}

/** As a person does, until the finished video stands at the wanted frame. */
async function generate(page: Page): Promise<void> {
  await page.getByRole("textbox", { name: "Prompt", exact: true }).fill(ON_STAGE.prompt);
  await page.getByRole("textbox", { name: "Seed, exact value" }).fill(String(ON_STAGE.seed));
  await page.getByRole("button", { name: "Generate" }).click();
  const live = page.getByRole("img", { name: /^Live picture/ });
  await live.waitFor();
  await live.waitFor({ state: "detached" });
  const video = page.locator("video");
  await video.press("Home");
  for (let frame = 0; frame < FRAME; frame++) await video.press(".");
  await page.getByText(`${FRAME + 1} / `).waitFor();
  // The focus ring is no part of the picture, nor is a button that is pointed at.
  await video.blur();
  await page.mouse.move(0, 0);
}

await main();
