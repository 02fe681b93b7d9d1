import { readFile } from "node:fs/promises";
import path from "node:path";
import type { RgbFrames } from "@arc-fabric/core";
import { float32, float32Values, int64, openGraph } from "@arc-fabric/runtime-onnx/ort";
import { Tokenizer, type TokenizerDocument } from "@arc-fabric/runtime-onnx/tokenizer";

/** How well clips show what prompts say, by the text-video model that `training/` makes beside the Zoetrope family. */
export interface Similarity {
  /** Parts right from wrong prompts best, as measured in training/results/similarity.json. */
  readonly threshold: number;
  /** The cosine of a clip and a prompt, -1 to 1. */
  score(clip: RgbFrames, prompt: string): Promise<number>;
  close(): Promise<void>;
}

interface Card {
  readonly threshold: number;
  /** Frames that the video tower sees of a clip. */
  readonly frames: number;
  /** Their side in pixels. */
  readonly side: number;
}

/** @param folder text.onnx, video.onnx, tokenizer.json, similarity.json */
export async function openSimilarity(folder: string): Promise<Similarity> {
  const json = async (file: string): Promise<unknown> =>
    JSON.parse(await readFile(path.join(folder, file), "utf8"));
  const card = (await json("similarity.json")) as Card;
  const tokenizer = new Tokenizer((await json("tokenizer.json")) as TokenizerDocument);
  const text = await openGraph(path.join(folder, "text.onnx"), 1);
  const video = await openGraph(path.join(folder, "video.onnx"), 1);
  return {
    threshold: card.threshold,
    async score(clip, prompt) {
      const { ids } = tokenizer.tokenize(prompt, "prompt");
      const wanted = await text.run({ tokens: int64(ids, [1, ids.length]) });
      const shape = [1, card.frames, 3, card.side, card.side];
      const seen = await video.run({ frames: float32(smallFrames(clip, card), shape) });
      const other = float32Values(seen["vector"]!);
      return float32Values(wanted["vector"]!).reduce((sum, value, i) => sum + value * other[i]!, 0);
    },
    async close() {
      await Promise.all([text.release(), video.release()]);
    },
  };
}

/** Evenly spread frames, each pixel the mean of a square of the clip's, planes of red, green and blue in [0, 1]. */
function smallFrames({ data, width, height }: RgbFrames, { frames, side }: Card): Float32Array {
  const last = data.length / (width * height * 3) - 1;
  const square = width / side;
  if (width !== height || !Number.isInteger(square))
    throw new Error(`Clips of ${width}x${height} pixels cannot be judged at ${side}x${side}.`);
  const out = new Float32Array(frames * 3 * side * side);
  for (let f = 0; f < frames; f++) {
    const start = Math.round((f * last) / (frames - 1)) * width * height * 3;
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        for (let c = 0; c < 3; c++) {
          const cell = Math.floor(y / square) * side + Math.floor(x / square);
          out[(f * 3 + c) * side * side + cell]! +=
            data[start + (y * width + x) * 3 + c]! / (255 * square * square);
        }
  }
  return out;
}
