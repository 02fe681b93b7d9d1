import type { Stream, Take } from "@arc-fabric/contract";
import {
  useEffect,
  useRef,
  type KeyboardEvent,
  type PointerEvent,
  type ReactNode,
  type RefObject,
} from "react";
import { keyTarget } from "../editor/slider-keys.ts";
import { useWidth } from "../hooks/use-width.ts";
import { Icon } from "../ui/icon.tsx";
import type { Store } from "../util/create-store.ts";
import { formatSeconds } from "../util/format.ts";
import { BlockCard } from "./block-card.tsx";
import { blocksToCome, nextNumber, promptSpans, type Block, type PromptSpan } from "./blocks.ts";
import { FILM_PX, FRAME_PX } from "./strip-sizes.ts";

export interface StreamStripProps {
  stream: Stream;
  blocks: readonly Block[];
  /** The take that is looked at; null when it is the stream as a whole. */
  selectedId: string | null;
  /** Frame of the whole stream in view. */
  position: Store<number | null>;
  onWatch: (frame: number | null) => void;
  onOpen: (takeId: Take["id"]) => void;
  /** Somebody wants to say what the blocks to come show. */
  onPrompt: () => void;
  /** What stands above the film. */
  children: ReactNode;
}

/** A stream as a film: its blocks in order, which prompt each was made with, and what is still to come. */
export function StreamStrip(props: StreamStripProps) {
  const { stream, blocks, selectedId, children } = props;
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const made = blocks.reduce((sum, { frames }) => sum + frames, 0);
  const toCome = blocksToCome(stream);
  const total = made + toCome * stream.block_frames;
  const px = Math.min(FRAME_PX.max, Math.max(FRAME_PX.min, (width - 24) / Math.max(1, total)));
  useNewestInView(box, blocks, px);

  return (
    <section aria-label="Stream" className="min-w-0 border-t border-line-strong bg-surface">
      {children}
      <div
        ref={box}
        className="overflow-x-auto overscroll-x-contain px-3 pb-2 [scrollbar-width:thin]"
      >
        <div className="relative" style={{ width: total * px }}>
          <Ruler {...props} px={px} made={made} total={total} />
          <div className="flex" style={{ height: FILM_PX }}>
            <Cards {...props} px={px} />
            {Array.from({ length: toCome }, (_, i) => (
              <div
                key={i}
                aria-hidden="true"
                className="shrink-0 px-px"
                style={{ width: stream.block_frames * px }}
              >
                <div className="grid h-full place-items-center rounded-lg border border-dashed border-line-strong bg-sunken/60 text-xs font-medium text-muted tabular">
                  {nextNumber(stream) + i}
                </div>
              </div>
            ))}
          </div>
          <Prompts {...props} px={px} made={made} toCome={toCome} />
          {selectedId === null && <Playhead position={props.position} px={px} made={made} />}
        </div>
      </div>
    </section>
  );
}

interface Scaled extends StreamStripProps {
  /** Width of a frame, in pixels. */
  px: number;
}

function Cards({ blocks, selectedId, onOpen, onWatch, px }: Scaled) {
  const selected = blocks.findIndex(({ take }) => take.id === selectedId);
  const onKeyDown = (event: KeyboardEvent<HTMLElement>, index: number) => {
    if (event.key === "Escape") return onWatch(null);
    const to = keyTarget(event, index, 4, blocks.length - 1);
    const target = to === null ? undefined : blocks[to];
    if (!target) return;
    event.preventDefault();
    event.stopPropagation();
    onOpen(target.take.id);
    event.currentTarget.parentElement
      ?.querySelector<HTMLElement>(`[data-block="${target.take.id}"]`)
      ?.focus();
  };
  return (
    <div role="radiogroup" aria-label="Blocks" className="flex">
      {blocks.map((block, i) => (
        <BlockCard
          key={block.take.id}
          block={block}
          width={block.frames * px}
          checked={i === selected}
          reachable={i === Math.max(0, selected)}
          onOpen={() => onOpen(block.take.id)}
          onKeyDown={(event) => onKeyDown(event as KeyboardEvent<HTMLElement>, i)}
        />
      ))}
    </div>
  );
}

