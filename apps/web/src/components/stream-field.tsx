import type { Model } from "@arc-fabric/contract";
import {
  blockRange,
  changeDraft,
  DEFAULT_STREAM,
  effectiveSettings,
  streamOf,
  type Draft,
} from "../stores/draft.ts";
import { Segmented } from "../ui/segmented.tsx";
import { SliderField } from "../ui/slider-field.tsx";
import { formatSeconds, plural } from "../util/format.ts";

const KINDS = [
  { value: "clip", label: "One clip" },
  { value: "stream", label: "Keep going" },
] as const;
const MAX_BLOCKS = 40;

/** Whether what is made ends with one clip, or goes on as a stream of blocks, and how far. */
export function StreamField({ model, draft }: { model: Model; draft: Draft }) {
  const { blocks, frames } = streamOf(draft, model);
  const set = (changes: Partial<typeof DEFAULT_STREAM>) =>
    changeDraft({ stream: { blocks, frames, ...changes } });
  const { fps } = effectiveSettings(draft.settings, model);
  const all = model.defaults.num_frames + (blocks - 1) * frames;
  return (
    <div>
      <Segmented
        label="What to make"
        value={draft.stream ? "stream" : "clip"}
        options={KINDS}
        wide
        onChange={(kind) => changeDraft({ stream: kind === "stream" ? DEFAULT_STREAM : null })}
      />
      {draft.stream && (
        <div className="mt-3 flex flex-col gap-1">
          <p className="mb-1 text-[0.8125rem] text-muted">
            A stream of blocks, each made from the one before. You can change the prompt while it
            runs, pause it, and go back to any block.
          </p>
          <SliderField
            label="Blocks"
            value={blocks}
            min={2}
            max={MAX_BLOCKS}
            step={1}
            onChange={(next) => set({ blocks: next })}
          />
          <SliderField
            label="Frames a block"
            note={formatSeconds(frames / fps)}
            value={frames}
            {...blockRange(model)}
            onChange={(next) => set({ frames: next })}
          />
          <p className="text-xs text-muted tabular">
            {`${plural(all, "frame")}, ${formatSeconds(all / fps)} in all; the first block has ${model.defaults.num_frames}.`}
          </p>
        </div>
      )}
    </div>
  );
}
