import type { StreamRequest } from "@arc-fabric/contract";
import type { Page } from "playwright-core";
import { beforeEach, describe, expect, test } from "vitest";
import { findBarriers } from "./support/accessibility.ts";
import { studioBench } from "./support/studio-bench.ts";

const bench = studioBench({ takes: 1 });
beforeEach(() => pace("quick"));

const RED = "a red ball bounces on a green meadow";
const BLUE = "a blue ball bounces at night";

/** How fast blocks form: so slowly that there is time for anything, or as fast as it goes. */
function pace(speed: "slow" | "quick"): void {
  bench.world.pace.stepMs = speed === "slow" ? 4000 : 15;
}
/** The editor with a stream that has just begun. */
async function start(request: Partial<StreamRequest> = {}) {
  const { id, session_id } = bench.world.streams.create({
    prompt: RED,
    num_inference_steps: 5,
    max_blocks: 4,
    ...request,
  });
  const page = await bench.open(`/sessions/${session_id}`);
  return { page, session: session_id, stream: () => bench.world.streams.get(id) };
}
const film = (page: Page) => page.getByRole("region", { name: "Stream", exact: true });
const stage = (page: Page) => page.getByRole("region", { name: "Whole stream" });
const block = (page: Page, name: string | RegExp) => film(page).getByRole("radio", { name });
const button = (page: Page, name: string | RegExp) => page.getByRole("button", { name });
/** What the film says of the stream. */
const says = (page: Page, words: string | RegExp) =>
  film(page)
    .getByText(words, { exact: typeof words === "string" })
    .first()
    .waitFor();

/** Leaves nothing behind that the next test would have to wait for. */
async function end(page: Page): Promise<void> {
  await button(page, "Pause the stream").click();
  await says(page, /^(Pauses|Paused) after/);
  pace("quick");
}

