import { isFinished, type Take } from "@arc-fabric/contract";
import { useState } from "react";
import { useSteps } from "../api/takes.ts";
import { Player } from "./player.tsx";
import { StepFilmstrip } from "./step-filmstrip.tsx";
import { TakeLayers, useTakePicture } from "./take-layers.tsx";
import { TakeAnnouncer, TakeProgress } from "./take-progress.tsx";

/** A take with its player and its steps, to look at. */
export function TakeStage({ take }: { take: Take }) {
  const steps = useSteps(take.id).data ?? [];
  const picture = useTakePicture(take);
  const [selected, setSelected] = useState<number | null>(null);
  const step = steps.some((known) => known.step === selected) ? selected : null;
  return (
    <section aria-label="Take" className="card overflow-clip shadow-card">
      <Player
        take={take}
        video={picture.video}
        poster={picture.poster}
        onReady={picture.handover.onVideoReady}
      >
        <TakeLayers take={take} steps={steps} step={step} picture={picture} />
      </Player>
      {!isFinished(take.status) && <TakeProgress take={take} />}
      <StepFilmstrip take={take} steps={steps} selected={step} onSelect={setSelected} />
      <TakeAnnouncer take={take} />
    </section>
  );
}
