import { isFinished, type Model, type Take } from "@arc-fabric/contract";
import { useImperativeHandle, type CSSProperties, type RefObject } from "react";
import { client } from "../api/client.ts";
import type { Step } from "../api/take-cache.ts";
import { TakeLayers, useTakePicture } from "../components/take-layers.tsx";
import { TakeAnnouncer, TakeProgress } from "../components/take-progress.tsx";
import { usePlayer, type Player } from "../hooks/use-player.ts";
import { useReducedMotion } from "../hooks/use-reduced-motion.ts";
import { AreaOverlay } from "./area-overlay.tsx";
import { AreaTools } from "./area-tools.tsx";
import type { EditorAction, EditorState } from "./editor-state.ts";
import { FrameRuler } from "./frame-ruler.tsx";
import { Transport } from "./transport.tsx";

/** What keys of the whole editor do to the player. */
export interface PlayerHandle {
  toggle: () => void;
  step: (frames: number) => void;
  seek: (frame: number) => void;
  frame: () => number;
}

interface EditorStageProps {
  take: Take;
  steps: readonly Step[];
  models: readonly Model[];
  state: EditorState;
  dispatch: (action: EditorAction) => void;
  mayEdit: boolean;
  player: RefObject<PlayerHandle | null>;
}

/** The picture of a take with all that can be pointed at in it: frames, areas, its ends. */
export function EditorStage(props: EditorStageProps) {
  const { take, models, state, dispatch, mayEdit } = props;
  const { fps, num_frames: numFrames } = take.parameters;
  const still = useReducedMotion();
  const player = usePlayer({ fps, numFrames, autoPlay: !still });
  const { box } = player;
  const picture = useTakePicture(take);
  useHandle(props.player, player);
  const model = models.find(({ id }) => id === take.model);

  return (
    <section aria-label="Take" className="flex min-h-0 min-w-0 flex-1 flex-col">
      <div
        ref={box}
        role="group"
        aria-label="Player"
        className="flex min-h-0 flex-1 flex-col fullscreen:bg-black"
      >
        <div className="picture-box grid min-h-64 flex-1 place-items-center bg-stage p-2 sm:p-3">
          <Picture {...props} player={player} picture={picture} />
        </div>
        <div className="flex flex-wrap items-center gap-x-1 px-2 pt-1">
          {picture.video && (
            <Transport player={player} frame={player.state.frame} of={numFrames} fps={fps} />
          )}
          <span className="flex-1" />
          {mayEdit && <AreaTools state={state} dispatch={dispatch} />}
        </div>
        {picture.video && (
          <FrameRuler
            take={take}
            state={state}
            dispatch={dispatch}
            frame={player.state.frame}
            onSeek={player.seek}
            perGroup={model?.latents.frames_per_group ?? 1}
            mayEdit={mayEdit}
          />
        )}
      </div>
      {!isFinished(take.status) && <TakeProgress take={take} />}
      <TakeAnnouncer take={take} />
    </section>
  );
}

interface PictureProps extends Omit<EditorStageProps, "player"> {
  player: Player;
  picture: ReturnType<typeof useTakePicture>;
}

/** The video, what stands over it at other moments of the take's life, and what is marked in it. */
function Picture({ take, steps, state, dispatch, mayEdit, player, picture }: PictureProps) {
  const { width, height, prompt } = take.parameters;
  const still = useReducedMotion();
  const { video: element, toggle } = player;
  const { video, poster } = picture;
  const step = steps.some((known) => known.step === state.step) ? state.step : null;
  return (
    <div
      className="picture relative overflow-hidden rounded-lg bg-stage shadow-card"
      style={{ "--aspect": width / height } as CSSProperties}
    >
      {video && (
        <video
          ref={element}
          src={client.artifacts.contentUrl(video.id)}
          poster={poster}
          autoPlay={!still}
          loop={player.state.loop}
          muted
          playsInline
          preload="auto"
          tabIndex={0}
          aria-label={`Video: ${prompt}`}
          onClick={toggle}
          onLoadedData={picture.handover.onVideoReady}
          className="size-full object-contain outline-offset-[-4px]"
        />
      )}
      <TakeLayers take={take} steps={steps} step={step} picture={picture} clock={element} />
      {step === null && mayEdit && (
        <AreaOverlay
          state={state}
          dispatch={dispatch}
          width={width}
          height={height}
          onBegin={() => element.current?.pause()}
        />
      )}
    </div>
  );
}

function useHandle(handle: RefObject<PlayerHandle | null>, player: Player): void {
  const { toggle, step, seek, state } = player;
  useImperativeHandle(handle, () => ({ toggle, step, seek, frame: () => state.frame }), [
    toggle,
    step,
    seek,
    state.frame,
  ]);
}
