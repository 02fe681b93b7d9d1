import {
  FabricError,
  isFinished,
  toErrorRecord,
  toFabricError,
  type Stream,
  type StreamChanges,
  type StreamId,
  type StreamRequest,
  type Take,
  type TakeId,
} from "@arc-fabric/contract";
import { blocksUpTo, checkBlock, requireCompleted, requireTake } from "./derive-take.ts";
import type { Engine } from "./engine.ts";
import { illegal, type ModelBook } from "./plan/plan-parts.ts";
import { newLatentFrames } from "./plan/plan-grow.ts";
import type { IdempotencyRecord, Store, StoredStream, StreamPatch } from "./ports/store.ts";
import type { Logger, System } from "./ports/system.ts";
import { blockOf, newStream, notFound, shown, StreamMoved, streamEnded } from "./stream-parts.ts";

/** Blocks of a stream whose creator named no number. */
const DEFAULT_BLOCKS = 8;
const DEFAULT_BLOCK_FRAMES = 8;

/** Wait after a pass that failed; there may be nothing else that would begin one. */
const RETRY_MS = 5000;
interface StreamDeps {
  readonly store: Store;
  readonly system: System;
  readonly logger: Logger;
  readonly models: ModelBook;
  readonly engine: Pick<Engine, "plan" | "createTake" | "deriveTake">;
  /** A take was cancelled in the store: whoever runs it stops. */
  stopTake(id: TakeId): void;
}

/**
 * Streams by block: while a stream runs, its next block is queued as soon as the one before is finished. Every change is made under
 * the condition that the stream is still what it was when the change was decided on, and a block is queued in the same transaction
 * that makes it the next one. So whatever happens at the same time, and wherever a server dies, no block is lost, doubled or orphaned.
 */
export class StreamKeeper {
  readonly #deps: StreamDeps;
  readonly #stopping = new AbortController();
  #work: Promise<void> = Promise.resolve();
  #isRetrying = false;

  constructor(deps: StreamDeps) {
    this.#deps = deps;
  }

  /** Looks at every running stream; in the background, one pass after the other. */
  wake(): void {
    this.#work = this.#work.then(() => this.#pass());
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#work;
  }

