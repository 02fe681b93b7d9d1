import type { DeriveRequestInput, Take } from "@arc-fabric/contract";
import { ErrorCard } from "../components/error-card.tsx";
import { Button } from "../ui/button.tsx";
import type { IconName } from "../ui/icon.tsx";
import { planWords } from "./plan-words.ts";
import type { DeriveForm } from "./use-derive-form.ts";

interface DeriveSubmitProps {
  take: Take;
  kind: DeriveRequestInput["kind"];
  form: DeriveForm;
  label: string;
  icon?: IconName;
  /** Why there is nothing to make yet. */
  missing?: string;
}

/** What it will cost and keep, and the button that makes it. */
export function DeriveSubmit(props: DeriveSubmitProps) {
  const { take, kind, form, label, icon = "spark", missing } = props;
  return (
    <div className="sticky bottom-0 -mx-4 -mb-4 flex flex-col gap-2 border-t border-line bg-surface px-4 pt-2.5 pb-4">
      <p
        role="status"
        aria-label="What it takes"
        className={`min-h-5 text-[0.8125rem] leading-snug text-muted tabular transition-opacity ${form.asking ? "opacity-60" : ""}`}
      >
        {missing ?? (form.planned && planWords(take, kind, form.planned))}
      </p>
      {form.problem && <ErrorCard error={form.problem} />}
      <Button
        look="primary"
        icon={icon}
        busy={form.busy}
        disabled={!form.ready}
        onClick={form.submit}
        aria-keyshortcuts="Control+Enter Meta+Enter"
        className="w-full"
      >
        {label}
      </Button>
    </div>
  );
}
