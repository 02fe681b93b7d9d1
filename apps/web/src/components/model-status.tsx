import type { WorkerStatus } from "@arc-fabric/contract";
import { Badge, type Tone } from "../ui/badge.tsx";
import { Tooltip } from "../ui/tooltip.tsx";

const STATUS: Record<
  WorkerStatus,
  { label: string; meaning: string; tone: Tone; active: boolean }
> = {
  cold: {
    label: "Cold",
    meaning: "Not loaded; the first take loads it",
    tone: "neutral",
    active: false,
  },
  starting: { label: "Starting", meaning: "Loading its weights", tone: "warning", active: true },
  warm: { label: "Ready", meaning: "Loaded and waiting", tone: "accent", active: false },
  busy: { label: "Busy", meaning: "Working on a take", tone: "accent", active: true },
  stopping: { label: "Stopping", meaning: "Freeing its memory", tone: "neutral", active: true },
  error: {
    label: "Error",
    meaning: "It could not be started; see the System page",
    tone: "danger",
    active: false,
  },
};

export function ModelStatus({ status }: { status: WorkerStatus }) {
  const { label, meaning, tone, active } = STATUS[status];
  return (
    <Tooltip text={meaning}>
      <span
        tabIndex={0}
        className="rounded-full"
        aria-label={`Status: ${label}. ${meaning}`}
        role="img"
      >
        <Badge tone={tone} active={active}>
          {label}
        </Badge>
      </span>
    </Tooltip>
  );
}
