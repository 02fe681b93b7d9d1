import type { Area, DeriveRequestInput, Model, Take } from "@arc-fabric/contract";
import { useEffect, useMemo, useState } from "react";
import { client } from "../api/client.ts";
import { describeError, type ErrorDescription } from "../api/describe-error.ts";
import { ErrorCard } from "../components/error-card.tsx";
import { useSettled } from "../hooks/use-settled.ts";
import { NumberInput } from "../ui/number-input.tsx";
import { SliderField } from "../ui/slider-field.tsx";
import { drawMask, hasPaint, maskAsPng } from "./area-mask.ts";
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
import type { AreaDraft, EditorAction, EditorState, Rectangle } from "./editor-state.ts";
import { touchedFrames } from "./latent-frames.ts";
import { useDeriveForm } from "./use-derive-form.ts";

interface PartPanelProps extends ChangeFieldsProps {
  state: EditorState;
  dispatch: (action: EditorAction) => void;
  model: Model | undefined;
  onMade: (take: Take) => void;
}

/** Makes a part of the clip anew: a range of frames, an area of the picture, or both; the whole clip where neither is chosen. */
export function PartPanel(props: PartPanelProps) {
  const { take, state, changes, onChange, model, onMade } = props;
  const { range, area } = state;
  const mask = useAreaOf(take, area);
  const whole = range === null && area === null;
  const strength = changes.strength ?? (whole ? 60 : 100);
  const feather = area ? (changes.feather ?? 0) : 0;
  const perGroup = model?.latents.frames_per_group ?? 1;
  const waiting = area !== null && mask.area === null;
  const request: DeriveRequestInput | null = waiting
    ? null
    : {
        kind: "edit",
        ...sharedFields(take, changes),
        ...(range && { frames: [range[0], range[1]] }),
        ...(mask.area && { area: mask.area }),
        ...(feather > 0 && { feather }),
        strength: strength / 100,
        ...seedField(changes),
      };
  const form = useDeriveForm(take, request, onMade);
  const fields = { take, changes, onChange };

  return (
    <div className="flex flex-col gap-4">
      {!whole && <Part {...props} perGroup={perGroup} />}
      <PromptField
        {...fields}
        label={whole ? "Prompt" : "What it should show"}
        onSubmit={form.submit}
      />
      <StrengthField value={strength} onChange={(next) => onChange({ strength: next })} />
      {area && (
        <SliderField
          label="Feather"
          note="%"
          hint="A soft border around the area; it changes too."
          value={feather}
          min={0}
          max={30}
          step={1}
          onChange={(next) => onChange({ feather: next })}
        />
      )}
      <MoreFields>
        <GuidanceField {...fields} model={model} />
        <SeedChange {...fields} />
        <NegativeField {...fields} />
      </MoreFields>
      {mask.problem && <ErrorCard error={mask.problem} />}
      <DeriveSubmit
        take={take}
        kind="edit"
        form={form}
        label={whole ? "Make it anew" : "Make this part anew"}
        {...(waiting && {
          missing: mask.empty ? "Paint over the picture what is to change." : "Reading the area …",
        })}
      />
    </div>
  );
}

function StrengthField({ value, onChange }: { value: number; onChange: (value: number) => void }) {
  return (
    <SliderField
      label="Strength"
      note="%"
      hint="All of it starts from noise; less stays closer to what is there."
      value={value}
      min={5}
      max={100}
      step={5}
      onChange={onChange}
    />
  );
}

/** What is chosen, in words and as numbers that can be changed. */
function Part(props: PartPanelProps & { perGroup: number }) {
  const { take, state, dispatch } = props;
  const { range, area } = state;
  return (
    <>
      <h3 className="font-semibold">{partName(take, range, area)}</h3>
      {range && <RangeFields {...props} />}
      {area?.shape === "rectangle" && (
        <RectangleFields
          rectangle={area}
          onChange={(next) => dispatch({ type: "area", area: { shape: "rectangle", ...next } })}
        />
      )}
    </>
  );
}

function partName(take: Take, range: EditorState["range"], area: AreaDraft | null): string {
  const { fps } = take.parameters;
  const frames =
    range &&
    (range[1] - range[0] === 1 ? `Frame ${range[0] + 1}` : `Frames ${range[0] + 1}–${range[1]}`) +
      ` · ${(range[0] / fps).toFixed(1)}–${(range[1] / fps).toFixed(1)} s`;
  const where = area && (area.shape === "rectangle" ? "a rectangle" : "a painted area");
  if (frames && where) return `${frames}, ${where}`;
  return frames ?? (where ? where[0]!.toUpperCase() + where.slice(1) : "");
}

