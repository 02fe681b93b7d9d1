import { takeIdSchema } from "@arc-fabric/contract";
import type { Page } from "playwright-core";
import { beforeEach, describe, expect, test } from "vitest";
import { encodePng } from "../mock/png.ts";
import { openPage } from "./support/browser.ts";
import { startMock } from "./support/mock.ts";
import { studioBench } from "./support/studio-bench.ts";

const STEP_MS = 120;
const bench = studioBench({ takes: 3, stepMs: STEP_MS });
beforeEach(() => void (bench.world.pace.stepMs = STEP_MS));

/** What was to be seen while a take forms was seen: the rest of it may go as fast as it can. */
const hurry = () => void (bench.world.pace.stepMs = 5);
const start = (path = "/") => bench.open(path);
const promptBox = (page: Page) => page.getByRole("textbox", { name: "Prompt", exact: true });
const generate = (page: Page) => page.getByRole("button", { name: "Generate" });
/** The steps of the editor's take, or of the one beside the form. */
const step = (page: Page, name: string) => page.getByRole("radio", { name, exact: true });
const stage = (page: Page) => page.getByRole("region", { name: "Take", exact: true });
const video = (page: Page) => stage(page).locator("video");
const takeInAddress = async (page: Page) => {
  await page.waitForURL(/take=take_/);
  return new URL(page.url()).searchParams.get("take")!;
};

