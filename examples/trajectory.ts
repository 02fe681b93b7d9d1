// A clip, the same motion in another colour for the price of its last steps, and a stream whose prompt changes while it grows.
//   node examples/trajectory.ts "a red ball bounces on a green meadow" stream.mp4
import { writeFile } from "node:fs/promises";
import { createClient, takeError } from "@arc-fabric/client";

const [prompt = "a red ball bounces on a green meadow", file = "stream.mp4"] =
  process.argv.slice(2);
const token = process.env["ARC_TOKEN"];
const client = createClient({
  baseUrl: process.env["ARC_SERVER"] ?? "http://127.0.0.1:8000",
  ...(token === undefined ? {} : { token }),
});
const other = "a blue ball bounces on a green meadow";
const steps = { num_inference_steps: 8 };

async function finished(takeId: string) {
  const take = await client.takes.wait(takeId);
  const error = takeError(take);
  if (error) throw error;
  return take;
}

// A fork begins with its parent's stored steps: only the rest is computed.
const clip = await finished((await client.takes.create({ prompt, seed: 7, ...steps })).id);
const request = { kind: "fork", at_step: 4, prompt: other } as const;
const { estimate } = await client.takes.planDerived(clip.id, request);
const fork = await finished((await client.takes.derive(clip.id, request)).id);
const saved = `${fork.steps_reused} of ${fork.plan.total_steps} steps reused`;
console.log(`${fork.id}: ${saved}, expected ${estimate?.seconds.toFixed(1) ?? "?"} s`);

// A stream's blocks are takes. What is changed counts from its next block on.
let stream = await client.streams.create({ prompt, max_blocks: 3, block_frames: 4, ...steps });
await client.streams.update(stream.id, { prompt: other });
const seen = new Set<string>();
while (stream.status === "running" || stream.next_take_id) {
  const { next_take_id: next } = stream;
  if (next && !seen.has(next)) {
    const block = await finished(next);
    console.log(`block ${seen.add(next).size}: ${block.id} "${block.parameters.prompt}"`);
  } else await new Promise((resolve) => setTimeout(resolve, 100));
  stream = await client.streams.get(stream.id);
}
if (stream.error) throw new Error(stream.error.message);

const whole = await finished((await client.streams.finalize(stream.id)).id);
const video = whole.artifacts.find(({ kind }) => kind === "video");
if (!video) throw new Error(`The take is ${whole.status}.`);
await writeFile(file, await (await client.artifacts.download(video.id)).toBytes());
console.log(`${file}: ${whole.parameters.num_frames} frames`);
