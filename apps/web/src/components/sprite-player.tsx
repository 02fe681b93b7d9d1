import type { Artifact } from "@arc-fabric/contract";
import { useEffect, useMemo, useRef } from "react";
import { z } from "zod";

const tilesSchema = z.object({
  columns: z.number().positive(),
  rows: z.number().positive(),
  count: z.number().positive(),
});

/** How the frames lie on a sheet; undefined where its description cannot be read. */
export const tilesOf = (sheet: Artifact) => tilesSchema.safeParse(sheet.metadata).data;

/** Plays a sprite sheet in place; mounted only while it is to be seen moving. */
export function SpritePlayer({ sheet, src, fps }: { sheet: Artifact; src: string; fps: number }) {
  const element = useRef<HTMLDivElement>(null);
  const tiles = useMemo(() => tilesOf(sheet), [sheet]);

  useEffect(() => {
    if (!tiles) return;
    const { columns, rows, count } = tiles;
    const startMs = performance.now();
    let request = requestAnimationFrame(function paint(nowMs) {
      request = requestAnimationFrame(paint);
      const index = Math.floor((Math.max(0, nowMs - startMs) / 1000) * fps) % count;
      const x = columns > 1 ? ((index % columns) / (columns - 1)) * 100 : 0;
      const y = rows > 1 ? (Math.floor(index / columns) / (rows - 1)) * 100 : 0;
      if (element.current) element.current.style.backgroundPosition = `${x}% ${y}%`;
    });
    return () => cancelAnimationFrame(request);
  }, [tiles, fps]);

  if (!tiles) return null;
  return (
    <div
      ref={element}
      aria-hidden="true"
      className="absolute inset-0 bg-no-repeat"
      style={{
        backgroundImage: `url("${src}")`,
        backgroundSize: `${tiles.columns * 100}% ${tiles.rows * 100}%`,
      }}
    />
  );
}
