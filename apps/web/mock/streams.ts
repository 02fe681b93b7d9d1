import {
  FabricError,
  isFinished,
  newId,
  type Stream,
  type StreamChanges,
  type StreamRequest,
  type Take,
} from "@arc-fabric/contract";
import { randomBytes } from "node:crypto";
import { chainOf } from "./derive.ts";
import type { World } from "./world.ts";

/** Streams as the real server keeps them: the next block is made as soon as the one before is finished. */
export class Streams {
  readonly #world: World;
  readonly #rows = new Map<string, Stream>();

  constructor(world: World) {
    this.#world = world;
    world.changes.on("event", ({ type, data }) => {
      if (type === "take.completed" || type === "take.failed" || type === "take.cancelled")
        // Not before everyone was told of this event: the next ones come after it.
        queueMicrotask(() => this.#collect(data.take_id));
    });
  }

  create({ max_blocks = 8, block_frames = 8, ...first }: StreamRequest): Stream {
    const take = this.#world.create(first);
    const { prompt, negative_prompt, guidance_scale, num_inference_steps } = take.parameters;
    const stream: Stream = {
      id: newId("str", Date.now(), randomBytes),
      session_id: take.session_id,
      status: "running",
      model: take.model,
      prompt,
      negative_prompt,
      guidance_scale,
      num_inference_steps,
      max_blocks,
      block_frames,
      head_take_id: null,
      next_take_id: take.id,
      blocks: 0,
      error: null,
      created_at: take.created_at,
    };
    this.#rows.set(stream.id, stream);
    return this.#change(stream, {});
  }

  list(sessionId: string | undefined): Stream[] {
    return [...this.#rows.values()]
      .reverse()
      .filter(({ session_id }) => sessionId === undefined || session_id === sessionId);
  }

  get(id: string): Stream {
    const stream = this.#rows.get(id);
    if (!stream) throw new FabricError("stream_not_found", `There is no stream ${id}.`);
    return stream;
  }

  update(id: string, changes: StreamChanges): Stream {
    const given = Object.entries(changes).filter(([, value]) => value !== undefined);
    return this.#change(this.#open(id), Object.fromEntries(given));
  }

  pause(id: string): Stream {
    return this.#change(this.#open(id), { status: "paused" });
  }

  resume(id: string): Stream {
    const stream = this.#open(id);
    if (!stream.head_take_id && !stream.next_take_id)
      throw new FabricError(
        "illegal_derivation",
        "The stream's first clip could not be made. Start a new stream.",
      );
    if (stream.blocks >= stream.max_blocks)
      throw new FabricError(
        "unsupported_value",
        `The stream has its ${stream.max_blocks} blocks. Raise max_blocks first, or rewind it.`,
      );
    this.#change(stream, { status: "running", error: null });
    this.#advance(stream);
    return stream;
  }

  rewind(id: string, takeId: Take["id"]): Stream {
    const stream = this.#open(id);
    const take = this.#world.find(takeId);
    if (take.status !== "completed")
      throw new FabricError("take_not_completed", `Take ${takeId} is ${take.status}.`);
    const { next_take_id: next } = stream;
    this.#change(stream, {
      head_take_id: takeId,
      next_take_id: null,
      blocks: chainOf(take, this.#world).length,
      error: null,
    });
    if (next && !isFinished(this.#world.find(next).status)) this.#world.cancel(next);
    this.#advance(stream);
    return stream;
  }

  finalize(id: string): Take {
    const stream = this.#open(id);
    const { head_take_id: head } = stream;
    if (!head) throw new FabricError("take_not_completed", "The stream has no finished block yet.");
    const take =
      stream.blocks === 1
        ? this.#world.view(this.#world.find(head))
        : this.#world.derive(head, { kind: "finalize" });
    this.#change(stream, { status: "ended", next_take_id: null });
    return take;
  }

  #collect(takeId: Take["id"]): void {
    const stream = [...this.#rows.values()].find(({ next_take_id }) => next_take_id === takeId);
    if (!stream) return;
    const take = this.#world.find(takeId);
    if (take.status !== "completed")
      return void this.#change(stream, {
        next_take_id: null,
        status: "paused",
        error: take.error,
      });
    this.#change(stream, {
      head_take_id: takeId,
      next_take_id: null,
      blocks: stream.blocks + 1,
      error: null,
    });
    this.#advance(stream);
  }

  #advance(stream: Stream): void {
    const { status, head_take_id: head, next_take_id: next } = stream;
    if (status !== "running" || next || !head) return;
    if (stream.blocks >= stream.max_blocks) return void this.#change(stream, { status: "paused" });
    const { prompt, negative_prompt, guidance_scale, num_inference_steps, block_frames } = stream;
    const take = this.#world.derive(head, {
      kind: "continue",
      num_frames: block_frames,
      prompt,
      negative_prompt,
      guidance_scale,
      num_inference_steps,
    });
    this.#change(stream, { next_take_id: take.id });
  }

  #open(id: string): Stream {
    const stream = this.get(id);
    if (stream.status === "ended")
      throw new FabricError("stream_ended", `Stream ${id} was finalized.`);
    return stream;
  }

  #change(stream: Stream, changes: Partial<Stream>): Stream {
    Object.assign(stream, changes);
    const { id, session_id, status, prompt, head_take_id, next_take_id, blocks, error } = stream;
    this.#world.emit(
      { session_id },
      {
        type: "stream.changed",
        data: { stream_id: id, status, prompt, head_take_id, next_take_id, blocks, error },
      },
    );
    return stream;
  }
}
