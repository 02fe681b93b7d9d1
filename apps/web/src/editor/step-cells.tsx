import type { Take } from "@arc-fabric/contract";
import { memo, useRef, type KeyboardEvent, type PointerEvent } from "react";
import { client } from "../api/client.ts";
import type { Step } from "../api/take-cache.ts";
import { Icon } from "../ui/icon.tsx";
import { StripThumb } from "../ui/strip-thumb.tsx";
import type { TakeRowProps } from "./take-row.tsx";

/** Height of a step's picture: h-9. */
const THUMB_PX = 36;

/** Steps and result in one line: a press goes to a step, dragging scrubs through them. */
export function StepCells(props: TakeRowProps) {
  const { row, cell, selected, steps, step, onOpen } = props;
  const { take, column } = row;
  const { total_steps: total } = take.plan;
  const box = useRef<HTMLDivElement>(null);
  const done = take.progress.step;
  const known = new Map(steps.map((stored) => [stored.step, stored]));
  const pictured = selected ? closestPictures(steps, total) : NO_PICTURES;
  const choices = selected ? [...steps.map((stored) => stored.step), null] : [];

  const choose = (event: PointerEvent<HTMLElement>) => {
    const { left } = event.currentTarget.getBoundingClientRect();
    const at = Math.floor((event.clientX - left) / cell) + 1;
    const to = at > total ? null : nearest(selected ? choices : null, Math.min(at, done));
    if (!selected || to !== step) onOpen(take.id, to === 0 ? null : to);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const to = walk(event.key, choices, step);
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    onOpen(take.id, to);
    box.current?.querySelector<HTMLElement>(`[data-step="${to ?? "result"}"]`)?.focus();
  };

  return (
    <div
      ref={box}
      role="radiogroup"
      aria-label="Step shown"
      // The chosen step has the focus; this only hears keys and pointer.
      tabIndex={-1}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        choose(event);
      }}
      onPointerMove={(event) => event.buttons === 1 && choose(event)}
      className="flex h-full cursor-pointer touch-pan-x items-center select-none"
      style={{ marginLeft: column * cell }}
    >
      {Array.from({ length: total }, (_, i) => (
        <StepCell
          key={i}
          take={take}
          step={i + 1}
          width={cell}
          stored={selected ? known.get(i + 1) : undefined}
          there={selected ? known.has(i + 1) : i < done}
          reused={i < take.steps_reused}
          pictured={pictured[i] ?? null}
          checked={selected && step === i + 1}
          onOpen={onOpen}
        />
      ))}
      <ResultCell {...props} checked={selected && step === null} />
    </div>
  );
}

const NO_PICTURES: readonly null[] = [];

interface StepCellProps {
  take: Take;
  step: number;
  width: number;
  /** Of the selected take; the others are drawn as bars. */
  stored: Step | undefined;
  /** The closest step that has a picture at hand. */
  pictured: number | null;
  there: boolean;
  reused: boolean;
  checked: boolean;
  onOpen: (takeId: string, step: number | null) => void;
}

