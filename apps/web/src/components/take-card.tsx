import { isFinished, type Take } from "@arc-fabric/contract";
import { memo, useState } from "react";
import { Link } from "react-router";
import { client } from "../api/client.ts";
import { describeRecord } from "../api/describe-error.ts";
import { useReducedMotion } from "../hooks/use-reduced-motion.ts";
import { paths } from "../paths.ts";
import { Badge } from "../ui/badge.tsx";
import { Icon } from "../ui/icon.tsx";
import { formatAgo } from "../util/format.ts";
import { progressText, STATUS_TEXT } from "../util/take-text.ts";
import { SpritePlayer } from "./sprite-player.tsx";

/** A take in a grid; pointing at it or focusing it plays it. */
export const TakeCard = memo(function TakeCard({
  take,
  nowMs,
  to,
  current = false,
}: {
  take: Take;
  nowMs: number;
  to?: string;
  current?: boolean;
}) {
  const [looking, setLooking] = useState(false);
  const still = useReducedMotion();
  const { width, height, fps, prompt } = take.parameters;
  const thumbnail = take.artifacts.find((artifact) => artifact.kind === "thumbnail");
  const sheet = take.artifacts.find((artifact) => artifact.kind === "spritesheet");
  const status = STATUS_TEXT[take.status];

  return (
    <Link
      to={to ?? paths.take(take.id)}
      onPointerEnter={() => setLooking(true)}
      onPointerLeave={() => setLooking(false)}
      onFocus={() => setLooking(true)}
      onBlur={() => setLooking(false)}
      aria-current={current || undefined}
      className={`group card flex h-full flex-col overflow-clip transition-[border-color,box-shadow] duration-200 hover:border-line-strong hover:shadow-card ${current ? "ring-2 ring-accent" : ""}`}
    >
      <div
        className="relative overflow-hidden bg-stage"
        style={{ aspectRatio: `${width} / ${height}` }}
      >
        {thumbnail ? (
          <img
            src={client.artifacts.contentUrl(thumbnail.id)}
            alt=""
            loading="lazy"
            className="size-full object-cover"
          />
        ) : (
          <Placeholder take={take} />
        )}
        {looking && !still && sheet && (
          <SpritePlayer sheet={sheet} src={client.artifacts.contentUrl(sheet.id)} fps={fps} />
        )}
        {take.status !== "completed" && (thumbnail || !isFinished(take.status)) && (
          <div className="absolute top-2.5 left-2.5">
            <Badge tone={status.tone} active={status.active}>
              {status.label}
            </Badge>
          </div>
        )}
      </div>
      <div className="p-3">
        <p className="line-clamp-2 text-sm leading-snug font-medium">{prompt}</p>
        <p className="mt-1 truncate text-xs text-muted tabular">
          {isFinished(take.status)
            ? [formatAgo(take.created_at, nowMs), endText(take)].filter(Boolean).join(" · ")
            : progressText(take, 0).detail || status.label}
        </p>
      </div>
    </Link>
  );
});

function Placeholder({ take }: { take: Take }) {
  if (!isFinished(take.status)) return <div className="forming" />;
  const failed = take.status === "failed";
  return (
    <div
      className={`grid size-full place-content-center justify-items-center gap-1.5 text-xs font-medium ${failed ? "bg-danger-soft text-danger-text" : "bg-sunken text-muted"}`}
    >
      <Icon name={failed ? "warning" : "close"} className="size-6" />
      {STATUS_TEXT[take.status].label}
    </div>
  );
}

/** Why or where a take without a video ended. */
function endText(take: Take): string {
  if (take.status === "completed") return "";
  if (take.error) return describeRecord(take.error).title;
  const { step, total_steps: total } = take.progress;
  return step > 0 ? `stopped at step ${step} of ${total}` : "stopped before the first step";
}
