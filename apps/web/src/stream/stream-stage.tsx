import type { Stream, Take } from "@arc-fabric/contract";
import {
  useEffect,
  useImperativeHandle,
  useRef,
  useState,
  type CSSProperties,
  type RefObject,
} from "react";
import type { PlayerHandle } from "../editor/editor-stage.tsx";
import { Transport } from "../editor/transport.tsx";
import { useReducedMotion } from "../hooks/use-reduced-motion.ts";
import type { Store } from "../util/create-store.ts";
import { BlockPicture } from "./block-picture.tsx";
import type { Block } from "./blocks.ts";
import { useStreamPlayer, type StreamPlayer } from "./use-stream-player.ts";

interface StreamStageProps {
  stream: Stream;
  blocks: readonly Block[];
  /** Frame of the whole stream in view; stays known when something else is looked at. */
  position: Store<number | null>;
  player: RefObject<PlayerHandle | null>;
}

/** The blocks of a stream, one after the other as one clip; its end is the block that forms. */
export function StreamStage({ stream, blocks, position, player: handle }: StreamStageProps) {
  const still = useReducedMotion();
  const { fps } = blocks[0]!.take.parameters;
  const [start] = useState(position.get);
  const player = useStreamPlayer({
    blocks,
    fps,
    growing: stream.status === "running" || stream.next_take_id !== null,
    autoPlay: !still,
    start,
  });
  const { state, frame, total, live } = player;
  useEffect(() => position.set(frame), [position, frame]);
  const box = useRef<HTMLDivElement>(null);
  useImperativeHandle(
    handle,
    () => ({
      toggle: player.toggle,
      step: player.step,
      seek: player.seek,
      frame: () => player.frame,
    }),
    [player],
  );
  const toggleFullscreen = () => {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void box.current?.requestFullscreen?.().catch(() => {});
  };

  return (
    <section aria-label="Whole stream" className="flex min-h-0 min-w-0 flex-1 flex-col">
      <div
        ref={box}
        role="group"
        aria-label="Player"
        className="flex min-h-0 flex-1 flex-col fullscreen:bg-black"
      >
        <div className="picture-box grid min-h-64 flex-1 place-items-center bg-stage p-2 sm:p-3">
          <Pictures blocks={blocks} player={player} />
        </div>
        <div className="flex flex-wrap items-center px-2 py-1">
          <Transport
            player={{ ...player, state, toggleFullscreen }}
            frame={frame}
            of={total}
            fps={fps}
          />
          {player.block && (
            <span className="ml-2 text-xs text-muted tabular">
              {`· block ${player.block.number}${live ? ", live" : ""}`}
            </span>
          )}
        </div>
      </div>
    </section>
  );
}

/** The block in view; those beside it are there too, so that they can take over at once. */
function Pictures({ blocks, player }: { blocks: readonly Block[]; player: StreamPlayer }) {
  const { index, block, ready } = player;
  const visible = useVisible(blocks, block?.take ?? null, ready);
  const { width, height } = blocks[0]!.take.parameters;
  const first = player.state.loop ? 0 : index;
  const mounted = blocks.filter(
    ({ take }, i) => Math.abs(i - index) <= 1 || i === first || take.id === visible,
  );
  return (
    <div
      className="picture relative overflow-hidden rounded-lg bg-stage shadow-card"
      style={{ "--aspect": width / height } as CSSProperties}
    >
      {mounted.map((one) => (
        <BlockPicture
          key={one.take.id}
          block={one}
          visible={one.take.id === visible}
          onVideo={player.onVideo}
          onReady={player.onReady}
          onClick={player.toggle}
        />
      ))}
    </div>
  );
}

/** The block that is shown: the one before stays until there is something to see of the next. */
function useVisible(
  blocks: readonly Block[],
  take: Take | null,
  ready: StreamPlayer["ready"],
): string | null {
  const [shown, setShown] = useState<string | null>(null);
  const current = take?.id ?? null;
  const there = current !== null && ready.has(current);
  if (there && shown !== current) setShown(current);
  const kept = blocks.some((block) => block.take.id === shown);
  return there || !kept ? current : shown;
}
