import { isFinished, type Take } from "@arc-fabric/contract";
import { useEffect, useState } from "react";
import { client } from "./client.ts";
import { LiveClip } from "./live-clip.ts";

/** The last frames may come after the event that ends a take: the server closes the connection behind them. */
const LAST_FRAMES_MS = 6_000;

/**
 * Watches a take from the queue to its end, so that the first picture meets an open connection; null when there is
 * nothing to watch. The clip stays after the take has ended, until another take is shown.
 */
export function useLiveClip(take: Take): LiveClip | null {
  const [clip, setClip] = useState<LiveClip | null>(null);
  const { id } = take;
  const active = !isFinished(take.status);

  useEffect(() => () => setClip(null), [id]);
  useEffect(() => clip?.close.bind(clip), [clip]);
  useEffect(() => {
    if (!active) return;
    const stop = new AbortController();
    const next = new LiveClip();
    setClip(next);
    void follow(id, next, stop.signal);
    return () => void setTimeout(() => stop.abort(), LAST_FRAMES_MS);
  }, [id, active]);

  return clip;
}

async function follow(id: string, clip: LiveClip, signal: AbortSignal): Promise<void> {
  try {
    for await (const frame of client.takes.watch(id, { signal })) clip.add(frame);
  } catch {
    // Pictures are a courtesy: progress and result come by other ways.
  }
  clip.ended.set(true);
}
