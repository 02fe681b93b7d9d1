import type { Plan } from "@arc-fabric/contract";

/** Names a latents' shape, so that takes of one shape are found by an index. */
export function shapeKey(shape: readonly number[]): string {
  return shape.join("x");
}

/** The key under which a take's seconds count as measurements of `model`; null where other models share its steps. */
export function measuredKey(plan: Plan, model: string): string | null {
  const alone = plan.segments.every(
    (segment) => segment.type !== "denoise" || segment.model === model,
  );
  return alone ? shapeKey(plan.shape) : null;
}
