import { useId, type RefObject } from "react";

interface PromptAreaProps {
  label: string;
  value: string;
  onChange: (prompt: string) => void;
  /** Ctrl + Enter, or Command + Enter. */
  onSubmit: () => void;
  field?: RefObject<HTMLTextAreaElement | null>;
}

/** The prompt of something that is there already, to be changed. */
export function PromptArea({ label, value, onChange, onSubmit, field }: PromptAreaProps) {
  const id = useId();
  return (
    <div>
      <label htmlFor={id} className="label mb-1.5 block">
        {label}
      </label>
      <textarea
        id={id}
        ref={field}
        rows={3}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
          event.preventDefault();
          onSubmit();
        }}
        className="field field-sizing-content max-h-40 min-h-18 w-full resize-none px-3 py-2 text-sm leading-relaxed"
      />
    </div>
  );
}
