import type { Take } from "@arc-fabric/contract";
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findBarriers } from "./support/accessibility.ts";
import { launchBrowser, openPage } from "./support/browser.ts";
import { builtStudio } from "./support/built-studio.ts";

const root = path.resolve(import.meta.dirname, "../../..");
const SCREENSHOTS = path.join(root, "tmp/studio");
/** The slower size, on one thread: what is done to a take that runs must be done before it ends, and the browser needs a core for that. */
const MODEL = { id: "zoetrope-m", name: "Zoetrope M" };
const THREADS = "1";
/** A take of so many steps lasts some seconds on a fast machine. */
const MANY_STEPS = 100;
const hasModel = existsSync(path.join(root, "models", MODEL.id, "denoiser.onnx"));
const TOKEN = "a-long-token-for-the-test";
const START_TIMEOUT_MS = 90_000;

interface RealServer {
  url: string;
  child: ChildProcess;
}

async function startServer(dataDir: string, port = 0): Promise<RealServer> {
  const args = [
    "--disable-warning=ExperimentalWarning",
    path.join(root, "apps/server/src/main.ts"),
    "--port",
    String(port),
    "--data-dir",
    dataDir,
    "--no-studio-build",
    "--exit-with-stdin",
    "--log-level",
    "error",
  ];
  const child = spawn(process.execPath, args, {
    stdio: ["pipe", "ignore", "inherit"],
    env: { ...process.env, ARC_TOKEN: TOKEN, ARC_DEFAULT_MODEL: MODEL.id, ARC_THREADS: THREADS },
  });
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline && child.exitCode === null) {
    try {
      const { url, pid } = JSON.parse(readFileSync(path.join(dataDir, "server.json"), "utf8")) as {
        url: string;
        pid: number;
      };
      if (pid === child.pid && (await fetch(`${url}/api/v1/health`)).ok) return { url, child };
    } catch {
      // Not there yet: the file is written once the server listens.
    }
    await sleep(50);
  }
  throw new Error(`The server did not become ready (exit code ${child.exitCode}).`);
}

/** kill -9: nothing is written, nothing is said. */
function kill({ child }: RealServer): Promise<void> {
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGKILL");
  });
}

