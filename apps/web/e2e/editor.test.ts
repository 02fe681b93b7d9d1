import type { BrowserContextOptions, Locator, Page } from "playwright-core";
import { beforeEach, describe, expect, test } from "vitest";
import { seedSession } from "../mock/seed.ts";
import { studioBench } from "./support/studio-bench.ts";

const bench = studioBench({ takes: 1, stepMs: 60 });
let made: ReturnType<typeof seedSession>;
beforeEach(() => {
  bench.world.pace.stepMs = 60;
  made = seedSession(bench.world);
});

/** The editor with one of the seeded takes. */
async function start(
  take: Exclude<keyof typeof made, "session">,
  options: BrowserContextOptions = {},
): Promise<Page> {
  const address = `/sessions/${made.session}?take=${made[take].id}`;
  const page = await bench.open(address, { reducedMotion: "reduce", ...options });
  await page.locator("video").waitFor();
  await page.waitForFunction(() => document.querySelector("video")!.readyState >= 2);
  return page;
}
const row = (page: Page, name: string | RegExp) => page.getByRole("row", { name });
const chosen = (page: Page) => page.locator("[role=row][aria-selected=true]");
const cost = (page: Page) => page.getByRole("status", { name: "What it takes" });
const takeId = (page: Page) => new URL(page.url()).searchParams.get("take")!;
/** The chosen row; the address follows it. */
const chosenId = (page: Page) => chosen(page).getAttribute("data-take");
const shown = (page: Page) => bench.world.find(takeId(page));
/** Waits until another take than `before` is chosen. @returns its id */
async function another(page: Page, before: string): Promise<string> {
  await page.waitForURL((url) => url.searchParams.get("take") !== before);
  return takeId(page);
}
async function drag(page: Page, element: Locator, points: readonly (readonly [number, number])[]) {
  const box = (await element.boundingBox())!;
  const [first, ...rest] = points.map(
    ([x, y]) => [box.x + x * box.width, box.y + y * box.height] as const,
  );
  await page.mouse.move(...first!);
  await page.mouse.down();
  for (const point of rest) await page.mouse.move(...point, { steps: 6 });
  await page.mouse.up();
}

