import { framesSeen, type Plan } from "@arc-fabric/contract";

/** Names a latents' shape, so that takes of one shape are found by an index. */
export function shapeKey(shape: readonly number[]): string {
  return shape.join("x");
}

/** Latent frames of a shape by its key. */
export function framesOfKey(key: string): number {
  return Number(key.split("x")[1]);
}

/**
 * The key under which a take's seconds count as measurements of `model`; null where other models share its steps, and where a
 * step sees only a part of the clip: it takes less than one that sees a clip of this shape.
 */
export function measuredKey(plan: Plan, model: string): string | null {
  const whole = plan.segments.every((segment) => {
    if (segment.type !== "denoise") return true;
    return segment.model === model && framesSeen(segment.window) === plan.shape[1];
  });
  return whole ? shapeKey(plan.shape) : null;
}
