import type { FabricEvent } from "@arc-fabric/contract";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { World } from "./world.ts";

/** Server-sent events of everything, from `Last-Event-ID` or `after` on, else from now on. */
export function sendEvents(
  world: World,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): void {
  const from = request.headers["last-event-id"] ?? url.searchParams.get("after");
  const newest = world.events.at(-1)?.position ?? 0;
  const after = from === null || from === undefined ? newest : Number(from);
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  response.write(`retry: 300\nid: ${after}\n\n`);
  const send = (event: FabricEvent) =>
    void response.write(
      `id: ${event.position}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`,
    );
  for (const event of world.events) if (event.position > after) send(event);
  world.changes.on("event", send);
  const heartbeat = setInterval(() => response.write(": heartbeat\n\n"), 5_000);
  response.on("close", () => {
    world.changes.off("event", send);
    clearInterval(heartbeat);
  });
}
