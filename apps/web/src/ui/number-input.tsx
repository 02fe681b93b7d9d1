import { useState, type KeyboardEvent } from "react";
import { snap } from "../util/snap.ts";

interface NumberInputProps {
  label: string;
  value: number | null;
  min: number;
  max: number;
  step: number;
  placeholder?: string;
  className?: string;
  onChange: (value: number) => void;
  /** Called when the field is emptied; without it the old value comes back. */
  onClear?: () => void;
}

/** Takes any typing and corrects it to an allowed value when the field is left. */
export function NumberInput({
  label,
  value,
  min,
  max,
  step,
  placeholder,
  className = "w-20 text-right",
  onChange,
  onClear,
}: NumberInputProps) {
  const [draft, setDraft] = useState<string | null>(null);

  const commit = () => {
    if (draft === null) return;
    setDraft(null);
    const text = draft.trim().replace(",", ".");
    const number = Number(text);
    if (text === "") onClear?.();
    else if (Number.isFinite(number)) onChange(snap(number, { min, max, step }));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter") {
      // Not also the form: it would be sent with the value before.
      event.preventDefault();
      commit();
    }
    if (event.key === "Escape") setDraft(null);
    const direction = event.key === "ArrowUp" ? 1 : event.key === "ArrowDown" ? -1 : 0;
    if (direction === 0 || value === null) return;
    event.preventDefault();
    setDraft(null);
    onChange(snap(value + direction * step, { min, max, step }));
  };

  return (
    <input
      aria-label={`${label}, exact value`}
      inputMode="decimal"
      autoComplete="off"
      className={`field h-8 px-2 text-sm tabular ${className}`}
      placeholder={placeholder}
      value={draft ?? (value === null ? "" : String(value))}
      onChange={(event) => setDraft(event.target.value)}
      onBlur={commit}
      onKeyDown={onKeyDown}
    />
  );
}
