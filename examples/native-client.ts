// Makes a video with the typed client and follows it while it forms.
//   node examples/native-client.ts "a red ball bounces on a green meadow" ball.mp4
import { writeFile } from "node:fs/promises";
import { createClient, takeError } from "@arc-fabric/client";

const [prompt = "a red ball bounces on a green meadow", file = "ball.mp4"] = process.argv.slice(2);
const token = process.env["ARC_TOKEN"];
const client = createClient({
  baseUrl: process.env["ARC_SERVER"] ?? "http://127.0.0.1:8000",
  ...(token === undefined ? {} : { token }),
});

const take = await client.takes.create({ prompt, num_inference_steps: 8 });
console.log(`${take.id}: ${take.parameters.num_frames} frames, seed ${take.parameters.seed}`);

// Pictures of the forming clip, as JPEG: what the studio shows. A lost connection is taken up again.
const watching = (async () => {
  let pictures = 0;
  for await (const frame of client.takes.watch(take.id))
    pictures += frame.data.byteLength > 0 ? 1 : 0;
  return pictures;
})();

// Every durable event once and in order, also across a restart of the server.
const finished = await client.takes.wait(take.id, {
  onEvent(event) {
    if (event.type === "step.completed")
      console.log(`step ${event.data.step} of ${event.data.total_steps}`);
    if (event.type === "take.warned")
      for (const { message } of event.data.warnings) console.log(message);
  },
});
const error = takeError(finished);
if (error) throw error;

const video = finished.artifacts.find(({ kind }) => kind === "video");
if (!video) throw new Error(`The take is ${finished.status}.`);
const download = await client.artifacts.download(video.id);
await writeFile(file, await download.toBytes());
console.log(`${file}: ${video.bytes} bytes, ${await watching} live pictures seen`);
