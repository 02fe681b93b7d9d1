/** From sending a create to the worker's first step, and to its announcement, with a warm worker: `node bench/submit-to-first-step.ts [--save]`. */
import { createClient } from "@arc-fabric/client";
import { startServer } from "./lib/start-server.ts";
import { percentile, report } from "./lib/table.ts";

const TAKES = 30;
const GOAL_MS = 20;
const REQUEST = { prompt: "a red ball bounces on a green meadow", num_inference_steps: 4 };

async function main(): Promise<void> {
  const server = await startServer();
  const abort = new AbortController();
  try {
    const client = createClient({ baseUrl: server.url });
    await client.takes.wait((await client.takes.create({ ...REQUEST, seed: 0 })).id);

    const toStart: number[] = [];
    const toFirstStep: number[] = [];
    const toAnnounced: number[] = [];
    const events = client.events({ signal: abort.signal });
    for (let seed = 1; seed <= TAKES; seed++) {
      const sent = performance.now();
      const sentAt = Date.now();
      const { id } = await client.takes.create({ ...REQUEST, seed });
      for (;;) {
        const { value: event, done } = await events.next();
        if (done) throw new Error("The event stream ended.");
        if (!("take_id" in event.data) || event.data.take_id !== id) continue;
        if (event.type === "phase.changed" && event.data.phase === "denoising")
          toStart.push(Date.parse(event.at) - sentAt);
        if (event.type === "step.completed" && event.data.step === 1) {
          toFirstStep.push(performance.now() - sent - event.data.seconds * 1000);
          toAnnounced.push(performance.now() - sent);
        }
        if (event.type === "take.completed") break;
      }
    }
    const row = (what: string, samples: readonly number[]) => ({
      what,
      "p50 ms": percentile(samples, 0.5),
      "p95 ms": percentile(samples, 0.95),
    });
    const p50 = percentile(toStart, 0.5);
    report({
      name: "submit-to-first-step",
      title: "Submit to first step, warm",
      method: `${TAKES} takes one after the other through the HTTP API of a server process with a warm worker.`,
      rows: [
        row("create sent → denoising begins", toStart),
        row("create sent → first step announced, less the step itself", toFirstStep),
        row("create sent → first step announced", toAnnounced),
      ],
      notes: [
        `Goal: ≤ ${GOAL_MS} ms p50 until denoising begins: ${p50 <= GOAL_MS ? "met" : `missed by ${(p50 - GOAL_MS).toFixed(1)} ms`}.`,
        "The announcement comes after the state is on disk (fsync) and its preview is encoded and stored.",
      ],
    });
  } finally {
    abort.abort();
    await server.stop();
  }
}

await main();
