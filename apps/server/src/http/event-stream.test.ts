import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import type { FabricEvent } from "@arc-fabric/contract";
import type { System } from "@arc-fabric/core";
import { expect, it } from "vitest";
import { createLogger } from "../process/logger.ts";
import { type EventStreamDeps, streamEvents } from "./event-stream.ts";

const HEARTBEAT_MS = 15_000;
const events = Array.from(
  { length: 1000 },
  (_, i) =>
    ({ seq: i + 1, type: "session.renamed", data: { title: "x" } }) as unknown as FabricEvent,
);

/** A response whose client takes as many writes as it is told to. */
class SlowResponse extends EventEmitter {
  readonly written: string[] = [];
  destroyed = false;
  writableEnded = false;
  writableNeedDrain = false;
  takes = 0;
  writeHead() {}
  write(text: string) {
    this.written.push(text);
    this.writableNeedDrain = this.written.length > this.takes;
    return !this.writableNeedDrain;
  }
  end() {
    this.writableEnded = true;
  }
  destroy() {
    this.destroyed = true;
    this.emit("close");
  }
}

it("a client that takes nothing holds one page of events and is dropped after its time", async () => {
  const response = new SlowResponse();
  response.takes = 1;
  let timeOut = () => {};
  const waiting = new Promise<void>((resolve) => {
    timeOut = resolve;
  });
  const asked: number[] = [];
  const system = {
    sleep: (ms: number) =>
      ms === HEARTBEAT_MS ? new Promise(() => {}) : (asked.push(ms), waiting),
  } as unknown as System;
  const reads: number[] = [];
  const deps: EventStreamDeps = {
    store: { subscribe: () => () => {} },
    system,
    logger: createLogger({ level: "silent", pretty: false, write: () => {}, secrets: [] }),
    stopping: new AbortController().signal,
  };
  const streaming = streamEvents(
    deps,
    response as unknown as ServerResponse,
    {},
    {
      after: 0,
      numberOf: ({ seq }) => seq,
      read: async (after, limit) => {
        reads.push(limit);
        return events.slice(after, after + limit);
      },
      onGone: () => () => {},
      concerns: () => true,
    },
  );
  while (asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(reads).toHaveLength(1);
  timeOut();
  await streaming;
  expect(response.destroyed).toBe(true);
  expect(reads).toHaveLength(1);
});
