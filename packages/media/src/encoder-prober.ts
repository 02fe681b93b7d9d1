import type { EncoderReport, Logger, System } from "@arc-fabric/core";
import { spawn } from "node:child_process";
import { access } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { EncoderEntry } from "./encoders.ts";

const PROBE_MAIN = fileURLToPath(new URL("child/probe-main.ts", import.meta.url));
const PROBE_TIMEOUT_MS = 5000;
/** What a probe prints is one short line; a driver that prints more is cut off. */
const MAX_OUTPUT_CHARS = 16_384;

/** Tries encoders in short-lived processes and remembers the outcome for the life of this object. */
export class EncoderProber {
  readonly #deps: { system: System; logger: Logger };
  readonly #reports = new Map<string, Promise<EncoderReport>>();
  readonly #running = new Set<() => void>();

  constructor(deps: { system: System; logger: Logger }) {
    this.#deps = deps;
  }

  async probe(entry: EncoderEntry): Promise<EncoderReport> {
    let report = this.#reports.get(entry.name);
    if (!report) {
      report = this.#run(entry);
      this.#reports.set(entry.name, report);
    }
    return report;
  }

  /** Ends probes that still run. */
  close(): void {
    for (const kill of this.#running) kill();
  }

  async #run(entry: EncoderEntry): Promise<EncoderReport> {
    const { system, logger } = this.#deps;
    const startedAt = system.monotonic();
    const missing = await missingDevice(entry);
    const outcome = missing
      ? { usable: false, error: missing }
      : await this.#runProcess(entry.name);
    const report = {
      encoder: entry.name,
      hardware: entry.hardware,
      ...outcome,
      ms: Math.round(system.monotonic() - startedAt),
    };
    logger.debug("encoder probed", { ...report });
    return report;
  }

  #runProcess(name: string): Promise<{ usable: boolean; error: string | null }> {
    const child = spawn(process.execPath, [PROBE_MAIN, name], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const kill = (): void => void child.kill("SIGKILL");
    this.#running.add(kill);
    let output = "";
    let errors = "";
    child.stdout
      .setEncoding("utf8")
      .on("data", (text: string) => (output = (output + text).slice(-MAX_OUTPUT_CHARS)));
    child.stderr
      .setEncoding("utf8")
      .on("data", (text: string) => (errors = (errors + text).slice(-MAX_OUTPUT_CHARS)));
    const ended = new AbortController();
    let timedOut = false;
    this.#deps.system.sleep(PROBE_TIMEOUT_MS, ended.signal).then(
      () => {
        timedOut = true;
        kill();
      },
      () => undefined,
    );
    return new Promise((resolve) => {
      const finish = (how: string): void => {
        ended.abort();
        this.#running.delete(kill);
        resolve(
          readOutcome(
            output,
            errors,
            timedOut ? `no answer within ${PROBE_TIMEOUT_MS / 1000} s` : how,
          ),
        );
      };
      child.once("close", (code, signal) =>
        finish(signal ? `ended by ${signal}` : `ended with exit code ${code}`),
      );
      child.once("error", (error) => finish(error.message));
    });
  }
}

/**
 * Says why an encoder cannot work on this machine, when that can be seen without trying: starting a process that loads
 * the codecs takes 0.3 to 2 s on a busy machine, and most machines lack most devices.
 */
async function missingDevice(entry: EncoderEntry): Promise<string | null> {
  const paths = entry.devices[process.platform];
  if (!paths) return `There is no ${entry.name} on ${process.platform}.`;
  if (paths.length === 0) return null;
  const found = await Promise.allSettled(paths.map(async (path) => access(path)));
  return found.some(({ status }) => status === "fulfilled")
    ? null
    : `There is no device for it (looked for ${paths.join(", ")}).`;
}

/** The codec library tells the real reason (a missing driver, say) on stderr, before the failure itself. */
function readOutcome(
  output: string,
  errors: string,
  how: string,
): { usable: boolean; error: string | null } {
  const line = output.split("\n").findLast((text) => text.startsWith('{"usable"'));
  const reason = errors.trim().split("\n").at(0)?.trim();
  if (!line) return { usable: false, error: [how, reason].filter(Boolean).join(": ") };
  const outcome = JSON.parse(line) as { usable: boolean; error: string | null };
  return outcome.usable
    ? outcome
    : { usable: false, error: [outcome.error, reason].filter(Boolean).join(" ") };
}
