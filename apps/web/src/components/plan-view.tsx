import type { DenoiseSegment, Plan, Segment } from "@arc-fabric/contract";

/** The segments a take executes, in order. */
export function PlanView({ plan }: { plan: Plan }) {
  return (
    <ol className="flex flex-col">
      {plan.segments.map((segment, i) => {
        const { title, detail } = describe(segment, plan);
        return (
          <li
            key={i}
            className="relative border-l-2 border-line pb-5 pl-5 last:border-transparent last:pb-0"
          >
            <span
              className="absolute top-1 -left-[7px] size-3 rounded-full border-2 border-accent bg-surface"
              aria-hidden="true"
            />
            <p className="text-sm font-semibold">{title}</p>
            <p className="mt-0.5 text-[0.8125rem] text-muted">{detail}</p>
            {segment.type === "denoise" && (
              <SigmaCurve sigmas={plan.schedule.sigmas.slice(segment.from, segment.to + 1)} />
            )}
          </li>
        );
      })}
    </ol>
  );
}

function describe(segment: Segment, plan: Plan): { title: string; detail: string } {
  switch (segment.type) {
    case "encode":
      return {
        title: "Read the prompt",
        detail: segment.negative_prompt ? "prompt and negative prompt" : "prompt",
      };
    case "denoise":
      return {
        title: `Denoise, steps ${segment.from + 1} to ${segment.to}`,
        detail: [
          segment.model,
          segment.solver,
          `guidance ${segment.guidance_scale}`,
          windowText(segment, plan),
          segment.history === "carry" && "solver history carried",
          segment.keep && "the rest kept bit for bit",
          segment.cache &&
            `steps ${segment.cache.start + 1} to ${segment.cache.end}: one in ${segment.cache.interval} computed`,
        ]
          .filter(Boolean)
          .join(", "),
      };
    case "decode":
      return {
        title: "Decode",
        detail: `${segment.num_frames} frames of ${segment.width} × ${segment.height}`,
      };
    case "post_process":
      return {
        title: "Write files",
        detail: `${segment.outputs.join(", ")} at ${segment.fps} frames a second`,
      };
  }
}

/** Only told where the net does not look at the whole clip. */
function windowText({ window: [from, to] }: DenoiseSegment, { shape }: Plan): string {
  const [channels, frames, height, width] = shape;
  return from === 0 && to === frames
    ? `latents ${channels} × ${frames} × ${height} × ${width}`
    : `latent frames ${from + 1} to ${to} of ${frames}`;
}

/** Noise left before each step. */
function SigmaCurve({ sigmas }: { sigmas: readonly number[] }) {
  const last = sigmas.length - 1;
  const points = sigmas
    .map((sigma, i) => `${((i / last) * 100).toFixed(2)},${((1 - sigma) * 28 + 1).toFixed(2)}`)
    .join(" ");
  return (
    <svg
      viewBox="0 0 100 30"
      preserveAspectRatio="none"
      className="mt-2 h-12 w-full rounded-lg bg-sunken"
      role="img"
      aria-label={`Noise falls from ${sigmas[0]} to ${sigmas[last]} in ${last} steps`}
    >
      <polyline
        points={points}
        fill="none"
        stroke="var(--color-accent)"
        strokeWidth="2"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
}
