import { type FabricError, type TakeId, toErrorRecord, toFabricError } from "@arc-fabric/contract";
import type { Claim } from "./ports/store.ts";
import type { Logger } from "./ports/system.ts";
import { runTake, type RunTakeDeps } from "./run-take.ts";
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
}

/** Takes queued takes one after the other and runs them until the queue is empty. */
export class TakePump {
  readonly #deps: PumpDeps;
  readonly #stopping = new AbortController();
  /** Losses of a take since its last new step. */
  readonly #losses = new Map<TakeId, { step: number; count: number }>();
  #running: { id: TakeId; abort: AbortController } | null = null;
  #loop: Promise<void> | null = null;
  #awake = false;

  constructor(deps: PumpDeps) {
    this.#deps = deps;
  }

  /** Looks at the queue again. */
  wake(): void {
    this.#awake = true;
    if (!this.#stopping.signal.aborted) this.#loop ??= this.#run();
  }

  /** Stops working on a take that was cancelled. */
  stopTake(id: TakeId): void {
    if (this.#running?.id === id) this.#running.abort.abort(new StopReason("cancelled"));
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#running?.abort.abort(new StopReason("shutdown"));
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { store, system, logger } = this.#deps;
    let retryMs = RETRY_MS;
    while (this.#awake && !this.#stopping.signal.aborted) {
      this.#awake = false;
      try {
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
        await store.requeueRunning("The store could not be written.", system.now()).catch(() => {});
      }
    }
    this.#loop = null;
  }

  async #runClaim(claim: Claim): Promise<void> {
    const log = new TakeLog(claim.take.id, this.#deps);
    const abort = new AbortController();
    this.#running = { id: claim.take.id, abort };
    try {
      await runTake(this.#deps, claim, log, abort.signal);
      this.#losses.delete(claim.take.id);
    } catch (thrown) {
      await this.#settle(claim, log, thrown);
    } finally {
      this.#running = null;
      await log.flush();
    }
  }

  /** Decides what an attempt that did not complete means for the take. */
  async #settle(claim: Claim, log: TakeLog, thrown: unknown): Promise<void> {
    const { store, system, logger, maxLosses } = this.#deps;
    if (thrown instanceof StopReason) {
      if (thrown.kind === "shutdown")
        await store.requeueTake(claim, "The server stops.", system.now());
      log.write("info", thrown.kind === "shutdown" ? "Interrupted: the server stops." : "Stopped.");
      return;
    }
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

  async #countLoss(claim: Claim): Promise<number> {
    const { id } = claim.take;
    const step = (await this.#deps.store.latestState(id))?.step ?? 0;
    const before = this.#losses.get(id);
    const count = before && before.step === step ? before.count + 1 : 1;
    this.#losses.set(id, { step, count });
    return count;
  }
}
