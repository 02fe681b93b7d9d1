import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env["ARC_CHROMIUM"] ?? "/usr/bin/chromium",
    args: ["--disable-gpu"],
  });
}

export interface OpenPage {
  page: Page;
  /** What the browser complained about, without requests that the server refused: those are part of some tests. */
  complaints: string[];
  close: () => Promise<void>;
}

/** A page with storage of its own. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<OpenPage> {
  const context = await browser.newContext({
    viewport: { width: 1360, height: 900 },
    colorScheme: "light",
    ...options,
  });
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (!["error", "warning"].includes(message.type())) return;
    if (/Failed to load resource|WebSocket connection|net::ERR_/.test(message.text())) return;
    complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(url);
  return { page, complaints, close: () => context.close() };
}
