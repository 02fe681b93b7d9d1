import { Radio } from "@base-ui/react/radio";
import { RadioGroup } from "@base-ui/react/radio-group";

interface SegmentedProps<Value extends string> {
  label: string;
  value: Value;
  options: readonly { value: Value; label: string }[];
  /** Fills its row, in equal parts. */
  wide?: boolean;
  onChange: (value: Value) => void;
}

/** One of a few choices, all in view; arrow keys move between them. */
export function Segmented<Value extends string>({
  label,
  value,
  options,
  wide = false,
  onChange,
}: SegmentedProps<Value>) {
  return (
    <RadioGroup
      aria-label={label}
      value={value}
      onValueChange={(next) => onChange(next as Value)}
      className={`${wide ? "flex" : "inline-flex"} max-w-full gap-1 overflow-x-auto rounded-xl bg-sunken p-1`}
    >
      {options.map((option) => (
        <Radio.Root
          key={option.value}
          value={option.value}
          aria-label={option.label}
          className={`${wide ? "flex-1 text-center" : ""} cursor-pointer rounded-lg px-3 py-1.5 text-sm font-medium whitespace-nowrap text-muted transition-colors hover:text-text data-checked:bg-raised data-checked:text-text data-checked:shadow-card`}
        >
          {option.label}
        </Radio.Root>
      ))}
    </RadioGroup>
  );
}
