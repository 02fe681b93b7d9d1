import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import type { World } from "../../mock/world.ts";
import { launchBrowser, openPage, type OpenPage } from "./browser.ts";
import { startMock, type Mock, type MockOptions } from "./mock.ts";

export interface StudioBench {
  readonly browser: Browser;
  readonly world: World;
  readonly url: string;
  /** The page of a test, closed after it; what the browser complained about by then fails the test. */
  open(path: string, options?: BrowserContextOptions): Promise<Page>;
}

/** A browser and the studio on a mock, for all tests of a file. */
export function studioBench(options: MockOptions): StudioBench {
  let browser: Browser;
  let mock: Mock;
  let open: OpenPage | null = null;
  beforeAll(async () => {
    [browser, mock] = await Promise.all([launchBrowser(), startMock(options)]);
  });
  afterAll(async () => {
    await browser?.close();
    await mock?.server.close();
  });
  afterEach(async () => {
    const complaints = open?.complaints ?? [];
    await open?.close();
    open = null;
    expect(complaints, "the browser's console").toEqual([]);
  });
  return {
    get browser() {
      return browser;
    },
    get world() {
      return mock.world;
    },
    get url() {
      return mock.server.url;
    },
    async open(path, pageOptions) {
      open = await openPage(browser, mock.server.url + path, pageOptions);
      return open.page;
    },
  };
}
