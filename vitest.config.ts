import { defineConfig } from "vitest/config";

import { ClosingLineReporter } from "./tools/closing-line-reporter.ts";
import { findChromium } from "./tools/find-chromium.ts";

const chromium = findChromium(process.env);
const notes = chromium
  ? []
  : [
      "The browser tests were left out: no Chromium was found. Install one or set ARC_CHROMIUM to its path.",
    ];

const exclude = ["**/node_modules/**", "**/dist/**", "apps/web/e2e/**"];

export default defineConfig({
  test: {
    reporters: ["default", new ClosingLineReporter(notes)],
    pool: "forks",
    // Several tests start servers and models of their own: more than this and they starve each other.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    execArgv: ["--disable-warning=ExperimentalWarning"],
    projects: [
      {
        extends: true,
        test: {
          name: "node",
          include: ["{packages,apps,runtimes,tools,bench,examples}/**/*.test.{ts,tsx}"],
          exclude,
        },
      },
      ...(chromium
        ? [
            {
              extends: true as const,
              test: {
                name: "browser",
                include: ["apps/web/e2e/**/*.test.ts"],
                env: { ARC_CHROMIUM: chromium },
                testTimeout: 120_000,
                hookTimeout: 180_000,
                fileParallelism: false,
              },
            },
          ]
        : []),
    ],
  },
});
