import { isFabricError, type Take } from "@arc-fabric/contract";
import type { FabricClient } from "@arc-fabric/client";
import type { CliContext } from "../cli-context.ts";
import { makeClip } from "../clip/make-clip.ts";
import type { CommandInput, ExitCode } from "../command-line/commands.ts";
import { takeOf } from "./take-reference.ts";

export function resume(
  context: CliContext,
  { words, options }: CommandInput<"resume">,
): Promise<ExitCode> {
  return makeClip(context, {
    command: "resume",
    options,
    planOnly: false,
    onInterrupt: "pause",
    async prepare(client) {
      const { id } = await takeOf(client, words[0]!, context.interrupted);
      let asked = false;
      return {
        create(server) {
          const again = asked;
          asked = true;
          return resumeTake(server, id, again);
        },
      };
    },
  });
}

/** @param again the answer of a first attempt was lost: the take may go on already */
async function resumeTake(client: FabricClient, id: Take["id"], again: boolean): Promise<Take> {
  try {
    return await client.takes.resume(id);
  } catch (error) {
    if (again && isFabricError(error) && error.code === "take_not_paused")
      return client.takes.get(id);
    throw error;
  }
}
