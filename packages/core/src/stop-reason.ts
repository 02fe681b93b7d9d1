/** Why a running take is stopped without having failed. Used as the reason of abort signals. */
export class StopReason extends Error {
  readonly kind: "cancelled" | "shutdown" | "claim_lost";

  constructor(kind: StopReason["kind"]) {
    super(`The take is stopped: ${kind}`);
    this.kind = kind;
  }
}

export const claimLost = new StopReason("claim_lost");