describe.skipIf(!hasModel)("studio on the real server with the embedded model", () => {
  let browser: Browser;
  let server: RealServer;
  let page: Page;
  let complaints: string[];
  const dataDir = mkdtempSync(path.join(tmpdir(), "arc-studio-e2e-"));
  const stage = () => page.getByRole("region", { name: "Take", exact: true });
  const takeId = () => new URL(page.url()).searchParams.get("take")!;
  const waitForClip = async (before: string) => {
    await page.waitForURL((url) => ![before, null].includes(url.searchParams.get("take")));
    const id = takeId();
    await page
      .locator(`[data-take="${id}"][aria-selected=true][aria-label*=completed]`)
      .waitFor({ timeout: 110_000 });
    await stage().locator("video").waitFor();
    return id;
  };
  const take = async (id: string) =>
    (await page.request.get(`${server.url}/api/v1/takes/${id}`)).json() as Promise<Take>;
  /** Of the form: the editor that is being left has one as well. */
  const promptBox = () =>
    page
      .getByRole("form", { name: "New take" })
      .getByRole("textbox", { name: "Prompt", exact: true });
  const generate = async (prompt: string) => {
    await page.getByRole("link", { name: "Create", exact: true }).click();
    await promptBox().fill(prompt);
    const before = page.url();
    await page.getByRole("button", { name: "Generate" }).click();
    await page.waitForURL((url) => url.href !== before);
  };

  beforeAll(async () => {
    await mkdir(SCREENSHOTS, { recursive: true });
    await builtStudio();
    [browser, server] = await Promise.all([launchBrowser(), startServer(dataDir)]);
    ({ page, complaints } = await openPage(browser, server.url));
    // What is waited for here is made by the model, beside other tests on a machine that may be slow.
    page.setDefaultTimeout(90_000);
  });
  afterAll(async () => {
    await browser?.close();
    if (server) await kill(server);
    rmSync(dataDir, { recursive: true, force: true });
  });

  test("the token from the login page opens everything", async () => {
    await page.getByLabel("Token").fill("wrong");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("alert").filter({ hasText: "token" }).waitFor();
    await page.getByLabel("Token").fill(TOKEN);
    await page.getByRole("button", { name: "Log in" }).click();
    await page
      .getByRole("region", { name: "Model" })
      .getByText(MODEL.name, { exact: false })
      .first()
      .waitFor();
    await page.getByText("Your first clip appears here").waitFor();
  });

  test("a prompt becomes a live picture and then a video with the frames that were asked for", async () => {
    await generate("a red ball bounces on a green meadow");
    await stage()
      .getByRole("img", { name: /^Live picture/ })
      .waitFor();
    await page.screenshot({ path: path.join(SCREENSHOTS, "real-forming.png") });
    const video = stage().locator("video");
    await video.waitFor();
    await page.waitForFunction(() => (document.querySelector("video")?.currentTime ?? 0) > 0.3);
    await stage()
      .getByRole("img", { name: /^Live picture/ })
      .waitFor({ state: "detached" });
    const duration = await video.evaluate((element: HTMLVideoElement) => [
      element.duration,
      element.videoWidth,
      element.videoHeight,
    ]);
    expect(duration).toEqual([expect.closeTo(17 / 8, 1), 128, 128]);
    await page
      .getByRole("radiogroup", { name: "Step shown" })
      .getByRole("radio", { name: "Step 1", exact: true })
      .click();
    await stage()
      .getByRole("img", { name: /^The clip after step/ })
      .waitFor();
    await page.screenshot({ path: path.join(SCREENSHOTS, "real-done.png") });
    expect(await findBarriers(page)).toEqual([]);
  });

  test("a fork, an edit of a painted part of some frames, and a longer clip are made in the editor", async () => {
    const first = takeId();
    await page.getByRole("radio", { name: "Step 6", exact: true }).click();
    await page.getByLabel("Prompt from here on").fill("a red ball bounces in the desert");
    await page.getByText(/^Computes 6 of 12 steps, about/).waitFor();
    await page.getByRole("button", { name: "Fork at step 6" }).click();
    const fork = await waitForClip(first);
    await page.getByText("6 of 12 steps reused").waitFor();

    await page.keyboard.press("b");
    const area = (await page.getByTestId("area").boundingBox())!;
    await page.mouse.move(area.x + area.width * 0.3, area.y + area.height * 0.4);
    await page.mouse.down();
    await page.mouse.move(area.x + area.width * 0.7, area.y + area.height * 0.6, { steps: 8 });
    await page.mouse.up();
    const frames = (await page.getByTestId("frames").boundingBox())!;
    await page.mouse.move(frames.x + frames.width * 0.35, frames.y + 20);
    await page.mouse.down();
    await page.mouse.move(frames.x + frames.width * 0.7, frames.y + 20, { steps: 5 });
    await page.mouse.up();
    await page.getByLabel("What it should show").fill("a blue ball bounces in the desert");
    const words = page.getByText(/keeps \d+ % of the latents bit for bit/);
    await words.waitFor();
    const share = Number(/keeps (\d+) %/.exec((await words.textContent())!)![1]);
    await page.getByRole("button", { name: "Make this part anew" }).click();
    const edit = await waitForClip(fork);
    await page.getByText("Kept part identical, bit for bit").waitFor();
    const { proof } = await take(edit);
    // What was promised before it ran is what was measured on the result.
    expect(proof).toMatchObject({ kept_equal: true, kept_path: "stored" });
    const kept = proof!.kept_latents / (proof!.kept_latents + proof!.changed_latents);
    expect(Math.floor(kept * 100)).toBe(share);
    await page.screenshot({ path: path.join(SCREENSHOTS, "real-edit.png") });

    await page.getByRole("slider", { name: "Frames added at the end" }).click();
    await page.getByText("17 frames become 33").waitFor();
    await page.getByRole("button", { name: "Add 16 frames" }).click();
    const longer = await waitForClip(edit);
    const duration = () =>
      stage()
        .locator("video")
        .evaluate((element: HTMLVideoElement) => element.duration);
    await expect.poll(duration).toBeCloseTo(33 / 8, 1);
    expect((await take(longer)).parent_id).toBe(edit);
    await page.screenshot({ path: path.join(SCREENSHOTS, "real-longer.png") });
  });

  test("undo by keyboard goes back through what was made; two takes are compared", async () => {
    const rows = page.getByRole("row");
    expect(await rows.count()).toBe(4);
    await page.keyboard.press("Control+z");
    await page.keyboard.press("Control+z");
    await page.locator("[role=row][aria-selected=true][aria-level='2']").waitFor();
    await page.keyboard.press("c");
    await page.getByText("the first 6 steps, byte for byte").waitFor();
    await page.getByRole("radio", { name: "Difference" }).click();
    await page.getByRole("img", { name: "The difference at this moment" }).waitFor();
    await page.screenshot({ path: path.join(SCREENSHOTS, "real-compare.png") });
    expect(await findBarriers(page)).toEqual([]);
    await page.keyboard.press("c");
  });

  test("a session is exported as one file and comes back under another name of its own", async () => {
    const before = page.url();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Export the session" }).click(),
    ]);
    const bundle = path.join(dataDir, "session.arc.tar");
    await download.saveAs(bundle);
    await page.getByRole("link", { name: "Library" }).click();
    await page.getByLabel("Bundle of a session").setInputFiles(bundle);
    await page.waitForURL(/\/sessions\/ses_/);
    expect(page.url()).not.toContain(new URL(before).pathname);
    await page.getByRole("row").nth(3).waitFor();
    await stage().locator("video").waitFor();
  });

  test("unknown words come back as a kind note", async () => {
    await generate("a red ball bounces in the dessert");
    await page.getByText(`${MODEL.name} does not know “dessert”`).waitFor();
  });

  test("a stream goes on block by block under a new prompt, plays as one, and becomes one clip", async () => {
    await page.getByRole("link", { name: "Create", exact: true }).click();
    await promptBox().fill("a red ball bounces on a green meadow");
    await page.getByRole("radio", { name: "Keep going" }).click();
    await page.getByRole("textbox", { name: "Blocks, exact value" }).fill("3");
    await page.getByRole("textbox", { name: "Steps, exact value" }).fill("24");
    await page.getByRole("textbox", { name: "Steps, exact value" }).press("Enter");
    await page.getByRole("button", { name: "Start the stream" }).click();
    await page.getByLabel(/^Prompt from block/).fill("a red ball bounces at night");
    await page.getByRole("button", { name: /^Use from block/ }).click();
    const block = (name: RegExp) => page.getByRole("radio", { name });
    await block(/^Block 3, 8 frames, completed: a red ball bounces at night/).waitFor();
    const whole = page.getByRole("region", { name: "Whole stream" });
    await whole.getByText(/^\d+ \/ 33/).waitFor();
    await page.screenshot({ path: path.join(SCREENSHOTS, "real-stream.png") });
    await page.getByRole("button", { name: "Make one clip" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Make one clip" }).click();
    const clip = await waitForClip("");
    expect((await take(clip)).parameters.num_frames).toBe(33);
    await page.getByText("Ended", { exact: true }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await page.getByRole("link", { name: "Create", exact: true }).click();
    await page.getByRole("radio", { name: "One clip" }).click();
  });

  test("a server killed in the middle is told, and the take goes on by itself to its video", async () => {
    await page.getByRole("link", { name: "Create", exact: true }).click();
    await page.getByRole("textbox", { name: "Steps, exact value" }).fill(String(MANY_STEPS));
    await generate("a large yellow star spins at night");
    await stage().getByRole("progressbar", { name: "Progress of this take" }).waitFor();
    await stage()
      .getByText(new RegExp(`^step [1-9]\\d of ${MANY_STEPS}`))
      .waitFor();
    await kill(server);
    await page.getByText("The server does not answer.").waitFor();
    server = await startServer(dataDir, Number(new URL(server.url).port));
    await stage().locator("video").waitFor({ timeout: 110_000 });
    await page.getByText("The server does not answer.").waitFor({ state: "detached" });
  });

  test("a take pauses within a step and goes on from there", async () => {
    await page.getByRole("link", { name: "Create", exact: true }).click();
    // The longest clip: it is never finished, and its steps are slow enough for a page that has little time.
    await page.getByRole("slider", { name: "Frames", exact: true }).press("End");
    await generate("a large yellow star grows at night");
    await page.getByRole("radio", { name: "Step 1", exact: true }).waitFor();
    await page.getByRole("button", { name: "Pause take" }).click();
    await page.locator(`[data-take="${takeId()}"][aria-label*=paused]`).waitFor();
    const { progress } = await take(takeId());
    await stage()
      .getByText(`after step ${progress.step} of ${MANY_STEPS}`, { exact: true })
      .waitFor();
    await page.getByRole("button", { name: "Resume" }).click();
    await page.getByRole("radio", { name: `Step ${progress.step + 1}`, exact: true }).waitFor();
    await stage().getByRole("button", { name: "Cancel" }).click();
    await stage()
      .getByText(new RegExp(`after step \\d+ of ${MANY_STEPS}`))
      .waitFor();
  });

  test("the library and the system page tell the truth about it", async () => {
    await page.getByRole("link", { name: "Library" }).click();
    await page.getByRole("main").getByRole("listitem").nth(2).waitFor();
    await page
      .getByRole("main")
      .getByRole("link", { name: /yellow star spins/ })
      .click();
    await page.getByText("resumed 1 time").waitFor();
    await page.getByRole("link", { name: "System" }).click();
    await page.getByRole("region", { name: "Workers" }).getByText(MODEL.id).waitFor();
    expect(await page.getByRole("region", { name: "Configuration" }).textContent()).not.toContain(
      TOKEN,
    );
    expect(await findBarriers(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });
});
