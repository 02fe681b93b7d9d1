/** How long server and worker take from nothing: `node bench/cold-start.ts [--save]`. */
import { createClient } from "@arc-fabric/client";
import type { FabricEvent } from "@arc-fabric/contract";
import { completed, eventsOf } from "./lib/denoise-time.ts";
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
      const take = await completed(
        client,
        await client.takes.create({
          prompt: "a red ball bounces on a green meadow",
          seed: 7,
          num_inference_steps: 4,
        }),
      );
      const events = await eventsOf(client, take);
      worker.push(milliseconds(events, "take.queued", "take.started"));
      firstClip.push(milliseconds(events, "take.queued", "take.completed"));
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

function milliseconds(events: readonly FabricEvent[], from: string, to: string): number {
  const at = (type: string) => Date.parse(events.find((event) => event.type === type)!.at);
  return at(to) - at(from);
}

await main();
