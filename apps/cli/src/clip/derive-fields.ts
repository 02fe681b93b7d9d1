import type { OptionsOf } from "../command-line/command-spec.ts";
import type { queueOptions } from "../command-line/common-options.ts";

type Queue = OptionsOf<typeof queueOptions>;

export interface ChangeOptions extends Queue {
  readonly prompt?: string;
  readonly negative?: string;
  readonly guidance?: number;
  readonly "no-reuse"?: boolean;
}

export interface GrowthOptions extends ChangeOptions {
  readonly steps?: number;
  readonly seed?: number;
  readonly context?: number;
}

interface QueueFields {
  priority: number | undefined;
  title: string | undefined;
}

/** The API's fields for options that every command has which makes a take. */
export function queueFields({ priority, title }: Queue): QueueFields {
  return { priority, title };
}

export function reuseField(options: { readonly "no-reuse"?: boolean }): false | undefined {
  return options["no-reuse"] ? false : undefined;
}

export function changesOf(options: ChangeOptions): QueueFields & {
  prompt: string | undefined;
  negative_prompt: string | undefined;
  guidance_scale: number | undefined;
  reuse: false | undefined;
} {
  return {
    prompt: options.prompt,
    negative_prompt: options.negative,
    guidance_scale: options.guidance,
    reuse: reuseField(options),
    ...queueFields(options),
  };
}

export function growthOf(options: GrowthOptions): ReturnType<typeof changesOf> & {
  num_inference_steps: number | undefined;
  seed: number | undefined;
  context_frames: number | undefined;
} {
  return {
    ...changesOf(options),
    num_inference_steps: options.steps,
    seed: options.seed,
    context_frames: options.context,
  };
}
