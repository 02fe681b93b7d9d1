import { encodeLiveFrame, isFinished, type LiveFrame } from "@arc-fabric/contract";
import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { World } from "./world.ts";

/** From RFC 6455, section 1.3. */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const OPCODE = { binary: 2, close: 8 } as const;

/** Live frames over the smallest WebSocket server that does: it only sends. */
export function serveLive(world: World, request: IncomingMessage, socket: Socket): void {
  const takeId = /^\/api\/v1\/takes\/(\w+)\/live/.exec(request.url ?? "")?.[1];
  const key = request.headers["sec-websocket-key"];
  const take = takeId ? world.takes.get(takeId) : undefined;
  socket.on("error", () => socket.destroy());
  if (!take || !key) return void socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n");
  const accept = createHash("sha1")
    .update(key + GUID)
    .digest("base64");
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );

  const send = (frame: LiveFrame) => writeFrame(socket, OPCODE.binary, encodeLiveFrame(frame));
  const onLive = (id: string, frame: LiveFrame) => id === takeId && send(frame);
  const onFinished = (id: string) => id === takeId && end();
  const end = () => {
    writeFrame(socket, OPCODE.close, Buffer.from([0x03, 0xe8]));
    socket.end();
  };
  for (const frame of world.live.get(take.id) ?? []) send(frame);
  if (isFinished(take.status)) return end();
  world.changes.on("live", onLive).on("finished", onFinished);
  socket.on("close", () => world.changes.off("live", onLive).off("finished", onFinished));
  // HTTP sockets stay half open by default; nothing is said after the viewer has left.
  socket.on("end", () => socket.destroy());
  socket.resume();
}

function writeFrame(socket: Socket, opcode: number, payload: Uint8Array): void {
  if (!socket.writable) return;
  const { byteLength } = payload;
  const header = Buffer.alloc(byteLength < 126 ? 2 : byteLength < 65_536 ? 4 : 10);
  header[0] = 0x80 | opcode;
  if (byteLength < 126) header[1] = byteLength;
  else if (byteLength < 65_536) {
    header[1] = 126;
    header.writeUInt16BE(byteLength, 2);
  } else {
    header[1] = 127;
    header.writeBigUInt64BE(BigInt(byteLength), 2);
  }
  socket.write(header);
  socket.write(payload);
}
