import { Slider } from "@base-ui/react/slider";
import { snap } from "../util/snap.ts";
import { NumberInput } from "./number-input.tsx";

export interface SliderFieldProps {
  label: string;
  hint?: string | undefined;
  value: number;
  min: number;
  max: number;
  step: number;
  /** Of the unit or the meaning, for example "2.1 s". */
  note?: string;
  onChange: (value: number) => void;
}

/** A number as a slider and as a field; both keep it inside its range and on its steps. */
export function SliderField({
  label,
  hint,
  value,
  min,
  max,
  step,
  note,
  onChange,
}: SliderFieldProps) {
  // About ten pages from end to end, in whole steps: the slider's own page of 10 leads beside steps of 4.
  const page = step * Math.max(2, Math.round((max - min) / step / 10));
  return (
    <div>
      <div className="flex items-center justify-between gap-3">
        <span className="label">
          {label}
          {note && <span className="ml-2 font-normal text-muted tabular">{note}</span>}
        </span>
        <NumberInput
          label={label}
          value={value}
          min={min}
          max={max}
          step={step}
          onChange={onChange}
        />
      </div>
      <Slider.Root
        value={value}
        min={min}
        max={max}
        step={step}
        largeStep={page}
        thumbAlignment="edge"
        onValueChange={(next) => onChange(snap(next as number, { min, max, step }))}
      >
        <Slider.Control className="flex w-full touch-none items-center py-2.5 select-none">
          <Slider.Track className="h-1.5 w-full rounded-full bg-line">
            <Slider.Indicator className="rounded-full bg-accent" />
            <Slider.Thumb
              aria-label={label}
              className="size-4.5 rounded-full border border-line-strong bg-white shadow-card transition-transform duration-100 hover:scale-110 has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent"
            />
          </Slider.Track>
        </Slider.Control>
      </Slider.Root>
      {hint && <p className="-mt-1 text-xs text-muted">{hint}</p>}
    </div>
  );
}