describe("create: from a prompt to a playing clip", () => {
  test("a prompt becomes a picture that forms step by step and ends as a playing video", async () => {
    const page = await start();
    await promptBox(page).fill("a blue square moves right over the blue sea");
    await promptBox(page).press("Control+Enter");
    await takeInAddress(page);
    await stage(page).getByRole("progressbar", { name: "Progress of this take" }).waitFor();
    await stage(page)
      .getByRole("img", { name: /^Live picture of: a blue square/ })
      .waitFor();
    await step(page, "Step 5").waitFor();
    await video(page).waitFor();
    await page.waitForFunction(() => (document.querySelector("video")?.currentTime ?? 0) > 0.3);
    await stage(page)
      .getByRole("img", { name: /^Live picture/ })
      .waitFor({ state: "detached" });
    await page
      .getByRole("status")
      .filter({ hasText: "The take is completed." })
      .waitFor({ state: "attached" });
    const file = await page.request.get(
      (await page
        .getByRole("link", { name: "Download", exact: true })
        .getAttribute("href"))!.replace(/^(?=\/)/, bench.url),
    );
    expect((await file.body()).subarray(4, 8).toString()).toBe("ftyp");
  });

  test("live pictures are drawn in the order they were produced and every finished frame is shown", async () => {
    const page = await start();
    await page.evaluate(() => {
      const shown: unknown[] = [];
      (globalThis as unknown as { shown: unknown[] }).shown = shown;
      new PerformanceObserver((list) =>
        shown.push(
          ...list
            .getEntriesByName("arc.picture-shown")
            .map((entry) => (entry as PerformanceMark).detail),
        ),
      ).observe({ type: "mark" });
    });
    await promptBox(page).fill("a red ball bounces on a green meadow");
    await generate(page).click();
    await takeInAddress(page);
    await video(page).waitFor();
    await stage(page)
      .getByRole("img", { name: /^Live picture/ })
      .waitFor({ state: "detached" });
    const shown = await page.evaluate(
      () =>
        (globalThis as unknown as { shown: { kind: string; index: number; step: number }[] }).shown,
    );
    const steps = shown.filter(({ kind }) => kind === "preview").map(({ step }) => step);
    expect(steps.length).toBeGreaterThan(3);
    expect(
      new Set(shown.filter(({ kind }) => kind === "frame").map(({ index }) => index)).size,
    ).toBe(17);
  });

  test("a clip can be as long as the model makes in one piece, and the keyboard leads from length to length", async () => {
    const page = await start();
    await promptBox(page).fill("a red ball bounces on a green meadow");
    const frames = page.getByRole("slider", { name: "Frames", exact: true });
    const value = () => frames.getAttribute("aria-valuenow").then(Number);
    const seen: number[] = [];
    await frames.focus();
    for (const key of ["Home", "ArrowRight", "PageUp", "PageUp", "Shift+ArrowLeft", "End"]) {
      await page.keyboard.press(key);
      seen.push(await value());
    }
    expect(seen).toEqual([5, 9, 17, 25, 17, 49]);
    hurry();
    await generate(page).click();
    const id = takeIdSchema.parse(await takeInAddress(page));
    await video(page).waitFor();
    expect(bench.world.find(id).parameters.num_frames).toBe(49);
  });

  test("a clip begins and ends with pictures that were chosen", async () => {
    const page = await start();
    await promptBox(page).fill("a red ball bounces on a green meadow");
    for (const [which, grey] of [
      ["first", 40],
      ["last", 200],
    ] as const) {
      const buffer = encodePng(new Uint8Array(64 * 64 * 3).fill(grey), 64, 64);
      const file = { name: `${which}.png`, mimeType: "image/png", buffer };
      await page.getByLabel(new RegExp(`^${which} frame, picture`, "i")).setInputFiles(file);
      await page.getByText(file.name).waitFor();
    }
    hurry();
    await generate(page).click();
    const id = takeIdSchema.parse(await takeInAddress(page));
    const { parameters, session_id: session } = bench.world.find(id);
    expect(new Set([parameters.first_frame, parameters.last_frame]).size).toBe(2);
    await video(page).waitFor();
    await page.goto(new URL(`/sessions/${session}?take=${id}`, page.url()).href);
    await page.getByRole("tab", { name: "Details" }).click();
    await page.getByText("begins and ends with a given picture").waitFor();
  });

  test("the picture of every stored step can be looked at again", async () => {
    const page = await start();
    const steps = stage(page).getByRole("radiogroup", { name: "Step shown" });
    await steps.getByRole("radio", { name: "Result" }).focus();
    await page.keyboard.press("ArrowLeft");
    await stage(page).getByRole("img", { name: "The clip after step 20" }).waitFor();
    await page.keyboard.press("Home");
    await stage(page).getByRole("img", { name: "The clip after step 1" }).waitFor();
    expect(
      await steps.getByRole("radio", { name: "Step 1", exact: true }).getAttribute("aria-checked"),
    ).toBe("true");
    await page.keyboard.press("End");
    await stage(page)
      .getByRole("img", { name: /The clip after/ })
      .waitFor({ state: "detached" });
  });

  test("the model's quick schedule is a choice beside its usual one", async () => {
    const page = await start();
    const schedule = (name: string) => page.getByRole("radio", { name, exact: true });
    const steps = page.getByRole("textbox", { name: "Steps, exact value" });
    expect(await schedule("Usual, 20 steps").isChecked()).toBe(true);
    await schedule("Quick, 4 steps").click();
    expect(await steps.inputValue()).toBe("4");
    await steps.fill("10");
    await steps.blur();
    expect(await schedule("Quick, 4 steps").isChecked()).toBe(false);
    expect(await schedule("Usual, 20 steps").isChecked()).toBe(false);
  });

  test("a reload in the middle loses neither the running take nor the draft", async () => {
    const page = await start();
    await promptBox(page).fill("a yellow star rises at night slow");
    await page.getByRole("textbox", { name: "Steps, exact value" }).fill("10");
    await generate(page).click();
    const id = await takeInAddress(page);
    await step(page, "Step 2").waitFor();
    await page.reload();
    expect(await takeInAddress(page)).toBe(id);
    await stage(page)
      .getByRole("img", { name: /^Live picture/ })
      .waitFor();
    await page.getByRole("link", { name: "Create", exact: true }).click();
    expect(await promptBox(page).inputValue()).toBe("a yellow star rises at night slow");
    expect(await page.getByRole("textbox", { name: "Steps, exact value" }).inputValue()).toBe("10");
    await step(page, "Step 4").waitFor();
    hurry();
    await video(page).waitFor({ timeout: 60_000 });
  });

  test("cancel stops a take and says after which step", async () => {
    const page = await start();
    await promptBox(page).fill("a green ball bounces slow");
    await generate(page).click();
    await takeInAddress(page);
    await step(page, "Step 1").waitFor();
    await stage(page).getByRole("button", { name: "Cancel" }).click();
    await stage(page)
      .getByText(/after step \d+ of 20/)
      .waitFor();
    expect(bench.world.find(await takeInAddress(page)).status).toBe("cancelled");
    expect(await stage(page).getByRole("progressbar").count()).toBe(0);
  });

  test("takes that wait show their place in the queue and move up", async () => {
    const page = await start();
    await promptBox(page).fill("a red ball bounces slow");
    await generate(page).click();
    const first = await takeInAddress(page);
    await page.goto(bench.url);
    await promptBox(page).fill("a blue ball bounces at night");
    await generate(page).click();
    await takeInAddress(page);
    await stage(page).getByText("next to run", { exact: true }).waitFor();
    await page.goto(bench.url);
    await promptBox(page).fill("a pink ball bounces at night");
    await generate(page).click();
    await takeInAddress(page);
    await stage(page).getByText("1 ahead of it", { exact: true }).waitFor();
    bench.world.cancel(first);
    await stage(page).getByText("next to run", { exact: true }).waitFor();
    hurry();
    await video(page).waitFor({ timeout: 60_000 });
  });
});

