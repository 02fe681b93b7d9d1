/**
 * Every hand-over point of a 12-step schedule between two models: `node bench/hybrid.ts [--save]`.
 * Exactness is what is measured: the same latents and the same video, whether the take runs through, goes on from the state on disk, or is a
 * fork that changes the model.
 */
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import type { DeriveRequestInput, Manifest, Solver, Take, TakeRequest } from "@arc-fabric/contract";
import { createClient, type FabricClient } from "@arc-fabric/client";
import { completed } from "./lib/denoise-time.ts";
import { report, type Row } from "./lib/table.ts";
import { startServer } from "./lib/start-server.ts";

const STEPS = 12;
const ROOT = path.join(import.meta.dirname, "..");
const FIXTURES = path.join(ROOT, "runtimes/onnx/test/fixtures");
const SHIPPED = path.join(ROOT, "models");

async function main(): Promise<void> {
  const rows: Row[] = [];
  for (const [folder, name] of [
    [FIXTURES, "test fixtures"],
    [SHIPPED, "shipped"],
  ] as const) {
    const pair = pairIn(folder);
    if (pair) rows.push(...(await handOvers(folder, name, pair)));
  }
  const shipped = pairIn(SHIPPED);
  const exact = rows.every((row) => row["exact"] === "yes");
  report({
    name: "hybrid",
    title: "Hybrid schedules: every hand-over point",
    method: `A schedule of ${STEPS} steps, k by the first model and the rest by the second one, for every k and both solvers: run through, continued from the stored state at the hand-over, and as a fork of the first model's own take at step k that changes the model. Exact: all latents and the video are equal byte for byte in the three.`,
    rows,
    notes: [
      exact ? "Every hand-over is exact." : "NOT EXACT.",
      ...(shipped
        ? []
        : [
            "Only one size of a real model is shipped so far, so the pair is the two tiny models of the tests: this table shows that hand-overs are exact, and says nothing about their quality or speed.",
          ]),
    ],
  });
  if (!exact) process.exitCode = 1;
}

/** Two models of one latent space in a models folder. */
function pairIn(folder: string): readonly [string, string] | null {
  const manifests = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => readFileSync(path.join(folder, name, "manifest.json"), "utf8"))
    .map((text) => JSON.parse(text) as Manifest);
  for (const [i, a] of manifests.entries())
    for (const b of manifests.slice(i + 1))
      if (a.latent_space === b.latent_space) return [a.id, b.id];
  return null;
}

async function handOvers(
  folder: string,
  name: string,
  [first, second]: readonly [string, string],
): Promise<Row[]> {
  const server = await startServer(["--models-dir", folder]);
  try {
    const client = createClient({ baseUrl: server.url });
    const rows: Row[] = [];
    for (const solver of ["euler", "dpmpp_2m"] as const) {
      const base = { solver, seed: 4, model: first };
      const parent = await generate(client, base);
      for (let k = 1; k < STEPS; k++) {
        const stages = [
          { model: first, steps: k },
          { model: second, steps: STEPS - k },
        ];
        const through = await generate(client, { ...base, stages });
        const continued = await forkAt(client, through, { at_step: k });
        const forked = await forkAt(client, parent, {
          at_step: k,
          model: second,
          history: "carry",
        });
        const prints = await Promise.all(
          [through, continued, forked].map((take) => fingerprint(client, take)),
        );
        rows.push({
          models: `${first} + ${second} (${name})`,
          solver,
          "hand-over after": k,
          "steps of the fork": STEPS - forked.steps_reused,
          exact: new Set(prints).size === 1 ? "yes" : "NO",
        });
      }
    }
    return rows;
  } finally {
    await server.stop();
  }
}

function requestOf(request: Partial<TakeRequest> & { solver: Solver }): TakeRequest {
  return {
    prompt: "a red ball",
    num_inference_steps: STEPS,
    // Otherwise the later ones would take over the first one's states, and nothing would be compared.
    reuse: false,
    ...request,
  };
}

async function generate(
  client: FabricClient,
  request: Partial<TakeRequest> & { solver: Solver },
): Promise<Take> {
  return completed(client, await client.takes.create(requestOf(request)));
}

async function forkAt(
  client: FabricClient,
  parent: Take,
  change: Omit<Extract<DeriveRequestInput, { kind: "fork" }>, "kind">,
): Promise<Take> {
  return completed(client, await client.takes.derive(parent.id, { kind: "fork", ...change }));
}

/** Digests of all states and of the video. */
async function fingerprint(client: FabricClient, take: Take): Promise<string> {
  const states = await client.takes.states(take.id);
  const video = take.artifacts.find(({ kind }) => kind === "video");
  return [...states.map(({ digest }) => digest), video?.digest].join(" ");
}

await main();
