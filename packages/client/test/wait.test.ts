import type { ServerResponse } from "node:http";
import type { FabricEvent, Take } from "@arc-fabric/contract";
import { sampleTake, SESSION_ID, TAKE_ID } from "@arc-fabric/contract/testing";
import { createClient, type FabricClient } from "@arc-fabric/client";
import { afterEach, describe, expect, test } from "vitest";
import { fastPlatform } from "./support/fast-platform.ts";
import { sendJson, startHttpServer, type TestServer } from "./support/http-server.ts";
import { sampleEvent, stepEvent } from "./support/samples.ts";

let server: TestServer | undefined;
afterEach(() => server?.close());

interface FakeTake {
  take: Take;
  events: FabricEvent[];
}

/** One take whose events the test appends; `onRead` is called before each answer about the take. */
async function serveTake(
  fake: FakeTake,
  onRead: () => void = () => {},
): Promise<{ client: FabricClient; publish: (event: FabricEvent) => void }> {
  const streams = new Set<ServerResponse>();
  const wire = (event: FabricEvent) => `id: ${event.seq}\ndata: ${JSON.stringify(event)}\n\n`;
  server = await startHttpServer((request, response) => {
    if (request.url?.endsWith("/events")) {
      const after = Number(request.headers["last-event-id"]);
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(
        `: hello\n\n${fake.events
          .filter((event) => event.seq > after)
          .map(wire)
          .join("")}`,
      );
      streams.add(response);
      return;
    }
    if (request.url === `/api/v1/sessions/${SESSION_ID}`)
      return sendJson(response, { id: SESSION_ID, last_seq: fake.events.length });
    onRead();
    sendJson(response, fake.take);
  });
  return {
    client: createClient({ baseUrl: server.url, platform: fastPlatform() }),
    publish(event) {
      fake.events.push(event);
      for (const stream of streams) stream.write(wire(event));
    },
  };
}

const completed = (seq: number) =>
  sampleEvent(seq, { type: "take.completed", data: { take_id: TAKE_ID } });

describe("waiting for a take", () => {
  test("follows it by its events and returns it as the server has it", async () => {
    const fake: FakeTake = { take: sampleTake({ status: "running" }), events: [stepEvent(1, 1)] };
    const { client, publish } = await serveTake(fake);
    const steps: number[] = [];
    const result = await client.takes.wait(TAKE_ID, {
      onTake: (take) => steps.push(take.progress.step),
      onConnection: ({ status }) => {
        if (status !== "open") return;
        publish(stepEvent(2, 2));
        publish(stepEvent(3, 3));
        fake.take = sampleTake({ status: "completed", finished_at: "2026-11-21T03:09:00.000Z" });
        publish(completed(4));
      },
    });
    expect(result).toEqual(fake.take);
    expect(steps).toEqual([0, 2, 3, 4]);
  });

  test("misses nothing that happens between its first look and the stream", async () => {
    const fake: FakeTake = { take: sampleTake({ status: "running" }), events: [] };
    let reads = 0;
    const { client, publish } = await serveTake(fake, () => {
      if (++reads !== 2) return;
      // After this answer's snapshot was taken, before the stream is opened.
      publish(stepEvent(1, 1));
      publish(completed(2));
    });
    const types: string[] = [];
    await client.takes.wait(TAKE_ID, { onEvent: (event) => types.push(event.type) });
    expect(types).toEqual(["step.completed", "take.completed"]);
  });

  test("a take that is already finished is returned at once, also a failed one", async () => {
    const { client } = await serveTake({ take: sampleTake({ status: "failed" }), events: [] });
    expect((await client.takes.wait(TAKE_ID)).status).toBe("failed");
    expect(server!.requests.some((request) => request.includes("/events"))).toBe(false);
  });

  test("tells when the place in the queue changes, which no event of this take says", async () => {
    const fake: FakeTake = { take: sampleTake({ queue_position: 3 }), events: [] };
    const { client, publish } = await serveTake(fake, () => {
      if (fake.take.queue_position! > 1)
        fake.take = { ...fake.take, queue_position: fake.take.queue_position! - 1 };
    });
    const positions: unknown[] = [];
    await client.takes.wait(TAKE_ID, {
      onTake: (take) => {
        positions.push(take.queue_position);
        if (take.queue_position === 1 && fake.events.length === 0) publish(completed(1));
      },
    });
    expect(positions).toContain(1);
    expect(positions.at(-1)).toBeNull();
  });

  test("a take that is deleted meanwhile ends the wait", async () => {
    const { client, publish } = await serveTake({ take: sampleTake(), events: [] });
    const onConnection = ({ status }: { status: string }) =>
      status === "open" &&
      publish(sampleEvent(1, { type: "take.deleted", data: { take_id: TAKE_ID } }));
    await expect(client.takes.wait(TAKE_ID, { onConnection })).rejects.toMatchObject({
      code: "take_not_found",
    });
  });

  test("an abort ends it with the caller's reason", async () => {
    const { client } = await serveTake({ take: sampleTake({ status: "running" }), events: [] });
    const controller = new AbortController();
    const onConnection = ({ status }: { status: string }) =>
      status === "open" && controller.abort(new Error("enough"));
    await expect(
      client.takes.wait(TAKE_ID, { signal: controller.signal, onConnection }),
    ).rejects.toThrow("enough");
  });
});
