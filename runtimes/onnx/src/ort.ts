/** The only file that touches ONNX Runtime. Its `run` blocks the thread it is called on, so it is called on the engine's own thread. */
import { FabricError } from "@arc-fabric/contract";
import ort from "onnxruntime-node";

export type GraphTensor = ort.Tensor;
export type GraphTensors = Readonly<Record<string, GraphTensor>>;

export const ORT_VERSION: string = ort.env.versions.node ?? ort.env.versions.common;
export const EXECUTION_PROVIDER = "cpu";

/** One loaded network. */
export interface Graph {
  /**
   * Writes the results into the buffers of `outputs`, whose shapes must be exactly those the network yields.
   * @throws FabricError `generation_failed`
   */
  runInto(inputs: GraphTensors, outputs: GraphTensors): Promise<void>;
  /** Results in new buffers, where their shapes are not known beforehand. @throws FabricError `generation_failed` */
  run(inputs: GraphTensors): Promise<GraphTensors>;
  release(): Promise<void>;
}

/**
 * @param threads threads of one operator; operators run one after the other
 * @throws FabricError `weights_corrupt` when the file is not a network ONNX Runtime can load
 */
export async function openGraph(path: string, threads: number): Promise<Graph> {
  const session = await createSession(path, threads);
  return {
    async runInto(inputs, outputs) {
      await named(path, () => session.run(inputs, outputs));
    },
    run: (inputs) => named(path, () => session.run(inputs)),
    release: () => session.release(),
  };
}

/** A tensor over `values`' own memory: changing the array changes what the next run reads. */
export function float32(values: Float32Array, shape: readonly number[]): GraphTensor {
  return new ort.Tensor("float32", values, shape);
}

export function int64(values: BigInt64Array, shape: readonly number[]): GraphTensor {
  return new ort.Tensor("int64", values, shape);
}

export function float32Values(tensor: GraphTensor): Float32Array {
  return tensor.data as Float32Array;
}

async function createSession(path: string, threads: number): Promise<ort.InferenceSession> {
  try {
    return await ort.InferenceSession.create(path, {
      executionProviders: [EXECUTION_PROVIDER],
      // Measured on zoetrope-s: 45 ms of processor time a run, against 51 with "extended". Memory pattern, arena and
      // denormals make no difference; the latter are flushed because they could on other weights.
      graphOptimizationLevel: "all",
      executionMode: "sequential",
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      logSeverityLevel: 3,
      // Idle threads that spin take the cores from the encoder beside us and cost a factor of six under contention.
      extra: { session: { intra_op: { allow_spinning: "0" }, set_denormal_as_zero: "1" } },
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FabricError("weights_corrupt", `ONNX Runtime cannot load ${path}: ${reason}`, {
      details: { path },
      cause,
    });
  }
}

async function named<Result>(path: string, run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FabricError("generation_failed", `The network ${path} failed: ${reason}`, {
      details: { path },
      cause,
    });
  }
}
