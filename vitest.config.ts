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
/** Each in a process of its own: ONNX Runtime changes its process's arithmetic, numbers next to zero become zero. */
const onnx = "runtimes/onnx/**/*.test.ts";

export default defineConfig({
  test: {
    reporters: ["default", new ClosingLineReporter(notes)],
    pool: "forks",
    // Several tests start servers and models of their own: more than this and they starve each other.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // As long as the browser tests wait for a text, not the second that is the default: machines are busy.
    expect: { poll: { timeout: 30_000 } },
    execArgv: ["--disable-warning=ExperimentalWarning"],
    globalSetup: "tools/memory-folder.ts",
    projects: [
      {
        extends: true,
        test: {
          name: "node",
          include: ["{packages,apps,runtimes,tools,bench,examples}/**/*.test.{ts,tsx}"],
          exclude: [...exclude, onnx],
          // A process and all imports anew for each of 130 files took longer than most of them.
          isolate: false,
        },
      },
      { extends: true, test: { name: "onnx", include: [onnx], exclude } },
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
              },
            },
          ]
        : []),
    ],
  },
});
