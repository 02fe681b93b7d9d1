import type { Area } from "@arc-fabric/contract";
import type { FabricClient } from "@arc-fabric/client";
import type { CliContext } from "../cli-context.ts";
import { changesOf } from "../clip/derive-fields.ts";
import { makeDerived } from "../clip/make-derived.ts";
import type { CommandInput, ExitCode } from "../command-line/commands.ts";
import { UsageError } from "../command-line/usage-error.ts";
import { readPicture, sendPicture } from "../files/picture.ts";

type Input = CommandInput<"edit">;

export function edit(context: CliContext, { words, options }: Input): Promise<ExitCode> {
  onlyOne(options, ["frames", "seconds"]);
  onlyOne(options, ["area", "polygon", "mask"]);
  const mask =
    options.mask === undefined ? null : readPicture("edit", options.mask, context.userDirectory);
  const areaOf = async (client: FabricClient): Promise<Area | undefined> =>
    mask
      ? { shape: "brush", file: await sendPicture(client, mask, context.interrupted) }
      : (options.area ?? options.polygon);
  return makeDerived(context, {
    command: "edit",
    from: words[0]!,
    options,
    request: async (client) => ({
      kind: "edit",
      ...changesOf(options),
      frames: options.frames,
      seconds: options.seconds,
      area: await areaOf(client),
      strength: options.strength,
      feather: options.feather,
      seed: options.seed,
    }),
  });
}

function onlyOne(options: Input["options"], names: readonly (keyof Input["options"])[]): void {
  const given = names.filter((name) => options[name] !== undefined);
  if (given.length > 1)
    throw new UsageError(
      `--${given[0]} and --${given[1]} both say what part to change: give one of them.`,
      "edit",
    );
}
