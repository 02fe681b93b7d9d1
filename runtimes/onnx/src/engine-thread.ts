/**
 * The engine's own thread. ONNX Runtime blocks the thread it runs on; here it blocks neither heartbeats nor the
 * socket, so a state is written while the next step is computed and a cancel is read while a step runs.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { parentPort } from "node:worker_threads";
import { systemClock } from "./clock.ts";
import { Engine } from "./engine.ts";
import type { FromEngine, ToEngine } from "./engine-channel.ts";
import { SendWindow } from "./send-window.ts";

if (parentPort === null)
  throw new Error("engine-thread.ts is started by main.ts as a worker thread.");
const port = parentPort;
const window = new SendWindow();

const engine = new Engine({
  clock: systemClock,
  rssBytes: () => process.memoryUsage.rss(),
  nextTurn: () => nextTurn(),
  send(message, parts = {}) {
    const transfer = Object.values(parts).map((part) => part.buffer as ArrayBuffer);
    port.postMessage({ message, parts } satisfies FromEngine, transfer);
    return window.sent();
  },
});

port.on("message", (command: ToEngine) => {
  if (command.type === "request") void engine.handle(command.request, command.parts);
  else if (command.type === "kept") engine.supply(command.message, command.parts);
  else if (command.type === "cancel") engine.cancel(command.target);
  else window.delivered();
});
