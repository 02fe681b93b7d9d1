import {
  ERROR_CATALOGUE,
  FabricError,
  type ErrorCode,
  type WorkerMessage,
} from "@arc-fabric/contract";

type FailedMessage = Extract<WorkerMessage, { type: "failed" }>;

/** A worker's `failed` as an error of the catalogue. */
export function failureFrom(message: FailedMessage): FabricError {
  const details = { severity: message.severity };
  if (message.code in ERROR_CATALOGUE)
    return new FabricError(message.code as ErrorCode, message.message, { details });
  return new FabricError("generation_failed", message.message, {
    details: { ...details, worker_code: message.code },
  });
}

/** @param how what the process said about its end @param lines its last output */
export function workerLost(model: string, how: string, lines: readonly string[]): FabricError {
  return new FabricError(
    "worker_lost",
    `The worker of ${model} stopped unexpectedly: ${how}.${quote(lines)}`,
    { details: { model, how, log: [...lines] } },
  );
}

export function startFailed(model: string, reason: string, lines: readonly string[]): FabricError {
  return new FabricError(
    "worker_start_failed",
    `The worker of ${model} did not start: ${reason}.${quote(lines)}`,
    { details: { model, reason, log: [...lines] } },
  );
}

export function timedOut(model: string, what: string, ms: number): FabricError {
  return new FabricError(
    "worker_timeout",
    `The worker of ${model} ${what} for ${Math.round(ms / 100) / 10} s and was stopped.`,
    { details: { model } },
  );
}

export function protocolBroken(model: string, what: string): FabricError {
  return new FabricError(
    "worker_protocol",
    `The worker of ${model} ${what}. It was stopped; make sure that server and worker are of the same version.`,
    { details: { model } },
  );
}

function quote(lines: readonly string[]): string {
  return lines.length > 0 ? ` Its last lines: ${lines.slice(-5).join(" | ")}` : "";
}
