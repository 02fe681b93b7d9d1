import type { Estimate, Model } from "@arc-fabric/contract";
import { useEstimates } from "../api/takes.ts";
import { useSettled } from "../hooks/use-settled.ts";
import { changeDraft, requestFrom, type Draft } from "../stores/draft.ts";
import { SelectField } from "../ui/select-field.tsx";
import { formatBytes, formatSeconds } from "../util/format.ts";
import { ModelStatus } from "./model-status.tsx";

/** So that typing does not ask with every letter. */
const SETTLE_MS = 400;

interface ModelCardProps {
  model: Model;
  models: readonly Model[];
  draft: Draft;
}

/** Which model will draw, how it is, and what it can do. */
export function ModelCard({ model, models, draft }: ModelCardProps) {
  const { limits, defaults } = model;
  const seconds = limits.num_frames.max / defaults.fps;
  return (
    <section aria-label="Model" className="card p-4">
      <div className="flex items-center justify-between gap-3">
        {models.length > 1 ? (
          <ModelChoice model={model} models={models} draft={draft} />
        ) : (
          <h2 className="truncate font-semibold">
            {model.name}{" "}
            <span className="ml-1 text-xs font-normal text-muted">{model.version}</span>
          </h2>
        )}
        <ModelStatus status={model.status} />
      </div>
      <p className="mt-1.5 text-[0.8125rem] text-muted">{model.description}</p>
      <dl className="mt-3 flex flex-wrap gap-x-5 gap-y-1.5 text-xs">
        <Fact name="Size">
          {limits.width
            .map((width, i) => `${width}×${limits.height[i] ?? limits.height[0]}`)
            .join(", ")}
        </Fact>
        <Fact name="Up to">{`${limits.num_frames.max} frames, ${seconds.toFixed(1)} s`}</Fact>
        <Fact name="Memory">{formatBytes(model.memory_bytes)}</Fact>
        <Fact name="Licence">{model.licence}</Fact>
      </dl>
    </section>
  );
}

/** With what each would take for what is asked for now, on this machine. */
function ModelChoice({ model, models, draft }: ModelCardProps) {
  const prompt = draft.prompt.trim() || (model.examples[0] ?? "anything");
  const estimates = useEstimates(
    useSettled(
      models.map((one) => requestFrom({ ...draft, prompt, handover: null }, one)),
      SETTLE_MS,
    ),
  );
  return (
    <SelectField
      label="Model"
      hideLabel
      className="min-w-0 flex-1"
      value={model.id}
      options={models.map(({ id, name, version, memory_bytes: memory }, i) => {
        const facts = [version, formatBytes(memory), priceWords(estimates[i])];
        return { value: id, label: name, note: facts.filter(Boolean).join(" · ") };
      })}
      onChange={(id) => changeDraft({ model: id })}
    />
  );
}

function priceWords(estimate: Estimate | null | undefined): string {
  if (estimate === undefined) return "";
  return estimate ? `about ${formatSeconds(estimate.seconds)}` : "has not run here yet";
}

function Fact({ name, children }: { name: string; children: string }) {
  return (
    <div className="flex gap-1.5">
      <dt className="text-muted">{name}</dt>
      <dd className="font-medium tabular">{children}</dd>
    </div>
  );
}
