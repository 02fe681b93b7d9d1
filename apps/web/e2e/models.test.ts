import { describe, expect, test } from "vitest";
import { MOCK_MODEL } from "../mock/model.ts";
import { studioBench } from "./support/studio-bench.ts";

const bench = studioBench({ takes: 1, stepMs: 15 });

describe("models: two of one latent space", () => {
  test("each tells its price; one begins and hands over where its family does, or where it is dragged to; a fork changes the rest", async () => {
    const page = await bench.open("/");
    await page
      .getByRole("textbox", { name: "Prompt", exact: true })
      .fill("a red ball bounces at night");
    await page.getByRole("combobox", { name: "Model", exact: true }).click();
    await page
      .getByRole("option", { name: `Zoetrope S ${MOCK_MODEL.version} · 300 MB · about 2.7 s` })
      .waitFor();
    await page
      .getByRole("option", { name: `Zoetrope M ${MOCK_MODEL.version} · 420 MB · about 4.5 s` })
      .click();
    await page.getByText("About 4.5 s", { exact: true }).waitFor();
    await page.getByRole("combobox", { name: "Begin with another model" }).click();
    await page
      .getByRole("option", { name: "Zoetrope S Usually 50 % of the steps, then Zoetrope M" })
      .click();
    await page.getByText("Zoetrope S: 10 steps").waitFor();
    await page.getByText("About 3.6 s", { exact: true }).waitFor();
    await page.getByRole("slider", { name: "Hand-over after step" }).focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await page.getByText("Zoetrope M: 8 steps").waitFor();
    await page.getByRole("button", { name: "Generate" }).click();
    await page.waitForURL(/take=take_/);
    const id = new URL(page.url()).searchParams.get("take")!;
    expect(bench.world.find(id).parameters).toMatchObject({
      model: "zoetrope-m",
      stages: [
        { model: "zoetrope-s", steps: 12 },
        { model: "zoetrope-m", steps: 8 },
      ],
    });

    await page.locator("video").waitFor();
    await page.getByRole("radio", { name: "Step 5", exact: true }).click();
    await page.getByRole("button", { name: "More settings" }).click();
    const choice = page.getByRole("combobox", { name: "Model from here on" });
    await choice.getByText("As in this take").waitFor();
    await choice.click();
    await page
      .getByRole("option", { name: "As in this take Zoetrope S to step 12, then Zoetrope M" })
      .waitFor();
    await page.getByRole("option", { name: /^Zoetrope M/ }).click();
    await page.getByText("Computes 15 of 20 steps, about 3.4 s.").waitFor();
    await page.getByRole("button", { name: "Fork at step 5" }).click();
    await page.waitForURL((url) => url.searchParams.get("take") !== id);
    const fork = bench.world.find(new URL(page.url()).searchParams.get("take")!);
    expect(fork.origin).toEqual({ kind: "fork", at_step: 5, model: "zoetrope-m" });
  });
});
