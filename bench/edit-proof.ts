/** What edits keep and what they cost, on 20 clips: `node bench/edit-proof.ts [--save]`. */
import type { DeriveRequestInput, Take } from "@arc-fabric/contract";
import { createClient, type FabricClient } from "@arc-fabric/client";
import { completed, denoiseMs, promptFor } from "./lib/denoise-time.ts";
import { report, type Row } from "./lib/table.ts";
import { startServer } from "./lib/start-server.ts";

const CLIPS = 20;

type Edit = Omit<Extract<DeriveRequestInput, { kind: "edit" }>, "kind">;
const EDITS: readonly (readonly [string, Edit])[] = [
  ["frames 5 to 12", { frames: [5, 13] }],
  ["left half", { area: { shape: "rectangle", x: 0, y: 0, width: 50, height: 100 } }],
  ["last 4 frames, strength 0.5", { frames: [13, 17], strength: 0.5 }],
  [
    "triangle, frames 9 to 16",
    {
      frames: [9, 17],
      area: {
        shape: "polygon",
        points: [
          [10, 90],
          [50, 10],
          [90, 90],
        ],
      },
    },
  ],
  [
    "middle, strength 0.6, feather 6 %",
    {
      area: { shape: "rectangle", x: 30, y: 30, width: 40, height: 40 },
      strength: 0.6,
      feather: 6,
    },
  ],
];

async function main(): Promise<void> {
  const server = await startServer();
  try {
    const client = createClient({ baseUrl: server.url });
    const rows: Row[] = [];
    for (let clip = 0; clip < CLIPS; clip++) rows.push(await edited(client, clip));
    const equal = rows.filter((row) => row["kept latents equal"] === "yes").length;
    report({
      name: "edit-proof",
      title: "Edits: what is kept and what it costs",
      method: `${CLIPS} clips of 17 frames on Zoetrope S with its own number of steps, each edited with another prompt. Latents are compared bit for bit, pixels as they are decoded (before the video encoder). Seconds run from a take's start to its decoding.`,
      rows,
      notes: [
        `Kept latents are equal in ${equal} of ${CLIPS} clips.`,
        "Pixels beside an edited area are decoded from kept and changed latents together, so some of them differ. Where only a time was edited, the frames outside it are equal: each group of frames is decoded by itself.",
      ],
    });
    if (equal !== CLIPS) process.exitCode = 1;
  } finally {
    await server.stop();
  }
}

async function edited(client: FabricClient, clip: number): Promise<Row> {
  const [name, edit] = EDITS[clip % EDITS.length]!;
  const solver = clip % 2 === 0 ? "euler" : "dpmpp_2m";
  const parent = await completed(
    client,
    await client.takes.create({
      prompt: promptFor(clip),
      seed: clip,
      solver,
    }),
  );
  const request = { kind: "edit", ...edit, prompt: promptFor(clip + 3), seed: 100 + clip } as const;
  const take = await completed(client, await client.takes.derive(parent.id, request));
  const [ms, fullMs] = [await denoiseMs(client, take), await denoiseMs(client, parent)];
  return {
    clip,
    solver,
    edit: name,
    ...proofCells(take),
    "steps computed": take.plan.total_steps - take.steps_reused,
    "of a full run": parent.plan.total_steps,
    seconds: (ms / 1000).toFixed(2),
    "full run s": (fullMs / 1000).toFixed(2),
  };
}

function proofCells({ id, proof }: Take): Row {
  if (!proof) throw new Error(`The edit ${id} has no proof.`);
  const { kept_latents: kept, changed_latents: changed } = proof;
  return {
    "kept %": ((100 * kept) / (kept + changed)).toFixed(1),
    "kept latents equal": proof.kept_equal ? "yes" : "NO",
    "kept pixels PSNR dB": proof.kept_psnr_db === null ? "equal" : proof.kept_psnr_db.toFixed(1),
    "kept path": proof.kept_path,
  };
}

await main();
