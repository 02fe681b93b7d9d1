import {
  asFloat32,
  decodeSafetensors,
  encodeSafetensors,
  FabricError,
  float32Tensor,
  isCachedStep,
  type DenoiseSegment,
  type Manifest,
  type Solver,
  type Tensor,
  type TensorFile,
} from "@arc-fabric/contract";
import type { LatentShape } from "./latent-update.ts";
import { NO_HISTORY } from "./solver.ts";

/** Raised when a state's tensors or their meaning change. */
const FORMAT = "arc-fabric.state/2";

/**
 * What stands between two steps: all that the next step reads. It holds no ids, no times and nothing of the steps that are still
 * to come: takes that begin the same way have equal states, byte for byte.
 */
export interface TrajectoryState {
  /** Solver and model of the step before, and its weights. */
  readonly solver: Solver;
  readonly model: string;
  readonly weightsDigest: string;
  readonly latentSpace: string;
  /** Steps done of the whole schedule. */
  readonly step: number;
  readonly shape: LatentShape;
  /** [C, T, H, W] */
  readonly latents: Float32Array;
  /** [T]: the noise level each latent frame stands at. */
  readonly frameSigmas: Float64Array;
  /** Of multistep solvers: each frame's previous data prediction and the level it was made at (0 = none yet). */
  readonly history: History | null;
  /** Where the next step may reuse it: the last computed velocity, with guidance, of what the net saw. */
  readonly velocity: { readonly values: Float32Array; readonly shape: LatentShape } | null;
}

export interface History {
  readonly clean: Float32Array;
  readonly sigmas: Float64Array;
}

/** The latents of a stored state. */
export interface StoredClip {
  readonly latents: Float32Array;
  readonly shape: LatentShape;
  /** Noise level of each latent frame. */
  readonly levels: readonly number[];
}

/** The safetensors blob of a state; copies the tensors. */
export function encodeState(state: TrajectoryState): Uint8Array<ArrayBuffer> {
  const tensors: Record<string, Tensor> = {
    latents: float32Tensor(state.shape, state.latents),
    frame_sigmas: float64Tensor(state.frameSigmas),
  };
  if (state.history) {
    tensors["history.x0"] = float32Tensor(state.shape, state.history.clean);
    tensors["history.sigma"] = float64Tensor(state.history.sigmas);
  }
  if (state.velocity)
    tensors["cache.velocity"] = float32Tensor(state.velocity.shape, state.velocity.values);
  return encodeSafetensors({
    tensors,
    metadata: {
      format: FORMAT,
      latent_space: state.latentSpace,
      solver: state.solver,
      step: String(state.step),
      model: state.model,
      weights_digest: state.weightsDigest,
    },
  });
}

/** No frame has predicted anything yet. null for solvers without history. */
export function emptyHistory(solver: Solver, shape: LatentShape): History | null {
  if (solver === "euler") return null;
  const [channels, frames, height, width] = shape;
  return {
    clean: new Float32Array(channels * frames * height * width),
    sigmas: new Float64Array(frames).fill(NO_HISTORY),
  };
}

/**
 * The latents of a state of any model of the same latent space, of any length: views of the blob.
 * @throws FabricError `state_corrupt`, `latent_space_mismatch`, `invalid_request`
 */
export function readClip(blob: Uint8Array, manifest: Manifest): StoredClip {
  return clipOf(readFile(blob, manifest), manifest);
}

/** What a segment asks of the state that it continues. */
export interface Continuation {
  readonly segment: DenoiseSegment;
  /** Steps done: more than `segment.from` where the segment itself was interrupted. */
  readonly from: number;
  readonly shape: LatentShape;
  /** Noise level of each latent frame after these steps. */
  readonly levels: readonly number[];
  /** Shape of what the net sees. */
  readonly seen: LatentShape;
}

/**
 * A state checked against the segment that is to continue it. The arrays are copies: the loop writes into them.
 * Inside a segment the state must be the segment's own, by the same model and solver; other weights are allowed, because the server
 * decides about them and records them. Where a segment begins, any state of the latent space will do.
 * @throws FabricError `state_corrupt` when it is not a state; `latent_space_mismatch`; `invalid_request` when it is one of another trajectory
 */
