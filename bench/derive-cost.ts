/**
 * What derived takes cost beside a full run, and how soon a take stops: `node bench/derive-cost.ts [--save]`.
 * Time is counted from a take's start to its decoding. The ideal is the share of steps that has to be computed.
 */
import type { DeriveRequestInput, Take } from "@arc-fabric/contract";
import { createClient, type FabricClient } from "@arc-fabric/client";
import { completed, denoiseMs, eventsOf, promptFor } from "./lib/denoise-time.ts";
import { percentile, report, type Row } from "./lib/table.ts";
import { startServer } from "./lib/start-server.ts";

const ROUNDS = 7;
const STEPS = 40;
const FRAMES = 17;
const AT = [10, 20, 30];

interface Sample {
  readonly kind: string;
  readonly ideal: number;
  readonly ratio: number;
}

async function main(): Promise<void> {
  const server = await startServer();
  try {
    const client = createClient({ baseUrl: server.url });
    await full(client, 1000);
    const samples: Sample[] = [];
    const stops = new Map<string, number[]>();
    for (let round = 0; round < ROUNDS; round++) {
      samples.push(...(await derivedCosts(client, round)));
      for (const [kind, steps] of await stopTimes(client, round))
        stops.set(kind, [...(stops.get(kind) ?? []), steps]);
    }
    report({
      name: "derive-cost",
      title: "Cost of fork, edit, extend and resume",
      method: `${ROUNDS} rounds of ${STEPS} steps on Zoetrope S: time from a take's start to its decoding, as a ratio to the mean of two full runs of the same length before and after it. Ideal: the share of steps to compute; an extension is compared with full runs of the longer clip, all of which its net sees.`,
      rows: [...ratioRows(samples), ...stopRows(stops)],
      notes: [
        "Goal: at most 5 % above the ideal; pause and cancel within one step.",
        "Pause: steps finished after the request was acknowledged. Cancel: time from the acknowledgement to the start of the next take, in steps.",
      ],
    });
  } finally {
    await server.stop();
  }
}

/** A run from noise; nothing of it is reused from another one. */
async function full(
  client: FabricClient,
  seed: number,
  frames = FRAMES,
): Promise<{ take: Take; ms: number }> {
  const created = await client.takes.create({
    num_frames: frames,
    prompt: promptFor(seed),
    seed,
    num_inference_steps: STEPS,
    reuse: false,
  });
  const take = await completed(client, created);
  return { take, ms: await denoiseMs(client, take) };
}

async function derivedCosts(client: FabricClient, round: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  let before = await full(client, 2000 + 100 * round);
  const { take: parent } = before;
  const measure = async (kind: string, ideal: number, run: () => Promise<number>) => {
    const ms = await run();
    const after = await full(client, 2001 + 100 * round + samples.length);
    // The machine's speed drifts: the full runs right before and after are the measure.
    samples.push({ kind, ideal, ratio: ms / ((before.ms + after.ms) / 2) });
    before = after;
  };
  const derive = (request: DeriveRequestInput) => async () =>
    denoiseMs(client, await completed(client, await client.takes.derive(parent.id, request)));
  const measureLonger = async (added: number) => {
    const seed = 4000 + 100 * round + added;
    const long = [await full(client, seed, FRAMES + added)];
    const ms = await derive({ kind: "extend", num_frames: added })();
    long.push(await full(client, seed + 50, FRAMES + added));
    const fullMs = long.reduce((sum, one) => sum + one.ms, 0) / long.length;
    samples.push({ kind: `extend by ${added} frames`, ideal: 1, ratio: ms / fullMs });
    before = await full(client, seed + 60);
  };
  for (const at of AT)
    await measure(
      `fork at ${at}`,
      (STEPS - at) / STEPS,
      derive({ kind: "fork", at_step: at, prompt: promptFor(round + 1) }),
    );
  for (const strength of [1, 0.5])
    await measure(
      `edit, strength ${strength}`,
      strength,
      derive({ kind: "edit", frames: [5, 13], strength, prompt: promptFor(round + 1) }),
    );
  for (const added of [4, 8]) await measureLonger(added);
  for (const at of AT)
    await measure(`resume after ${at}`, (STEPS - at) / STEPS, () => resumed(client, round, at));
  return samples;
}

