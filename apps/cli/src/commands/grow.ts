import type { CliContext } from "../cli-context.ts";
import { growthOf } from "../clip/derive-fields.ts";
import { makeDerived } from "../clip/make-derived.ts";
import type { CommandInput, ExitCode } from "../command-line/commands.ts";
import { UsageError } from "../command-line/usage-error.ts";

/** Two seconds of the embedded models. */
const EXTEND_FRAMES = 16;
const LOOP_FRAMES = 8;

export function extend(
  context: CliContext,
  { words, options }: CommandInput<"extend">,
): Promise<ExitCode> {
  return makeDerived(context, {
    command: "extend",
    from: words[0]!,
    options,
    request: () => ({
      kind: "extend",
      direction: options.backward ? "backward" : "forward",
      num_frames: options.frames ?? EXTEND_FRAMES,
      ...growthOf(options),
    }),
  });
}

export function insert(
  context: CliContext,
  { words, options }: CommandInput<"insert">,
): Promise<ExitCode> {
  const { at, frames } = options;
  if (at === undefined)
    throw new UsageError(
      "arc insert needs --at FRAME: the frame that the new ones come before.",
      "insert",
    );
  if (frames === undefined)
    throw new UsageError("arc insert needs --frames COUNT: how many new ones.", "insert");
  return makeDerived(context, {
    command: "insert",
    from: words[0]!,
    options,
    request: () => ({ kind: "insert", at_frame: at, num_frames: frames, ...growthOf(options) }),
  });
}

export function loop(
  context: CliContext,
  { words, options }: CommandInput<"loop">,
): Promise<ExitCode> {
  return makeDerived(context, {
    command: "loop",
    from: words[0]!,
    options,
    request: () => ({
      kind: "loop",
      num_frames: options.frames ?? LOOP_FRAMES,
      ...growthOf(options),
    }),
  });
}

/** The next block of a stream. */
export function continueStream(
  context: CliContext,
  { words, options }: CommandInput<"continue">,
): Promise<ExitCode> {
  return makeDerived(context, {
    command: "continue",
    from: words[0]!,
    options,
    request: () => ({
      kind: "continue",
      num_frames: options.frames ?? EXTEND_FRAMES,
      ...growthOf(options),
    }),
  });
}