export function continueState(
  blob: Uint8Array,
  { segment, from, shape, levels, seen }: Continuation,
  manifest: Manifest,
  weightsDigest: string,
): TrajectoryState {
  const file = readFile(blob, manifest);
  const inside = from > segment.from;
  expect("step", file.metadata["step"], String(from));
  if (inside) {
    expect("solver", file.metadata["solver"], segment.solver);
    expect("model", file.metadata["model"], segment.model);
  }
  const clip = clipOf(file, manifest);
  expect("shape", clip.shape.join(", "), shape.join(", "));
  expect("frame_sigmas", clip.levels.join(", "), levels.join(", "));
  const carries = inside || segment.history === "carry";
  return {
    solver: segment.solver,
    model: segment.model,
    weightsDigest,
    latentSpace: manifest.latent_space,
    step: from,
    shape,
    latents: clip.latents.slice(),
    frameSigmas: Float64Array.from(levels),
    history: carries
      ? carriedHistory(file, segment, shape, inside)
      : emptyHistory(segment.solver, shape),
    velocity: isCachedStep(segment, from)
      ? {
          values: asFloat32(requireTensor(file, "cache.velocity", "F32", seen)).slice(),
          shape: seen,
        }
      : null,
  };
}

function carriedHistory(
  file: TensorFile,
  { solver }: DenoiseSegment,
  shape: LatentShape,
  inside: boolean,
): History | null {
  if (solver === "euler") return null;
  if (!inside && !file.tensors["history.x0"])
    throw new FabricError(
      "invalid_request",
      `The state after step ${file.metadata["step"]} was made by ${file.metadata["solver"]} and has no history for ${solver}; let the segment's history be "reset".`,
      { details: { field: "history", actual: "nothing", expected: solver } },
    );
  return {
    clean: asFloat32(requireTensor(file, "history.x0", "F32", shape)).slice(),
    sigmas: float64Values(requireTensor(file, "history.sigma", "F64", [shape[1]])),
  };
}

function clipOf(file: TensorFile, manifest: Manifest): StoredClip {
  const { channels, height, width } = manifest.latents;
  const latents = requireTensor(file, "latents", "F32");
  const [c, t, h, w] = latents.shape;
  if (latents.shape.length !== 4 || c !== channels || h !== height || w !== width)
    throw mismatch(
      "shape",
      `latents of shape [${latents.shape.join(", ")}]`,
      `[${channels}, frames, ${height}, ${width}]`,
    );
  return {
    latents: asFloat32(latents),
    shape: [channels, t!, height, width],
    levels: [...float64Values(requireTensor(file, "frame_sigmas", "F64", [t!]))],
  };
}

function readFile(blob: Uint8Array, manifest: Manifest): TensorFile {
  const file = decodeSafetensors(blob);
  if (file.metadata["format"] !== FORMAT)
    throw new FabricError(
      "state_corrupt",
      `This is not a state of format ${FORMAT}: its format is ${file.metadata["format"] ?? "not given"}.`,
    );
  const space = file.metadata["latent_space"];
  if (space !== manifest.latent_space)
    throw new FabricError(
      "latent_space_mismatch",
      `The state is one of latent space ${space ?? "not given"}, but ${manifest.id} works in ${manifest.latent_space}.`,
      { details: { field: "latent_space", actual: space, expected: manifest.latent_space } },
    );
  return file;
}

function requireTensor(
  file: TensorFile,
  name: string,
  dtype: Tensor["dtype"],
  shape?: readonly number[],
): Tensor {
  const tensor = file.tensors[name];
  if (!tensor || tensor.dtype !== dtype)
    throw new FabricError("state_corrupt", `The state has no ${dtype} tensor "${name}".`);
  if (shape) expect(`shape of ${name}`, tensor.shape.join(", "), shape.join(", "));
  return tensor;
}

function expect(field: string, actual: string | undefined, expected: string): void {
  if (actual !== expected) throw mismatch(field, actual ?? "nothing", expected);
}

function mismatch(field: string, actual: string, expected: string): FabricError {
  return new FabricError(
    "invalid_request",
    `The state cannot be continued by this segment: its ${field} is ${actual}, but ${expected} is needed.`,
    { details: { field, actual, expected } },
  );
}

function float64Tensor(values: Float64Array): Tensor {
  return {
    dtype: "F64",
    shape: [values.length],
    data: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  };
}

function float64Values(tensor: Tensor): Float64Array {
  return new Float64Array(new Uint8Array(tensor.data).buffer);
}