describe("editor: the trajectory is worked on where it is seen", () => {
  test("scrubbing through the steps shows the picture at each, and a fork goes on from there", async () => {
    const page = await start("first");
    const steps = page.getByRole("radiogroup", { name: "Step shown" });
    await drag(page, steps.getByRole("radio", { name: "Step 3", exact: true }), [
      [0.5, 0.5],
      [6.5, 0.5],
    ]);
    await page.getByRole("img", { name: "The clip after step 9" }).waitFor();
    await page.keyboard.press("Tab");
    await steps.getByRole("radio", { name: "Step 8, composition" }).click();
    await page.getByRole("img", { name: "The clip after step 8" }).waitFor();
    await page.getByLabel("Prompt from here on").fill("a yellow ball bounces at night");
    await cost(page).getByText("Computes 12 of 20 steps, about 1.7 s.").waitFor();
    await page.getByRole("button", { name: "Fork at step 8" }).click();
    const fork = bench.world.find(await another(page, made.first.id));
    expect(fork.origin).toEqual({
      kind: "fork",
      at_step: 8,
      prompt: "a yellow ball bounces at night",
    });
    expect(fork.parent_id).toBe(made.first.id);
    await page.getByText("8 of 20 steps reused").waitFor();
    await row(page, /^fork at 8.*completed/)
      .nth(1)
      .waitFor();
    await page.locator("video").waitFor();
    expect(bench.world.findSession(made.session).head_take_id).toBe(fork.id);
  });

  test("a range of frames: dragged, moved by keys, made anew, with the proof of what was kept", async () => {
    const page = await start("fork");
    await drag(page, page.getByTestId("frames"), [
      [0.3, 0.5],
      [0.5, 0.5],
    ]);
    await page.getByRole("heading", { name: "Frames 6–9 · 0.6–1.1 s" }).waitFor();
    await page.getByRole("slider", { name: "Last selected frame" }).focus();
    await page.keyboard.press("ArrowRight");
    await page.getByRole("heading", { name: "Frames 6–10 · 0.6–1.3 s" }).waitFor();
    await page.getByText("frames 6 to 13 change").waitFor();
    await page.getByLabel("What it should show").fill("a blue ball bounces in the desert");
    await page.getByRole("textbox", { name: "Strength, exact value" }).fill("60");
    await page.keyboard.press("Enter");
    await cost(page)
      .getByText("Computes 12 of 20 steps, about 1.7 s; keeps 60 % of the latents bit for bit.")
      .waitFor();
    await page.getByRole("button", { name: "Make this part anew" }).click();
    const edit = bench.world.find(await another(page, made.fork.id));
    expect(edit.origin).toEqual({
      kind: "edit",
      frames: [5, 10],
      strength: 0.6,
      prompt: "a blue ball bounces in the desert",
    });
    await page.getByText("Kept part identical, bit for bit").waitFor();
    await page.getByText("It took 12 steps (1.2 s); the whole clip was made with 20").waitFor();
  });

  test("a painted area is uploaded as a mask and made anew; an eraser takes some of it away", async () => {
    const page = await start("fork");
    await page.keyboard.press("b");
    await page.getByText("Paint over the picture what is to change.").waitFor();
    const area = page.getByTestId("area");
    await drag(page, area, [
      [0.3, 0.3],
      [0.7, 0.3],
    ]);
    await cost(page)
      .getByText(/keeps \d+ % of the latents/)
      .waitFor();
    const painted = await cost(page).textContent();
    await page.keyboard.press("e");
    await drag(page, area, [
      [0.7, 0.3],
      [0.5, 0.3],
    ]);
    await page.waitForFunction(
      (before) => document.querySelector("[aria-label='What it takes']")!.textContent !== before,
      painted,
    );
    await page.getByRole("button", { name: "Make this part anew" }).click();
    const edit = bench.world.find(await another(page, made.fork.id));
    if (edit.origin.kind !== "edit" || edit.origin.area?.shape !== "brush")
      throw new Error(`not an edit of a painted area: ${JSON.stringify(edit.origin)}`);
    const mask = bench.world.files.get(edit.origin.area.file)!;
    expect([mask.width, mask.height, mask.media_type]).toEqual([128, 128, "image/png"]);
  });

  test("a rectangle is placed with keys alone", async () => {
    const page = await start("fork");
    await page.keyboard.press("r");
    await page.getByRole("button", { name: /^Area: 50 by 50 percent, 25 from the left/ }).focus();
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Shift+ArrowDown");
    await page.getByRole("button", { name: /^Area: 50 by 52 percent, 23 from the left/ }).waitFor();
    await cost(page)
      .getByText(/keeps \d+ % of the latents/)
      .waitFor();
    await page.getByRole("button", { name: "Make this part anew" }).click();
    const edit = bench.world.find(await another(page, made.fork.id));
    expect(edit.origin).toEqual({
      kind: "edit",
      area: { shape: "rectangle", x: 23, y: 25, width: 50, height: 52 },
      strength: 1,
    });
  });

  test("an end is pulled longer with the pointer and with keys", async () => {
    const page = await start("fork");
    await page.getByRole("slider", { name: "Frames added at the beginning" }).focus();
    await page.keyboard.press("ArrowRight");
    await page.getByRole("heading", { name: "Make it longer" }).waitFor();
    await cost(page).getByText("17 frames become 21").waitFor();
    await page.getByRole("slider", { name: "Frames added at the end" }).click();
    await cost(page).getByText("17 frames become 33").waitFor();
    await drag(page, page.getByRole("slider", { name: "Frames added at the end" }), [
      [0.5, 0.5],
      [-6, 0.5],
    ]);
    await cost(page)
      .getByText(/17 frames become (21|25|29)\./)
      .waitFor();
    await page.getByRole("button", { name: /^Add \d+ frames/ }).click();
    const longer = bench.world.find(await another(page, made.fork.id));
    expect(longer.origin).toMatchObject({ kind: "extend", direction: "forward" });
    await row(page, /^\+\d+ frames/)
      .first()
      .waitFor();
  });
});

