import { useCallback, useEffect, useEffectEvent, useState } from "react";
import { client } from "../api/client.ts";
import { TakeLayers, useTakePicture } from "../components/take-layers.tsx";
import type { Block } from "./blocks.ts";
import type { Ready } from "./use-stream-player.ts";

const NO_STEPS: never[] = [];

interface BlockPictureProps {
  block: Block;
  /** The others lie under it and are made ready. */
  visible: boolean;
  onVideo: (takeId: string, video: HTMLVideoElement | null) => void;
  onReady: (takeId: string, ready: Ready | null) => void;
  onClick: () => void;
}

/** A block's picture: its video, or what is known of it while it forms. The player of the stream starts and stops it. */
export function BlockPicture({ block, visible, onVideo, onReady, onClick }: BlockPictureProps) {
  const { take, number } = block;
  const picture = useTakePicture(take);
  const [loaded, setLoaded] = useState(false);
  const { live, handover, video, poster } = picture;
  const covered = live !== null && handover.showLive;
  const forming = covered && handover.stage !== "empty";
  const ready: Ready | null = video && loaded && !covered ? "video" : forming ? "live" : null;
  const tell = useEffectEvent(onReady);
  useEffect(() => {
    tell(take.id, ready);
    return () => tell(take.id, null);
  }, [take.id, ready]);
  const hold = useCallback(
    (element: HTMLVideoElement | null) => onVideo(take.id, element),
    [take.id, onVideo],
  );

  return (
    <div className={`absolute inset-0 bg-stage ${visible ? "z-10" : ""}`} aria-hidden={!visible}>
      {video && (
        <video
          ref={hold}
          src={client.artifacts.contentUrl(video.id)}
          poster={poster}
          muted
          playsInline
          preload="auto"
          tabIndex={visible ? 0 : -1}
          aria-label={`Video of block ${number}: ${take.parameters.prompt}`}
          onClick={onClick}
          onLoadedData={() => {
            setLoaded(true);
            handover.onVideoReady();
          }}
          className="size-full object-contain outline-offset-[-4px]"
        />
      )}
      <TakeLayers take={take} steps={NO_STEPS} step={null} picture={picture} />
    </div>
  );
}
