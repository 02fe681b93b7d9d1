import type { Take } from "@arc-fabric/contract";
import type { Paint } from "./terminal.ts";

/** A take's status in one or two words, with the step where it says something. */
export function statusText(take: Take, paint: Paint): string {
  const { step, total_steps: total } = take.progress;
  switch (take.status) {
    case "queued":
      return take.queue_position === null ? "queued" : `queued ${take.queue_position}`;
    case "running":
      return paint.cyan(`${take.pause_requested ? "pausing" : "running"} ${step}/${total}`);
    case "completed":
      return paint.green("completed");
    case "failed":
      return paint.red("failed");
    case "paused":
      return paint.yellow(`paused ${step}/${total}`);
    case "cancelled":
      return take.status;
  }
}
