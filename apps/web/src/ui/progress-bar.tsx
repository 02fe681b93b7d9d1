/** `fraction` from 0 to 1; null while the extent is not known. */
export function ProgressBar({
  label,
  text,
  fraction,
}: {
  label: string;
  text: string;
  fraction: number | null;
}) {
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={fraction === null ? undefined : Math.round(fraction * 100)}
      aria-valuetext={text}
      className="h-1.5 overflow-hidden rounded-full bg-line"
    >
      {fraction === null ? (
        <div className="shimmer h-full w-full" />
      ) : (
        <div
          className="h-full origin-left rounded-full bg-accent transition-transform duration-300 ease-out-soft"
          style={{ transform: `scaleX(${fraction})` }}
        />
      )}
    </div>
  );
}
