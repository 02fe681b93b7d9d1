import {
  asFloat32,
  decodeSafetensors,
  encodeSafetensors,
  FabricError,
  float32Tensor,
  type DenoiseSegment,
  type Solver,
  type Tensor,
  type TensorFile,
} from "@arc-fabric/contract";
import type { LatentShape } from "./latent-update.ts";
import { frameLevels } from "./schedule-levels.ts";

/** Raised when a state's tensors or their meaning change. */
const FORMAT = "arc-fabric.state/1";

/** What stands between two steps: all that the next step reads. It holds no ids and no times: equal derivations have equal bytes. */
export interface TrajectoryState {
  readonly solver: Solver;
  /** Steps done of the whole schedule. */
  readonly step: number;
  readonly totalSteps: number;
  readonly model: string;
  readonly weightsDigest: string;
  readonly shape: LatentShape;
  /** [C, T, H, W] */
  readonly latents: Float32Array;
  /** [T]: the noise level each latent frame stands at. */
  readonly frameSigmas: Float64Array;
  /** Of multistep solvers: each frame's previous data prediction and the level it was made at (0 = none yet). */
  readonly history: { readonly clean: Float32Array; readonly sigmas: Float64Array } | null;
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
  return encodeSafetensors({
    tensors,
    metadata: {
      format: FORMAT,
      solver: state.solver,
      step: String(state.step),
      total_steps: String(state.totalSteps),
      model: state.model,
      weights_digest: state.weightsDigest,
    },
  });
}

/** The latents of a state for decoding. @throws FabricError `state_corrupt`, `invalid_request` */
export function decodeLatents(
  blob: Uint8Array,
  channels: number,
  height: number,
  width: number,
): { latents: Float32Array; shape: LatentShape } {
  const file = readFile(blob);
  const latents = requireTensor(file, "latents", "F32");
  const [c, t, h, w] = latents.shape;
  if (latents.shape.length !== 4 || c !== channels || h !== height || w !== width)
    throw mismatch(
      "shape",
      `latents of shape [${latents.shape.join(", ")}]`,
      `[${channels}, frames, ${height}, ${width}]`,
    );
  return { latents: asFloat32(latents), shape: [channels, t!, height, width] };
}

/**
 * A state checked against the segment that is to continue it. The arrays are copies: the loop writes into them.
 * @throws FabricError `state_corrupt` when it is not a state; `invalid_request` when it is one of another trajectory
 */
export function resumeState(
  blob: Uint8Array,
  segment: DenoiseSegment,
  weightsDigest: string,
): TrajectoryState {
  const file = readFile(blob);
  const { metadata } = file;
  const totalSteps = segment.schedule.sigmas.length - 1;
  expect("step", metadata["step"], String(segment.from));
  expect("total_steps", metadata["total_steps"], String(totalSteps));
  expect("solver", metadata["solver"], segment.solver);
  expect("model", metadata["model"], segment.model);
  expect("weights_digest", metadata["weights_digest"], weightsDigest);
  const frames = segment.shape[1];
  const frameSigmas = float64Values(requireTensor(file, "frame_sigmas", "F64", [frames]));
  const levels = frameLevels(segment.schedule, segment.from, frames);
  expect("frame_sigmas", [...frameSigmas].join(", "), levels.join(", "));
  return {
    solver: segment.solver,
    step: segment.from,
    totalSteps,
    model: segment.model,
    weightsDigest,
    shape: segment.shape,
    latents: asFloat32(requireTensor(file, "latents", "F32", segment.shape)).slice(),
    frameSigmas,
    history: segment.solver === "dpmpp_2m" ? resumeHistory(file, segment.shape) : null,
  };
}

function resumeHistory(file: TensorFile, shape: LatentShape): TrajectoryState["history"] {
  return {
    clean: asFloat32(requireTensor(file, "history.x0", "F32", shape)).slice(),
    sigmas: float64Values(requireTensor(file, "history.sigma", "F64", [shape[1]])),
  };
}

function readFile(blob: Uint8Array): TensorFile {
  const file = decodeSafetensors(blob);
  if (file.metadata["format"] !== FORMAT)
    throw new FabricError(
      "state_corrupt",
      `This is not a state of format ${FORMAT}: its format is ${file.metadata["format"] ?? "not given"}.`,
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
