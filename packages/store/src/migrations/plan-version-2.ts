/** Values of plans and parameters as version 1 wrote them: only what the conversion looks at. */
interface PlanVersion1 {
  readonly version: 1;
  readonly weights_digest: string;
  readonly total_steps: number;
  readonly segments: readonly SegmentVersion1[];
}

interface SegmentVersion1 {
  readonly type: string;
  readonly [field: string]: unknown;
}

interface DenoiseVersion1 extends SegmentVersion1 {
  readonly model: string;
  readonly schedule: unknown;
  readonly seed: number;
  readonly shape: readonly [number, number, number, number];
}

/**
 * A plan of version 1 in the words of version 2: it always was one denoise segment from noise over the whole clip.
 * @returns null for what is no such plan
 */
export function planVersion2(plan: unknown): object | null {
  if (!isPlanVersion1(plan)) return null;
  const denoise = plan.segments.filter((segment) => segment.type === "denoise");
  if (denoise.length !== 1) return null;
  const { model, schedule, seed, shape } = denoise[0] as DenoiseVersion1;
  const frames = [0, shape[1]];
  return {
    version: 2,
    weights: { [model]: plan.weights_digest },
    shape,
    start: { kind: "noise", seed },
    schedule,
    total_steps: plan.total_steps,
    segments: plan.segments.map((segment) => segmentVersion2(segment, frames)),
  };
}

function segmentVersion2(segment: SegmentVersion1, frames: readonly number[]): object {
  switch (segment.type) {
    case "denoise": {
      const { type, model, from, to, solver, guidance_scale } = segment;
      return {
        type,
        model,
        conditioning: 0,
        from,
        to,
        solver,
        history: "reset",
        guidance_scale,
        window: frames,
        keep: null,
        cache: null,
      };
    }
    case "decode": {
      const { type, model, num_frames, width, height } = segment;
      return {
        type,
        model,
        pieces: [{ state: null, frames, first: true }],
        num_frames,
        width,
        height,
      };
    }
    default:
      return segment;
  }
}

function isPlanVersion1(plan: unknown): plan is PlanVersion1 {
  const { version, segments } = (plan ?? {}) as Partial<PlanVersion1>;
  return version === 1 && Array.isArray(segments);
}

/** Parameters of version 1 with the fields that version 2 added. */
export function parametersVersion2(parameters: object): object {
  const added = { stages: null, cache: null, first_frame: null, last_frame: null, reuse: true };
  return { ...added, ...parameters };
}
