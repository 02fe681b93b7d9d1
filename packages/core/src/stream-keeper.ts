import {
  FabricError,
  isFabricError,
  isFinished,
  newId,
  toErrorRecord,
  toFabricError,
  type Stream,
  type StreamChanges,
  type StreamId,
  type StreamRequest,
  type Take,
  type TakeId,
} from "@arc-fabric/contract";
import type { Engine } from "./engine.ts";
import { requireCompleted, requireTake } from "./derive-take.ts";
import { illegal } from "./plan/plan-parts.ts";
import type { IdempotencyRecord, Store, StoredStream } from "./ports/store.ts";
import type { Logger, System } from "./ports/system.ts";

/** Blocks of a stream whose creator named no number. */
const DEFAULT_BLOCKS = 8;
const DEFAULT_BLOCK_FRAMES = 8;

interface StreamDeps {
  readonly store: Store;
  readonly system: System;
  readonly logger: Logger;
  readonly engine: Pick<Engine, "createTake" | "deriveTake" | "cancelTake" | "planDerived">;
}

/**
 * Streams by block: while a stream runs, its next block is queued as soon as the one before is finished. Everything is read from the
 * store each time, and a block is created under a key of its own, so a server that died anywhere goes on without a gap or a double.
 */
export class StreamKeeper {
  readonly #deps: StreamDeps;
  #work: Promise<void> = Promise.resolve();

  constructor(deps: StreamDeps) {
    this.#deps = deps;
  }

