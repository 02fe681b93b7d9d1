import type { DeriveRequestInput } from "@arc-fabric/contract";
import type { FabricClient } from "@arc-fabric/client";
import type { CliContext } from "../cli-context.ts";
import type { CommandName, ExitCode } from "../command-line/commands.ts";
import type { ClipOptions } from "../command-line/common-options.ts";
import { takeOf } from "../commands/take-reference.ts";
import { makeClip, type PreparedClip } from "./make-clip.ts";
import { withoutMissing } from "./without-missing.ts";

export interface Derivation {
  readonly command: CommandName;
  /** The take it is made from, as it was typed. */
  readonly from: string;
  readonly options: ClipOptions & { readonly plan?: true };
  /** What is asked for; may look up other takes and send pictures. */
  request(client: FabricClient): DeriveRequestInput | Promise<DeriveRequestInput>;
}

/** Makes a take from another one, or prints what that would take. */
export function makeDerived(context: CliContext, derivation: Derivation): Promise<ExitCode> {
  const { command, from, options } = derivation;
  const signal = context.interrupted;
  return makeClip(context, {
    command,
    options,
    planOnly: options.plan ?? false,
    async prepare(client): Promise<PreparedClip> {
      const parent = await takeOf(client, from, signal);
      const request = withoutMissing(await derivation.request(client)) as DeriveRequestInput;
      return {
        parent,
        create: (server, idempotencyKey) =>
          server.takes.derive(parent.id, request, { idempotencyKey }),
        plan: (server) => server.takes.planDerived(parent.id, request, { signal }),
      };
    },
  });
}
