import type { FabricEvent, Take } from "@arc-fabric/contract";
import type { FabricClient } from "@arc-fabric/client";

/** All events of a take's session so far. */
export async function eventsOf(client: FabricClient, take: Take): Promise<FabricEvent[]> {
  const { session_id: sessionId } = take;
  const { last_seq: last } = await client.sessions.get(sessionId);
  const events: FabricEvent[] = [];
  for await (const event of client.events({ sessionId, after: 0 })) {
    events.push(event);
    if (event.seq === last) break;
  }
  return events.filter((event) => "take_id" in event.data && event.data.take_id === take.id);
}

/**
 * Milliseconds from the (last) start of a take to the beginning of its decoding: reading its first state, encoding its prompts,
 * its steps, storing their states.
 */
export async function denoiseMs(client: FabricClient, take: Take): Promise<number> {
  const events = await eventsOf(client, take);
  const started = events.findLast(({ type }) => type === "take.started");
  const decoding = events.findLast(
    (event) => event.type === "phase.changed" && event.data.phase === "decoding",
  );
  if (!started || !decoding) throw new Error(`Take ${take.id} was not decoded.`);
  return Date.parse(decoding.at) - Date.parse(started.at);
}

/** The take when it is completed. @throws Error when it came to another end */
export async function completed(client: FabricClient, take: Take): Promise<Take> {
  const done = await client.takes.wait(take.id);
  if (done.status !== "completed") throw new Error(`Take ${take.id} is ${done.status}.`);
  return done;
}

/** Prompts of the vocabulary, all different. */
export function promptFor(i: number): string {
  const colours = ["red", "orange", "yellow", "green", "blue", "purple", "pink", "white"];
  const shapes = ["ball", "square", "triangle", "star", "heart", "ring"];
  const motions = ["bounces", "moves right", "rises", "spins", "circles around"];
  const places = ["on a green meadow", "over the blue sea", "in the desert", "at night"];
  return `a ${colours[i % 8]} ${shapes[i % 6]} ${motions[i % 5]} ${places[i % 4]}`;
}
