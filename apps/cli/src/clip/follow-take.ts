import { isFabricError, type Take } from "@arc-fabric/contract";
import type { Connection, FabricClient } from "@arc-fabric/client";
import { Interruption } from "../cli-context.ts";
import { survivingLosses, type ClipRun } from "./clip-run.ts";
import { warningsText, wordsOf } from "./clip-texts.ts";

/** A named server is waited for; one that was found may have been another command's; one of our own does not come back. */
const PATIENCE_MS = { named: 120_000, found: 15_000, own: 2_000 };
export const CANCEL_TIMEOUT_MS = 10_000;

export interface FollowOptions {
  /** What progress begins with. */
  readonly label?: string;
  /** Warnings that were told already; those that come are added. */
  readonly told?: Set<string>;
}

/**
 * The take when it is finished (or paused by Ctrl-C); with another server it goes on from its last stored step.
 * @throws the interruption when `onInterrupt` is "leave", or no server answers any more
 */
export async function followTake(
  run: ClipRun,
  created: Take,
  { label, told = new Set() }: FollowOptions = {},
): Promise<Take> {
  let status: Take["status"] | null = null;
  let known: readonly string[] = [];
  const onTake = (take: Take) => {
    const fresh = take.warnings.filter(({ message }) => !told.has(message));
    for (const { message } of fresh) told.add(message);
    if (fresh.length > 0)
      run.progress.note(warningsText({ ...take, warnings: fresh }, run.context.terminal, known));
    if (take.status === "paused" && status !== "paused")
      run.progress.note(`It is paused. Let it go on: arc resume ${take.id} --detach`);
    status = take.status;
    run.progress.update(take, label);
  };
  try {
    return await survivingLosses(run, async (client) => {
      // Only for better advice: without it the warnings are shown all the same.
      known = await client.models.get(created.model, { retries: 0 }).then(wordsOf, () => []);
      return waitFor(run, client, created, onTake);
    });
  } catch (error) {
    if (!(error instanceof Interruption) || run.onInterrupt === "leave") throw error;
    // Somebody has put it aside on purpose: leaving this command must not end it.
    const action = status === "paused" ? "pause" : run.onInterrupt;
    return await stop(run, created, action, error);
  }
}

function waitFor(
  { context, options, server, progress }: ClipRun,
  client: FabricClient,
  created: Take,
  onTake: (take: Take) => void,
): Promise<Take> {
  const named = options.server ?? context.environment["ARC_SERVER"];
  const giveUpAfterMs = server.startedHere
    ? PATIENCE_MS.own
    : named
      ? PATIENCE_MS.named
      : PATIENCE_MS.found;
  const onConnection = (connection: Connection) => {
    if (connection.status === "lost" && connection.attempt === 1)
      progress.note("Connection to the server lost; trying again.");
  };
  return client.takes.wait(created.id, {
    signal: context.interrupted,
    onTake,
    onConnection,
    giveUpAfterMs,
  });
}

/** Cancels or pauses after Ctrl-C. @throws the interruption itself when the server does not answer any more */
async function stop(
  { server, progress }: ClipRun,
  take: Take,
  action: "cancel" | "pause",
  interruption: Interruption,
): Promise<Take> {
  progress.note(`${action === "pause" ? "Pausing" : "Cancelling"}. Ctrl-C again leaves at once.`);
  try {
    const client = await server.client();
    return await client.takes[action](take.id, { timeoutMs: CANCEL_TIMEOUT_MS }).catch(
      (error: unknown) => {
        // It was finished, or paused, a moment before.
        if (isFabricError(error) && error.code === "take_not_active")
          return client.takes.get(take.id);
        throw error;
      },
    );
  } catch {
    throw interruption;
  }
}