describe("stream: a clip that goes on block by block", () => {
  test("it is begun beside Generate, and its blocks appear on a film with the live picture of the one that forms", async () => {
    const page = await bench.open("/");
    await page.getByRole("textbox", { name: "Prompt", exact: true }).fill(RED);
    await page.getByRole("radio", { name: "Keep going" }).click();
    await page.getByRole("textbox", { name: "Blocks, exact value" }).fill("3");
    await page.getByRole("textbox", { name: "Frames a block, exact value" }).fill("12");
    await page.keyboard.press("Enter");
    await page.getByText("41 frames, 5.1 s in all; the first block has 17.").waitFor();
    await page.getByRole("textbox", { name: "Steps, exact value" }).fill("5");
    pace("slow");
    await button(page, "Start the stream").click();
    await block(page, /^Block 1, 17 frames, generating/).waitFor();
    await says(page, "Block 1 of 3");
    await stage(page)
      .getByRole("img", { name: /^Live picture of: a red ball/ })
      .waitFor();
    pace("quick");
    await block(page, /^Block 1, 17 frames, completed/).waitFor();
    await block(page, /^Block 3, 12 frames/).waitFor();
    const [stream] = bench.world.streams.list(undefined);
    expect(stream).toMatchObject({ max_blocks: 3, block_frames: 12, prompt: RED });
    await says(page, "All 3 blocks are made");
    expect(await findBarriers(page)).toEqual([]);
  });

  test("the prompt is changed while it runs: it counts from the next block on, and each block shows its own", async () => {
    pace("slow");
    const { page, stream } = await start({ max_blocks: 3 });
    await block(page, /^Block 1, .*generating/).waitFor();
    const field = page.getByLabel("Prompt from block 2 on");
    await field.fill(BLUE);
    await page.getByText("Not in force yet.").waitFor();
    await field.press("Control+Enter");
    await page.getByText("In force from block 2 on.").waitFor();
    expect(stream().prompt).toBe(BLUE);
    pace("quick");
    await says(page, "All 3 blocks are made");
    expect(await block(page, /^Block 1/).getAttribute("aria-label")).toContain(RED);
    expect(await block(page, /^Block 3/).getAttribute("aria-label")).toContain(BLUE);
    await film(page).getByTitle(`Blocks 2 to 3: ${BLUE}`).waitFor();
  });

  test("a prompt that comes when the last block has begun is not said to be in it", async () => {
    pace("slow");
    const { page } = await start({ max_blocks: 1 });
    await block(page, /^Block 1, .*generating/).waitFor();
    const field = page.getByLabel("Prompt from block 2 on");
    await field.fill(BLUE);
    await field.press("Control+Enter");
    await page
      .getByText("All blocks had begun: in force from block 2 on, once more are added.")
      .waitFor();
    pace("quick");
    await says(page, "Its one block is made");
    expect(await block(page, /^Block 1/).getAttribute("aria-label")).toContain(RED);
  });

  test("it pauses after the block that forms, goes on, and gets more blocks when it has all of them", async () => {
    pace("slow");
    const { page, stream } = await start({ max_blocks: 2 });
    await block(page, /^Block 1, .*generating/).waitFor();
    await button(page, "Pause the stream").click();
    await says(page, "Pauses after block 1");
    pace("quick");
    await says(page, "Paused after block 1 of 2");
    await button(page, "Go on").click();
    await block(page, /^Block 2, .*completed/).waitFor();
    await says(page, "All 2 blocks are made");
    pace("slow");
    await button(page, "4 more blocks").click();
    await block(page, /^Block 3/).waitFor();
    expect(stream().max_blocks).toBe(6);
    await end(page);
  });

  test("an earlier block is gone back to with keys alone; what came after it stays in the tree", async () => {
    const { page, stream } = await start({ max_blocks: 3 });
    await says(page, "All 3 blocks are made");
    const before = stream().head_take_id!;
    await block(page, /^Block 1/).focus();
    await page.keyboard.press("End");
    await page.keyboard.press("ArrowLeft");
    await page.locator("[data-block][aria-checked=true][aria-label^='Block 2']").waitFor();
    expect(await page.evaluate(() => document.activeElement?.ariaLabel)).toContain("Block 2");
    await button(page, "Go on from block 2").press("Enter");
    await expect.poll(() => stream().head_take_id).not.toBe(before);
    await says(page, "All 3 blocks are made");
    const rows = page.getByRole("row", { name: /^block 3, 8 frames/ });
    await expect.poll(() => rows.count()).toBe(2);
    // The one that was left can be taken up again.
    await page.locator(`[data-take="${before}"] button`).last().click();
    await button(page, "Go on from block 3").click();
    await expect.poll(() => stream().head_take_id).toBe(before);
    await button(page, "Whole stream").click();
    await stage(page).waitFor();
  });
});

