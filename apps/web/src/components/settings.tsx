import type { Model } from "@arc-fabric/contract";
import { Collapsible } from "@base-ui/react/collapsible";
import { changeDraft, changedCount, effectiveSettings, type Draft } from "../stores/draft.ts";
import { Button } from "../ui/button.tsx";
import { Icon } from "../ui/icon.tsx";
import { plural } from "../util/format.ts";
import { ParameterForm } from "./parameter-form.tsx";

/** Where there is room the settings are in view; on a phone they fold into one line. */
const ROOMY = "(min-width: 64rem)";

export function Settings({
  model,
  models,
  draft,
  lastSeed,
}: {
  model: Model;
  models: readonly Model[];
  draft: Draft;
  lastSeed: number | null;
}) {
  const now = effectiveSettings(draft.settings, model);
  const changed = changedCount(draft.settings, model);
  return (
    <section aria-label="Settings" className="card p-4">
      <Collapsible.Root defaultOpen={matchMedia(ROOMY).matches} className="group/settings">
        <div className="flex min-h-8 items-center justify-between gap-3">
          <h2 className="min-w-0 flex-1 font-semibold">
            <Collapsible.Trigger className="group flex w-full items-center gap-2 rounded-md text-left">
              Settings
              <span className="min-w-0 flex-1 truncate text-[0.8125rem] font-normal text-muted tabular group-data-panel-open:invisible">
                {draft.stream ? "" : `${plural(now.num_frames, "frame")} · `}
                {plural(now.num_inference_steps, "step")}
              </span>
              <Icon
                name="chevron"
                className="size-4 text-muted transition-transform group-data-panel-open:rotate-180"
              />
            </Collapsible.Trigger>
          </h2>
          {changed > 0 && (
            <Button look="quiet" size="small" onClick={() => changeDraft({ settings: {} })}>
              Reset
            </Button>
          )}
        </div>
        <Collapsible.Panel className="pt-2">
          <ParameterForm model={model} models={models} draft={draft} lastSeed={lastSeed} />
        </Collapsible.Panel>
      </Collapsible.Root>
    </section>
  );
}
