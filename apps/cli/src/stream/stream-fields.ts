import type { StreamChanges } from "@arc-fabric/contract";
import { withoutMissing } from "../clip/without-missing.ts";
import type { StreamChangeOptions } from "../command-line/stream-commands.ts";

/** The API's fields for the options that change a stream. */
export function streamChangesOf(options: StreamChangeOptions): StreamChanges {
  return withoutMissing({
    prompt: options.prompt,
    negative_prompt: options.negative,
    guidance_scale: options.guidance,
    num_inference_steps: options.steps,
    max_blocks: options.blocks,
  });
}
