import { FabricError } from "@arc-fabric/contract";
import { AVERROR_ENOSPC } from "node-av/constants";
import { FFmpegError } from "node-av/lib";

/** @returns `status` when it is not an error. @throws `disk_full` or `encoder_failed` saying what was being done */
export function checkFfmpeg(status: number, action: string): number {
  if (status >= 0) return status;
  if (status === AVERROR_ENOSPC)
    throw new FabricError(
      "disk_full",
      `The disk became full while ${action}; nothing of the clip is kept.`,
    );
  throw new FabricError(
    "encoder_failed",
    `${action[0]?.toUpperCase()}${action.slice(1)} failed: ${FFmpegError.strerror(status)}.`,
  );
}
