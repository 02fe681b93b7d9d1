import {
  ALLOWED_TAKE_ACTIONS,
  FabricError,
  type DeriveRequest,
  type Planned,
  type Take,
  type TakeParameters,
} from "@arc-fabric/contract";
import { coverOf, editedFrames } from "./drawing.ts";
import { MOCK_MODEL } from "./model.ts";
import { plannedOf, planOf } from "./plan.ts";
import type { World } from "./world.ts";

const ACTION = {
  fork: "fork",
  edit: "edit",
  extend: "extend",
  insert: "extend",
  loop: "extend",
  concatenate: "extend",
  continue: "extend",
  finalize: "extend",
} as const;
const MAX_FRAMES = 161;

/** What a derived take runs, refused like the real server refuses. */
export function derive(
  parent: Take,
  request: DeriveRequest,
  world: World,
): { planned: Planned; inherited: number } {
  if (!ALLOWED_TAKE_ACTIONS[parent.status].includes(ACTION[request.kind]))
    throw new FabricError(
      "take_not_completed",
      `The take is ${parent.status}; it can be changed like that when it is completed.`,
    );
  const { parameters, steps, inherited } = changed(parent, request, world);
  if (parameters.num_frames > MAX_FRAMES)
    throw new FabricError(
      "unsupported_value",
      `The clip would have ${parameters.num_frames} frames; at most ${MAX_FRAMES} are possible.`,
    );
  const plan = planOf(parameters, steps);
  return { planned: plannedOf(parameters, plan, inherited, keptShare(parent, request)), inherited };
}

/** Counted in groups of frames, and over a grid of the picture. */
function keptShare({ parameters }: Take, request: DeriveRequest): number | null {
  if (request.kind !== "edit") return null;
  const { num_frames: count, fps } = parameters;
  const [from, to] = editedFrames(request, count, fps);
  const group = (frame: number) => Math.ceil(frame / MOCK_MODEL.latents.frames_per_group);
  const frames = (group(to - 1) + 1 - group(from)) / (group(count - 1) + 1);
  const covers = coverOf(request.area);
  const cells = Array.from({ length: 256 }, (_, i) =>
    covers(((i % 16) + 0.5) * 6.25, (Math.floor(i / 16) + 0.5) * 6.25),
  );
  return 1 - (frames * cells.filter(Boolean).length) / cells.length;
}

interface Changed {
  parameters: TakeParameters;
  steps: number;
  inherited: number;
}

function changed(parent: Take, request: DeriveRequest, world: World): Changed {
  const old = parent.parameters;
  if (request.kind === "concatenate") {
    const frames = request.takes.map((id) => world.find(id).parameters.num_frames);
    const num_frames = frames.reduce((sum, count) => sum + count, old.num_frames);
    return { parameters: { ...old, num_frames }, steps: 0, inherited: 0 };
  }
  if (request.kind === "finalize") {
    const num_frames = chainOf(parent, world)
      .map((id) => world.find(id).parameters.num_frames)
      .reduce((sum, count) => sum + count, 0);
    return { parameters: { ...old, num_frames }, steps: 0, inherited: 0 };
  }
  const parameters: TakeParameters = {
    ...old,
    prompt: request.prompt ?? old.prompt,
    negative_prompt: request.negative_prompt ?? old.negative_prompt,
    guidance_scale: request.guidance_scale ?? old.guidance_scale,
    seed: request.seed ?? old.seed,
  };
  switch (request.kind) {
    case "fork": {
      const stored = world.states.get(parent.id)!.some(({ step }) => step === request.at_step);
      if (request.at_step > 0 && !stored)
        throw new FabricError("state_not_found", `Step ${request.at_step} is not stored any more.`);
      const rest = request.remaining_steps ?? parent.plan.total_steps - request.at_step;
      const steps = request.at_step + rest;
      const model = request.model ?? old.model;
      return {
        parameters: {
          ...parameters,
          num_inference_steps: steps,
          solver: request.solver ?? old.solver,
          model,
          stages: null,
        },
        steps,
        inherited: request.at_step,
      };
    }
    case "edit": {
      const [from, to] = editedFrames(request, old.num_frames, old.fps);
      if (to > old.num_frames || from >= to)
        throw new FabricError(
          "range_outside_clip",
          `Frames ${from} to ${to} are not inside the clip, which has ${old.num_frames}.`,
        );
      const steps = Math.ceil((request.strength ?? 1) * old.num_inference_steps);
      return { parameters, steps, inherited: 0 };
    }
    case "continue":
      return {
        parameters: { ...parameters, num_frames: request.num_frames },
        steps: request.num_inference_steps ?? old.num_inference_steps,
        inherited: 0,
      };
    case "extend":
    case "insert":
    case "loop": {
      const num_frames = old.num_frames + request.num_frames;
      const steps = request.num_inference_steps ?? old.num_inference_steps;
      return { parameters: { ...parameters, num_frames }, steps, inherited: 0 };
    }
  }
}

/** The blocks of a stream, from its first clip to this one; a fork or an edit of a block stands in its place. */
export function chainOf(take: Take, world: World): string[] {
  const chain: string[] = [take.id];
  for (let at = take; at.parent_id && ["continue", "fork", "edit"].includes(at.origin.kind);) {
    const parent = world.find(at.parent_id);
    if (at.origin.kind === "continue") chain.unshift(parent.id);
    at = parent;
  }
  return chain;
}
