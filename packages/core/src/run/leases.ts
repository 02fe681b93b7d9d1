import type { WorkerLease } from "../ports/model-host.ts";
import { record, type Run } from "./run.ts";

/** The one worker a run holds at a time: a plan of several models gives one back before it takes the next. */
export class Leases {
  readonly #run: Run;
  #held: { model: string; lease: WorkerLease } | null = null;

  constructor(run: Run) {
    this.#run = run;
  }

  async of(model: string): Promise<WorkerLease> {
    if (this.#held?.model === model) return this.#held.lease;
    this.release();
    const lease = await this.#acquire(model);
    this.#held = { model, lease };
    return lease;
  }

  release(): void {
    this.#held?.lease.release();
    this.#held = null;
  }

  async #acquire(model: string): Promise<WorkerLease> {
    const { host, claim, control, log } = this.#run;
    if (host.status(model) !== "warm")
      await record(
        this.#run,
        { type: "phase.changed", data: { take_id: claim.take.id, phase: "loading" } },
        { phase: "loading" },
      );
    return host.acquire(model, {
      signal: control.signal,
      onProgress: (fraction, stage) =>
        log.write("debug", `Loading ${model}: ${stage} ${Math.round(fraction * 100)} %`),
      onLog: (line) => log.write("info", line, "worker"),
    });
  }
}
