/** The worker process of the ONNX runtime: `main.ts --socket PATH --worker-id ID`. See docs/architecture/life-of-a-worker.md. */
import { PROTOCOL_VERSION, type ServerMessage, type WorkerMessage } from "@arc-fabric/contract";
import packageJson from "../package.json" with { type: "json" };
import { startEngine, type EngineHost } from "./engine-host.ts";
import { readArguments } from "./read-arguments.ts";
import { connectToServer, type ServerConnection } from "./server-connection.ts";

/** sysexits.h: the other side broke the protocol. */
const EXIT_PROTOCOL = 76;
const EXIT_ENGINE_CRASHED = 70;

const { socketPath, workerId } = readArguments(process.argv.slice(2));

dieWithTheServer();
const engine: EngineHost = startEngine({
  onAnswer: (message, parts) => connection.send(message, parts),
  onCrash(error) {
    process.stderr.write(`The engine's thread broke: ${error.stack ?? error.message}\n`);
    const failed: WorkerMessage = {
      type: "failed",
      id: null,
      severity: "worker",
      code: "internal",
      message: error.message,
      parts: [],
    };
    void connection.send(failed).then(() => process.exit(EXIT_ENGINE_CRASHED));
  },
});
const connection: ServerConnection = await connectToServer(socketPath, {
  onMessage: (message, parts) => void handle(message, parts),
  onClose(reason) {
    if (reason !== null)
      process.stderr.write(`The connection to the server broke: ${reason.message}\n`);
    dieNow(reason === null ? 0 : EXIT_PROTOCOL);
  },
});
await connection.send({
  type: "handshake",
  protocol: PROTOCOL_VERSION,
  worker_id: workerId,
  runtime: "onnx",
  runtime_version: packageJson.version,
  pid: process.pid,
  families: ["zoetrope"],
  solvers: ["euler", "dpmpp_2m"],
  parts: [],
});

async function handle(
  message: ServerMessage,
  parts: Readonly<Record<string, Uint8Array>>,
): Promise<void> {
  switch (message.type) {
    case "handshake.accepted":
      return startHeartbeat(message.heartbeat_interval_ms);
    case "handshake.refused":
      process.stderr.write(`The server refused this worker: ${message.reason}\n`);
      return dieNow(EXIT_PROTOCOL);
    case "kept":
      return engine.supply(message, parts);
    case "cancel":
      return engine.cancel(message.target);
    case "health":
      return connection.send({
        type: "health.report",
        id: message.id,
        rss_bytes: process.memoryUsage.rss(),
        uptime_s: process.uptime(),
        loaded_model: engine.loadedModel,
        parts: [],
      });
    case "shutdown":
      return dieNow(0);
    default:
      return engine.request(message, parts);
  }
}

function startHeartbeat(intervalMs: number): void {
  const beat = () =>
    void connection.send({
      type: "heartbeat",
      rss_bytes: process.memoryUsage.rss(),
      busy: engine.busy,
      parts: [],
    });
  beat();
  setInterval(beat, intervalMs);
}

/**
 * stdin is a pipe whose other end only the server holds: it closes with the server, however that died. Ctrl-C reaches
 * the whole process group; the server decides about its workers, so it is ignored here.
 */
function dieWithTheServer(): void {
  process.stdin
    .on("end", () => dieNow(0))
    .on("error", () => dieNow(0))
    .resume();
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => dieNow(0));
}

/** There is nothing to save: every state the server was told of is already on its side. A running step is not waited for. */
function dieNow(code: number): void {
  process.exit(code);
}
