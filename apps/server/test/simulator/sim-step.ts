import { createHash } from "node:crypto";
import {
  asFloat32,
  decodeSafetensors,
  type DenoiseSegment,
  encodeSafetensors,
  type Environment,
  FabricError,
  float32Tensor,
  isCachedStep,
  type LatentShape,
  reusesVelocity,
  type Schedule,
  type Start,
} from "@arc-fabric/contract";
import type { ReadBlob } from "@arc-fabric/core";

/**
 * A denoising step that costs microseconds. What a real step computes from, this one digests: the state before with its solver
 * history and cached velocity, weights, environment, prompts, guidance, window, levels, mask, kept trajectory. So two states are equal
 * exactly when a real model would have had no reason to compute different ones.
 */
export interface StepInputs {
  readonly shape: LatentShape;
  readonly start: Start;
  readonly schedule: Schedule;
  readonly segment: DenoiseSegment;
  /** Counted from 0. */
  readonly step: number;
  /** null before step 0. */
  readonly before: Uint8Array | null;
  readonly prompts: { readonly prompt: string; readonly negativePrompt: string };
  readonly weights: string;
  readonly environment: Environment;
  readonly readBlob: ReadBlob;
}

interface Trajectory {
  readonly latents: Float32Array;
  /** Of each latent frame, what the multistep solver remembers. */
  readonly history: string[];
  readonly velocity: string;
}

/** The state after a step, as bytes. */
export async function computeStep(inputs: StepInputs): Promise<Uint8Array> {
  const { shape, segment, step, schedule, weights, environment, prompts } = inputs;
  const levels = levelsAt(schedule, step, shape);
  const next = levelsAt(schedule, step + 1, shape);
  const before = await stateBefore(inputs, levels);
  const [from, to] = segment.window;
  const seen = frames(before.latents, shape).slice(from, to);
  const { guidance_scale: guidance } = segment;
  const velocity = isCachedStep(segment, step)
    ? before.velocity
    : digest([weights, environment, prompts, guidance, from, to, levels.slice(from, to), seen]);
  if (velocity === "") throw refused("it holds no cached velocity");
  const latents = before.latents.slice();
  const resets = step === segment.from && segment.history === "reset";
  const history = before.history.map((old) =>
    segment.solver === "dpmpp_2m" && !resets ? old : "",
  );
  for (let t = from; t < to; t++) {
    if (levels[t] === next[t]) continue;
    const moved = digest([
      velocity,
      segment.solver,
      levels[t],
      next[t],
      history[t],
      seen[t - from],
    ]);
    writeFrame(latents, shape, t, numbers(moved, sizeOf(shape)));
    if (segment.solver === "dpmpp_2m") history[t] = digest([velocity, t]);
  }
  await keepTrajectory(inputs, latents, levels, next);
  const kept = reusesVelocity(segment.cache, step + 1) ? velocity : "";
  const metadata = { step: String(step + 1), levels: JSON.stringify(next), solver: segment.solver };
  return encodeSafetensors({
    tensors: { latents: float32Tensor(shape, latents) },
    metadata: { ...metadata, history: JSON.stringify(history), velocity: kept },
  });
}

/** Latents [C, T, H, W] of a state. */
export function latentsOf(state: Uint8Array): Float32Array {
  return asFloat32(decodeSafetensors(state).tensors["latents"]!);
}

/** One byte per pixel and colour of a latent frame, which stands for `count` frames of 8 x 8. */
export function pixelsOf(
  latents: Float32Array,
  shape: LatentShape,
  t: number,
  count: number,
): Uint8Array {
  const [frame] = frames(latents, shape).slice(t, t + 1);
  const side = 8;
  return Uint8Array.from({ length: count * side * side * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3) % (side * side);
    const cell = Math.floor(pixel / side / 2) * 4 + Math.floor((pixel % side) / 2);
    return (frame![cell]! * 251 + Math.floor(i / (side * side * 3))) & 255;
  });
}

async function stateBefore(
  { shape, start, segment, step, before, weights, readBlob }: StepInputs,
  levels: readonly number[],
): Promise<Trajectory> {
  if ((before === null) !== (step === 0)) throw refused(`step ${step} has the wrong beginning`);
  if (before === null)
    return {
      latents: await startLatents(start, { shape, levels, weights, readBlob }),
      history: levels.map(() => ""),
      velocity: "",
    };
  const { metadata } = decodeSafetensors(before);
  if (metadata["step"] !== String(step))
    throw refused(`it is the one after step ${metadata["step"]}, not ${step}`);
  if (metadata["levels"] !== JSON.stringify(levels))
    throw refused(`it stands at ${metadata["levels"]}, not at ${JSON.stringify(levels)}`);
  if (
    segment.history === "carry" &&
    segment.solver === "dpmpp_2m" &&
    metadata["solver"] === "euler"
  )
    throw refused("it holds no history");
  return {
    latents: latentsOf(before),
    history: JSON.parse(metadata["history"]!) as string[],
    velocity: metadata["velocity"]!,
  };
}