describe("editor: a session is a tree", () => {
  test("arrow keys walk it, fold it and unfold it; Enter makes a take the head", async () => {
    const page = await start("first");
    await chosen(page).focus();
    await page.keyboard.press("ArrowDown");
    await row(page, /^fork at 8/)
      .and(chosen(page))
      .waitFor();
    expect(await chosenId(page)).toBe(made.fork.id);
    await page.keyboard.press("ArrowRight");
    expect(await chosenId(page)).toBe(made.edit.id);
    await page.keyboard.press("ArrowLeft");
    await row(page, /^the long one/).waitFor({ state: "detached" });
    await page.keyboard.press("ArrowRight");
    await row(page, /^the long one/).waitFor();
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    expect(await chosenId(page)).toBe(made.fork.id);
    await page.keyboard.press("End");
    expect(await chosenId(page)).toBe(made.other.id);
    expect(await chosen(page).getAttribute("aria-level")).toBe("2");
    await page.keyboard.press("Enter");
    await row(page, /^another seed.*head$/).waitFor();
    await expect.poll(() => bench.world.findSession(made.session).head_take_id).toBe(made.other.id);
  });

  test("undo goes to the take before, redo to the one that was left, also after a reload", async () => {
    const page = await start("edit");
    const head = () => bench.world.findSession(made.session).head_take_id;
    await page.keyboard.press("Control+z");
    await row(page, /^fork at 8/)
      .and(chosen(page))
      .waitFor();
    await page.keyboard.press("Control+z");
    await row(page, /^a red ball/)
      .and(chosen(page))
      .waitFor();
    await expect.poll(head).toBe(made.first.id);
    await page.keyboard.press("Control+z");
    await page
      .getByRole("status")
      .filter({ hasText: "there is nothing before it" })
      .waitFor({ state: "attached" });
    await page.keyboard.press("Control+Shift+z");
    await page.keyboard.press("Control+y");
    await row(page, /^edit 0.5–1.5 s/)
      .and(chosen(page))
      .waitFor();
    await expect.poll(head).toBe(made.edit.id);
    await page.goto(`${bench.url}/sessions/${made.session}`);
    await row(page, /^edit 0.5–1.5 s.*head$/)
      .and(chosen(page))
      .waitFor();
  });

  test("two takes side by side: what differs, what they share, wipe and difference", async () => {
    const page = await start("fork");
    await page.keyboard.press("c");
    await page.getByRole("region", { name: "Comparison" }).waitFor();
    await page.getByText("the first 8 steps, byte for byte").waitFor();
    const differences = page.getByRole("table", { name: "Parameters that differ" });
    await differences
      .getByRole("row", { name: /^prompt a red ball bounces in the desert/ })
      .waitFor();
    expect(await page.locator("video").count()).toBe(2);
    await page.getByRole("button", { name: "Next frame" }).click();
    await page.waitForFunction(() => {
      const [a, b] = document.querySelectorAll("video");
      return a!.currentTime > 0.1 && Math.abs(a!.currentTime - b!.currentTime) < 0.07;
    });
    await page.getByRole("radio", { name: "Wipe" }).click();
    await page.getByRole("slider", { name: "Border between A and B" }).focus();
    await page.keyboard.press("Home");
    await page.getByRole("radio", { name: "Difference" }).click();
    await page.getByRole("img", { name: /^The difference of each frame/ }).waitFor();
    await page.getByRole("combobox", { name: "B" }).click();
    await page.getByRole("option", { name: /^another seed/ }).click();
    await page.getByText("no step", { exact: true }).waitFor();
    await page.keyboard.press("c");
    await page.getByRole("region", { name: "Take", exact: true }).waitFor();
  });

  test("a take is named, tagged and deleted; one that others were made from says why not", async () => {
    const page = await start("longer");
    await page.getByRole("button", { name: /change the name of this take/ }).click();
    await page.getByLabel("Name of this take").fill("final cut");
    await page.keyboard.press("Enter");
    await row(page, /^final cut/).waitFor();
    await page.getByRole("button", { name: "Tag", exact: true }).click();
    await page.getByLabel("New tag").fill("good");
    await page.keyboard.press("Enter");
    await row(page, /tagged good/).waitFor();
    expect(shown(page).tags).toEqual(["good"]);
    await row(page, /^edit 0.5/)
      .getByRole("button", { name: /^edit 0.5/ })
      .click();
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
    await page.getByText("A take was made from this one.").first().waitFor();
    await page.getByText("Delete the takes that the error lists first").first().waitFor();
    await row(page, /^final cut/)
      .getByRole("button", { name: /^final cut/ })
      .click();
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
    await row(page, /^final cut/).waitFor({ state: "detached" });
    expect(takeId(page)).toBe(made.edit.id);
  });
});

describe("editor: a take that runs", () => {
  test("pauses at the end of its step, stays so over a reload, and goes on without losing one", async () => {
    const { id } = bench.world.create(
      { prompt: "a green ball bounces at night slow" },
      made.session,
    );
    const page = await bench.open(`/sessions/${made.session}?take=${id}`);
    await page.getByRole("radio", { name: "Step 2", exact: true }).waitFor();
    await page.getByRole("button", { name: "Pause take" }).click();
    await page.getByText(/^after step \d+ of 20$/).waitFor();
    await row(page, /paused/).waitFor();
    const { step } = bench.world.find(id).progress;
    await page.reload();
    await page.getByRole("radio", { name: `Step ${step}`, exact: true }).waitFor();
    await page.getByRole("button", { name: "Resume" }).click();
    await page.getByRole("radio", { name: `Step ${step + 1}`, exact: true }).waitFor();
    bench.world.pace.stepMs = 5;
    await page.locator("video").waitFor({ timeout: 60_000 });
    expect(bench.world.states.get(id)!.map((state) => state.step)).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
  });
});
