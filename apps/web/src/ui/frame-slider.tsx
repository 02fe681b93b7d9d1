import { Slider } from "@base-ui/react/slider";
import { formatSeconds } from "../util/format.ts";

interface FrameSliderProps {
  label: string;
  /** In view, counted from 0, of so many. */
  frame: number;
  of: number;
  fps: number;
  onSeek: (frame: number) => void;
  className?: string;
}

/** Goes to a frame of a clip. */
export function FrameSlider({ label, frame, of, fps, onSeek, className }: FrameSliderProps) {
  return (
    <Slider.Root
      value={frame}
      min={0}
      max={Math.max(1, of - 1)}
      step={1}
      thumbAlignment="edge"
      onValueChange={(to) => onSeek(to as number)}
      className={className}
    >
      <Slider.Control className="flex w-full touch-none items-center py-2.5 select-none">
        <Slider.Track className="h-1 w-full rounded-full bg-line">
          <Slider.Indicator className="rounded-full bg-accent" />
          <Slider.Thumb
            aria-label={label}
            getAriaValueText={(_, at) => `Frame ${at + 1} of ${of}, ${formatSeconds(at / fps)}`}
            className="size-3.5 rounded-full bg-accent has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent"
          />
        </Slider.Track>
      </Slider.Control>
    </Slider.Root>
  );
}
