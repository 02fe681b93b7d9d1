import type { ComponentProps } from "react";
import { Icon, type IconName } from "./icon.tsx";
import { Tooltip } from "./tooltip.tsx";

type Look = "primary" | "secondary" | "quiet" | "danger";

const BASE =
  "inline-flex items-center justify-center gap-2 rounded-control font-medium whitespace-nowrap select-none transition-colors duration-150 disabled:opacity-50";
const LOOKS: Record<Look, string> = {
  primary: "bg-accent text-accent-ink hover:enabled:bg-accent-hover",
  secondary:
    "border border-line bg-raised text-text hover:enabled:bg-hover hover:enabled:border-line-strong",
  quiet: "text-muted hover:enabled:bg-hover hover:enabled:text-text",
  danger: "bg-danger text-danger-ink hover:enabled:opacity-90",
};
const SIZES = {
  small: "h-8 px-3 text-[0.8125rem]",
  medium: "h-10 px-4 text-sm",
  large: "h-12 px-6 text-base",
} as const;

export interface ButtonProps extends ComponentProps<"button"> {
  look?: Look;
  size?: keyof typeof SIZES;
  icon?: IconName | undefined;
  busy?: boolean;
}

export const buttonClass = (look: Look = "secondary", size: keyof typeof SIZES = "medium") =>
  `${BASE} ${LOOKS[look]} ${SIZES[size]}`;

export function Button({
  look = "secondary",
  size = "medium",
  icon,
  busy = false,
  className = "",
  children,
  ...props
}: ButtonProps) {
  return (
    <button
      type="button"
      aria-busy={busy || undefined}
      className={`${buttonClass(look, size)} ${className}`}
      {...props}
    >
      {busy ? <Spinner /> : icon && <Icon name={icon} className="size-4" />}
      {children}
    </button>
  );
}

export interface IconButtonProps extends Omit<ComponentProps<"button">, "aria-label"> {
  icon: IconName;
  /** Read by screen readers and shown as a tooltip. */
  label: string;
  pressed?: boolean;
}

export function IconButton({ icon, label, pressed, className = "", ...props }: IconButtonProps) {
  const state = pressed
    ? "bg-accent-soft text-accent-text"
    : "text-muted hover:enabled:bg-hover hover:enabled:text-text";
  return (
    <Tooltip text={label}>
      <button
        type="button"
        aria-label={label}
        aria-pressed={pressed}
        className={`inline-grid size-9 shrink-0 place-items-center rounded-control transition-colors duration-150 disabled:opacity-40 ${state} ${className}`}
        {...props}
      >
        <Icon name={icon} />
      </button>
    </Tooltip>
  );
}

export function Spinner({ className = "size-4" }: { className?: string }) {
  return (
    <span
      className={`${className} shrink-0 animate-spin-slow rounded-full border-2 border-current border-r-transparent`}
      aria-hidden="true"
    />
  );
}
