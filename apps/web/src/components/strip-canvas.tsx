import { useEffect, useRef, useState } from "react";
import { useReducedMotion } from "../hooks/use-reduced-motion.ts";

interface StripCanvasProps {
  /** Frames side by side. */
  src: string;
  width: number;
  height: number;
  fps: number;
  label: string;
}

/** The clip as it stood at a step, played in a loop. */
export function StripCanvas({ src, width, height, fps, label }: StripCanvasProps) {
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
      if (still) return draw(Math.floor(count / 2));
      let shown = -1;
      request = requestAnimationFrame(function paint(nowMs) {
        request = requestAnimationFrame(paint);
        const index = Math.floor((nowMs / 1000) * fps) % count;
        if (index !== shown) draw((shown = index));
      });
    };
    image.src = src;
    return () => {
      image.onload = null;
      cancelAnimationFrame(request);
    };
  }, [src, width, height, fps, still]);

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