function RangeFields({
  take,
  state: { range },
  dispatch,
  perGroup,
}: PartPanelProps & { perGroup: number }) {
  if (!range) return null;
  const { num_frames: count } = take.parameters;
  const [from, to] = range;
  const touched = touchedFrames(range, perGroup, count);
  const wider = touched[0] !== from || touched[1] !== to;
  const set = (next: readonly [number, number]) => dispatch({ type: "range", range: next });
  return (
    <div>
      <div className="flex items-center gap-2 text-[0.8125rem]">
        <span className="label">Frames</span>
        <NumberInput
          label="From frame"
          value={from + 1}
          min={1}
          max={to}
          step={1}
          className="w-16 text-right"
          onChange={(value) => set([value - 1, to])}
        />
        <span className="text-muted">to</span>
        <NumberInput
          label="To frame"
          value={to}
          min={from + 1}
          max={count}
          step={1}
          className="w-16 text-right"
          onChange={(value) => set([from, value])}
        />
      </div>
      {wider && (
        <p className="mt-1.5 text-xs text-muted">
          {`Frames are made in groups of ${perGroup}: frames ${touched[0] + 1} to ${touched[1]} change.`}
        </p>
      )}
    </div>
  );
}

const SIDES = [
  ["x", "From the left"],
  ["y", "From the top"],
  ["width", "Wide"],
  ["height", "High"],
] as const;

function RectangleFields(props: {
  rectangle: Rectangle;
  onChange: (rectangle: Rectangle) => void;
}) {
  const { rectangle, onChange } = props;
  const room = {
    x: 100 - rectangle.width,
    y: 100 - rectangle.height,
    width: 100 - rectangle.x,
    height: 100 - rectangle.y,
  };
  return (
    <div className="grid grid-cols-2 gap-x-4 gap-y-1.5" role="group" aria-label="Area in percent">
      {SIDES.map(([side, label]) => (
        <div key={side} className="flex items-center justify-between gap-2 text-[0.8125rem]">
          <span className="text-muted">{label}</span>
          <NumberInput
            label={label}
            value={Math.round(rectangle[side])}
            min={side === "width" || side === "height" ? 2 : 0}
            max={Math.round(room[side])}
            step={1}
            className="w-14 text-right"
            onChange={(value) => onChange({ ...rectangle, [side]: value })}
          />
        </div>
      ))}
    </div>
  );
}

/** Strokes are sent once the hand rests. */
const HAND_RESTS_MS = 350;

/** An area as a request names it. A painted one is uploaded for that. */
function useAreaOf(take: Take, area: AreaDraft | null) {
  const { width, height } = take.parameters;
  const settled = useSettled(area, HAND_RESTS_MS);
  const [painted, setPainted] = useState<{ of: AreaDraft; area: Area } | null>(null);
  const [problem, setProblem] = useState<ErrorDescription | null>(null);
  const mask = useMemo(
    () => (settled?.shape === "brush" ? drawMask(settled.strokes, { width, height }) : null),
    [settled, width, height],
  );
  const empty = useMemo(() => mask !== null && !hasPaint(mask), [mask]);
  useEffect(() => {
    if (!mask || !settled || empty) return;
    const stop = new AbortController();
    setProblem(null);
    maskAsPng(mask)
      .then((png) => client.files.upload(png, { name: "mask.png", signal: stop.signal }))
      .then(({ digest }) => setPainted({ of: settled, area: { shape: "brush", file: digest } }))
      .catch((error: unknown) => !stop.signal.aborted && setProblem(describeError(error)));
    return () => stop.abort();
  }, [mask, settled, empty]);
  if (area?.shape === "rectangle") return { area: rounded(area), empty: false, problem: null };
  // Not yet what is to be seen, as long as the hand moves.
  const rests = JSON.stringify(area) === JSON.stringify(settled);
  const current = area && painted && settled === painted.of && !empty && rests;
  const unpainted = area?.shape === "brush" && area.strokes.length === 0;
  return { area: current ? painted.area : null, empty: empty || unpainted, problem };
}

const rounded = ({ x, y, width, height }: Rectangle): Area => {
  const tenth = (value: number) => Math.round(value * 10) / 10;
  return {
    shape: "rectangle",
    x: tenth(x),
    y: tenth(y),
    width: tenth(width),
    height: tenth(height),
  };
};
