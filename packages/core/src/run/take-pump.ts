import { type FabricError, type TakeId, toErrorRecord, toFabricError } from "@arc-fabric/contract";
import type { Claim } from "../ports/store.ts";
import type { Logger } from "../ports/system.ts";
import type { RunTakeDeps } from "./run.ts";
import { RunControl } from "./run-control.ts";
import { runTake } from "./run-take.ts";
import { StopReason } from "./stop-reason.ts";
import { TakeLog } from "./take-log.ts";

/** After these a take goes on from its last state by itself. */
const CONTINUABLE = new Set<FabricError["code"]>([
  "worker_lost",
  "worker_timeout",
  "encoder_failed",
]);
/** Wait after a store error before the next claim, doubled up to the cap. */
const RETRY_MS = 500;
const MAX_RETRY_MS = 30_000;

interface PumpDeps extends RunTakeDeps {
  readonly logger: Logger;
  readonly maxLosses: number;
  /** A take has ended, however. */
  onEnd(): void;
}

/** Takes queued takes one after the other and runs them until the queue is empty. */
export class TakePump {
  readonly #deps: PumpDeps;
  readonly #stopping = new AbortController();
  /** Losses of a take since its last new step. */
  readonly #losses = new Map<TakeId, { step: number; count: number }>();
  #running: { id: TakeId; control: RunControl } | null = null;
  #loop: Promise<void> | null = null;
  #awake = false;

  constructor(deps: PumpDeps) {
    this.#deps = deps;
  }

  /** Looks at the queue again; a take of higher priority than the running one goes first. */
  wake(): void {
    this.#awake = true;
    if (this.#stopping.signal.aborted) return;
    this.#loop ??= this.#run();
    this.#preemptLower().catch((error: unknown) =>
      this.#deps.logger.warn("The queue could not be read.", { error: String(error) }),
    );
  }

  /** Stops working on a take that was cancelled. */
  stopTake(id: TakeId): void {
    this.#control(id)?.stopNow(new StopReason("cancelled"));
  }

  /** The running take will be paused; the store has its mark. */
  pauseTake(id: TakeId): void {
    this.#control(id)?.stopAfterStep(new StopReason("paused"));
  }

  /** The mark was taken back. */
  keepTake(id: TakeId): void {
    this.#control(id)?.withdraw("paused");
  }

  #control(id: TakeId): RunControl | null {
    return this.#running?.id === id ? this.#running.control : null;
  }

  /** By the priorities as they are now: they may have been changed while it runs. */
  async #preemptLower(): Promise<void> {
    const running = this.#running;
    if (!running) return;
    const { store } = this.#deps;
    const take = await store.getTake(running.id);
    const next = await store.peekNext();
    if (!take || this.#running !== running) return;
    if (next && next.priority > take.priority)
      running.control.yieldAfterStep(new StopReason("preempted", next.id));
    else running.control.withdraw("preempted");
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#running?.control.stopNow(new StopReason("shutdown"));
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { store, system, logger } = this.#deps;
    let retryMs = RETRY_MS;
    // How an attempt ended could not be written: its take is still marked as running, and nobody runs it.
    let isLost = false;
    while (this.#awake && !this.#stopping.signal.aborted) {
      this.#awake = false;
      try {
        if (isLost) await store.requeueRunning("The store could not be written.", system.now());
        isLost = false;
        for (
          let claim = await store.claimNext(system.now());
          claim;
          claim = await store.claimNext(system.now())
        ) {
          await this.#runClaim(claim);
          retryMs = RETRY_MS;
          if (this.#stopping.signal.aborted) break;
        }
      } catch (error) {
        logger.error("The queue cannot be read or written; trying again.", {
          error: String(error),
          retry_ms: retryMs,
        });
        await system.sleep(retryMs, this.#stopping.signal).catch(() => {});
        retryMs = Math.min(2 * retryMs, MAX_RETRY_MS);
        this.#awake = true;
        isLost = true;
      }
    }
    this.#loop = null;
  }

  async #runClaim(claim: Claim): Promise<void> {
    const log = new TakeLog(claim.take.id, this.#deps);
    const { id } = claim.take;
    const control = new RunControl();
    this.#running = { id, control };
    try {
      await this.#catchUp(id, control);
      await runTake(this.#deps, claim, log, control);
      this.#losses.delete(claim.take.id);
    } catch (thrown) {
      await this.#settle(claim, log, thrown);
    } finally {
      this.#running = null;
      await log.flush();
      this.#deps.onEnd();
    }
  }

  /** What was asked for between the claim and now. @throws StopReason */
  async #catchUp(id: TakeId, control: RunControl): Promise<void> {
    if (this.#stopping.signal.aborted) control.stopNow(new StopReason("shutdown"));
    const take = await this.#deps.store.getTake(id);
    if (take?.status !== "running") control.stopNow(new StopReason("cancelled"));
    if (take?.pause_requested) control.stopNow(new StopReason("paused"));
    await this.#preemptLower();
    control.signal.throwIfAborted();
  }

  /** Decides what an attempt that did not complete means for the take. */
  async #settle(claim: Claim, log: TakeLog, thrown: unknown): Promise<void> {
    const { store, system, logger, maxLosses } = this.#deps;
    if (thrown instanceof StopReason) return this.#settleStop(claim, log, thrown);
    const error = toFabricError(thrown);
    log.write("error", `${error.code}: ${error.message}`);
    const losses = await this.#countLoss(claim);
    if (CONTINUABLE.has(error.code) && losses < maxLosses) {
      logger.warn(`Take ${claim.take.id} goes on from its last state after: ${error.message}`, {
        take_id: claim.take.id,
        code: error.code,
        losses,
      });
      await store.requeueTake(claim, error.message, system.now());
      return;
    }
    logger.error(`Take ${claim.take.id} failed: ${error.message}`, {
      take_id: claim.take.id,
      code: error.code,
      cause: String(error.cause ?? ""),
    });
    this.#losses.delete(claim.take.id);
    await store.failTake(claim, toErrorRecord(error), system.now());
  }

  /** A stop is no failure: what becomes of the take follows from why it was stopped. */
  async #settleStop(claim: Claim, log: TakeLog, { kind, by }: StopReason): Promise<void> {
    const { store, system } = this.#deps;
    const now = system.now();
    switch (kind) {
      case "shutdown":
        await store.requeueTake(claim, "The server stops.", now);
        return log.write("info", "Interrupted: the server stops.");
      case "paused":
        await store.pauseClaimed(claim, now);
        return log.write("info", "Paused.");
      case "preempted":
        await store.preemptTake(claim, by, now);
        this.#awake = true;
        return log.write("info", `Makes way for take ${by}, which has a higher priority.`);
      case "cancelled":
      case "claim_lost":
        return log.write("info", "Stopped.");
    }
  }

  async #countLoss(claim: Claim): Promise<number> {
    const { id } = claim.take;
    const step = (await this.#deps.store.latestState(id))?.step ?? 0;
    const before = this.#losses.get(id);
    const count = before && before.step === step ? before.count + 1 : 1;
    this.#losses.set(id, { step, count });
    return count;
  }
}
