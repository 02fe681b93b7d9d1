import type { Model, Solver, Take } from "@arc-fabric/contract";
import { Collapsible } from "@base-ui/react/collapsible";
import { useId, type ReactNode } from "react";
import { SOLVERS } from "../components/parameter-form.tsx";
import { Icon } from "../ui/icon.tsx";
import { NumberInput } from "../ui/number-input.tsx";
import { PromptArea } from "../ui/prompt-area.tsx";
import { SelectField } from "../ui/select-field.tsx";
import { SliderField } from "../ui/slider-field.tsx";
import { formatBytes } from "../util/format.ts";

/** What is to be different; what is not here stays as it is in the take. */
export interface Changes {
  readonly prompt?: string;
  readonly negativePrompt?: string;
  readonly guidance?: number;
  readonly solver?: Solver;
  readonly model?: string;
  readonly seed?: number | null;
  readonly remainingSteps?: number;
  /** Percent. */
  readonly strength?: number;
  readonly feather?: number;
}
export type Change = (changes: Changes) => void;

export interface ChangeFieldsProps {
  take: Take;
  changes: Changes;
  onChange: Change;
}

/** The fields of a request that were changed from the take's own values. */
export function sharedFields(take: Take, changes: Changes) {
  const { prompt, negativePrompt, guidance } = changes;
  const own = take.parameters;
  const text = prompt?.trim();
  return {
    ...(text && text !== own.prompt && { prompt: text }),
    ...(negativePrompt !== undefined &&
      negativePrompt !== own.negative_prompt && { negative_prompt: negativePrompt }),
    ...(guidance !== undefined && guidance !== own.guidance_scale && { guidance_scale: guidance }),
  };
}

export const seedField = ({ seed }: Changes) => (seed == null ? {} : { seed });

export function PromptField({
  take,
  changes,
  onChange,
  label,
  onSubmit,
}: ChangeFieldsProps & { label: string; onSubmit: () => void }) {
  return (
    <PromptArea
      label={label}
      value={changes.prompt ?? take.parameters.prompt}
      onChange={(prompt) => onChange({ prompt })}
      onSubmit={onSubmit}
    />
  );
}

/** Settings that are seldom changed. */
export function MoreFields({ children }: { children: ReactNode }) {
  return (
    <Collapsible.Root>
      <Collapsible.Trigger className="group flex w-full items-center gap-2 rounded-lg py-1 text-[0.8125rem] font-medium text-muted hover:text-text">
        <Icon
          name="chevron"
          className="size-4 -rotate-90 transition-transform group-data-panel-open:rotate-0"
        />
        More settings
      </Collapsible.Trigger>
      <Collapsible.Panel className="flex flex-col gap-3 pt-2">{children}</Collapsible.Panel>
    </Collapsible.Root>
  );
}

export function GuidanceField({
  take,
  changes,
  onChange,
  model,
}: ChangeFieldsProps & { model: Model | undefined }) {
  const range = model?.limits.guidance_scale ?? { min: 0, max: 15 };
  return (
    <SliderField
      label="Guidance"
      value={changes.guidance ?? take.parameters.guidance_scale}
      {...range}
      step={0.1}
      onChange={(guidance) => onChange({ guidance })}
    />
  );
}

export function NegativeField({ take, changes, onChange }: ChangeFieldsProps) {
  const id = useId();
  return (
    <div>
      <label htmlFor={id} className="label mb-1.5 block">
        Negative prompt
      </label>
      <textarea
        id={id}
        rows={2}
        value={changes.negativePrompt ?? take.parameters.negative_prompt}
        placeholder="What should not be seen"
        onChange={(event) => onChange({ negativePrompt: event.target.value })}
        className="field w-full resize-none px-3 py-2 text-sm"
      />
    </div>
  );
}

export function SolverField({ take, changes, onChange }: ChangeFieldsProps) {
  return (
    <SelectField
      label="Solver"
      value={changes.solver ?? take.parameters.solver}
      options={(Object.keys(SOLVERS) as Solver[]).map((value) => ({ value, ...SOLVERS[value] }))}
      onChange={(solver) => onChange({ solver })}
    />
  );
}

/** The take's own schedule goes on. */
const AS_PLANNED = "";

/** Which models make the steps after one, in order. */
function modelsAfter(take: Take, step: number): { model: string; to: number }[] {
  return take.plan.segments.flatMap((segment) =>
    segment.type === "denoise" && segment.to > step
      ? [{ model: segment.model, to: segment.to }]
      : [],
  );
}

/** What a fork at this step has to say of the model; null where its own schedule goes on. */
export function modelChange(take: Take, step: number, { model }: Changes): string | null {
  if (!model) return null;
  return modelsAfter(take, step).every((part) => part.model === model) ? null : model;
}

/** Only where there is another model that the latents can be handed to. */
export function ModelField({
  take,
  step,
  changes,
  onChange,
  models,
}: ChangeFieldsProps & { step: number; models: readonly Model[] }) {
  const own = models.find(({ id }) => id === take.model);
  const options = models.filter(({ latent_space }) => latent_space === own?.latent_space);
  if (options.length < 2) return null;
  const nameOf = (id: string) => models.find((model) => model.id === id)?.name ?? id;
  const rest = modelsAfter(take, step);
  const mixed = new Set(rest.map(({ model }) => model)).size > 1;
  const schedule = rest
    .map(({ model, to }, i) =>
      i < rest.length - 1 ? `${nameOf(model)} to step ${to}` : `then ${nameOf(model)}`,
    )
    .join(", ");
  return (
    <SelectField
      label="Model from here on"
      value={changes.model ?? (mixed ? AS_PLANNED : (rest[0]?.model ?? take.model))}
      options={[
        ...(mixed ? [{ value: AS_PLANNED, label: "As in this take", note: schedule }] : []),
        ...options.map(({ id, name, version, memory_bytes: memory }) => ({
          value: id,
          label: name,
          note: `${version} · ${formatBytes(memory)}`,
        })),
      ]}
      onChange={(model) => onChange({ model })}
    />
  );
}

export function SeedChange({ changes, onChange }: Pick<ChangeFieldsProps, "changes" | "onChange">) {
  return (
    <div className="flex items-center justify-between gap-3">
      <span className="label">Seed</span>
      <NumberInput
        label="Seed"
        value={changes.seed ?? null}
        min={0}
        max={Number.MAX_SAFE_INTEGER}
        step={1}
        placeholder="new each time"
        className="w-36 text-right"
        onChange={(seed) => onChange({ seed })}
        onClear={() => onChange({ seed: null })}
      />
    </div>
  );
}
