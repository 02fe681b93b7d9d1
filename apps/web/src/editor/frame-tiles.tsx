import type { Artifact, Take } from "@arc-fabric/contract";
import { client } from "../api/client.ts";
import { tilesOf } from "../components/sprite-player.tsx";

/** A finished clip as a row of `tiles` pictures, from its sprite sheet; nothing where it has none. */
export function FrameTiles({ take, tiles }: { take: Take; tiles: number }) {
  const sheet = take.artifacts.find((artifact) => artifact.kind === "spritesheet");
  if (!sheet) return null;
  return <Tiles sheet={sheet} tiles={tiles} />;
}

function Tiles({ sheet, tiles }: { sheet: Artifact; tiles: number }) {
  const layout = tilesOf(sheet);
  if (!layout) return null;
  const { columns, rows, count } = layout;
  const place = (index: number, of: number) => (of > 1 ? (index / (of - 1)) * 100 : 0);
  return (
    <div className="flex size-full" aria-hidden="true">
      {Array.from({ length: tiles }, (_, i) => {
        const index = Math.min(count - 1, Math.floor(((i + 0.5) / tiles) * count));
        return (
          <span key={i} className="relative min-w-0 flex-1 overflow-hidden [container-type:size]">
            <span
              className="absolute top-1/2 left-1/2 aspect-square w-[max(100cqw,100cqh)] -translate-1/2 bg-no-repeat"
              style={{
                backgroundImage: `url("${client.artifacts.contentUrl(sheet.id)}")`,
                backgroundSize: `${columns * 100}% ${rows * 100}%`,
                backgroundPosition: `${place(index % columns, columns)}% ${place(Math.floor(index / columns), rows)}%`,
              }}
            />
          </span>
        );
      })}
    </div>
  );
}
