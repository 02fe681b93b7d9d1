import type { Stream, Take } from "@arc-fabric/contract";
import { useEffect, useMemo, useState, type RefObject } from "react";
import type { PlayerHandle } from "../editor/editor-stage.tsx";
import type { View } from "../editor/use-view.ts";
import { createStore } from "../util/create-store.ts";
import { blockNumber, blocksOf, clipOf } from "./blocks.ts";
import type { StreamDraft } from "./stream-panel.tsx";

export type StreamView = NonNullable<ReturnType<typeof useStreamView>>;

interface StreamViewDeps {
  stream: Stream | null;
  takes: readonly Take[];
  view: View;
  player: RefObject<PlayerHandle | null>;
}

/** What the editor knows of a session's stream; null where it has none. */
export function useStreamView({ stream, takes, view, player }: StreamViewDeps) {
  const blocks = useMemo(() => (stream ? blocksOf(stream, takes) : []), [stream, takes]);
  const [position] = useState(() => createStore<number | null>(null));
  const [draft, setDraft] = useState<StreamDraft>({});
  const [focusPrompt, setFocusPrompt] = useState(0);
  const watching = view.watching && blocks.length > 0;
  const shown = watching ? undefined : blocks.find((block) => block.take.id === view.take.id);
  const from = shown?.from;
  // Who comes back from a block finds the stream where that begins.
  useEffect(() => {
    if (from !== undefined) position.set(from);
  }, [position, from]);
  if (!stream) return null;

  const { take } = view;
  const goesOnHere = take.id === stream.head_take_id && !stream.next_take_id;
  const number =
    watching || goesOnHere || stream.status === "ended" ? null : blockNumber(take, takes);
  return {
    stream,
    blocks,
    position,
    watching,
    draft,
    setDraft,
    focusPrompt,
    clip: clipOf(stream, takes),
    selectedId: watching ? null : take.id,
    back: number === null ? null : { take, number },
    fps: blocks[0]?.take.parameters.fps ?? take.parameters.fps,
    watch(frame: number | null) {
      if (frame !== null) position.set(frame);
      if (!watching) view.watch();
      else if (frame !== null) player.current?.seek(frame);
    },
    askPrompt() {
      if (!watching) view.watch();
      setFocusPrompt((before) => before + 1);
    },
  };
}
