import type { Server } from "node:http";
import type { Socket } from "node:net";

/**
 * Connections that no request has come over yet, as clients open them in advance. Node does not count them as idle, so a closing
 * server would wait for them.
 */
export class UnusedConnections {
  readonly #sockets = new Set<Socket>();

  constructor(server: Server) {
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    server.on("request", ({ socket }) => this.#sockets.delete(socket));
    server.on("upgrade", ({ socket }) => this.#sockets.delete(socket));
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
