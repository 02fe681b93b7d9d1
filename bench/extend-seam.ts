/** Whether a clip shows where it was extended: `node bench/extend-seam.ts [--save]`. */
import { readFileSync } from "node:fs";
import type { DeriveRequestInput, Take } from "@arc-fabric/contract";
import { createClient, type FabricClient } from "@arc-fabric/client";
import type { RgbFrames } from "@arc-fabric/core";
import { createClipReader } from "./lib/clip-reader.ts";
import { completed, promptFor } from "./lib/denoise-time.ts";
import { percentile, report, type Row } from "./lib/table.ts";
import { startServer } from "./lib/start-server.ts";

/** The one that a new user gets, with its own number of steps: how a join looks is a matter of the model. */
const MODEL = "zoetrope-m";
const CLIPS = 20;
const FRAMES = 17;
const NEW = 8;

interface Growth {
  readonly name: string;
  readonly request: DeriveRequestInput;
  /** Frames that follow on one of the other kind. */
  readonly joins: readonly number[];
  /** Whether the last frame leads to the first one. */
  readonly loops: boolean;
}

const GROWTHS: readonly Growth[] = [
  {
    name: "forwards",
    request: { kind: "extend", num_frames: NEW },
    joins: [FRAMES],
    loops: false,
  },
  {
    name: "backwards",
    request: { kind: "extend", direction: "backward", num_frames: NEW },
    // The old first latent frame is made anew: it stood for one frame and stands for a group now.
    joins: [NEW + 1],
    loops: false,
  },
  {
    name: "insert",
    request: { kind: "insert", at_frame: 9, num_frames: NEW },
    joins: [9, 9 + NEW],
    loops: false,
  },
  { name: "loop", request: { kind: "loop", num_frames: NEW }, joins: [FRAMES], loops: true },
  {
    name: "loop, twice as long",
    request: { kind: "loop", num_frames: 2 * NEW },
    joins: [FRAMES],
    loops: true,
  },
];

interface Seam {
  readonly name: string;
  /** Difference at the worst join of how many, and the clip's own differences. */
  readonly join: number;
  readonly joins: number;
  readonly own: readonly number[];
  /** Those of them that lie between two groups of frames, as every join does. */
  readonly borders: readonly number[];
}

const GROUP = 4;

/** What drawn clips of the same prompts reach where a join would be, by growth: `python -m zoetrope.seams`. */
const DRAWN: Readonly<Record<string, { inside_of_20: number; worst: number }>> = JSON.parse(
  readFileSync(new URL("../training/results/drawn-seams.json", import.meta.url), "utf8"),
);
const reader = createClipReader();

async function main(): Promise<void> {
  const server = await startServer(["--default-model", MODEL]);
  try {
    const client = createClient({ baseUrl: server.url });
    const seams: Seam[] = [];
    for (let clip = 0; clip < CLIPS; clip++) {
      const parent = await completed(
        client,
        await client.takes.create({
          prompt: promptFor(clip),
          seed: clip,
          num_frames: FRAMES,
        }),
      );
      for (const growth of GROWTHS) seams.push(await seamOf(client, parent, growth, clip));
    }
    report({
      name: "extend-seam",
      title: "The seam of a longer clip",
      method: `${CLIPS} clips of ${FRAMES} frames on ${MODEL}, each made ${NEW} frames longer in four ways, and ${2 * NEW} in one. Mean absolute difference (0 to 255) of neighbouring frames of the finished video: at the join (the larger one where there are two), and everywhere else in the same clip.`,
      rows: GROWTHS.map(({ name }) => rowOf(name, seams)),
      notes: [
        "Goal: no join differs more than the clip's own neighbouring frames do (inside its range), as far as drawn clips of the same prompts reach that, which have no join: what bounces is fastest where it meets the ground, and there the join is.",
        "A join lies between two groups of four frames, where the model's clips change more than inside a group. The third column says how many clips would be inside if a join were like any other border of two groups.",
        "A loop and an insertion must also lead back to frames that are there already: eight frames to return from the end of a movement to its beginning are a jump where the prompt names a movement that does not return.",
      ],
    });
  } finally {
    await server.stop();
    await reader.close();
  }
}

async function seamOf(
  client: FabricClient,
  parent: Take,
  { name, request, joins, loops }: Growth,
  clip: number,
): Promise<Seam> {
  const grown = { ...request, seed: 500 + clip } as DeriveRequestInput;
  const take = await completed(client, await client.takes.derive(parent.id, grown));
  const frames = await reader.read(client, take);
  const differences = Array.from({ length: frames.count - 1 }, (_, i) =>
    difference(frames, i, i + 1),
  );
  const atJoins = joins.map((join) => differences[join - 1]!);
  if (loops) atJoins.push(difference(frames, frames.count - 1, 0));
  const isOwn = (_: number, i: number) => !joins.includes(i + 1);
  // The first frame is a group of its own: after it every fourth difference is one of two groups.
  const borders = differences.filter((value, i) => isOwn(value, i) && i % GROUP === 0);
  return {
    name,
    join: Math.max(...atJoins),
    joins: atJoins.length,
    own: differences.filter(isOwn),
    borders,
  };
}

function difference({ data, width, height }: RgbFrames, a: number, b: number): number {
  const size = width * height * 3;
  let sum = 0;
  for (let i = 0; i < size; i++) sum += Math.abs(data[a * size + i]! - data[b * size + i]!);
  return sum / size;
}

function rowOf(name: string, seams: readonly Seam[]): Row {
  const own = seams.filter((seam) => seam.name === name);
  const inside = own.filter(({ join, own: range }) => join <= Math.max(...range));
  // Any of the borders is the largest with the same chance, if a join is like the others.
  const expected = own.map(({ joins, borders }) => borders.length / (borders.length + joins));
  const ratios = own.map(({ join, own: range }) => join / percentile(range, 0.5));
  const median = (values: readonly number[]) => percentile(values, 0.5);
  return {
    "": name,
    clips: own.length,
    "inside the clip's range": `${inside.length} of ${own.length}`,
    "a join like any border": `${expected.reduce((sum, share) => sum + share, 0).toFixed(1)} of ${own.length}`,
    "drawn clips": DRAWN[name] ? `${DRAWN[name].inside_of_20.toFixed(1)} of 20` : "",
    "worst join / largest elsewhere": Math.max(
      ...own.map(({ join, own: range }) => join / Math.max(...range)),
    ).toFixed(2),
    "… of drawn clips": DRAWN[name]?.worst.toFixed(2) ?? "",
    "join p50": median(own.map(({ join }) => join)).toFixed(2),
    "elsewhere p50": median(own.flatMap((seam) => seam.own)).toFixed(2),
    "other group borders p50": median(own.flatMap(({ borders }) => borders)).toFixed(2),
    "largest elsewhere p50": median(own.map((seam) => Math.max(...seam.own))).toFixed(2),
    "join / clip's median p50": median(ratios).toFixed(2),
    largest: Math.max(...ratios).toFixed(2),
  };
}

await main();
