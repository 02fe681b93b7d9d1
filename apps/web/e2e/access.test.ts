import { mkdir } from "node:fs/promises";
import path from "node:path";
import type { BrowserContextOptions, Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { listTakes } from "../mock/list-takes.ts";
import { seedSession } from "../mock/seed.ts";
import { findBarriers } from "./support/accessibility.ts";
import { studioBench } from "./support/studio-bench.ts";

/** What is done on a page before it is looked at. */
const LOOKED_AT: Readonly<Record<string, (page: Page) => Promise<unknown>>> = {
  "editor-step": (page) => page.getByRole("radio", { name: "Step 4", exact: true }).click(),
  "editor-area": (page) => page.getByRole("button", { name: "Mark an area" }).click(),
  "editor-compare": (page) => page.getByRole("button", { name: "Compare (C)" }).click(),
};
/** For a person to look at; git ignores it. */
const SCREENSHOTS = path.resolve(import.meta.dirname, "../../../tmp/studio");

const bench = studioBench({ takes: 30 });
let made: ReturnType<typeof seedSession>;
beforeAll(async () => {
  await mkdir(SCREENSHOTS, { recursive: true });
  made = seedSession(bench.world);
});

const start = (path = "/", options?: BrowserContextOptions) => bench.open(path, options);
const newest = () =>
  listTakes(bench.world, { limit: 1, order: "desc", status: "completed" }).items[0]!;

describe("library: everything made is there", () => {
  test("pages, filters, opens and deletes", async () => {
    const page = await start("/takes");
    const cards = page.getByRole("main").getByRole("listitem");
    await cards.nth(23).waitFor();
    expect(await cards.count()).toBe(24);
    await page.getByRole("button", { name: "Load more" }).click();
    await cards.nth(29).waitFor();
    await page.getByRole("radio", { name: "Failed" }).click();
    await page.waitForURL(/status=failed/);
    await page.waitForFunction(() =>
      [...document.querySelectorAll("main li")].every((card) =>
        card.textContent?.includes("Failed"),
      ),
    );
    await cards.first().getByRole("link").click();
    await page
      .getByRole("alert")
      .getByText("The worker stopped unexpectedly", { exact: true })
      .waitFor();
    const id = new URL(page.url()).searchParams.get("take")!;
    await page.getByRole("button", { name: "Delete" }).click();
    const dialog = page.getByRole("alertdialog");
    await dialog.getByRole("button", { name: "Keep it" }).click();
    await dialog.waitFor({ state: "detached" });
    expect(bench.world.takes.has(id)).toBe(true);
    await page.getByRole("button", { name: "Delete" }).click();
    await dialog.getByRole("button", { name: "Delete" }).click();
    await page.getByText("Take deleted").waitFor();
    await page.waitForURL(/\/takes$/);
    expect(bench.world.takes.has(id)).toBe(false);
  });

  test("a card plays while it is pointed at", async () => {
    const page = await start("/takes?status=completed");
    const card = page.getByRole("main").getByRole("link").first();
    await card.hover();
    await card.locator("[style*='background-image']").waitFor();
  });

  test("the address of a take leads to its place in its session", async () => {
    const take = newest();
    const page = await start(`/takes/${take.id}`);
    await page.waitForURL(`**/sessions/${take.session_id}?take=${take.id}`);
    await page.locator("video").waitFor();
  });

  test("addresses of nothing say so", async () => {
    const page = await start("/takes/take_00000000000000000000000000");
    await page.getByRole("heading", { name: "There is no such take" }).waitFor();
    await page.goto(`${bench.url}/sessions/ses_00000000000000000000000000`);
    await page.getByRole("heading", { name: "There is no such session" }).waitFor();
    await page.goto(`${bench.url}/no/such/page`);
    await page.getByRole("heading", { name: "There is no page at this address" }).waitFor();
  });
});

describe("keyboard: everything can be done without a pointer", () => {
  test("from the address bar to a finished clip and through it", async () => {
    const page = await start();
    await page.getByRole("textbox", { name: "Prompt", exact: true }).waitFor();
    const focusedName = () =>
      page.evaluate(
        () =>
          document.activeElement?.getAttribute("aria-label") ??
          document.activeElement?.textContent ??
          "",
      );
    await page.keyboard.press("Tab");
    expect(await focusedName()).toBe("Skip to the content");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("prompt");
    await page.keyboard.type("a purple ball circles around in the desert");
    for (let i = 0; i < 20 && !(await focusedName()).startsWith("Generate"); i++)
      await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.waitForURL(/take=/);
    await page.locator("video").waitFor();
    await page.getByRole("img", { name: /^Live picture/ }).waitFor({ state: "detached" });
    await page.locator("video").focus();
    await page.keyboard.press("Home");
    await page.getByText("1 / 17").waitFor();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await page.getByText("3 / 17").waitFor();
    await page.keyboard.press("l");
    await page.getByRole("button", { name: "Loop", exact: true, pressed: false }).waitFor();
    await page.keyboard.press("Space");
    await page.getByRole("button", { name: "Pause", exact: true }).waitFor();
  });

  test("focus can be seen on every control it stops at", async () => {
    const page = await start();
    await page.getByRole("textbox", { name: "Prompt", exact: true }).waitFor();
    for (let i = 0; i < 25; i++) {
      await page.keyboard.press("Tab");
      const seen = await page.evaluate(() => {
        const marked = (element: Element | null | undefined) =>
          element && getComputedStyle(element).outlineStyle !== "none";
        const focused = document.activeElement;
        return marked(focused) || marked(focused?.parentElement)
          ? ""
          : (focused?.outerHTML.slice(0, 160) ?? "nothing");
      });
      expect(seen).toBe("");
    }
  });
});

describe("looks: light and dark, wide and narrow", () => {
  const pages = {
    create: "/",
    library: "/takes",
    editor: "",
    "editor-step": "",
    "editor-area": "",
    "editor-compare": "",
    system: "/system",
  };
  const looks = (["light", "dark"] as const).flatMap((colorScheme) =>
    [1360, 360].map((width) => ({ colorScheme, width })),
  );
  test.each(Object.entries(pages))("%s: no barrier and nothing cut off", async (name, address) => {
    const page = await start(address || `/sessions/${made.session}?take=${made.edit.id}`);
    await LOOKED_AT[name]?.(page);
    await page.getByRole("heading", { level: 1 }).waitFor({ state: "attached" });
    await page.waitForFunction(() => document.querySelector("[aria-label=Loading]") === null);
    for (const { colorScheme, width } of looks) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      await page.waitForFunction(() =>
        [...document.images].every((image) => image.complete || image.loading === "lazy"),
      );
      expect(await findBarriers(page), `${colorScheme}, ${width} px wide`).toEqual([]);
      await page.screenshot({
        path: path.join(SCREENSHOTS, `${name}-${colorScheme}-${width}.png`),
        fullPage: true,
      });
    }
  });

  test("the theme that was chosen is remembered and stronger than the system's", async () => {
    const page = await start("/", { colorScheme: "light" });
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await background();
    await page.getByRole("button", { name: /^Theme: as the system/ }).click();
    await page.getByRole("button", { name: /^Theme: light/ }).click();
    const dark = await background();
    expect(dark).not.toBe(light);
    await page.reload();
    expect(await background()).toBe(dark);
    await page.getByRole("button", { name: /^Theme: dark/ }).click();
    expect(await background()).toBe(light);
  });

  test("who asks for less motion gets a still picture", async () => {
    const page = await start(`/takes/${newest().id}`, { reducedMotion: "reduce" });
    await page.locator("video").waitFor();
    await page.getByRole("button", { name: "Play", exact: true }).waitFor();
    expect(
      await page.locator("video").evaluate((element: HTMLVideoElement) => element.paused),
    ).toBe(true);
  });
});