describe("create: what goes wrong is told as a person reads it", () => {
  test("a refused take: title, message, when to come back, code with request id, and another try", async () => {
    const page = await start();
    await promptBox(page).fill("fail:queue_full");
    await generate(page).click();
    const alert = page.getByRole("alert").filter({ hasText: "The queue is full" });
    await alert.getByText("100 takes are waiting, which is the limit.").waitFor();
    await alert.getByText("Try again in 12 s.").waitFor();
    await alert.getByText("queue_full, request req_mock_queue_full").waitFor();
    await promptBox(page).fill("a red ball");
    await alert.getByRole("button", { name: "Try again" }).click();
    await takeInAddress(page);
    await alert.waitFor({ state: "detached" });
  });

  test("a take that fails shows why, its last picture, and can be made again", async () => {
    const page = await start();
    await promptBox(page).fill("a red ball bounces break:out_of_memory");
    await generate(page).click();
    const alert = page
      .getByRole("alert")
      .filter({ hasText: "There is not enough memory for the model" });
    await alert.getByText(/Close other programs/).waitFor();
    await stage(page).getByText("after step 3 of 20").waitFor();
    const failed = await takeInAddress(page);
    await alert.getByRole("button", { name: "Try again" }).click();
    await page.waitForURL((url) => url.searchParams.get("take") !== failed);
    expect(bench.world.find(await takeInAddress(page)).parameters.seed).toBe(
      bench.world.find(failed).parameters.seed,
    );
  });

  test("words the model does not know are named with what is near", async () => {
    const page = await start();
    await promptBox(page).fill("a red ball bounces in the dessert");
    await generate(page).click();
    const note = page.getByRole("note");
    await note.getByText("Zoetrope S does not know “dessert”").waitFor();
    await note.getByText("Close to it: desert").waitFor();
  });

  test("a server that goes away is announced, and the studio goes on by itself when it is back", async () => {
    const away = await startMock({ takes: 1, stepMs: 600 });
    const { page, close } = await openPage(bench.browser, away.server.url);
    await promptBox(page).fill("a white ball bounces at night");
    await generate(page).click();
    await takeInAddress(page);
    await step(page, "Step 1").waitFor();
    await away.server.close();
    await page.getByText("The server does not answer.").waitFor();
    const { startMockServer } = await import("../mock/mock-server.ts");
    const { builtStudio } = await import("./support/built-studio.ts");
    const back = await startMockServer({
      world: away.world,
      port: Number(new URL(away.server.url).port),
      studio: await builtStudio(),
    });
    await page.getByText("The server does not answer.").waitFor({ state: "detached" });
    away.world.pace.stepMs = 5;
    await step(page, "Step 6").waitFor();
    await video(page).waitFor({ timeout: 60_000 });
    await close();
    await back.close();
  });

  test("a server that wants a token gets it from a login page", async () => {
    const locked = await startMock({ takes: 1, token: "s3cret" });
    const { page, close } = await openPage(bench.browser, locked.server.url);
    await page.getByRole("heading", { name: "Log in to Arc Fabric" }).waitFor();
    await page.getByLabel("Token").fill("wrong");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByText("This is not the server's token.").waitFor();
    await page.getByLabel("Token").fill("s3cret");
    await page.keyboard.press("Enter");
    await promptBox(page).waitFor();
    await video(page).waitFor();
    await close();
    await locked.server.close();
  });
});
