import { useState } from "react";
import { Icon } from "../ui/icon.tsx";

interface InlineTextProps {
  label: string;
  value: string;
  placeholder: string;
  onSave: (value: string) => void;
}

/** A text that becomes a field where it stands. Enter keeps, Escape does not. */
export function InlineText({ label, value, placeholder, onSave }: InlineTextProps) {
  const [editing, setEditing] = useState(false);
  const close = (text: string | null) => {
    setEditing(false);
    if (text !== null && text.trim() !== value) onSave(text.trim());
  };
  if (!editing)
    return (
      <button
        type="button"
        onClick={() => setEditing(true)}
        className="group/inline flex max-w-full items-center gap-1.5 rounded-md text-left"
      >
        <span className="line-clamp-2 break-words">{value || placeholder}</span>
        <Icon
          name="pencil"
          className="size-3.5 self-center text-muted opacity-60 group-hover/inline:opacity-100"
        />
        <span className="sr-only">, change the {label.toLowerCase()}</span>
      </button>
    );
  return (
    <input
      aria-label={label}
      autoFocus
      defaultValue={value}
      placeholder={placeholder}
      maxLength={200}
      onFocus={(event) => event.target.select()}
      onBlur={(event) => close(event.target.value)}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Enter") event.currentTarget.blur();
        if (event.key === "Escape") close(null);
      }}
      className="field w-full px-2 py-0.5 font-[inherit]"
    />
  );
}
