/**
 * Whether the shipped models make what their prompts say: `node bench/quality-gate.ts [--save]`; exit status 1 where one does not.
 * Clips are made by the server and judged as the files that a user gets.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { createClient } from "@arc-fabric/client";
import { createClipReader } from "./lib/clip-reader.ts";
import { completed } from "./lib/denoise-time.ts";
import { openSimilarity } from "./lib/similarity.ts";
import { startServer } from "./lib/start-server.ts";
import { percentile, report, type Row } from "./lib/table.ts";

const FAMILY = "zoetrope";
/** Held-out prompts, evenly taken from those that the model cards' figures are of. */
const PROMPTS = 40;
/** Share of its clips that a model must get through the gate. */
const GOAL = 0.75;
const ROOT = path.join(import.meta.dirname, "..");

interface Prompt {
  readonly prompt: string;
  readonly seed: number;
}

async function main(): Promise<void> {
  const judge = await openSimilarity(path.join(import.meta.dirname, "zoetrope-similarity"));
  const reader = createClipReader();
  const server = await startServer();
  const client = createClient({ baseUrl: server.url });
  const prompts = heldOut();
  const rows: Row[] = [];
  try {
    const models = (await client.models.list()).filter(({ family }) => family === FAMILY);
    for (const { id: model } of models) {
      const own: number[] = [];
      const other: number[] = [];
      for (const [i, { prompt, seed }] of prompts.entries()) {
        const take = await completed(client, await client.takes.create({ prompt, seed, model }));
        const clip = await reader.read(client, take);
        own.push(await judge.score(clip, prompt));
        other.push(await judge.score(clip, prompts[(i + 1) % prompts.length]!.prompt));
      }
      rows.push({
        model,
        clips: own.length,
        "through the gate, %": 100 * shareOf(own, judge.threshold),
        "another prompt's, %": 100 * shareOf(other, judge.threshold),
        "median score": percentile(own, 0.5),
        "median with another's": percentile(other, 0.5),
      });
    }
  } finally {
    await Promise.all([server.stop(), reader.close(), judge.close()]);
  }
  const failed = rows.filter((row) => Number(row["through the gate, %"]) < 100 * GOAL);
  report({
    name: "quality-gate",
    title: "Quality gate: do clips show what their prompts say?",
    method: `${PROMPTS} of the held-out prompts, each with its own seed and the model's defaults, made through the API and read back from the MP4 file. The score is the cosine of clip and prompt by the similarity model of \`training/\`; the gate is at ${judge.threshold}, as measured there on drawn clips.`,
    rows,
    notes: [
      `Goal: ${100 * GOAL} % of a model's clips get through. ${failed.length === 0 ? "Met." : `Missed by ${failed.map(({ model }) => model).join(" and ")}.`}`,
    ],
  });
  if (failed.length > 0) process.exitCode = 1;
}

function heldOut(): Prompt[] {
  const file = path.join(ROOT, "training/results/prompts.json");
  const all = JSON.parse(readFileSync(file, "utf8")) as Prompt[];
  return Array.from({ length: PROMPTS }, (_, i) => all[Math.floor((i * all.length) / PROMPTS)]!);
}

const shareOf = (scores: readonly number[], threshold: number): number =>
  scores.filter((score) => score >= threshold).length / scores.length;

await main();
