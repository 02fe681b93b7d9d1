import { FabricError, isFinished, type FabricEvent, type Take } from "@arc-fabric/contract";
import { applyTakeEvent } from "./apply-take-event.ts";
import { sleep } from "./backoff.ts";
import type { FabricClient, WaitOptions } from "./client-types.ts";
import type { Platform } from "./platform.ts";

/** Other takes move the queue and their events are on other streams, so the position is asked for while waiting. */
const QUEUE_POSITION_MS = 2_000;

/** Follows a take's events until it is finished. @throws FabricError `take_not_found` also when it is deleted meanwhile */
export async function waitForTake(
  deps: { client: Pick<FabricClient, "events" | "sessions" | "takes">; platform: Platform },
  takeId: string,
  options: WaitOptions,
): Promise<Take> {
  const { client } = deps;
  const call = options.signal ? { signal: options.signal } : {};
  const { session_id: sessionId } = await client.takes.get(takeId, call);
  // The number before the snapshot: an event between the two is seen twice rather than never.
  const { last_seq: after } = await client.sessions.get(sessionId, call);
  let take = await client.takes.get(takeId, call);
  options.onTake?.(take);
  if (isFinished(take.status)) return take;

  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const events = client.events({ ...options, sessionId, after, signal });
  try {
    let next = events.next();
    for (;;) {
      const result = await nextOrTick(deps.platform, next, take.status === "queued");
      if (result === "tick") {
        take = await withQueuePosition(client, take, options);
        continue;
      }
      if (result.done) break;
      next = events.next();
      take = onEvent(take, result.value, options);
      if (isFinished(take.status)) return await client.takes.get(takeId, call);
    }
  } finally {
    stop.abort(new Error("the take is no longer waited for"));
  }
  throw (
    options.signal?.reason ??
    new FabricError("internal", "The event stream ended before the take did.")
  );
}

function onEvent(take: Take, event: FabricEvent, options: WaitOptions): Take {
  if (!("take_id" in event.data) || event.data.take_id !== take.id) return take;
  options.onEvent?.(event);
  if (event.type === "take.deleted")
    throw new FabricError("take_not_found", `The take ${take.id} was deleted.`);
  const after = applyTakeEvent(take, event);
  options.onTake?.(after);
  return after;
}

async function nextOrTick<T>(
  platform: Platform,
  next: Promise<T>,
  ticking: boolean,
): Promise<T | "tick"> {
  if (!ticking) return next;
  const stop = new AbortController();
  const tick = sleep(platform, QUEUE_POSITION_MS, stop.signal).then(() => "tick" as const);
  tick.catch(() => undefined);
  try {
    return await Promise.race([next, tick]);
  } finally {
    stop.abort();
  }
}

async function withQueuePosition(
  client: Pick<FabricClient, "takes">,
  take: Take,
  options: WaitOptions,
): Promise<Take> {
  // The event stream has its own eye on the connection; a failure here only means an older number.
  const now = await client.takes
    .get(take.id, { retries: 0, ...(options.signal ? { signal: options.signal } : {}) })
    .catch(() => null);
  if (now?.status !== "queued" || now.queue_position === take.queue_position) return take;
  const after = { ...take, queue_position: now.queue_position };
  options.onTake?.(after);
  return after;
}
