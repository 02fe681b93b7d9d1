// The official openai client, pointed at Arc Fabric: only baseURL is set.
//   node examples/openai-client.ts "a red ball bounces on a green meadow" ball.mp4
import { writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import OpenAI from "openai";

const [prompt = "a red ball bounces on a green meadow", file = "ball.mp4"] = process.argv.slice(2);
const server = process.env["ARC_SERVER"] ?? "http://127.0.0.1:8000";
const openai = new OpenAI({
  baseURL: `${server}/v1`,
  apiKey: process.env["ARC_TOKEN"] ?? "not needed on this machine",
});

let video = await openai.videos.create({ prompt, model: "zoetrope-s" });
while (video.status === "queued" || video.status === "in_progress") {
  console.log(`${video.id}: ${video.status}, ${video.progress} %`);
  await sleep(500);
  video = await openai.videos.retrieve(video.id);
}
if (video.status === "failed") throw new Error(video.error?.message ?? "The video failed.");

const content = await openai.videos.downloadContent(video.id);
await writeFile(file, Buffer.from(await content.arrayBuffer()));
console.log(`${file}: ${video.size}, ${video.seconds} s`);
