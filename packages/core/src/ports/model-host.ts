import type {
  DecodePiece,
  DenoiseSegment,
  Environment,
  LatentShape,
  Schedule,
  Start,
  TakeWarning,
  WorkerStatus,
} from "@arc-fabric/contract";

/** RGB24 frames [count, height, width, 3]. */
export interface RgbFrames {
  readonly count: number;
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

export interface StepResult {
  /** Steps done of the whole schedule. */
  readonly step: number;
  readonly sigma: number;
  readonly seconds: number;
  readonly modelSeconds: number;
  /** The step used the last computed velocity again. */
  readonly cached: boolean;
  /** safetensors bytes */
  readonly state: Uint8Array;
  readonly preview: RgbFrames | null;
}

/** Reads a blob that the plan names by its digest. */
export type ReadBlob = (digest: string) => Promise<Uint8Array>;

export interface DenoiseRequest {
  readonly shape: LatentShape;
  readonly start: Start;
  readonly schedule: Schedule;
  readonly segment: DenoiseSegment;
  /** Steps done already: `segment.from`, or more where an interrupted segment goes on. */
  readonly from: number;
  readonly conditioning: Uint8Array;
  /** The state after `from` steps; null exactly when that is 0. */
  readonly state: Uint8Array | null;
  readonly previewIntervalMs: number;
  /** For the blobs that `start` and `segment.keep` name; kept states are read as they are needed. */
  readonly readBlob: ReadBlob;
}

export interface DecodeRequest {
  readonly piece: DecodePiece;
  readonly width: number;
  readonly height: number;
  readonly state: Uint8Array;
}

export interface DecodedFrames extends RgbFrames {
  readonly firstFrame: number;
}

/**
 * The exclusive use of a warm worker. Calls follow one another; an aborted signal stops the call within one step
 * (rejects with the signal's reason). A lost worker rejects the call with `worker_lost` and the lease is dead.
 */
export interface WorkerLease {
  readonly workerId: string;
  readonly weightsDigest: string;
  readonly environment: Environment;
  encode(
    prompts: { prompt: string; negativePrompt: string },
    signal: AbortSignal,
  ): Promise<{ conditioning: Uint8Array; warnings: TakeWarning[] }>;
  denoise(request: DenoiseRequest, signal: AbortSignal): AsyncIterable<StepResult>;
  decode(request: DecodeRequest, signal: AbortSignal): AsyncIterable<DecodedFrames>;
  /** Gives the worker back, warm. */
  release(): void;
}

export interface WorkerReport {
  readonly worker_id: string;
  readonly model: string;
  readonly status: WorkerStatus;
  readonly pid: number | null;
  readonly rss_bytes: number | null;
  readonly restarts: number;
  readonly error: string | null;
}

/** The node's workers: starts them, keeps them warm, watches them. */
export interface ModelHost {
  /**
   * A warm worker with the model loaded, started when needed; waits while it is busy.
   * @throws `weights_missing`, `weights_corrupt`, `worker_start_failed`, `out_of_memory`
   */
  acquire(
    model: string,
    options: {
      signal: AbortSignal;
      onProgress: (fraction: number, stage: string) => void;
      onLog: (line: string) => void;
    },
  ): Promise<WorkerLease>;
  status(model: string): WorkerStatus;
  reports(): readonly WorkerReport[];
  subscribe(listener: (report: WorkerReport) => void): () => void;
  /** Stops every worker: asks, then kills. Resolves when no process is left. */
  close(): Promise<void>;
}
