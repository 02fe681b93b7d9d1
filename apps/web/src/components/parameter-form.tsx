import type { Model, Solver } from "@arc-fabric/contract";
import { Collapsible } from "@base-ui/react/collapsible";
import {
  changeDraft,
  changeSettings,
  effectiveSettings,
  MAX_FRAME_LAG,
  SHIFT_RANGE,
  takesPictures,
  type Draft,
  type Effective,
} from "../stores/draft.ts";
import { Icon } from "../ui/icon.tsx";
import { Segmented } from "../ui/segmented.tsx";
import { SelectField } from "../ui/select-field.tsx";
import { SliderField } from "../ui/slider-field.tsx";
import { formatSeconds, plural } from "../util/format.ts";
import { GivenFrames } from "./given-frames.tsx";
import { HandoverField } from "./handover-field.tsx";
import { SeedField } from "./seed-field.tsx";

export const SOLVERS: Record<Solver, { label: string; note: string }> = {
  euler: { label: "Euler", note: "Simple and predictable" },
  dpmpp_2m: { label: "DPM++ 2M", note: "Finer with few steps" },
};

/** Everything a take can be told, filled from the model's defaults and kept inside its limits. */
export function ParameterForm({
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
  const { limits } = model;
  const now = effectiveSettings(draft.settings, model);
  // A stream is told less: its blocks have a length of their own and go on from each other.
  const streams = draft.stream !== null;
  return (
    <div className="flex flex-col gap-3">
      {!streams && <Size model={model} width={now.width} height={now.height} />}
      {!streams && (
        <SliderField
          label="Frames"
          note={formatSeconds(now.num_frames / now.fps)}
          value={now.num_frames}
          {...limits.num_frames}
          onChange={(num_frames) => changeSettings({ num_frames })}
        />
      )}
      <SliderField
        label="Frames a second"
        value={now.fps}
        {...limits.fps}
        onChange={(fps) => changeSettings({ fps })}
      />
      <SliderField
        label="Steps"
        value={now.num_inference_steps}
        {...limits.num_inference_steps}
        onChange={(num_inference_steps) => changeSettings({ num_inference_steps })}
      />
      <Schedules model={model} steps={now.num_inference_steps} />
      {!streams && <HandoverField model={model} models={models} draft={draft} />}
      <SliderField
        label="Guidance"
        value={now.guidance_scale}
        {...limits.guidance_scale}
        step={0.1}
        onChange={(guidance_scale) => changeSettings({ guidance_scale })}
      />
      <SeedField seed={draft.seed} lastSeed={lastSeed} />
      {!streams && takesPictures(model) && <GivenFrames draft={draft} />}
      <Collapsible.Root>
        <Collapsible.Trigger className="group flex w-full items-center gap-2 rounded-lg py-1 text-[0.8125rem] font-medium text-muted hover:text-text">
          <Icon
            name="chevron"
            className="size-4 -rotate-90 transition-transform group-data-panel-open:rotate-0"
          />
          Advanced
        </Collapsible.Trigger>
        <Collapsible.Panel className="flex flex-col gap-4 pt-2">
          <NegativePrompt text={draft.negativePrompt} />
          {!streams && <Denoising now={now} />}
        </Collapsible.Panel>
      </Collapsible.Root>
    </div>
  );
}

/** The model's own numbers of steps, where it has a quick schedule beside the usual one. */
function Schedules({ model, steps }: { model: Model; steps: number }) {
  const { few_steps: few, defaults } = model;
  if (few === undefined) return null;
  const own = [few, defaults.num_inference_steps];
  return (
    <Segmented
      label="Schedule"
      wide
      value={own.includes(steps) ? String(steps) : ""}
      options={own.map((number, i) => ({
        value: String(number),
        label: `${i === 0 ? "Quick" : "Usual"}, ${plural(number, "step")}`,
      }))}
      onChange={(number) => changeSettings({ num_inference_steps: Number(number) })}
    />
  );
}

function NegativePrompt({ text }: { text: string }) {
  return (
    <div>
      <label htmlFor="negative-prompt" className="label mb-1.5 block">
        Negative prompt
      </label>
      <textarea
        id="negative-prompt"
        rows={2}
        value={text}
        placeholder="What should not be seen"
        onChange={(event) => changeDraft({ negativePrompt: event.target.value })}
        className="field w-full resize-none px-3 py-2 text-sm"
      />
    </div>
  );
}

function Denoising({ now }: { now: Effective }) {
  return (
    <>
      <SelectField
        label="Solver"
        value={now.solver}
        options={(Object.keys(SOLVERS) as Solver[]).map((value) => ({
          value,
          ...SOLVERS[value],
        }))}
        onChange={(solver) => changeSettings({ solver })}
      />
      <SliderField
        label="Shift"
        hint="Above 1, more of the steps go to the coarse layout."
        value={now.shift}
        {...SHIFT_RANGE}
        max={Math.min(SHIFT_RANGE.max, 10)}
        onChange={(shift) => changeSettings({ shift })}
      />
      <SliderField
        label="Frame lag"
        hint="Steps by which each group of frames trails the one before; 0 forms all together."
        value={now.frame_lag}
        min={0}
        max={MAX_FRAME_LAG}
        step={1}
        onChange={(frame_lag) => changeSettings({ frame_lag })}
      />
    </>
  );
}

/** Only shown where there is a choice. */
function Size({ model, width, height }: { model: Model; width: number; height: number }) {
  const { limits } = model;
  const options = limits.width.flatMap((w) =>
    limits.height.map((h) => ({ value: `${w}x${h}`, label: `${w} × ${h}` })),
  );
  if (options.length < 2) return null;
  const onChange = (size: string) => {
    const [w, h] = size.split("x").map(Number);
    changeSettings({ width: w, height: h });
  };
  return (
    <SelectField label="Size" value={`${width}x${height}`} options={options} onChange={onChange} />
  );
}
