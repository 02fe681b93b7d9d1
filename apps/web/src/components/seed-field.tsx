import { changeDraft } from "../stores/draft.ts";
import { IconButton } from "../ui/button.tsx";
import { NumberInput } from "../ui/number-input.tsx";

/** Shown seeds stay short; the model takes any up to 2^53 - 1. */
const DICE_LIMIT = 1_000_000;

const throwDice = () => Math.floor(Math.random() * DICE_LIMIT);

/** A seed that is new each time, or one that is kept. */
export function SeedField({ seed, lastSeed }: { seed: number | null; lastSeed: number | null }) {
  return (
    <div className="flex items-center justify-between gap-3">
      <span className="label">Seed</span>
      <div className="flex items-center gap-1">
        <NumberInput
          label="Seed"
          value={seed}
          min={0}
          max={Number.MAX_SAFE_INTEGER}
          step={1}
          placeholder="new each time"
          className="w-32 text-right"
          onChange={(value) => changeDraft({ seed: value })}
          onClear={() => changeDraft({ seed: null })}
        />
        <IconButton
          icon="dice"
          label="Throw a new seed and keep it"
          onClick={() => changeDraft({ seed: throwDice() })}
        />
        <IconButton
          icon={seed === null ? "unlock" : "lock"}
          label="Keep this seed"
          pressed={seed !== null}
          onClick={() => changeDraft({ seed: seed === null ? (lastSeed ?? throwDice()) : null })}
        />
      </div>
    </div>
  );
}
