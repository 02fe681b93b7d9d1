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
const hasModel = existsSync(path.join(root, "models/zoetrope-s/denoiser.onnx"));
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
    env: { ...process.env, ARC_TOKEN: TOKEN },
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
  const generate = async (prompt: string) => {
    await page.getByRole("textbox", { name: "Prompt", exact: true }).fill(prompt);
    const before = page.url();
    await page.getByRole("button", { name: "Generate" }).click();
    await page.waitForURL((url) => url.href !== before);
  };

  beforeAll(async () => {
    await mkdir(SCREENSHOTS, { recursive: true });
    await builtStudio();
    [browser, server] = await Promise.all([launchBrowser(), startServer(dataDir)]);
    ({ page, complaints } = await openPage(browser, server.url));
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
    await page.getByRole("heading", { name: "Zoetrope S" }).waitFor();
    await page.getByText("Your first clip appears here").waitFor();
  });

  test("a prompt becomes a live picture and then a video with the frames that were asked for", async () => {
    await generate("a red ball bounces on a green meadow");
    await stage()
      .getByRole("img", { name: /^Live picture/ })
      .waitFor();
    await page.screenshot({ path: path.join(SCREENSHOTS, "real-forming.png") });
    const video = stage().locator("video");
    await video.waitFor({ timeout: 90_000 });
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
    await stage()
      .getByRole("radiogroup", { name: "Step shown" })
      .getByRole("radio")
      .first()
      .click();
    await stage()
      .getByRole("img", { name: /^The clip after step/ })
      .waitFor();
    await page.screenshot({ path: path.join(SCREENSHOTS, "real-done.png") });
    expect(await findBarriers(page)).toEqual([]);
  });

  test("unknown words come back as a kind note", async () => {
    await generate("a red ball bounces in the dessert");
    await page.getByText("Zoetrope S does not know “dessert”").waitFor();
  });

  test("a server killed in the middle is told, and the take goes on by itself to its video", async () => {
    await page.getByRole("textbox", { name: "Steps, exact value" }).fill("100");
    await generate("a large yellow star spins at night");
    await stage().getByRole("progressbar", { name: "Progress of this take" }).waitFor();
    await stage()
      .getByText(/^step (1\d|[2-9]\d) of 100/)
      .waitFor({ timeout: 90_000 });
    await kill(server);
    await page.getByText("The server does not answer.").waitFor();
    server = await startServer(dataDir, Number(new URL(server.url).port));
    await stage().locator("video").waitFor({ timeout: 110_000 });
    await page.getByText("The server does not answer.").waitFor({ state: "detached" });
  });

  test("the library and the system page tell the truth about it", async () => {
    await page.getByRole("link", { name: "Library" }).click();
    await page.getByRole("main").getByRole("listitem").nth(2).waitFor();
    await page
      .getByRole("main")
      .getByRole("link", { name: /yellow star/ })
      .click();
    await page.getByText("once; it went on from its last stored step").waitFor();
    await page.getByRole("link", { name: "System" }).click();
    await page.getByRole("region", { name: "Workers" }).getByText("zoetrope-s").waitFor();
    expect(await page.getByRole("region", { name: "Configuration" }).textContent()).not.toContain(
      TOKEN,
    );
    expect(await findBarriers(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });
});
