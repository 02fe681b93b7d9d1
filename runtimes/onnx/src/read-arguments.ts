import { workerIdSchema, type WorkerId } from "@arc-fabric/contract";
import { parseArgs } from "node:util";

export interface WorkerArguments {
  readonly socketPath: string;
  readonly workerId: WorkerId;
}

/** @throws Error with a message for a person when an argument is missing or not known */
export function readArguments(argv: readonly string[]): WorkerArguments {
  const { values } = parseArgs({
    args: [...argv],
    options: { socket: { type: "string" }, "worker-id": { type: "string" } },
  });
  const workerId = workerIdSchema.safeParse(values["worker-id"]);
  if (!values.socket || !workerId.success)
    throw new Error(
      "This process is a worker that the Arc Fabric server starts: main.ts --socket PATH --worker-id wrk_…",
    );
  return { socketPath: values.socket, workerId: workerId.data };
}
