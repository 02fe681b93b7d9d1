import {
  type DeriveRequestOf,
  FabricError,
  MAX_SEED,
  newId,
  type Stream,
  type StreamId,
  type TakeParameters,
} from "@arc-fabric/contract";
import type { StoredStream } from "./ports/store.ts";
import type { System } from "./ports/system.ts";

/** How far the noises of two revisions are apart, in seeds: more than a stream has blocks. */
const REVISION_SEEDS = 1000;

/** A stream has changed since it was read: whoever wanted to change it looks at it again. */
export class StreamMoved extends Error {}

/** Before it has its first take. */
type UnbegunStream = Omit<StoredStream, "session_id" | "next_take_id">;

/** @param parameters of its first clip */
export function newStream(
  system: System,
  parameters: TakeParameters,
  limits: Pick<Stream, "max_blocks" | "block_frames">,
): UnbegunStream {
  const now = system.now();
  const { model, prompt, negative_prompt, guidance_scale, num_inference_steps, seed } = parameters;
  return {
    id: newId("str", now, (count) => system.randomBytes(count)),
    status: "running",
    model,
    prompt,
    negative_prompt,
    guidance_scale,
    num_inference_steps,
    seed,
    ...limits,
    head_take_id: null,
    blocks: 0,
    error: null,
    created_at: new Date(now).toISOString(),
    revision: 0,
    final: null,
  };
}

/** Every block has noise of its own; that of a later revision is another one. */
export function blockOf(stream: UnbegunStream): DeriveRequestOf<"continue"> {
  const { prompt, negative_prompt, guidance_scale, num_inference_steps, block_frames } = stream;
  const offset = stream.blocks + stream.revision * REVISION_SEEDS;
  const room = MAX_SEED - offset;
  return {
    kind: "continue",
    num_frames: block_frames,
    prompt,
    negative_prompt,
    guidance_scale,
    num_inference_steps,
    seed: stream.seed <= room ? stream.seed + offset : stream.seed - room - 1,
  };
}

export function streamEnded(id: StreamId): FabricError {
  return new FabricError("stream_ended", `Stream ${id} was finalized.`, {
    details: { stream_id: id },
  });
}

export function notFound(id: StreamId): FabricError {
  return new FabricError("stream_not_found", `There is no stream ${id}.`, {
    details: { stream_id: id },
  });
}

/** What the API shows of it. */
export function shown({
  revision: _revision,
  seed: _seed,
  final: _final,
  ...stream
}: StoredStream): Stream {
  return stream;
}
