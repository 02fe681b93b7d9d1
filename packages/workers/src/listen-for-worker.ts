import { rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";

export interface WorkerSocket {
  readonly path: string;
  /** The first connection; there is no second one. */
  readonly connected: Promise<Socket>;
  /** Stops listening and removes the socket's file; an accepted connection stays. */
  close(): Promise<void>;
}

/** Listens for one worker on its own Unix socket. */
export async function listenForWorker(directory: string, name: string): Promise<WorkerSocket> {
  const path = join(directory, `${name}.sock`);
  await rm(path, { force: true });
  const server = createServer();
  server.maxConnections = 1;
  const connected = new Promise<Socket>((resolve) => server.once("connection", resolve));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  return {
    path,
    connected,
    async close() {
      // `close` waits for the accepted connection to end as well, which is not meant here.
      server.close();
      await rm(path, { force: true });
    },
  };
}
