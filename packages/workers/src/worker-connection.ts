import {
  encodeFrame,
  FabricError,
  FrameDecoder,
  PROTOCOL_VERSION,
  splitParts,
  toFabricError,
  workerMessageSchema,
  type NamedParts,
  type ServerMessage,
  type WorkerMessage,
} from "@arc-fabric/contract";
import type { Socket } from "node:net";

export interface Delivery {
  readonly message: WorkerMessage;
  readonly parts: NamedParts;
}

export interface ConnectionListener {
  /** Any message; also proof of life. */
  onMessage(delivery: Delivery): void;
  /** The worker broke the protocol; nothing more is read. */
  onViolation(error: FabricError): void;
  onClose(): void;
}

/** The framed socket to one worker. */
export class WorkerConnection {
  readonly #socket: Socket;
  readonly #decoder = new FrameDecoder();
  #listener: ConnectionListener;
  #broken = false;

  constructor(socket: Socket, listener: ConnectionListener) {
    this.#socket = socket;
    this.#listener = listener;
    socket.on("data", (chunk) => this.#read(chunk));
    // The reason of a broken socket is the worker's end, which its process tells better.
    socket.on("error", () => {});
    socket.on("close", () => this.#listener.onClose());
  }

  /** Hands the messages that follow to another listener (the handshake's is replaced by the session's). */
  listen(listener: ConnectionListener): void {
    this.#listener = listener;
  }

  send(message: ServerMessage, parts: NamedParts = {}): void {
    if (this.#socket.destroyed) return;
    this.#socket.cork();
    for (const chunk of encodeFrame(message, parts)) this.#socket.write(chunk);
    this.#socket.uncork();
  }

  /** The worker's writes wait until `resume`: how a slow reader slows the worker down. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  get paused(): boolean {
    return this.#socket.isPaused();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #read(chunk: Uint8Array): void {
    if (this.#broken) return;
    try {
      for (const frame of this.#decoder.push(chunk)) {
        const message = parseMessage(frame.header);
        this.#listener.onMessage({ message, parts: splitParts(message.parts, frame.payload) });
      }
    } catch (error) {
      this.#broken = true;
      this.#listener.onViolation(toFabricError(error));
    }
  }
}

function parseMessage(header: unknown): WorkerMessage {
  const parsed = workerMessageSchema.safeParse(header);
  if (parsed.success) return parsed.data;
  const { type, protocol } = (header ?? {}) as { type?: unknown; protocol?: unknown };
  // Another version's handshake may have other fields; its version is what matters then.
  if (type === "handshake" && typeof protocol === "number" && protocol !== PROTOCOL_VERSION)
    throw new FabricError(
      "worker_protocol",
      `The worker speaks protocol ${protocol}, this server speaks ${PROTOCOL_VERSION}.`,
    );
  throw new FabricError(
    "worker_protocol",
    `The worker sent a message of type ${JSON.stringify(type)} that is not in the protocol.`,
    {
      details: {
        issues: parsed.error.issues
          .slice(0, 5)
          .map((issue) => `${issue.path.join(".")}: ${issue.message}`),
      },
    },
  );
}
