import type { ReactNode } from "react";
import { Icon, type IconName } from "./icon.tsx";

const TONES = {
  neutral: "border-line bg-sunken text-text",
  warning: "border-transparent bg-warning-soft text-warning-text",
  danger: "border-transparent bg-danger-soft text-danger-text",
} as const;

interface NoticeProps {
  tone?: keyof typeof TONES;
  icon?: IconName;
  title: string;
  children?: ReactNode;
  /** `alert` interrupts a screen reader; use it for what has just gone wrong. */
  role?: "alert" | "status" | "note";
}

export function Notice({ tone = "neutral", icon = "info", title, children, role }: NoticeProps) {
  return (
    <div role={role} className={`flex gap-3 rounded-xl border p-4 ${TONES[tone]}`}>
      <Icon name={icon} className="mt-0.5 size-5" />
      <div className="min-w-0 flex-1">
        <p className="font-semibold">{title}</p>
        {children && <div className="mt-1 text-sm">{children}</div>}
      </div>
    </div>
  );
}
