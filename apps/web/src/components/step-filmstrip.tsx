import { isFinished, type Take } from "@arc-fabric/contract";
import { memo, useEffect, useRef, type KeyboardEvent } from "react";
import { client } from "../api/client.ts";
import type { Step } from "../api/take-cache.ts";
import { StripThumb } from "../ui/strip-thumb.tsx";

interface StepFilmstripProps {
  take: Take;
  steps: readonly Step[];
  /** null = the newest picture or the finished video. */
  selected: number | null;
  onSelect: (step: number | null) => void;
}

/** The clip at every stored step, from noise to picture. Arrow keys walk through it. */
export function StepFilmstrip({ take, steps, selected, onSelect }: StepFilmstripProps) {
  const withPicture = steps.filter((step) => step.has_preview);
  const list = useRef<HTMLDivElement>(null);
  const finalLabel =
    take.status === "completed" ? "Result" : isFinished(take.status) ? "End" : "Live";
  const choices = [...withPicture.map((step) => step.step), null];

  const drawnBefore = useRef(false);
  const count = withPicture.length;
  // While it forms, the newest step stays in view unless the person looks at another one.
  useEffect(() => {
    const element = list.current;
    if (count === 0 || selected !== null || !element) return;
    element.scrollTo({
      left: element.scrollWidth,
      behavior: drawnBefore.current ? "smooth" : "instant",
    });
    drawnBefore.current = true;
  }, [count, selected]);

  if (withPicture.length === 0) return null;

  return (
    <div className="border-t border-line px-4 pt-3 pb-3.5">
      <div className="mb-2 flex items-baseline justify-between">
        <h3 className="label">Steps</h3>
        <span className="text-xs text-muted tabular">
          {selected === null
            ? `${steps.length} of ${take.progress.total_steps} stored`
            : describeStep(steps, selected, take)}
        </span>
      </div>
      <div
        ref={list}
        role="radiogroup"
        aria-label="Step shown"
        className="-mx-1 flex gap-2 overflow-x-auto px-1 py-1 [scrollbar-width:thin]"
      >
        {choices.map((step) => (
          <StepButton
            key={step ?? "final"}
            src={step === null ? null : client.takes.statePreviewUrl(take.id, step)}
            aspect={take.parameters.width / take.parameters.height}
            label={step === null ? finalLabel : `Step ${step}`}
            step={step}
            checked={selected === step}
            onSelect={onSelect}
          />
        ))}
      </div>
    </div>
  );
}

interface StepButtonProps {
  /** Frames side by side; null for the newest picture. */
  src: string | null;
  aspect: number;
  label: string;
  step: number | null;
  checked: boolean;
  onSelect: (step: number | null) => void;
}

const StepButton = memo(function StepButton(props: StepButtonProps) {
  const { src, aspect, label, step, checked, onSelect } = props;
  return (
    <button
      type="button"
      role="radio"
      aria-checked={checked}
      aria-label={label}
      tabIndex={checked ? 0 : -1}
      onClick={() => onSelect(step)}
      onKeyDown={chooseByKey}
      className="group/step shrink-0 rounded-lg text-center"
    >
      <span
        style={{ aspectRatio: aspect }}
        className="relative block h-13 overflow-hidden rounded-lg bg-sunken ring-1 ring-line ring-inset group-hover/step:ring-line-strong group-aria-checked/step:ring-2 group-aria-checked/step:ring-accent"
      >
        {src === null ? (
          <span className="grid size-full place-items-center px-1 text-[0.6875rem] font-semibold text-accent-text">
            {label}
          </span>
        ) : (
          <StripThumb src={src} aspect={aspect} />
        )}
      </span>
      <span className="mt-1 block text-[0.6875rem] text-muted tabular group-aria-checked/step:font-semibold group-aria-checked/step:text-text">
        {step ?? "\u00a0"}
      </span>
    </button>
  );
});

/** Focus and choice move together, as in any radio group; only the chosen one is reached by Tab. */
function chooseByKey(event: KeyboardEvent<HTMLElement>): void {
  const radios = [
    ...(event.currentTarget.parentElement?.querySelectorAll<HTMLElement>("[role=radio]") ?? []),
  ];
  const at = radios.indexOf(event.currentTarget);
  const targets: Readonly<Record<string, HTMLElement | undefined>> = {
    ArrowLeft: radios[at - 1],
    ArrowRight: radios[at + 1],
    Home: radios[0],
    End: radios.at(-1),
  };
  const target = targets[event.key];
  if (!target) return;
  event.preventDefault();
  target.focus();
  target.click();
}

function describeStep(steps: readonly Step[], selected: number, take: Take): string {
  const step = steps.find((candidate) => candidate.step === selected);
  return step
    ? `step ${step.step} of ${take.progress.total_steps} · noise left ${Math.round(step.sigma * 100)} %`
    : "";
}
