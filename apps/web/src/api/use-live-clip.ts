import { isFinished, type Take } from "@arc-fabric/contract";
import { useEffect, useState } from "react";
import { client } from "./client.ts";
import { LiveClip } from "./live-clip.ts";

/**
 * Watches a take from the queue to its end, so that the first picture meets an open connection; null when there is
 * nothing to watch. The clip stays after the take has ended, until another take is shown: the last frames may come after
 * the event that ends it, and the server closes the connection behind them.
 */
export function useLiveClip(take: Take): LiveClip | null {
  const [clip, setClip] = useState<LiveClip | null>(null);
  const { id } = take;
  const active = !isFinished(take.status);
  /** The take that was seen unfinished. */
  const [watched, setWatched] = useState<string | null>(null);
  if (active && watched !== id) setWatched(id);
  const watching = watched === id;

  useEffect(() => {
    if (!watching) return;
    const shared = share(id);
    setClip(shared.clip);
    return () => {
      setClip(null);
      shared.leave();
    };
  }, [id, watching]);

  return clip;
}

interface Shared {
  readonly clip: LiveClip;
  readonly stop: AbortController;
  viewers: number;
}

/** Who goes from one view of a take to another finds its pictures again. */
const LINGER_MS = 1_000;
/** A take that is seen at several places is received and decoded once. */
const sharedClips = new Map<string, Shared>();

function share(id: string): { clip: LiveClip; leave: () => void } {
  const shared = sharedClips.get(id) ?? open(id);
  shared.viewers++;
  return {
    clip: shared.clip,
    leave() {
      shared.viewers--;
      setTimeout(() => close(id, shared), LINGER_MS);
    },
  };
}

function close(id: string, shared: Shared): void {
  if (shared.viewers > 0 || sharedClips.get(id) !== shared) return;
  sharedClips.delete(id);
  shared.stop.abort();
  shared.clip.close();
}

function open(id: string): Shared {
  const shared: Shared = { clip: new LiveClip(), stop: new AbortController(), viewers: 0 };
  sharedClips.set(id, shared);
  void follow(id, shared);
  return shared;
}

async function follow(id: string, { clip, stop }: Shared): Promise<void> {
  try {
    for await (const frame of client.takes.watch(id, { signal: stop.signal })) clip.add(frame);
  } catch {
    // Pictures are a courtesy: progress and result come by other ways.
  }
  clip.ended.set(true);
}
