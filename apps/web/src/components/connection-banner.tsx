import { connection } from "../stores/connection.ts";
import { useNow } from "../hooks/use-now.ts";
import { Icon } from "../ui/icon.tsx";
import { useEffect, useState } from "react";

/** A short hiccup is not worth a banner. */
const GRACE_MS = 1_200;

/** Says that the server is gone while it is, and goes by itself. */
export function ConnectionBanner({ onRetry }: { onRetry: () => void }) {
  const state = connection.use();
  const gone = state.status === "lost" || (state.status === "connecting" && state.attempt > 0);
  const [visible, setVisible] = useState(false);
  const [retryAtMs, setRetryAtMs] = useState<number | null>(null);
  useEffect(() => {
    if (!gone) return setVisible(false);
    const timer = setTimeout(() => setVisible(true), GRACE_MS);
    return () => clearTimeout(timer);
  }, [gone]);
  useEffect(
    () => setRetryAtMs(state.status === "lost" ? Date.now() + state.delayMs : null),
    [state],
  );
  const now = useNow(500, visible);
  const seconds = retryAtMs === null ? 0 : Math.ceil((retryAtMs - now) / 1000);

  return (
    <div role="status" aria-live="polite">
      {visible && (
        <div className="flex items-center justify-center gap-3 bg-warning-soft px-4 py-2 text-sm text-warning-text">
          <Icon name="offline" className="size-4.5" />
          <p>
            <strong className="font-semibold">The server does not answer.</strong> Nothing is lost;
            the studio goes on when it is back.
          </p>
          <button
            type="button"
            onClick={onRetry}
            className="rounded-md px-1.5 font-semibold whitespace-nowrap underline-offset-4 hover:underline"
          >
            Try now
            {seconds > 1 && (
              <span aria-hidden="true" className="font-normal tabular">{` (${seconds} s)`}</span>
            )}
          </button>
        </div>
      )}
    </div>
  );
}
