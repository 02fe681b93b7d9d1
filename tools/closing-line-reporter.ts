import type { Reporter, TestModule, TestRunEndReason } from "vitest/node";

/** Prints `N passed, N failed, N skipped` as the last line, for people and scripts that read only that. */
export class ClosingLineReporter implements Reporter {
  readonly #notes: readonly string[];

  /** @param notes sentences about what this run left out, printed before the closing line */
  constructor(notes: readonly string[]) {
    this.#notes = notes;
  }

  onTestRunEnd(
    modules: readonly TestModule[],
    unhandledErrors: readonly unknown[],
    reason: TestRunEndReason,
  ): void {
    const count = { passed: 0, failed: 0, skipped: 0 };
    for (const module of modules) {
      const before = count.failed;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        count[state === "pending" ? "skipped" : state]++;
      }
      // A file that could not be loaded has no failed test of its own, and still is a failure.
      if (module.state() === "failed" && count.failed === before) count.failed++;
    }
    count.failed += unhandledErrors.length;
    const interrupted = reason === "interrupted" ? " (interrupted)" : "";
    const { passed, failed, skipped } = count;
    const lines = [
      ...this.#notes,
      `${passed} passed, ${failed} failed, ${skipped} skipped${interrupted}`,
    ];
    process.stdout.write(`\n${lines.join("\n")}\n`);
  }
}
