import { Select } from "@base-ui/react/select";
import { Icon } from "./icon.tsx";

export interface SelectOption<Value extends string> {
  value: Value;
  label: string;
  note?: string;
}

export interface SelectFieldProps<Value extends string> {
  label: string;
  hideLabel?: boolean;
  value: Value;
  options: readonly SelectOption<Value>[];
  onChange: (value: Value) => void;
  className?: string;
}

export function SelectField<Value extends string>({
  label,
  hideLabel = false,
  value,
  options,
  onChange,
  className = "",
}: SelectFieldProps<Value>) {
  return (
    <Select.Root
      items={options}
      value={value}
      onValueChange={(next) => next !== null && onChange(next as Value)}
    >
      <div className={className}>
        <Select.Label className={hideLabel ? "sr-only" : "label mb-1.5 block"}>
          {label}
        </Select.Label>
        <Select.Trigger className="field flex h-10 w-full items-center justify-between gap-2 px-3 text-sm">
          <Select.Value />
          <Select.Icon className="text-muted">
            <Icon name="chevron" className="size-4" />
          </Select.Icon>
        </Select.Trigger>
      </div>
      <Select.Portal>
        <Select.Positioner
          sideOffset={6}
          alignItemWithTrigger={false}
          className="z-50 outline-none"
        >
          <Select.Popup className="max-h-(--available-height) min-w-(--anchor-width) overflow-y-auto rounded-xl border border-line bg-raised p-1 shadow-float transition-opacity duration-100 data-ending-style:opacity-0 data-starting-style:opacity-0">
            {options.map((option) => (
              <Select.Item
                key={option.value}
                value={option.value}
                className="grid cursor-default grid-cols-[1rem_1fr] items-center gap-2 rounded-lg px-2.5 py-2 text-sm outline-none select-none data-highlighted:bg-hover"
              >
                <Select.ItemIndicator className="col-start-1 text-accent-text">
                  <Icon name="check" className="size-4" />
                </Select.ItemIndicator>
                <span className="col-start-2">
                  <Select.ItemText>{option.label}</Select.ItemText>
                  {option.note && <span className="block text-xs text-muted">{option.note}</span>}
                </span>
              </Select.Item>
            ))}
          </Select.Popup>
        </Select.Positioner>
      </Select.Portal>
    </Select.Root>
  );
}
