import { encodeLiveFrame, type LiveFrame, type LiveKind } from "@arc-fabric/contract";
import { sampleTake, TAKE_ID } from "@arc-fabric/contract/testing";
import { createClient, type FabricClient } from "@arc-fabric/client";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocketServer, type WebSocket } from "ws";
import { fastPlatform } from "./support/fast-platform.ts";
import { sendJson, sendProblem, startHttpServer, type TestServer } from "./support/http-server.ts";

let server: TestServer | undefined;
afterEach(() => server?.close());

function live(kind: LiveKind, step: number, frameIndex: number, producedAtMs: number): Uint8Array {
  const frame: LiveFrame = {
    kind,
    step,
    frameIndex,
    producedAtMs,
    codec: "jpeg",
    frameCount: 2,
    fps: 8,
    data: new Uint8Array([step, frameIndex]),
  };
  return encodeLiveFrame(frame);
}

/** A live endpoint; `script` plays the server's part for the n-th connection. */
async function serveLive(
  script: (socket: WebSocket, connection: number) => void,
  takeStatus: () => "running" | "completed" | "gone" = () => "running",
): Promise<{ client: FabricClient; tokens: unknown[] }> {
  const tokens: unknown[] = [];
  const sockets = new WebSocketServer({ noServer: true });
  server = await startHttpServer((_, response) => {
    const status = takeStatus();
    if (status === "gone")
      sendProblem(response, { status: 404, code: "take_not_found", detail: "No such take." });
    else sendJson(response, sampleTake({ status }));
  });
  let connections = 0;
  server.server.on("upgrade", (request, socket, head) => {
    tokens.push(request.headers.authorization);
    if (takeStatus() !== "running")
      return void socket.end("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
    sockets.handleUpgrade(request, socket, head, (opened) => script(opened, ++connections));
  });
  return {
    client: createClient({ baseUrl: server.url, token: "secret", platform: fastPlatform() }),
    tokens,
  };
}

async function namesOf(frames: AsyncIterable<LiveFrame>): Promise<string[]> {
  const names: string[] = [];
  for await (const { kind, step, frameIndex, data } of frames)
    names.push(`${kind} ${step}/${frameIndex} ${data.join()}`);
  return names;
}

describe("watching a take", () => {
  test("shows the frames in order until the server closes, with the token in the handshake", async () => {
    const { client, tokens } = await serveLive((socket) => {
      socket.send(live("preview", 1, 0, 10));
      socket.send(live("preview", 1, 1, 10));
      socket.send(Buffer.from([9, 9, 9]));
      socket.send(live("frame", 4, 0, 20));
      socket.close(1000);
    });
    expect(await namesOf(client.takes.watch(TAKE_ID))).toEqual([
      "preview 1/0 1,0",
      "preview 1/1 1,1",
      "frame 4/0 4,0",
    ]);
    expect(tokens).toEqual(["Bearer secret"]);
  });

  test("comes back after a drop and shows what it has seen only once", async () => {
    const { client } = await serveLive((socket, connection) => {
      socket.send(live("frame", 4, 0, 20), () => connection === 1 && socket.terminate());
      if (connection === 1) return;
      socket.send(live("frame", 4, 1, 21));
      socket.close(1000);
    });
    expect(await namesOf(client.takes.watch(TAKE_ID))).toEqual(["frame 4/0 4,0", "frame 4/1 4,1"]);
  });

  test("ends when the take turns out to be finished", async () => {
    let status: "running" | "completed" = "running";
    const { client } = await serveLive(
      (socket) => {
        status = "completed";
        socket.terminate();
      },
      () => status,
    );
    expect(await namesOf(client.takes.watch(TAKE_ID))).toEqual([]);
  });

  test("a refused handshake gives the reason the take's own address gives", async () => {
    const { client } = await serveLive(
      () => {},
      () => "gone",
    );
    await expect(namesOf(client.takes.watch(TAKE_ID))).rejects.toMatchObject({
      code: "take_not_found",
    });
  });

  test("an abort ends it and closes the socket", async () => {
    const closed = Promise.withResolvers<void>();
    const controller = new AbortController();
    const { client } = await serveLive((socket) => {
      socket.on("close", () => closed.resolve());
      socket.send(live("preview", 1, 0, 10));
    });
    for await (const frame of client.takes.watch(TAKE_ID, { signal: controller.signal })) {
      expect(frame.step).toBe(1);
      setImmediate(() => controller.abort());
    }
    await closed.promise;
  });
});
