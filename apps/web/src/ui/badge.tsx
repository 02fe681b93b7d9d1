import type { ReactNode } from "react";

export type Tone = "neutral" | "accent" | "warning" | "danger";

const TONES: Record<Tone, string> = {
  neutral: "bg-sunken text-muted",
  accent: "bg-accent-soft text-accent-text",
  warning: "bg-warning-soft text-warning-text",
  danger: "bg-danger-soft text-danger-text",
};

/** A word about something's status; the dot breathes while something is going on. */
export function Badge({
  tone = "neutral",
  active = false,
  children,
}: {
  tone?: Tone;
  active?: boolean;
  children: ReactNode;
}) {
  return (
    <span
      className={`inline-flex h-6 items-center gap-1.5 rounded-full px-2.5 text-xs font-medium whitespace-nowrap ${TONES[tone]}`}
    >
      <span
        className={`size-1.5 rounded-full bg-current ${active ? "animate-breathe" : ""}`}
        aria-hidden="true"
      />
      {children}
    </span>
  );
}
