/** How long a warm server takes from a prompt to the finished MP4: `node bench/prompt-to-video.ts [--save]`. */
import type { TakeRequest } from "@arc-fabric/contract";
import { createClient, type FabricClient } from "@arc-fabric/client";
import { completed, promptFor } from "./lib/denoise-time.ts";
import { startServer } from "./lib/start-server.ts";
import { percentile, report, type Row } from "./lib/table.ts";

const FRAMES = 33;
const RUNS = 7;

const KINDS: readonly { name: string; request: Partial<TakeRequest>; goal?: number }[] = [
  { name: "zoetrope-m", request: { model: "zoetrope-m" }, goal: 6 },
  { name: "zoetrope-s", request: { model: "zoetrope-s" }, goal: 2 },
  { name: "both, half each", request: { model: "zoetrope-m", stages: "default" } },
];

async function main(): Promise<void> {
  const server = await startServer();
  try {
    const client = createClient({ baseUrl: server.url });
    const rows: Row[] = [];
    for (const { name, request, goal } of KINDS) {
      await seconds(client, request, 0);
      const times: number[] = [];
      for (let run = 1; run <= RUNS; run++) times.push(await seconds(client, request, run));
      rows.push({
        model: name,
        runs: RUNS,
        "p50, s": percentile(times, 0.5),
        "worst, s": Math.max(...times),
        "goal, s": goal ?? "",
      });
    }
    report({
      name: "prompt-to-video",
      title: "From a prompt to the finished video",
      method: `${FRAMES} frames with the model's defaults on a warm server, from sending the request until the take with its MP4 file is told as completed. No state is taken over from an earlier take.`,
      rows,
    });
  } finally {
    await server.stop();
  }
}

async function seconds(
  client: FabricClient,
  request: Partial<TakeRequest>,
  run: number,
): Promise<number> {
  const began = performance.now();
  const take = await client.takes.create({
    prompt: promptFor(run),
    seed: run,
    num_frames: FRAMES,
    reuse: false,
    ...request,
  });
  await completed(client, take);
  return (performance.now() - began) / 1000;
}

await main();
