import { ERROR_CODES, FabricError, type ErrorCode } from "@arc-fabric/contract";

/** "fail:queue_full" in a prompt makes the create fail that way, so that every error can be seen by hand. */
export function refuseOnSentinel(prompt: string): void {
  const code = /\bfail:(\w+)/.exec(prompt)?.[1];
  if (!code) return;
  const known =
    ERROR_CODES.find((candidate): candidate is ErrorCode => candidate === code) ?? "internal";
  const details = known === "queue_full" ? { retry_after_s: 12 } : {};
  throw new FabricError(
    known,
    known === "queue_full"
      ? "100 takes are waiting, which is the limit."
      : `The mock was asked to fail with ${known}.`,
    { details },
  );
}
