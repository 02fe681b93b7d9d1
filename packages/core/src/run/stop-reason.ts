import type { TakeId } from "@arc-fabric/contract";

/** Why a running take is stopped without having failed. Used as the reason of abort signals. */
export class StopReason extends Error {
  readonly kind: "cancelled" | "shutdown" | "claim_lost" | "paused" | "preempted";
  /** The take that goes first, of a preempted one. */
  readonly by: TakeId | null;

  constructor(kind: StopReason["kind"], by: TakeId | null = null) {
    super(`The take is stopped: ${kind}`);
    this.kind = kind;
    this.by = by;
  }
}

export const claimLost = new StopReason("claim_lost");