describe("stream: as one clip", () => {
  test("its blocks play one after the other, and the playhead runs over the film", async () => {
    const { page } = await start({ max_blocks: 2 });
    await says(page, "All 2 blocks are made");
    await page.reload();
    await stage(page).waitFor();
    const seen = await page.evaluate(
      () =>
        new Promise<string[]>((done) => {
          const labels: string[] = [];
          requestAnimationFrame(function look() {
            const label = document
              .querySelector("section[aria-label='Whole stream'] [aria-hidden=false] video")
              ?.getAttribute("aria-label")
              ?.slice(0, 16);
            if (label && labels.at(-1) !== label) labels.push(label);
            if (labels.length < 3) requestAnimationFrame(look);
            else done(labels);
          });
        }),
    );
    expect(seen).toEqual([1, 2, 1].map((number) => `Video of block ${number}`));
    const playhead = page.getByRole("slider", { name: "Playhead of the whole stream" });
    await playhead.focus();
    await page.keyboard.press("End");
    expect(await playhead.getAttribute("aria-valuetext")).toBe("Frame 25 of 25, 3 s");
    await stage(page)
      .getByLabel(/^Video of block 2/)
      .waitFor();
    await page.keyboard.press("Home");
    await stage(page).getByText("block 1").waitFor();
    await button(page, "Play").click();
    await stage(page).getByText("block 2").waitFor();
  });

  test("a block that was edited takes its place when the stream goes on from it", async () => {
    const { page, stream } = await start({ max_blocks: 2 });
    await says(page, "All 2 blocks are made");
    const edit = bench.world.derive(stream().head_take_id!, { kind: "edit", prompt: BLUE });
    await page.locator(`[data-take="${edit.id}"][aria-label*=completed] button`).last().click();
    await button(page, "Go on from block 2").click();
    await block(page, /^Block 2, 8 frames, completed: a blue ball/).waitFor();
    pace("slow");
    await button(page, "4 more blocks").click();
    await block(page, /^Block 3, /).waitFor();
    await end(page);
    expect(bench.world.find(stream().next_take_id ?? stream().head_take_id!).origin.kind).toBe(
      "continue",
    );
  });

  test("it becomes one clip, which is opened; the stream has ended and says so", async () => {
    const { page, stream, session } = await start({ max_blocks: 2 });
    await says(page, "All 2 blocks are made");
    await button(page, "Make one clip").click();
    const dialog = page.getByRole("alertdialog");
    await dialog.getByText("The stream ends with block 2").waitFor();
    await dialog.getByRole("button", { name: "Make one clip" }).click();
    await page.waitForURL(/take=take_/);
    const clip = bench.world.find(new URL(page.url()).searchParams.get("take")!);
    expect([clip.origin.kind, clip.parent_id]).toEqual(["finalize", stream().head_take_id]);
    expect(clip.parameters.num_frames).toBe(25);
    await page.locator("video").waitFor();
    await says(page, "Ended");
    expect(bench.world.findSession(session).head_take_id).toBe(clip.id);
    await button(page, "Whole stream").click();
    await page.getByRole("heading", { name: "The stream has ended" }).waitFor();
    await button(page, "Open the clip").click();
    await page.waitForURL(new RegExp(clip.id));
  });

  test("a block that fails stops the stream and says why; with another prompt it is tried again", async () => {
    pace("slow");
    const { page, stream } = await start({ max_blocks: 32 });
    await block(page, /^Block 1, .*generating/).waitFor();
    const field = page.getByLabel(/^Prompt from block/);
    await field.fill("a red ball bounces break:out_of_memory");
    await field.press("Control+Enter");
    await page.getByText("In force from block 2 on.").waitFor();
    pace("quick");
    await says(page, "Block 2 failed: There is not enough memory for the model");
    await page.getByRole("alert").getByText("Close other programs").waitFor();
    await field.fill(BLUE);
    await button(page, "Use from block 2 on").click();
    await button(page, "Try again").click();
    await block(page, /^Block 2, .*completed: a blue/).waitFor();
    expect(stream().error).toBeNull();
    await end(page);
  });

  test("on a phone the film comes before the form and nothing is wider than the window", async () => {
    pace("slow");
    const { session_id } = bench.world.streams.create({
      prompt: RED,
      num_inference_steps: 5,
      max_blocks: 12,
    });
    const page = await bench.open(`/sessions/${session_id}`, {
      viewport: { width: 390, height: 800 },
      colorScheme: "dark",
      hasTouch: true,
    });
    await block(page, /^Block 1, .*generating/).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    const top = async (name: string, role: "region" | "complementary") =>
      (await page.getByRole(role, { name, exact: true }).boundingBox())!.y;
    const [filmTop, formTop, treeTop] = [
      await top("Stream", "region"),
      await top("Blocks to come", "complementary"),
      await top("Trajectory", "region"),
    ];
    expect(filmTop < formTop && formTop < treeTop).toBe(true);
    await film(page)
      .getByRole("button", { name: /^Change the prompt of the blocks to come/ })
      .click();
    await page.waitForFunction(() => document.activeElement?.tagName === "TEXTAREA");
    await end(page);
  });
});
