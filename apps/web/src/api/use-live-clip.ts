import type { Take } from "@arc-fabric/contract";
import { useEffect, useState } from "react";
import { client } from "./client.ts";
import { LiveClip } from "./live-clip.ts";

/** Watches a running take; null when there is nothing to watch. The clip stays after the take has ended, until another take is shown. */
export function useLiveClip(take: Take): LiveClip | null {
  const [clip, setClip] = useState<LiveClip | null>(null);
  const { id, status, resumes } = take;
  const running = status === "running";

  useEffect(() => () => setClip(null), [id]);
  useEffect(() => clip?.close.bind(clip), [clip]);
  useEffect(() => {
    if (!running) return;
    const stop = new AbortController();
    const next = new LiveClip();
    setClip(next);
    void follow(id, next, stop.signal);
    // The last frames may come after the event that ends the take: the server closes the connection behind them.
    return () => void setTimeout(() => stop.abort(), LAST_FRAMES_MS);
  }, [id, running, resumes]);

  return clip;
}

const LAST_FRAMES_MS = 6_000;
/** Pictures decoded at a time; while all are busy the client drops previews that are no longer the newest. */
const DECODERS = 4;

async function follow(id: string, clip: LiveClip, signal: AbortSignal): Promise<void> {
  const decoding = new Set<Promise<void>>();
  try {
    for await (const frame of client.takes.watch(id, { signal })) {
      // A picture that cannot be decoded is one less; the next one comes soon.
      const added = clip
        .add(frame)
        .catch(() => {})
        .finally(() => decoding.delete(added));
      decoding.add(added);
      if (decoding.size >= DECODERS) await Promise.race(decoding);
    }
  } catch {
    // Pictures are a courtesy: progress and result come by other ways.
  }
  await Promise.all(decoding);
  clip.ended.set(true);
}
