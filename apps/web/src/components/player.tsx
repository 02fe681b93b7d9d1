import type { Artifact, Take } from "@arc-fabric/contract";
import type { ReactNode } from "react";
import { client } from "../api/client.ts";
import { usePlayer } from "../hooks/use-player.ts";
import { useReducedMotion } from "../hooks/use-reduced-motion.ts";
import { PlayerControls } from "./player-controls.tsx";

interface PlayerProps {
  take: Take;
  /** Until there is one only the layers are shown. */
  video: Artifact | undefined;
  poster: string | undefined;
  /** The first frame is on the screen, so whatever stood in its place may go. */
  onReady: () => void;
  /** Layers over the picture: waiting, the live picture, an earlier step. They stay while the video comes in beneath. */
  children: ReactNode;
}

/** The place where a take's picture is, from the first to the last. */
export function Player({ take, video, poster, onReady, children }: PlayerProps) {
  const { fps, num_frames: numFrames, width, height } = take.parameters;
  const still = useReducedMotion();
  const player = usePlayer({ fps, numFrames, autoPlay: !still });
  const { box, video: element, state, toggle } = player;
  const src = video && client.artifacts.contentUrl(video.id);

  return (
    <div ref={box} role="group" aria-label="Player" className="flex flex-col fullscreen:bg-black">
      <div
        className="relative min-h-0 w-full flex-1 overflow-hidden bg-stage in-fullscreen:aspect-auto!"
        style={{ aspectRatio: `${width} / ${height}` }}
      >
        {src && (
          <video
            ref={element}
            src={src}
            poster={poster}
            autoPlay={!still}
            loop={state.loop}
            muted
            playsInline
            preload="auto"
            tabIndex={0}
            aria-label={`Video: ${take.parameters.prompt}`}
            onClick={toggle}
            onLoadedData={onReady}
            className="size-full object-contain outline-offset-[-4px]"
          />
        )}
        {children}
      </div>
      {src && <PlayerControls take={take} src={src} player={player} />}
    </div>
  );
}