  /**
   * The first block is a clip like any other.
   * @throws FabricError what `Engine.createTake` throws, `illegal_derivation`
   */
  async create(
    request: StreamRequest,
    idempotency: IdempotencyRecord | null,
  ): Promise<{ stream: Stream; replayed: boolean }> {
    const { store, system, engine } = this.#deps;
    const { max_blocks, block_frames, ...rest } = request;
    const { parameters, plan } = await engine.plan(rest);
    const stream = newStream(system, parameters, {
      max_blocks: max_blocks ?? DEFAULT_BLOCKS,
      block_frames: block_frames ?? DEFAULT_BLOCK_FRAMES,
    });
    // Named as it was asked for; the block's own plan would call it num_frames.
    newLatentFrames(
      stream.block_frames,
      this.#deps.models.manifest(parameters.model),
      "block_frames",
    );
    const first = { id: "of the stream" as TakeId, model: parameters.model, parameters, plan };
    checkBlock(this.#deps.models, first, blockOf(stream));
    const { take, replayed } = await engine.createTake(
      { ...rest, seed: parameters.seed },
      { sessionId: null, idempotency, stream: { kind: "begin", stream } },
    );
    this.wake();
    const [made] = await store.listStreams({ sessionId: take.session_id });
    if (!made) throw notFound(stream.id);
    return { stream: shown(made), replayed };
  }

  /** @throws FabricError `stream_not_found` */
  async get(id: StreamId): Promise<Stream> {
    return shown(await this.#require(id));
  }

  async list(filter: { sessionId?: Stream["session_id"] | undefined }): Promise<Stream[]> {
    return (await this.#deps.store.listStreams(filter)).map(shown);
  }

  /** From the next block on. @throws FabricError `stream_not_found`, `stream_ended`, `unsupported_value` */
  async update(id: StreamId, changes: StreamChanges): Promise<Stream> {
    const { store, models } = this.#deps;
    return this.#change(id, async (stream) => {
      const base = stream.head_take_id ?? stream.next_take_id;
      if (base)
        checkBlock(
          models,
          await requireTake(store, base),
          blockOf({ ...stream, ...defined(changes) }),
        );
      return defined(changes);
    });
  }

  /** @throws FabricError `stream_not_found`, `stream_ended` */
  pause(id: StreamId): Promise<Stream> {
    return this.#change(id, () => ({ status: "paused" }));
  }

  /** @throws FabricError `stream_not_found`, `stream_ended`, `unsupported_value`, `illegal_derivation` */
  async resume(id: StreamId): Promise<Stream> {
    const resumed = await this.#change(id, (stream) => {
      if (!stream.head_take_id && !stream.next_take_id)
        throw illegal("The stream's first clip could not be made. Start a new stream.");
      if (stream.blocks >= stream.max_blocks)
        throw new FabricError(
          "unsupported_value",
          `The stream has all its blocks: ${stream.max_blocks}. Raise max_blocks first, or rewind it.`,
          { details: { field: "max_blocks", value: stream.max_blocks } },
        );
      return { status: "running", error: null };
    });
    this.wake();
    return resumed;
  }

  /**
   * Goes on from an earlier block, however far back. The block that is being made is cancelled.
   * @throws FabricError `stream_not_found`, `stream_ended`, `take_not_found`, `take_not_completed`, `illegal_derivation`
   */
  async rewind(id: StreamId, takeId: TakeId): Promise<Stream> {
    const { store } = this.#deps;
    const rewound = await this.#change(id, async ({ session_id, revision }) => {
      const take = await requireTake(store, takeId);
      if (take.session_id !== session_id)
        throw illegal(`Take ${takeId} does not belong to stream ${id}.`, { field: "take_id" });
      requireCompleted(take);
      const { length: blocks } = await blocksUpTo(store, take);
      const head = { head_take_id: takeId, next_take_id: null, blocks };
      return { ...head, error: null, revision: revision + 1 };
    });
    this.wake();
    return rewound;
  }

  /**
   * The block that is being made is cancelled. The same call under its key is answered with the same clip.
   * @throws FabricError `stream_not_found`, `stream_ended`, `take_not_completed`, `queue_full`, `idempotency_key_reused`
   */
  async finalize(
    id: StreamId,
    key: IdempotencyRecord | null,
  ): Promise<{ take: Take; replayed: boolean }> {
    for (;;) {
      const stream = await this.#require(id);
      const take = await this.#finalized(stream, key);
      if (take) return { take, replayed: true };
      const made = await this.#end(stream, key);
      if (made) return { take: made, replayed: false };
    }
  }

  /** The clip of the same call before; null while the stream has not ended. @throws FabricError `stream_ended` */
  async #finalized(
    { id, status, final }: StoredStream,
    key: IdempotencyRecord | null,
  ): Promise<Take | null> {
    if (status !== "ended") return null;
    if (!final || !key || final.key?.key !== key.key) throw streamEnded(id);
    return requireTake(this.#deps.store, final.take_id);
  }

  /** null when the stream has changed meanwhile. */
  async #end(stream: StoredStream, key: IdempotencyRecord | null): Promise<Take | null> {
    const { store, engine } = this.#deps;
    const { id, head_take_id: head, next_take_id: next, blocks } = stream;
    if (!head)
      throw new FabricError("take_not_completed", "The stream has no finished block yet.", {
        details: { stream_id: id },
      });
    if (blocks === 1) {
      const final = { take_id: head, key };
      const changed = await this.#write(stream, { status: "ended", next_take_id: null, final });
      return changed && requireTake(store, head);
    }
    const link = { kind: "end", before: stream, key } as const;
    const made = await engine
      .deriveTake(head, { kind: "finalize" }, { idempotency: key, stream: link })
      .catch(nullWhenMoved);
    if (made && next) this.#deps.stopTake(next);
    return made && made.take;
  }

  /** Never fails. */
  async #pass(): Promise<void> {
    try {
      for (const id of await this.#unfinished()) await this.#goOn(id).catch(this.#tryAgain);
    } catch (error) {
      this.#tryAgain(error);
    }
  }

  async #unfinished(): Promise<StreamId[]> {
    const { store } = this.#deps;
    const running = await store.listStreams({ status: "running" });
    // A paused stream's present block still becomes its head.
    const paused = await store.listStreams({ status: "paused" });
    const waiting = paused.filter((stream) => stream.next_take_id !== null);
    return [...running, ...waiting].map(({ id }) => id);
  }

  /** Nothing else may happen that would begin another pass. */
  readonly #tryAgain = (error: unknown): void => {
    const { system, logger } = this.#deps;
    const { signal } = this.#stopping;
    logger.warn("A stream could not go on; trying again.", { error: String(error) });
    if (this.#isRetrying) return;
    this.#isRetrying = true;
    system.sleep(RETRY_MS, signal).then(
      () => {
        this.#isRetrying = false;
        this.wake();
      },
      () => {},
    );
  };

  async #goOn(id: StreamId): Promise<void> {
    for (;;) {
      const stream = await this.#deps.store.getStream(id);
      if (!stream || stream.status === "ended") return;
      const isChanged = stream.next_take_id
        ? await this.#collect(stream, stream.next_take_id)
        : await this.#queueBlock(stream);
      if (!isChanged) return;
    }
  }

  /**
   * A finished next block becomes the head; one that failed or was cancelled pauses the stream.
   * @returns whether the stream is another one than before
   */
  async #collect(stream: StoredStream, next: TakeId): Promise<boolean> {
    const take = await this.#deps.store.getTake(next);
    if (take && !isFinished(take.status)) return false;
    if (take?.status === "completed") {
      const head = { head_take_id: next, next_take_id: null, blocks: stream.blocks + 1 };
      await this.#write(stream, { ...head, error: null });
      return true;
    }
    // Whoever cancelled a block wants another one; a failed one goes on from its stored steps.
    const revision = stream.revision + (take?.status === "failed" ? 0 : 1);
    const error = take?.error ?? null;
    await this.#write(stream, { next_take_id: null, status: "paused", revision, error });
    return true;
  }

  /** @returns whether the stream is another one than before */
  async #queueBlock(stream: StoredStream): Promise<boolean> {
    const { status, head_take_id: head, blocks, max_blocks: most } = stream;
    if (status !== "running" || !head) return false;
    if (blocks >= most) {
      await this.#write(stream, { status: "paused" });
      return true;
    }
    try {
      const link = { kind: "next", before: stream } as const;
      await this.#deps.engine.deriveTake(head, blockOf(stream), {
        idempotency: null,
        stream: link,
      });
    } catch (thrown) {
      if (thrown instanceof StreamMoved) return true;
      await this.#write(stream, { status: "paused", error: toErrorRecord(toFabricError(thrown)) });
    }
    return true;
  }

  /** Decides anew where the stream has changed in between. @throws FabricError `stream_not_found`, `stream_ended` */
  async #change(
    id: StreamId,
    decide: (stream: StoredStream) => StreamPatch | Promise<StreamPatch>,
  ): Promise<Stream> {
    for (;;) {
      const stream = await this.#require(id);
      if (stream.status === "ended") throw streamEnded(id);
      const changed = await this.#write(stream, await decide(stream));
      if (changed) return shown(changed);
    }
  }

  /** @returns null when the stream is not any more what it was */
  async #write(before: StoredStream, changes: StreamPatch): Promise<StoredStream | null> {
    const { store, system, stopTake } = this.#deps;
    const after = await store.updateStream(before, changes, system.now());
    const { next_take_id: next } = before;
    if (after && next && after.next_take_id !== next) stopTake(next);
    return after;
  }

  async #require(id: StreamId): Promise<StoredStream> {
    const stream = await this.#deps.store.getStream(id);
    if (!stream) throw notFound(id);
    return stream;
  }
}

function nullWhenMoved(error: unknown): null {
  if (error instanceof StreamMoved) return null;
  throw error;
}

function defined<Values extends object>(values: Values): Partial<Values> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as Partial<Values>;
}
