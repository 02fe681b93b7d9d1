import {
  encodeFrame,
  FabricError,
  FrameDecoder,
  serverMessageSchema,
  splitParts,
  type NamedParts,
  type ServerMessage,
  type WorkerMessage,
} from "@arc-fabric/contract";
import { connect, type Socket } from "node:net";

export interface ServerConnection {
  /** Resolves when the message has left this process, however slowly the server reads. */
  send(message: WorkerMessage, parts?: NamedParts): Promise<void>;
  /** Sends what is still waiting, then closes. */
  end(): Promise<void>;
}

export interface ServerListener {
  onMessage(message: ServerMessage, parts: NamedParts): void;
  /** The server is gone, or sent something that is not in the protocol. */
  onClose(reason: Error | null): void;
}

/** Connects to the server's socket. @throws the system's error when nobody listens there */
export async function connectToServer(
  path: string,
  listener: ServerListener,
): Promise<ServerConnection> {
  const socket = await open(path);
  const decoder = new FrameDecoder();
  let failure: Error | null = null;
  socket.on("data", (chunk) => {
    try {
      for (const frame of decoder.push(chunk)) receive(frame.header, frame.payload, listener);
    } catch (error) {
      failure = error as Error;
      socket.destroy();
    }
  });
  socket.on("error", (error) => (failure ??= error));
  socket.on("close", () => listener.onClose(failure));
  return {
    send: (message, parts) => writeFrame(socket, message, parts),
    end: () => new Promise((resolve) => socket.end(resolve)),
  };
}

function open(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(socket);
    });
  });
}

function receive(header: unknown, payload: Uint8Array, listener: ServerListener): void {
  const parsed = serverMessageSchema.safeParse(header);
  if (!parsed.success)
    throw new FabricError(
      "worker_protocol",
      `The server sent a message that is not in the protocol: ${parsed.error.message}`,
    );
  listener.onMessage(parsed.data, splitParts(parsed.data.parts, payload));
}

function writeFrame(socket: Socket, message: WorkerMessage, parts?: NamedParts): Promise<void> {
  const chunks = encodeFrame(message, parts);
  return new Promise((resolve) => {
    // A failed write is reported by "close", which ends this process: nothing is left to do for the one that wrote.
    socket.cork();
    chunks.forEach((chunk, index) =>
      socket.write(chunk, index === chunks.length - 1 ? () => resolve() : undefined),
    );
    socket.uncork();
  });
}
