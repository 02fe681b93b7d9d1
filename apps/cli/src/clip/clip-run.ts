import { isFabricError } from "@arc-fabric/contract";
import type { FabricClient } from "@arc-fabric/client";
import type { CliContext } from "../cli-context.ts";
import type { ClipOptions } from "../command-line/common-options.ts";
import type { ProgressPrinter } from "../output/progress-printer.ts";
import type { ServerUse } from "../server/use-server.ts";

const MAX_LOSSES = 5;

/** One command that makes a clip, while it runs. */
export interface ClipRun {
  readonly context: CliContext;
  readonly options: ClipOptions;
  readonly server: ServerUse;
  readonly progress: ProgressPrinter;
  /** What becomes of the take on Ctrl-C. */
  readonly onInterrupt: "cancel" | "pause" | "leave";
}

/** Does `action` with the server and, if that one is lost, again with another one over the same data. */
export async function survivingLosses<Result>(
  run: Pick<ClipRun, "server" | "progress">,
  action: (client: FabricClient) => Promise<Result>,
): Promise<Result> {
  for (let losses = 0; ; losses++) {
    try {
      return await action(await run.server.client());
    } catch (error) {
      if (losses >= MAX_LOSSES || !isLoss(error) || !(await run.server.forget())) throw error;
      run.progress.note("The server is gone; looking for another one.");
    }
  }
}

function isLoss(error: unknown): boolean {
  if (!isFabricError(error)) return false;
  return error.code === "server_unreachable" || error.code === "shutting_down";
}
