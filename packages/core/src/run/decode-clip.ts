import { invariant } from "@arc-fabric/contract";
import { decodeOf, segmentsOf } from "../plan/plan-parts.ts";
import type { ClipFile, ClipWriter } from "../ports/media.ts";
import type { EditProver } from "./edit-proof.ts";
import type { Leases } from "./leases.ts";
import { record, type Run } from "./run.ts";
import type { Reached } from "./trajectory-end.ts";

/** Decodes a plan's pieces into the clip's files; each group of frames is shown as it is made. */
export async function decodeToFiles(
  run: Run,
  leases: Leases,
  final: Reached,
  prover: EditProver | null,
): Promise<readonly ClipFile[]> {
  const { take } = run.claim;
  const { width, height, num_frames: numFrames } = decodeOf(take.plan);
  const [output] = segmentsOf(take.plan, "post_process");
  invariant(output, "a plan has a post-process segment");
  await record(
    run,
    { type: "phase.changed", data: { take_id: take.id, phase: "decoding" } },
    { phase: "decoding" },
  );
  const directory = await run.blobs.workDirectory(take.id);
  const clip = await run.media.openClip({ width, height, fps: output.fps, numFrames, directory });
  try {
    await writeFrames(run, leases, { clip, final, prover });
    return await clip.finish();
  } catch (error) {
    await clip.abort();
    throw error;
  }
}

async function writeFrames(
  run: Run,
  leases: Leases,
  { clip, final, prover }: { clip: ClipWriter; final: Reached; prover: EditProver | null },
): Promise<void> {
  const { take } = run.claim;
  const { model, pieces, width, height } = decodeOf(take.plan);
  const lease = await leases.of(model);
  let written = 0;
  for (const piece of pieces) {
    const state = piece.state ? await run.blobs.read(piece.state) : final.bytes;
    invariant(state, "a clip of its own steps has a last state");
    const request = { piece, width, height, state };
    const before = written;
    for await (const frames of lease.decode(request, run.control.signal)) {
      const firstFrame = before + frames.firstFrame;
      await Promise.all([
        clip.write(frames),
        run.live.finishedFrames(take.id, firstFrame, final.step, frames),
      ]);
      prover?.keepFrames(frames);
      written = firstFrame + frames.count;
    }
  }
}
