/** How long server and worker take from nothing: `node bench/cold-start.ts [--save]`. */
import { createClient } from "@arc-fabric/client";
import { startServer } from "./lib/start-server.ts";
import { percentile, report } from "./lib/table.ts";

const ROUNDS = 5;

async function main(): Promise<void> {
  const server: number[] = [];
  const worker: number[] = [];
  const firstClip: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const process = await startServer();
    try {
      server.push(process.readyMs);
      const client = createClient({ baseUrl: process.url });
      const created = await client.takes.create({
        prompt: "a red ball bounces on a green meadow",
        seed: 7,
        num_inference_steps: 4,
      });
      const take = await client.takes.wait(created.id);
      if (take.status !== "completed") throw new Error(`The take is ${take.status}.`);
      const { items } = await eventsOf(process.url, take.session_id);
      worker.push(milliseconds(items, "take.queued", "take.started"));
      firstClip.push(milliseconds(items, "take.queued", "take.completed"));
    } finally {
      await process.stop();
    }
  }
  const row = (what: string, samples: readonly number[]) => ({
    what,
    "p50 ms": percentile(samples, 0.5),
    "best ms": Math.min(...samples),
    "worst ms": Math.max(...samples),
  });
  report({
    name: "cold-start",
    title: "Cold start",
    method: `${ROUNDS} rounds, each with a new server process and an empty data directory; Zoetrope S.`,
    rows: [
      row("server: spawn to first healthy answer", server),
      row("worker: take queued to started (spawn, digests, load, warm-up)", worker),
      row("first clip of 4 steps: queued to completed", firstClip),
    ],
  });
}

interface TimedEvent {
  readonly type: string;
  readonly at: string;
}

/** The session's events so far, from its stream. */
async function eventsOf(url: string, sessionId: string): Promise<{ items: TimedEvent[] }> {
  const abort = new AbortController();
  const response = await fetch(`${url}/api/v1/sessions/${sessionId}/events`, {
    signal: abort.signal,
  });
  const items: TimedEvent[] = [];
  let text = "";
  for await (const chunk of response.body!) {
    text += Buffer.from(chunk).toString();
    const blocks = text.split("\n\n");
    text = blocks.pop()!;
    for (const block of blocks) {
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (data) items.push(JSON.parse(data) as TimedEvent);
    }
    if (items.at(-1)?.type === "take.completed") break;
  }
  abort.abort();
  return { items };
}

function milliseconds(events: readonly TimedEvent[], from: string, to: string): number {
  const at = (type: string) => Date.parse(events.find((event) => event.type === type)!.at);
  return at(to) - at(from);
}

await main();
