import { useEffect, useRef } from "react";
import type { LiveClip, Picture } from "../api/live-clip.ts";

const HEIGHT_PX = 96;

interface LiveTilesProps {
  clip: LiveClip;
  tiles: number;
  /** Of the whole row, width by height. */
  aspect: number;
}

/** A block that forms, as a row of `tiles` pictures: each shows the newest of its part of the time. */
export function LiveTiles({ clip, tiles, aspect }: LiveTilesProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = Math.round(aspect * HEIGHT_PX);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    const drawn: (Picture | undefined)[] = [];
    let request = requestAnimationFrame(function paint() {
      request = requestAnimationFrame(paint);
      const count = clip.frameCount;
      for (let i = 0; count > 0 && i < tiles; i++) {
        const picture = clip.peek(Math.floor(((i + 0.5) / tiles) * count));
        if (!picture || picture === drawn[i]) continue;
        drawn[i] = picture;
        drawTile(context, picture.bitmap, { x: (i * width) / tiles, width: width / tiles });
      }
    });
    return () => cancelAnimationFrame(request);
  }, [clip, tiles, width]);
  return (
    <canvas
      ref={canvas}
      width={width}
      height={HEIGHT_PX}
      aria-hidden="true"
      className="absolute inset-0 size-full"
    />
  );
}

/** The middle of a picture, as much of it as has room. */
function drawTile(
  context: CanvasRenderingContext2D,
  bitmap: ImageBitmap,
  tile: { x: number; width: number },
): void {
  const width = Math.min(bitmap.width, (bitmap.height * tile.width) / HEIGHT_PX);
  const left = (bitmap.width - width) / 2;
  context.drawImage(bitmap, left, 0, width, bitmap.height, tile.x, 0, tile.width, HEIGHT_PX);
}
