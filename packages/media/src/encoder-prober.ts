import type { EncoderReport, Logger, System } from "@arc-fabric/core";
import { access } from "node:fs/promises";
import type { EncoderEntry } from "./encoders.ts";
import { type ProbeOutcome, ProbeProcess } from "./probe-process.ts";

/** Tries encoders in short-lived processes and remembers the outcome for the life of this object. */
export class EncoderProber {
  readonly #deps: { system: System; logger: Logger };
  readonly #reports = new Map<string, Promise<EncoderReport>>();
  readonly #latest = new Map<string, EncoderReport>();
  readonly #running = new Set<ProbeProcess>();

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

  /** The newest report on an encoder; undefined before its first probe has ended. */
  latest(entry: EncoderEntry): EncoderReport | undefined {
    return this.#latest.get(entry.name);
  }

  /** False when the next probe would try again. */
  isSettled(entry: EncoderEntry): boolean {
    return this.#reports.has(entry.name);
  }

  /** Ends probes that still run; resolves when their processes are gone. */
  async close(): Promise<void> {
    for (const probe of this.#running) probe.kill();
    await Promise.all([...this.#running].map(({ outcome }) => outcome));
  }

  async #run(entry: EncoderEntry): Promise<EncoderReport> {
    const { system, logger } = this.#deps;
    const startedAt = system.monotonic();
    const { usable, error, conclusive } = await this.#try(entry);
    const ms = Math.round(system.monotonic() - startedAt);
    const report = { encoder: entry.name, hardware: entry.hardware, usable, error, ms };
    if (!conclusive) this.#reports.delete(entry.name);
    this.#latest.set(entry.name, report);
    logger.debug("encoder probed", { ...report });
    return report;
  }

  async #try(entry: EncoderEntry): Promise<ProbeOutcome> {
    const missing = await missingDevice(entry);
    if (missing) return { usable: false, error: missing, conclusive: true };
    const probe = new ProbeProcess({ system: this.#deps.system, encoder: entry.name });
    this.#running.add(probe);
    const outcome = await probe.outcome;
    this.#running.delete(probe);
    return outcome;
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
