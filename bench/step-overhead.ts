/**
 * What a denoising step costs outside the model, from the states of real takes: `node bench/step-overhead.ts [--save]`.
 * A step's seconds are measured by the worker from its begin to its state being ready; the time until the next step
 * begins (sending, guidance, solver, state) is what a whole take takes beyond the sum of its model seconds.
 */
import { createClient } from "@arc-fabric/client";
import { percentile, report, type Row } from "./lib/table.ts";
import { startServer } from "./lib/start-server.ts";

const TAKES = 6;
const STEPS = 40;

async function main(): Promise<void> {
  const server = await startServer();
  try {
    const client = createClient({ baseUrl: server.url });
    const rows: Row[] = [];
    for (const solver of ["euler", "dpmpp_2m"] as const) {
      const shares: number[] = [];
      const steps: number[] = [];
      for (let i = 0; i <= TAKES; i++) {
        const created = await client.takes.create({
          prompt: "a red ball bounces on a green meadow",
          seed: i,
          solver,
          num_inference_steps: STEPS,
        });
        await client.takes.wait(created.id);
        if (i === 0) continue; // the first take warms the worker
        const states = await client.takes.states(created.id);
        for (const { seconds, model_seconds: model } of states.slice(1)) {
          steps.push(seconds);
          shares.push((seconds - model) / seconds);
        }
      }
      rows.push({
        solver,
        steps: steps.length,
        "step p50 ms": percentile(steps, 0.5) * 1000,
        "outside the model p50 %": percentile(shares, 0.5) * 100,
        "outside p90 %": percentile(shares, 0.9) * 100,
        "outside p50 ms": percentile(shares, 0.5) * percentile(steps, 0.5) * 1000,
      });
    }
    report({
      name: "step-overhead",
      title: "A step's time outside the model",
      method: `${TAKES} warm takes of ${STEPS} steps per solver through a real server and worker; every step is stored.`,
      rows,
      notes: ["Goal: < 1 % outside the model."],
    });
  } finally {
    await server.stop();
  }
}

await main();
