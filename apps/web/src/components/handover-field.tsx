import type { Model } from "@arc-fabric/contract";
import { Slider } from "@base-ui/react/slider";
import { changeDraft, effectiveSettings, handoverSteps, type Draft } from "../stores/draft.ts";
import { SelectField } from "../ui/select-field.tsx";
import { plural } from "../util/format.ts";

const ALONE = "";

/** Two models of one latent space share the steps: which one begins, and where it hands over. Only shown where there is another one. */
export function HandoverField(props: { model: Model; models: readonly Model[]; draft: Draft }) {
  const { model, models, draft } = props;
  const others = models.filter(
    ({ id, latent_space }) => id !== model.id && latent_space === model.latent_space,
  );
  const total = effectiveSettings(draft.settings, model).num_inference_steps;
  if (others.length === 0 || total < 2) return null;
  const first = others.find(({ id }) => id === draft.handover?.model);
  const steps = draft.handover ? handoverSteps(draft.handover, total) : 0;
  const begunBy = (other: Model | undefined) =>
    other ? { model: other.id, steps: steps || usualSteps(model, other, total) } : null;
  return (
    <div>
      <SelectField
        label="Begin with another model"
        value={first?.id ?? ALONE}
        options={[
          { value: ALONE, label: `No, ${model.name} makes all steps` },
          ...others.map((other) => ({
            value: other.id,
            label: other.name,
            note: usualNote(model, other),
          })),
        ]}
        onChange={(id) =>
          changeDraft({ handover: begunBy(others.find((other) => other.id === id)) })
        }
      />
      {first && (
        <>
          <Slider.Root
            value={steps}
            min={0}
            max={total}
            step={1}
            onValueChange={(next) =>
              changeDraft({
                handover: {
                  model: first.id,
                  steps: handoverSteps({ model: first.id, steps: next as number }, total),
                },
              })
            }
            className="mt-3"
          >
            <Slider.Control className="flex h-9 w-full cursor-ew-resize touch-none items-center select-none">
              <Slider.Track className="h-7 w-full rounded-lg bg-accent-soft">
                <Slider.Indicator className="hatched rounded-l-lg" />
                <Slider.Thumb
                  aria-label="Hand-over after step"
                  getAriaValueText={(_, step) =>
                    `${first.name} makes ${step} of ${total} steps, ${model.name} the rest`
                  }
                  className="h-9 w-2 rounded-full border-2 border-surface bg-accent has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent"
                />
              </Slider.Track>
            </Slider.Control>
          </Slider.Root>
          <div className="flex justify-between gap-4 text-xs text-muted tabular">
            <span>{`${first.name}: ${plural(steps, "step")}`}</span>
            <span>{`${model.name}: ${plural(total - steps, "step")}`}</span>
          </div>
        </>
      )}
    </div>
  );
}

/** The share of the steps that the pair's own hybrid schedule gives to the first; null where neither names one. */
function usualShare(model: Model, first: Model): number | null {
  for (const { default_stages: stages } of [model, first])
    if (stages?.length === 2 && stages[0]!.model === first.id && stages[1]!.model === model.id)
      return stages[0]!.share;
  return null;
}

const usualSteps = (model: Model, first: Model, total: number): number =>
  Math.round((usualShare(model, first) ?? 0.5) * total);

function usualNote(model: Model, first: Model): string {
  const share = usualShare(model, first);
  return share === null
    ? `Hands over to ${model.name} where you say`
    : `Usually ${Math.round(share * 100)} % of the steps, then ${model.name}`;
}