const StepCell = memo(
  function StepCell({
    take,
    step,
    width,
    stored,
    there,
    reused,
    pictured,
    checked,
    onOpen,
  }: StepCellProps) {
    const { width: w, height: h } = take.parameters;
    if (!there)
      return (
        <span className="shrink-0 px-px" style={{ width }}>
          <span className="block h-0.5 rounded-full bg-line" />
        </span>
      );
    if (!stored)
      return (
        <span className="shrink-0 px-px" style={{ width }}>
          <span
            className={`block rounded-xs ${reused ? "h-0.5 bg-line-strong opacity-40" : "h-2.5 bg-accent"}`}
            // From noise to picture.
            style={reused ? {} : { opacity: 0.2 + 0.6 * (step / take.plan.total_steps) }}
          />
        </span>
      );
    const picture = (
      <span
        className={`relative block h-9 overflow-hidden rounded-md bg-sunken ${checked ? "ring-2 ring-accent" : "ring-1 ring-line"} ${reused ? "opacity-55" : stored.has_preview ? "" : "opacity-70 saturate-50"}`}
      >
        {pictured !== null && (
          <StripThumb
            src={client.takes.statePreviewUrl(take.id, pictured)}
            aspect={w / h}
            boxAspect={(width - 2) / THUMB_PX}
          />
        )}
        {stored.label !== null && (
          <span className="absolute inset-x-0 bottom-0 h-1.5 bg-warning-text" />
        )}
      </span>
    );
    const name = stored.label ? `Step ${step}, ${stored.label}` : `Step ${step}`;
    return (
      <button
        type="button"
        role="radio"
        aria-checked={checked}
        aria-label={name}
        title={`${name}${reused ? " (not computed for this take)" : ""}`}
        tabIndex={checked ? 0 : -1}
        data-step={step}
        // A pointer is handled by the row; this is for screen readers.
        onClick={(event) => event.detail === 0 && onOpen(take.id, step)}
        className="shrink-0 rounded-md px-px"
        style={{ width }}
      >
        {picture}
      </button>
    );
  },
  // A take changes with every step of it; a stored step does not.
  (a, b) =>
    a.take.id === b.take.id &&
    a.step === b.step &&
    a.width === b.width &&
    a.stored === b.stored &&
    a.there === b.there &&
    a.reused === b.reused &&
    a.pictured === b.pictured &&
    a.checked === b.checked,
);

function ResultCell({
  row: { take },
  cell,
  selected,
  checked,
  onOpen,
}: TakeRowProps & { checked: boolean }) {
  const label =
    take.status === "completed"
      ? "Result"
      : take.status === "failed" || take.status === "cancelled"
        ? "End"
        : take.status === "paused"
          ? "Paused"
          : "Live";
  const thumbnail = take.artifacts.find((artifact) => artifact.kind === "thumbnail");
  const style = { width: Math.max(cell, 30) };
  if (!selected && thumbnail)
    return (
      <span className="shrink-0 px-px" style={style}>
        <img
          src={client.artifacts.contentUrl(thumbnail.id)}
          alt=""
          loading="lazy"
          className="h-9 w-full rounded-md object-cover"
        />
      </span>
    );
  const face = (
    <span
      className={`grid h-9 place-items-center overflow-hidden rounded-md text-[0.625rem] font-semibold ${checked ? "bg-accent text-accent-ink" : "bg-sunken text-accent-text ring-1 ring-line ring-inset"}`}
    >
      {cell < 40 ? <Icon name="play" className="size-3" /> : label}
    </span>
  );
  if (!selected)
    return (
      <span className="shrink-0 px-px" style={style}>
        {face}
      </span>
    );
  return (
    <button
      type="button"
      role="radio"
      aria-checked={checked}
      aria-label={label}
      tabIndex={checked ? 0 : -1}
      data-step="result"
      onClick={(event) => event.detail === 0 && onOpen(take.id, null)}
      className="shrink-0 rounded-md px-px"
      style={style}
    >
      {face}
    </button>
  );
}

/** Of every step, counted from 0: the one closest to it that has a picture. */
function closestPictures(steps: readonly Step[], total: number): (number | null)[] {
  const pictures = steps.filter((stored) => stored.has_preview).map(({ step }) => step);
  return Array.from({ length: total }, (_, i) => nearest(pictures, i + 1));
}

/** The stored step closest to one that was pointed at. */
function nearest(choices: readonly (number | null)[] | null, at: number): number | null {
  if (!choices) return at;
  const stored = choices.filter((choice) => choice !== null);
  return stored.reduce<number | null>(
    (best, step) => (best === null || Math.abs(step - at) < Math.abs(best - at) ? step : best),
    null,
  );
}

/** @returns undefined when the key does not move */
function walk(
  key: string,
  choices: readonly (number | null)[],
  step: number | null,
): number | null | undefined {
  const at = choices.indexOf(step);
  if (key === "ArrowLeft") return choices[at - 1];
  if (key === "ArrowRight") return choices[at + 1];
  if (key === "Home") return choices[0];
  if (key === "End") return choices.at(-1);
  return undefined;
}