  /** Looks at every running stream; in the background, one pass after the other. */
  wake(): void {
    this.#work = this.#work
      .then(() => this.#pass())
      .catch((error: unknown) =>
        this.#deps.logger.warn("Streams could not go on.", { error: String(error) }),
      );
  }

  async idle(): Promise<void> {
    await this.#work;
  }

  /** The first block is a clip like any other. @throws FabricError what `Engine.createTake` throws */
  async create(request: StreamRequest, idempotency: IdempotencyRecord | null): Promise<Stream> {
    const { store, system, engine } = this.#deps;
    const { max_blocks, block_frames, ...rest } = request;
    const { take, replayed } = await engine.createTake(rest, { sessionId: null, idempotency });
    const [known] = replayed ? await store.listStreams({ sessionId: take.session_id }) : [];
    if (known) return shown(known);
    const now = system.now();
    const { prompt, negative_prompt, guidance_scale, num_inference_steps, seed } = take.parameters;
    const stream: StoredStream = {
      id: newId("str", now, (count) => system.randomBytes(count)),
      session_id: take.session_id,
      status: "running",
      model: take.model,
      prompt,
      negative_prompt,
      guidance_scale,
      num_inference_steps,
      max_blocks: max_blocks ?? DEFAULT_BLOCKS,
      block_frames: block_frames ?? DEFAULT_BLOCK_FRAMES,
      head_take_id: null,
      next_take_id: take.id,
      blocks: 0,
      error: null,
      created_at: new Date(now).toISOString(),
      revision: 0,
      seed,
    };
    const created = shown(await store.createStream(stream, now));
    this.wake();
    return created;
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
    const stream = await this.#requireOpen(id);
    const changed = { ...stream, ...defined(changes) };
    if (stream.head_take_id)
      await this.#deps.engine.planDerived(stream.head_take_id, blockOf(changed));
    return this.#change(id, defined(changes));
  }

  /** @throws FabricError `stream_not_found`, `stream_ended` */
  async pause(id: StreamId): Promise<Stream> {
    await this.#requireOpen(id);
    return this.#change(id, { status: "paused" });
  }

  /** @throws FabricError `stream_not_found`, `stream_ended`, `unsupported_value` */
  async resume(id: StreamId): Promise<Stream> {
    const stream = await this.#requireOpen(id);
    if (!stream.head_take_id && !stream.next_take_id)
      throw illegal("The stream's first clip could not be made. Start a new stream.");
    if (stream.blocks >= stream.max_blocks)
      throw new FabricError(
        "unsupported_value",
        `The stream has its ${stream.max_blocks} blocks. Raise max_blocks first, or rewind it.`,
        { details: { field: "max_blocks", value: stream.max_blocks } },
      );
    const retry = stream.error ? { error: null, revision: stream.revision + 1 } : {};
    const resumed = await this.#change(id, { status: "running", ...retry });
    this.wake();
    return resumed;
  }

  /**
   * Goes on from an earlier block, however far back.
   * @throws FabricError `stream_not_found`, `stream_ended`, `take_not_found`, `take_not_completed`, `illegal_derivation`
   */
  async rewind(id: StreamId, takeId: TakeId): Promise<Stream> {
    const { store, engine } = this.#deps;
    const stream = await this.#requireOpen(id);
    const take = await requireTake(store, takeId);
    if (take.session_id !== stream.session_id)
      throw illegal(`Take ${takeId} does not belong to stream ${id}.`, { field: "take_id" });
    requireCompleted(take);
    const blocks = await this.#countBlocks(take);
    const rewound = await this.#change(id, {
      head_take_id: takeId,
      next_take_id: null,
      blocks,
      error: null,
      revision: stream.revision + 1,
    });
    if (stream.next_take_id)
      await engine.cancelTake(stream.next_take_id).catch((error: unknown) => {
        // It has just ended by itself.
        if (!isFabricError(error) || error.code !== "take_not_active") throw error;
      });
    this.wake();
    return rewound;
  }

  /** @throws FabricError `stream_not_found`, `stream_ended`, `take_not_completed`, `queue_full` */
  async finalize(id: StreamId, idempotency: IdempotencyRecord | null): Promise<Take> {
    const { store } = this.#deps;
    const stream = await this.#requireOpen(id);
    const { head_take_id: head } = stream;
    if (!head)
      throw new FabricError("take_not_completed", "The stream has no finished block yet.", {
        details: { stream_id: id },
      });
    const take =
      stream.blocks === 1
        ? await requireTake(store, head)
        : await this.#joined(id, head, idempotency);
    await this.#change(id, { status: "ended", next_take_id: null });
    return take;
  }

  async #joined(id: StreamId, head: TakeId, idempotency: IdempotencyRecord | null): Promise<Take> {
    const { take } = await this.#deps.engine.deriveTake(
      head,
      { kind: "finalize" },
      { idempotency: idempotency ?? { key: `finalize ${id}`, fingerprint: "finalize" } },
    );
    return take;
  }

  async #pass(): Promise<void> {
    const { store } = this.#deps;
    for (const stream of await store.listStreams({ status: "running" }))
      await this.#advance(stream);
    // A paused stream's present block still becomes its head.
    for (const stream of await store.listStreams({ status: "paused" }))
      if (stream.next_take_id) await this.#collect(stream);
  }

  async #advance(stream: StoredStream): Promise<void> {
    const collected = await this.#collect(stream);
    if (!collected || collected.next_take_id || collected.status !== "running") return;
    const { id, head_take_id: head, blocks, max_blocks: most } = collected;
    if (blocks >= most) {
      await this.#change(id, { status: "paused" });
      return;
    }
    if (!head) return;
    try {
      const key = `stream ${id} ${head} ${collected.revision}`;
      const { take } = await this.#deps.engine.deriveTake(head, blockOf(collected), {
        idempotency: { key, fingerprint: "block" },
      });
      await this.#change(id, { next_take_id: take.id });
    } catch (thrown) {
      const error = toErrorRecord(toFabricError(thrown));
      await this.#change(id, { status: "paused", error });
    }
  }

  /** A finished next block becomes the head; one that failed or was cancelled pauses the stream. */
  async #collect(stream: StoredStream): Promise<StoredStream | null> {
    const { store, system } = this.#deps;
    const { id, next_take_id: next } = stream;
    if (!next) return stream;
    const take = await store.getTake(next);
    if (take && !isFinished(take.status)) return null;
    if (take?.status === "completed")
      return store.updateStream(
        id,
        { head_take_id: next, next_take_id: null, blocks: stream.blocks + 1, error: null },
        system.now(),
      );
    return store.updateStream(
      id,
      {
        next_take_id: null,
        status: "paused",
        revision: stream.revision + 1,
        error: take?.error ?? null,
      },
      system.now(),
    );
  }

  async #countBlocks(take: Take): Promise<number> {
    let blocks = 1;
    for (
      let at = take;
      at.origin.kind === "continue";
      at = await requireTake(this.#deps.store, at.parent_id!)
    )
      blocks++;
    return blocks;
  }

  async #change(id: StreamId, changes: Partial<StoredStream>): Promise<Stream> {
    const { store, system } = this.#deps;
    const changed = await store.updateStream(id, changes, system.now());
    if (!changed) throw notFound(id);
    return shown(changed);
  }

  async #require(id: StreamId): Promise<StoredStream> {
    const stream = await this.#deps.store.getStream(id);
    if (!stream) throw notFound(id);
    return stream;
  }

  async #requireOpen(id: StreamId): Promise<StoredStream> {
    const stream = await this.#require(id);
    if (stream.status !== "ended") return stream;
    throw new FabricError("stream_ended", `Stream ${id} was finalized.`, {
      details: { stream_id: id },
    });
  }
}

function blockOf(stream: StoredStream) {
  const { prompt, negative_prompt, guidance_scale, num_inference_steps, block_frames } = stream;
  return {
    kind: "continue" as const,
    num_frames: block_frames,
    prompt,
    negative_prompt,
    guidance_scale,
    num_inference_steps,
    // Every block has noise of its own, and the same one when it is made again.
    seed: stream.seed + stream.blocks + stream.revision * 1000,
  };
}

function notFound(id: StreamId): FabricError {
  return new FabricError("stream_not_found", `There is no stream ${id}.`, {
    details: { stream_id: id },
  });
}

function shown({ revision: _revision, seed: _seed, ...stream }: StoredStream): Stream {
  return stream;
}

function defined<Values extends object>(values: Values): Partial<Values> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as Partial<Values>;
}
