import { isFinished, type Take } from "@arc-fabric/contract";
import type { KeyboardEvent } from "react";
import { useLiveClip } from "../api/use-live-clip.ts";
import { FrameTiles } from "../editor/frame-tiles.tsx";
import { plural } from "../util/format.ts";
import { progressText, STATUS_TEXT } from "../util/take-text.ts";
import type { Block } from "./blocks.ts";
import { LiveTiles } from "./live-tiles.tsx";
import { FILM_PX } from "./strip-sizes.ts";

interface BlockCardProps {
  block: Block;
  /** In pixels. */
  width: number;
  checked: boolean;
  /** The one that the Tab key leads to. */
  reachable: boolean;
  onOpen: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
}

/** A block on the film: a few of its pictures, live while it forms. */
export function BlockCard(props: BlockCardProps) {
  const { block, width, checked, reachable, onOpen, onKeyDown } = props;
  const { take, number, frames } = block;
  // Rather cut than stretched.
  const tiles = Math.max(1, Math.ceil(width / FILM_PX - 0.1));
  const { prompt } = take.parameters;
  return (
    <button
      type="button"
      role="radio"
      aria-checked={checked}
      aria-label={`Block ${number}, ${plural(frames, "frame")}, ${STATUS_TEXT[take.status].label.toLowerCase()}: ${prompt}`}
      title={`Block ${number}: ${prompt}`}
      tabIndex={reachable ? 0 : -1}
      data-block={take.id}
      onClick={onOpen}
      onKeyDown={onKeyDown}
      className="group/block shrink-0 px-px outline-offset-[-2px]"
      style={{ width }}
    >
      <span className="relative block h-full overflow-hidden rounded-lg bg-sunken">
        {isFinished(take.status) ? (
          <FrameTiles take={take} tiles={tiles} />
        ) : (
          <Forming take={take} tiles={tiles} aspect={(width - 2) / FILM_PX} />
        )}
        <span
          className={`pointer-events-none absolute inset-0 rounded-lg ring-inset ${checked ? "ring-[3px] ring-accent" : "ring-1 ring-line group-hover/block:ring-2 group-hover/block:ring-line-strong"}`}
        />
        <span
          className={`absolute top-1 left-1 grid h-4.5 min-w-4.5 place-items-center rounded px-1 text-[0.6875rem] leading-none font-semibold tabular ${checked ? "bg-accent text-accent-ink" : "bg-black/65 text-white"}`}
        >
          {number}
        </span>
      </span>
    </button>
  );
}

function Forming({ take, ...film }: { take: Take; tiles: number; aspect: number }) {
  const clip = useLiveClip(take);
  const { fraction } = progressText(take, 0);
  return (
    <>
      <span className="forming" />
      {clip && <LiveTiles clip={clip} {...film} />}
      <span className="absolute inset-x-0 bottom-0 h-1 bg-black/45">
        <span
          className="block h-full origin-left bg-accent transition-transform duration-300 ease-out-soft"
          style={{ transform: `scaleX(${fraction ?? 0})` }}
        />
      </span>
    </>
  );
}
