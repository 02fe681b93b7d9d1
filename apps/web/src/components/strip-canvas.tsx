import { useEffect, useRef, useState, type RefObject } from "react";
import { useReducedMotion } from "../hooks/use-reduced-motion.ts";

interface StripCanvasProps {
  /** Frames side by side. */
  src: string;
  width: number;
  height: number;
  fps: number;
  label: string;
  /** Shows the same moment as this video, once it has one to show. */
  clock?: RefObject<HTMLVideoElement | null> | undefined;
}

/** The clip as it stood at a step, played in a loop. */
export function StripCanvas({ src, width, height, fps, label, clock }: StripCanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const still = useReducedMotion();
  const [failed, setFailed] = useState(false);

  useEffect(() => {
    const context = canvas.current?.getContext("2d", { alpha: false });
    if (!context) return;
    context.imageSmoothingQuality = "high";
    setFailed(false);
    const image = new Image();
    let request = 0;
    image.onerror = () => setFailed(true);
    image.onload = () => {
      const frameWidth = (image.naturalHeight * width) / height;
      const count = Math.max(1, Math.round(image.naturalWidth / frameWidth));
      const draw = (index: number) =>
        context.drawImage(
          image,
          index * frameWidth,
          0,
          frameWidth,
          image.naturalHeight,
          0,
          0,
          context.canvas.width,
          context.canvas.height,
        );
      if (still && !clock) return draw(Math.floor(count / 2));
      let shown = -1;
      request = requestAnimationFrame(function paint(nowMs) {
        request = requestAnimationFrame(paint);
        const part = partOf(clock?.current);
        const index =
          part === null
            ? Math.floor((nowMs / 1000) * fps) % count
            : Math.min(count - 1, Math.floor(part * count));
        if (index !== shown) draw((shown = index));
      });
    };
    image.src = src;
    return () => {
      image.onload = null;
      cancelAnimationFrame(request);
    };
  }, [src, width, height, fps, still, clock]);

  if (failed)
    return (
      <p className="grid size-full place-items-center p-6 text-center text-muted">
        The picture of this step could not be loaded.
      </p>
    );
  const scale = Math.max(1, Math.floor(512 / Math.max(width, height)));
  return (
    <canvas
      ref={canvas}
      width={width * scale}
      height={height * scale}
      role="img"
      aria-label={label}
      className="size-full"
    />
  );
}

/** How much of a video has passed, 0 … 1; null before it is there. */
function partOf(video: HTMLVideoElement | null | undefined): number | null {
  return video && video.duration > 0 ? video.currentTime / video.duration : null;
}
