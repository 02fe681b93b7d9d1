import type { DeriveRequestInput, Model, Take } from "@arc-fabric/contract";
import { useEffect, useState } from "react";
import { describeError } from "../api/describe-error.ts";
import type { Step } from "../api/take-cache.ts";
import { useLabelStep } from "../api/trajectory.ts";
import { SliderField } from "../ui/slider-field.tsx";
import { toast } from "../ui/toaster.tsx";
import {
  GuidanceField,
  modelChange,
  ModelField,
  MoreFields,
  NegativeField,
  PromptField,
  sharedFields,
  SolverField,
  type ChangeFieldsProps,
} from "./change-fields.tsx";
import { DeriveSubmit } from "./derive-submit.tsx";
import { useDeriveForm } from "./use-derive-form.ts";

interface StepPanelProps extends ChangeFieldsProps {
  step: Step;
  models: readonly Model[];
  onMade: (take: Take) => void;
}

/** Goes on from a step in another way. */
export function StepPanel(props: StepPanelProps) {
  const { take, step, models, changes, onChange, onMade } = props;
  const model = models.find(({ id }) => id === take.model);
  const rest = take.plan.total_steps - step.step;
  const remaining = changes.remainingSteps ?? rest;
  const other = modelChange(take, step.step, changes);
  const request: DeriveRequestInput = {
    kind: "fork",
    at_step: step.step,
    ...sharedFields(take, changes),
    ...(changes.solver && changes.solver !== take.parameters.solver && { solver: changes.solver }),
    ...(other !== null && { model: other }),
    ...(remaining !== rest && { remaining_steps: remaining }),
  };
  const last = rest <= 0;
  const form = useDeriveForm(take, last ? null : request, onMade);
  const fields = { take, changes, onChange };

  return (
    <div className="flex flex-col gap-4">
      <div>
        <h3 className="font-semibold">{`Step ${step.step} of ${take.plan.total_steps}`}</h3>
        <p className="text-[0.8125rem] text-muted tabular">
          {`${Math.round(step.sigma * 100)} % of it is still noise`}
          {step.reused ? " · not computed for this take" : ` · took ${step.seconds.toFixed(2)} s`}
        </p>
      </div>
      <LabelField key={step.step} take={take} step={step} />
      {last ? (
        <p className="text-[0.8125rem] text-muted">
          Nothing follows the last step. Choose an earlier one to fork there.
        </p>
      ) : (
        <>
          <PromptField {...fields} label="Prompt from here on" onSubmit={form.submit} />
          <MoreFields>
            <GuidanceField {...fields} model={model} />
            <SolverField {...fields} />
            <SliderField
              label="Steps that follow"
              value={remaining}
              min={1}
              max={Math.max(rest, (model?.limits.num_inference_steps.max ?? 100) - step.step)}
              step={1}
              onChange={(remainingSteps) => onChange({ remainingSteps })}
            />
            <ModelField {...fields} step={step.step} models={models} />
            <NegativeField {...fields} />
          </MoreFields>
          <DeriveSubmit
            take={take}
            kind="fork"
            form={form}
            label={`Fork at step ${step.step}`}
            icon="branch"
          />
        </>
      )}
    </div>
  );
}

/** A name for a step also keeps it from being thinned out. */
function LabelField({ take, step }: { take: Take; step: Step }) {
  const label = useLabelStep(take.id);
  const [text, setText] = useState(step.label ?? "");
  useEffect(() => setText(step.label ?? ""), [step.label]);
  const save = () => {
    const next = text.trim() || null;
    if (next === (step.label ?? null)) return;
    label.mutate(
      { step: step.step, label: next },
      {
        onSuccess: () => toast(next ? `Step ${step.step} is now “${next}”` : "Name removed"),
        onError: (error) =>
          toast("Not named", { tone: "danger", description: describeError(error).message }),
      },
    );
  };
  return (
    <input
      aria-label="Name of this step"
      placeholder="Name this step"
      maxLength={40}
      value={text}
      onChange={(event) => setText(event.target.value)}
      onBlur={save}
      onKeyDown={(event) => event.key === "Enter" && save()}
      className="field h-8 w-full px-2.5 text-[0.8125rem]"
    />
  );
}