/** What each part was made with, and what the blocks to come will be made with. */
function Prompts(props: Scaled & { made: number; toCome: number }) {
  const { stream, blocks, px, made, toCome, onPrompt } = props;
  return (
    <div className="relative mt-1 h-6 text-xs">
      {promptSpans(blocks).map((span) => (
        <span
          key={span.from}
          title={spanText(span)}
          className="absolute inset-y-0 px-px"
          style={{ left: span.from * px, width: span.frames * px }}
        >
          <span className="flex h-full items-center rounded-md bg-accent-soft px-2 text-accent-text">
            <span className="sticky left-2 truncate">{span.prompt}</span>
          </span>
        </span>
      ))}
      {toCome > 0 && (
        <span
          className="absolute inset-y-0 px-px"
          style={{ left: made * px, width: toCome * stream.block_frames * px }}
        >
          <button
            type="button"
            onClick={onPrompt}
            title={`From block ${nextNumber(stream)} on: ${stream.prompt}`}
            aria-label={`Change the prompt of the blocks to come: ${stream.prompt}`}
            className="flex h-full w-full items-center gap-1.5 rounded-md border border-dashed border-line-strong px-2 text-left text-muted transition-colors hover:border-accent hover:text-accent-text"
          >
            <Icon name="pencil" className="size-3" />
            <span className="truncate">{stream.prompt}</span>
          </button>
        </span>
      )}
    </div>
  );
}

const spanText = ({ prompt, blocks: [first, last] }: PromptSpan) =>
  first === last ? `Block ${first}: ${prompt}` : `Blocks ${first} to ${last}: ${prompt}`;

/** Seconds above the film; dragging over them moves through the whole stream. */
function Ruler(props: Scaled & { made: number; total: number }) {
  const { blocks, position, onWatch, selectedId, px, made, total } = props;
  const fps = blocks[0]?.take.parameters.fps ?? 8;
  const everyS = Math.max(1, Math.ceil(44 / (fps * px)));
  const at = position.use() ?? 0;
  const seek = (event: PointerEvent<HTMLElement>) => {
    const { left } = event.currentTarget.getBoundingClientRect();
    onWatch(Math.min(made - 1, Math.max(0, Math.floor((event.clientX - left) / px))));
  };
  return (
    <div
      role="slider"
      aria-label="Playhead of the whole stream"
      aria-valuemin={1}
      aria-valuemax={made}
      aria-valuenow={at + 1}
      aria-valuetext={`Frame ${at + 1} of ${made}, ${formatSeconds(at / fps)}`}
      tabIndex={0}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        seek(event);
      }}
      onPointerMove={(event) => event.buttons === 1 && seek(event)}
      onKeyDown={(event) => {
        const to = keyTarget(event, at, fps, made - 1);
        if (to === null) return;
        event.preventDefault();
        event.stopPropagation();
        onWatch(to);
      }}
      className={`relative h-5 cursor-ew-resize touch-pan-x select-none ${selectedId === null ? "" : "opacity-70"}`}
    >
      {Array.from({ length: Math.ceil(total / fps / everyS) }, (_, i) => (
        <span
          key={i}
          className="absolute bottom-0.5 h-2 w-px bg-line-strong"
          style={{ left: i * everyS * fps * px }}
        >
          <span className="absolute -top-1.5 left-1 text-[0.625rem] leading-none whitespace-nowrap text-muted tabular">
            {i * everyS} s
          </span>
        </span>
      ))}
    </div>
  );
}

/** Alone, so that only this is drawn again with every frame. */
function Playhead({
  position,
  px,
  made,
}: {
  position: Store<number | null>;
  px: number;
  made: number;
}) {
  const at = position.use();
  if (at === null) return null;
  return (
    <span
      aria-hidden="true"
      className="pointer-events-none absolute top-1.5 z-10 -ml-1.5 w-3"
      style={{ left: Math.min(at + 0.5, made) * px, height: FILM_PX + 14 }}
    >
      <span className="mx-auto block size-2.5 rounded-sm bg-accent" />
      <span className="mx-auto block h-full w-0.5 bg-accent shadow-[0_0_0_1px_rgb(0_0_0/0.25)]" />
    </span>
  );
}

/** A block that begins comes into view; only the film moves, never the page. */
function useNewestInView(
  box: RefObject<HTMLElement | null>,
  blocks: readonly Block[],
  px: number,
): void {
  const last = blocks.at(-1);
  const end = last ? (last.from + last.frames) * px : 0;
  const id = last?.take.id;
  useEffect(() => {
    const element = box.current;
    if (!element || !id) return;
    if (end > element.scrollLeft + element.clientWidth - 24)
      element.scrollTo({ left: end - element.clientWidth + 48, behavior: "smooth" });
  }, [box, id, end]);
}
