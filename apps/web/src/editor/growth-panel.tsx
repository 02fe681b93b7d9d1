import type { DeriveRequestInput, Model, Take } from "@arc-fabric/contract";
import { Segmented } from "../ui/segmented.tsx";
import { SliderField } from "../ui/slider-field.tsx";
import { formatSeconds } from "../util/format.ts";
import {
  GuidanceField,
  MoreFields,
  NegativeField,
  PromptField,
  SeedChange,
  seedField,
  sharedFields,
  type ChangeFieldsProps,
} from "./change-fields.tsx";
import { DeriveSubmit } from "./derive-submit.tsx";
import type { Growth } from "./editor-state.ts";
import { MAX_GROWTH } from "./grow-handle.tsx";
import { useDeriveForm } from "./use-derive-form.ts";

interface GrowthPanelProps extends ChangeFieldsProps {
  growth: Growth;
  model: Model | undefined;
  /** Frame under the playhead: where new frames would be put between. */
  frame: () => number;
  onGrowth: (growth: Growth) => void;
  onMade: (take: Take) => void;
}

const PLACES = [
  { value: "forward", label: "End" },
  { value: "backward", label: "Start" },
  { value: "insert", label: "Between" },
  { value: "loop", label: "Loop" },
  { value: "continue", label: "Block" },
] as const;
const HINTS: Record<Growth["kind"], string> = {
  forward: "Goes on where the clip ends.",
  backward: "Leads up to where the clip begins.",
  insert: "New frames between two that stay.",
  loop: "Leads from the end back to the beginning.",
  continue:
    "The next block of a stream, as a take of its own: it costs the same however long the stream is.",
};

const LABELS: Record<Growth["kind"], (frames: number) => string> = {
  forward: (frames) => `Add ${frames} frames`,
  backward: (frames) => `Add ${frames} frames`,
  insert: (frames) => `Add ${frames} frames`,
  loop: () => "Close the loop",
  continue: () => "Make the next block",
};

/** Makes a clip longer. */
export function GrowthPanel(props: GrowthPanelProps) {
  const { take, growth, changes, onChange, model, frame, onGrowth, onMade } = props;
  const { fps, num_frames: count } = take.parameters;
  const perGroup = model?.latents.frames_per_group ?? 1;
  const form = useDeriveForm(take, growthRequest(take, growth, changes), onMade);
  const fields = { take, changes, onChange };
  /** It shows only its own frames, so there is nothing of it to make longer. */
  const isBlock = take.origin.kind === "continue";
  /** New groups begin where old ones do. */
  const place = (at: number) =>
    Math.min(Math.max(1, Math.round((at - 1) / perGroup) * perGroup + 1), count - perGroup);
  const choose = (kind: Growth["kind"]) =>
    onGrowth(
      kind === "insert"
        ? { kind, frames: growth.frames, at: place(frame()) }
        : { kind, frames: growth.frames },
    );
  return (
    <div className="flex flex-col gap-4">
      <h3 className="font-semibold">{isBlock ? "The next block" : "Make it longer"}</h3>
      <div>
        {!isBlock && (
          <Segmented label="Where" value={growth.kind} options={PLACES} onChange={choose} />
        )}
        <p className="mt-1.5 text-xs text-muted">{HINTS[growth.kind]}</p>
      </div>
      {growth.kind === "insert" && (
        <SliderField
          label="Before frame"
          value={growth.at + 1}
          min={2}
          max={count - perGroup + 1}
          step={perGroup}
          onChange={(value) => onGrowth({ ...growth, at: place(value - 1) })}
        />
      )}
      <SliderField
        label="New frames"
        note={formatSeconds(growth.frames / fps)}
        value={growth.frames}
        min={perGroup}
        max={MAX_GROWTH}
        step={perGroup}
        onChange={(frames) => onGrowth({ ...growth, frames })}
      />
      <PromptField {...fields} label="What they should show" onSubmit={form.submit} />
      <MoreFields>
        <GuidanceField {...fields} model={model} />
        <SeedChange {...fields} />
        <NegativeField {...fields} />
      </MoreFields>
      <DeriveSubmit
        take={take}
        kind={growth.kind === "continue" ? "continue" : "extend"}
        form={form}
        icon="grow"
        label={LABELS[growth.kind](growth.frames)}
      />
    </div>
  );
}

function growthRequest(
  take: Take,
  growth: Growth,
  changes: ChangeFieldsProps["changes"],
): DeriveRequestInput {
  const rest = {
    num_frames: growth.frames,
    ...sharedFields(take, changes),
    ...seedField(changes),
  };
  if (growth.kind === "insert") return { kind: "insert", at_frame: growth.at, ...rest };
  if (growth.kind === "continue") return { kind: "continue", ...rest };
  if (growth.kind === "loop") return { kind: "loop", ...rest };
  return { kind: "extend", direction: growth.kind, ...rest };
}
