import type { Plan } from "@arc-fabric/contract";
import { weightsDigest } from "@arc-fabric/contract";
import { type ReadBlob, segmentsOf } from "@arc-fabric/core";
import { createHash } from "node:crypto";
import { decodedGroups } from "./sim-host.ts";
import { clipFiles } from "./sim-media.ts";
import type { Conditions } from "./sim-models.ts";
import { computeStep } from "./sim-step.ts";

/** What a plan gives when nothing disturbs it: from its start to its files, in one go, without store, pump or worker. */
export async function referenceRun(
  plan: Plan,
  conditions: readonly Conditions[],
  readBlob: ReadBlob,
): Promise<{ states: string[]; files: Record<string, string> }> {
  const states: string[] = [];
  const encodes = segmentsOf(plan, "encode");
  let before: Uint8Array | null = null;
  for (const segment of segmentsOf(plan, "denoise")) {
    const { prompt, negative_prompt: negativePrompt } = encodes[segment.conditioning]!;
    for (let step = segment.from; step < segment.to; step++) {
      const { models, environment } = conditions[step]!;
      const manifest = models.find(({ id }) => id === segment.model)!;
      const { shape, start, schedule } = plan;
      before = await computeStep({
        shape,
        start,
        schedule,
        segment,
        step,
        before,
        prompts: { prompt, negativePrompt },
        weights: weightsDigest(manifest, sha256),
        environment,
        readBlob,
      });
      states.push(sha256(before));
    }
  }
  const frames: Uint8Array[] = [];
  for (const piece of segmentsOf(plan, "decode")[0]!.pieces) {
    const state: Uint8Array = piece.state ? await readBlob(piece.state) : before!;
    for (const { data } of decodedGroups({ piece, state })) frames.push(data);
  }
  const files = Object.entries(clipFiles(frames)).map(([kind, bytes]) => [kind, sha256(bytes)]);
  return { states, files: Object.fromEntries(files) as Record<string, string> };
}

function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
