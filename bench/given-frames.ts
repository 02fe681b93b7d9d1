/** How well a clip keeps the pictures that it was told to begin and to end with: `node bench/given-frames.ts [--save]`. */
import type { Take } from "@arc-fabric/contract";
import { createClient, type FabricClient } from "@arc-fabric/client";
import type { RgbFrames } from "@arc-fabric/core";
import sharp from "sharp";
import { createClipReader } from "./lib/clip-reader.ts";
import { completed, promptFor } from "./lib/denoise-time.ts";
import { startServer } from "./lib/start-server.ts";
import { percentile, report, type Row } from "./lib/table.ts";

/** The one that a new user gets. */
const MODEL = "zoetrope-m";
const SCENES = 12;
const STEPS = 12;
/** What the pictures are taken from. */
const SCENE_FRAMES = 17;
const GOAL_DB = 30;

const KINDS = [
  { name: "first", frames: 17, first: true, last: false },
  { name: "last", frames: 17, first: false, last: true },
  { name: "first and last", frames: 17, first: true, last: true },
  { name: "first and last, the longest clip", frames: "longest", first: true, last: true },
] as const;
type Kind = (typeof KINDS)[number];

interface Kept {
  readonly kind: string;
  /** dB of the given frames against the pictures; null where none was given. */
  readonly first: number | null;
  readonly last: number | null;
  /** Largest change between neighbouring frames, and the largest in the clip that the pictures are from (0 to 255). */
  readonly jump: number;
  readonly ownJump: number;
}

const reader = createClipReader();

async function main(): Promise<void> {
  const server = await startServer(["--default-model", MODEL]);
  try {
    const client = createClient({ baseUrl: server.url });
    const { limits } = await client.models.get(MODEL);
    const kept: Kept[] = [];
    for (let scene = 0; scene < SCENES; scene++)
      kept.push(...(await keptIn(client, scene, limits.num_frames.max)));
    report({
      name: "given-frames",
      title: "Given first and last frames",
      method: `${SCENES} scenes of ${MODEL}: the first and the last frame of a clip of ${SCENE_FRAMES} frames are given, as PNG pictures, to new clips of the same prompt and other noise (${STEPS} steps). PSNR of the given frames in the finished video, which was encoded and compressed in between, and the largest mean absolute difference (0 to 255) of two neighbouring frames.`,
      rows: KINDS.map(({ name }) => rowOf(name, kept)),
      notes: [
        `Goal: ${GOAL_DB} dB or more, in every clip.`,
        "The pictures are from videos of the model itself, so they are scenes of its kind that went through its decoder once already.",
        "The group of four frames that the last frame ends is given as a whole: the movement comes to rest in it.",
      ],
    });
    if (kept.some(({ first, last }) => Math.min(first ?? GOAL_DB, last ?? GOAL_DB) < GOAL_DB))
      process.exitCode = 1;
  } finally {
    await server.stop();
    await reader.close();
  }
}

async function keptIn(client: FabricClient, scene: number, longest: number): Promise<Kept[]> {
  const source = await frames(client, await make(client, scene, scene, SCENE_FRAMES));
  const [first, last] = [frameOf(source, 0), frameOf(source, source.count - 1)];
  const pictures = {
    first_frame: await uploaded(client, source, first, `first ${scene}`),
    last_frame: await uploaded(client, source, last, `last ${scene}`),
  };
  const kept: Kept[] = [];
  for (const [i, kind] of KINDS.entries()) {
    const count = kind.frames === "longest" ? longest : kind.frames;
    const given = {
      ...(kind.first && { first_frame: pictures.first_frame }),
      ...(kind.last && { last_frame: pictures.last_frame }),
    };
    const seed = 1000 * (i + 1) + scene;
    const clip = await frames(client, await make(client, scene, seed, count, given));
    kept.push({
      kind: kind.name,
      first: kind.first ? psnrDb(frameOf(clip, 0), first) : null,
      last: kind.last ? psnrDb(frameOf(clip, clip.count - 1), last) : null,
      jump: largestChange(clip),
      ownJump: largestChange(source),
    });
  }
  return kept;
}

const frames = (client: FabricClient, take: Take): Promise<RgbFrames> => reader.read(client, take);

async function make(
  client: FabricClient,
  scene: number,
  seed: number,
  numFrames: number,
  given: { first_frame?: string; last_frame?: string } = {},
): Promise<Take> {
  const take = await client.takes.create({
    prompt: promptFor(scene),
    seed,
    num_frames: numFrames,
    num_inference_steps: STEPS,
    ...given,
  });
  return completed(client, take);
}

async function uploaded(
  client: FabricClient,
  { width, height }: RgbFrames,
  rgb: Uint8Array,
  name: string,
): Promise<string> {
  const png = await sharp(rgb, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
  return (await client.files.upload(new Uint8Array(png), { name: `${name}.png` })).digest;
}

function frameOf({ data, width, height }: RgbFrames, index: number): Uint8Array {
  const size = width * height * 3;
  return data.subarray(index * size, (index + 1) * size);
}

/** Peak signal to noise ratio of bytes; 99 where they are equal. */
function psnrDb(a: Uint8Array, b: Uint8Array): number {
  const squares = a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0);
  return squares === 0 ? 99 : 10 * Math.log10((255 ** 2 * a.length) / squares);
}

function largestChange(clip: RgbFrames): number {
  let largest = 0;
  for (let i = 1; i < clip.count; i++) {
    const [a, b] = [frameOf(clip, i - 1), frameOf(clip, i)];
    const sum = a.reduce((all, value, at) => all + Math.abs(value - b[at]!), 0);
    largest = Math.max(largest, sum / a.length);
  }
  return largest;
}

function rowOf(name: Kind["name"], kept: readonly Kept[]): Row {
  const own = kept.filter(({ kind }) => kind === name);
  const cells = (values: readonly (number | null)[]) => {
    const given = values.filter((value) => value !== null);
    if (given.length === 0) return { p50: "", worst: "" };
    return { p50: percentile(given, 0.5).toFixed(1), worst: Math.min(...given).toFixed(1) };
  };
  const first = cells(own.map((one) => one.first));
  const last = cells(own.map((one) => one.last));
  const median = (of: (one: Kept) => number) => percentile(own.map(of), 0.5).toFixed(2);
  return {
    given: name,
    clips: own.length,
    "first dB p50": first.p50,
    "first dB worst": first.worst,
    "last dB p50": last.p50,
    "last dB worst": last.worst,
    "largest change p50": median(({ jump }) => jump),
    "of the scene's own clip p50": median(({ ownJump }) => ownJump),
  };
}

await main();