interface StartContext {
  readonly shape: LatentShape;
  readonly levels: readonly number[];
  readonly weights: string;
  readonly readBlob: ReadBlob;
}

async function startLatents(
  start: Start | { kind: "state"; digest: string },
  context: StartContext,
): Promise<Float32Array> {
  const { shape, levels, weights, readBlob } = context;
  if (start.kind === "state") return latentsOf(await readBlob(start.digest));
  if (start.kind === "noise") return noise(start.seed, shape);
  if (start.kind === "compose") {
    const latents = noise(start.seed, shape);
    let at = 0;
    for (const piece of start.pieces) {
      if (piece.kind === "noise") {
        at += piece.frames;
      } else if (piece.kind === "image") {
        const picture = digest([weights, new Uint8Array(await readBlob(piece.digest))]);
        writeFrame(latents, shape, at++, numbers(picture, sizeOf(shape)));
      } else {
        const clip = latentsOf(await readBlob(piece.digest));
        const own: LatentShape = [shape[0], clip.length / sizeOf(shape), shape[2], shape[3]];
        for (const frame of frames(clip, own).slice(...piece.frames))
          writeFrame(latents, shape, at++, frame);
      }
    }
    if (at !== shape[1]) throw refused(`the pieces have ${at} frames, not ${shape[1]}`);
    return latents;
  }
  const clean = latentsOf(await readBlob(start.clean));
  const mask = maskOf(await readBlob(start.mask));
  const made = line(clean, noise(start.seed, shape), levels, shape);
  const kept = start.kept
    ? await startLatents(start.kept, context)
    : line(clean, noise(start.kept_seed, shape), levels, shape);
  return made.map((value, i) => mixed(value, kept[i]!, mask[i % mask.length]!));
}

async function keepTrajectory(
  { shape, schedule, segment, step, readBlob }: StepInputs,
  latents: Float32Array,
  levels: readonly number[],
  next: readonly number[],
): Promise<void> {
  const { keep } = segment;
  if (!keep) return;
  const last = step + 2 === schedule.sigmas.length;
  const mask = maskOf(await readBlob(keep.mask));
  const clean = latentsOf(await readBlob(keep.clean));
  const state = last ? keep.clean : keep.states[step - segment.from];
  const kept = state
    ? latentsOf(await readBlob(state))
    : line(clean, noise(keep.seed, shape), next, shape);
  const size = sizeOf(shape);
  latents.forEach((value, i) => {
    const share = mask[i % mask.length]!;
    const t = Math.floor(i / size);
    const moved = levels[t] !== next[t];
    if (moved || (last && share === 0)) latents[i] = mixed(value, kept[i]!, share);
  });
}

function line(
  clean: Float32Array,
  other: Float32Array,
  levels: readonly number[],
  shape: LatentShape,
): Float32Array {
  return clean.map((value, i) => {
    const sigma = levels[Math.floor(i / sizeOf(shape))]!;
    return mixed(other[i]!, value, sigma);
  });
}

/** `a` at share 1, `b` at share 0, both bit for bit. */
function mixed(a: number, b: number, share: number): number {
  if (share === 1) return a;
  return share === 0 ? b : share * a + (1 - share) * b;
}

function maskOf(blob: Uint8Array): Float32Array {
  return asFloat32(decodeSafetensors(blob).tensors["mask"]!);
}

function levelsAt(schedule: Schedule, step: number, shape: LatentShape): number[] {
  return schedule.frame_sigmas?.[step] ?? new Array<number>(shape[1]).fill(schedule.sigmas[step]!);
}

function noise(seed: number, shape: LatentShape): Float32Array {
  const latents = new Float32Array(shape[1] * sizeOf(shape));
  for (let t = 0; t < shape[1]; t++)
    writeFrame(latents, shape, t, numbers(digest(["noise", seed, t]), sizeOf(shape)));
  return latents;
}

/** Numbers of one latent frame; there is one channel, so frames lie one behind the other. */
function sizeOf([channels, , height, width]: LatentShape): number {
  return channels * height * width;
}

function frames(latents: Float32Array, shape: LatentShape): Float32Array[] {
  const size = sizeOf(shape);
  return Array.from({ length: shape[1] }, (_, t) => latents.slice(t * size, (t + 1) * size));
}

function writeFrame(latents: Float32Array, shape: LatentShape, t: number, frame: Float32Array) {
  latents.set(frame, t * sizeOf(shape));
}

function numbers(seed: string, count: number): Float32Array {
  const values = new Float32Array(count);
  for (let i = 0; i < count; i += 8) {
    const bytes = createHash("sha256").update(`${seed} ${i}`).digest();
    for (let k = 0; k < 8 && i + k < count; k++)
      values[i + k] = bytes.readUInt32LE(4 * k) / 2 ** 32;
  }
  return values;
}

function digest(facts: readonly unknown[]): string {
  const text = JSON.stringify(facts, (_key, value: unknown) =>
    ArrayBuffer.isView(value)
      ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64")
      : value,
  );
  return createHash("sha256").update(text).digest("hex");
}

function refused(why: string): FabricError {
  return new FabricError("invalid_request", `The state cannot be continued: ${why}.`);
}