/** Paused when step `at` is announced, resumed: the time of the second part. The ideal is taken from where it really stopped. */
async function resumed(client: FabricClient, round: number, at: number): Promise<number> {
  const created = await client.takes.create({
    prompt: promptFor(round),
    seed: 5000 + 100 * round + at,
    num_inference_steps: STEPS,
    reuse: false,
  });
  const stopped = await pausedAt(client, created, at);
  await client.takes.resume(created.id);
  const ms = await denoiseMs(client, await completed(client, created));
  return (ms * (STEPS - at)) / (STEPS - stopped.progress.step);
}

/** Pauses a take when step `at` is announced. @returns it when it is paused */
async function pausedAt(client: FabricClient, take: Take, at: number): Promise<Take> {
  const { id, session_id: sessionId } = take;
  for await (const event of client.events({ sessionId, after: 0 })) {
    if (event.type === "step.completed" && event.data.step === at && event.data.take_id === id)
      await client.takes.pause(id);
    if (event.type === "take.paused" && event.data.take_id === id) break;
  }
  return client.takes.get(id);
}

async function stopTimes(client: FabricClient, round: number): Promise<[string, number][]> {
  const request = { prompt: promptFor(round), num_inference_steps: STEPS, reuse: false };
  const created = await client.takes.create({ ...request, seed: 7000 + round });
  const paused = await pausedAt(client, created, 15);
  const events = await eventsOf(client, paused);
  const asked = events.findIndex(({ type }) => type === "take.pause_requested");
  const after = events.slice(asked).filter(({ type }) => type === "step.completed").length;
  await client.takes.cancel(paused.id);

  const doomed = await client.takes.create({ ...request, seed: 8000 + round });
  const next = await client.takes.create({ ...request, seed: 9000 + round });
  for await (const event of client.events({ sessionId: doomed.session_id, after: 0 }))
    if (event.type === "step.completed" && event.data.step === 15) break;
  await client.takes.cancel(doomed.id);
  const done = await completed(client, next);
  const cancelled = (await eventsOf(client, doomed)).find(({ type }) => type === "take.cancelled");
  const started = (await eventsOf(client, done)).find(({ type }) => type === "take.started");
  const steps = (await client.takes.states(done.id)).map(({ seconds }) => seconds * 1000);
  const ms = Date.parse(started!.at) - Date.parse(cancelled!.at);
  return [
    ["pause", after],
    ["cancel", ms / percentile(steps, 0.5)],
  ];
}

function ratioRows(samples: readonly Sample[]): Row[] {
  const kinds = [...new Set(samples.map(({ kind }) => kind))];
  return kinds.map((kind) => {
    const own = samples.filter((sample) => sample.kind === kind);
    const [{ ideal }] = own as [Sample];
    const ratio = percentile(
      own.map((sample) => sample.ratio),
      0.5,
    );
    return {
      "": kind,
      samples: own.length,
      "ideal share": ideal.toFixed(3),
      "measured p50": ratio.toFixed(3),
      "above the ideal %": ((ratio / ideal - 1) * 100).toFixed(1),
    };
  });
}

function stopRows(stops: ReadonlyMap<string, readonly number[]>): Row[] {
  return [...stops].map(([kind, steps]) => ({
    "": `${kind}: steps until it stops`,
    samples: steps.length,
    "ideal share": "at most 1",
    "measured p50": percentile(steps, 0.5).toFixed(2),
    "above the ideal %": `largest ${Math.max(...steps).toFixed(2)}`,
  }));
}

await main();
