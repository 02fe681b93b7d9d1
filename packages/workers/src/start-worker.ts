import { FabricError, PROTOCOL_VERSION, toFabricError, type WorkerId } from "@arc-fabric/contract";
import type { System } from "@arc-fabric/core";
import type { Socket } from "node:net";
import { listenForWorker } from "./listen-for-worker.ts";
import type { RuntimeCommand, WorkerTimeouts } from "./model-host-deps.ts";
import { spawnWorker, type WorkerProcess } from "./spawn-worker.ts";
import { WorkerConnection, type Delivery } from "./worker-connection.ts";
import { protocolBroken, startFailed } from "./worker-failures.ts";
import { WorkerSession } from "./worker-session.ts";

export interface StartWorkerOptions {
  readonly system: System;
  readonly timeouts: WorkerTimeouts;
  readonly model: string;
  readonly workerId: WorkerId;
  readonly family: string;
  readonly runtime: RuntimeCommand;
  readonly socketDirectory: string;
  readonly onLine: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Starts a worker's process and shakes hands with it.
 * @throws FabricError `worker_start_failed`, `worker_protocol`; nothing is left running then
 */
export async function startWorker(options: StartWorkerOptions): Promise<WorkerSession> {
  const { system, timeouts, model, runtime, workerId } = options;
  const socket = await listenForWorker(options.socketDirectory, workerId.slice(-12));
  const process = spawnWorker(
    system,
    runtime,
    ["--socket", socket.path, "--worker-id", workerId],
    options.onLine,
  );
  const giveUp = new AbortController();
  try {
    const tooLate = system.sleep(timeouts.readyMs, giveUp.signal).then(() => {
      throw startFailed(
        model,
        `it was not ready within ${timeouts.readyMs / 1000} s`,
        process.lastLines(),
      );
    });
    const ended = process.exited.then((how) => {
      throw startFailed(model, how, process.lastLines());
    });
    const stopped = rejectWhenAborted(options.signal, giveUp.signal);
    const obstacles = [tooLate, ended, stopped];
    for (const obstacle of obstacles) obstacle.catch(() => {});
    const stream = await Promise.race([socket.connected, ...obstacles]);
    const connection = await Promise.race([
      shakeHands(stream, workerId, options, process),
      ...obstacles,
    ]);
    return new WorkerSession({ system, timeouts, model, workerId, process, connection });
  } catch (error) {
    process.kill("SIGKILL");
    await process.exited;
    throw toFabricError(error);
  } finally {
    giveUp.abort();
    await socket.close();
  }
}

/** Reads the worker's handshake and accepts or refuses it. */
function shakeHands(
  stream: Socket,
  workerId: string,
  options: StartWorkerOptions,
  process: WorkerProcess,
): Promise<WorkerConnection> {
  const { model, family, timeouts } = options;
  return new Promise((resolve, reject) => {
    const connection = new WorkerConnection(stream, {
      onMessage({ message }: Delivery) {
        const problem = findProblem(message, workerId, family);
        if (problem === null) {
          connection.send({
            type: "handshake.accepted",
            protocol: PROTOCOL_VERSION,
            heartbeat_interval_ms: timeouts.heartbeatIntervalMs,
            parts: [],
          });
          resolve(connection);
        } else {
          connection.send({ type: "handshake.refused", reason: problem, parts: [] });
          // The refused worker exits by itself and may still write why to its log; the caller kills it in any case.
          reject(protocolBroken(model, problem));
        }
      },
      onViolation(error) {
        connection.send({ type: "handshake.refused", reason: error.message, parts: [] });
        reject(error);
      },
      onClose: () =>
        void process.exited.then((how) => reject(startFailed(model, how, process.lastLines()))),
    });
  });
}

function findProblem(
  message: Delivery["message"],
  workerId: string,
  family: string,
): string | null {
  if (message.type !== "handshake") return `began with "${message.type}" instead of a handshake`;
  if (message.protocol !== PROTOCOL_VERSION)
    return `speaks protocol ${message.protocol}, this server speaks ${PROTOCOL_VERSION}`;
  if (message.worker_id !== workerId)
    return `calls itself ${message.worker_id}, but ${workerId} was started`;
  if (!message.families.includes(family))
    return `cannot run the family ${family}; it runs ${message.families.join(", ") || "none"}`;
  return null;
}

function rejectWhenAborted(signal: AbortSignal, until: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = () =>
      reject(
        signal.reason instanceof Error
          ? signal.reason
          : new FabricError("shutting_down", "The server is stopping."),
      );
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true, signal: until });
  });
}
