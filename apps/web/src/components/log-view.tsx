import type { LogLine, Take } from "@arc-fabric/contract";
import { describeError } from "../api/describe-error.ts";
import { useLogs } from "../api/takes.ts";
import { ErrorCard } from "./error-card.tsx";

const LEVEL_COLOURS: Record<LogLine["level"], string> = {
  debug: "text-muted",
  info: "text-text",
  warn: "text-warning-text",
  error: "text-danger-text",
};

export function LogView({ take }: { take: Take }) {
  const logs = useLogs(take);
  if (logs.isPending) return <p className="text-sm text-muted">Reading the log…</p>;
  if (logs.isError)
    return <ErrorCard error={describeError(logs.error)} onRetry={() => void logs.refetch()} />;
  if (logs.data.length === 0) return <p className="text-sm text-muted">Nothing was logged yet.</p>;
  return (
    <div
      tabIndex={0}
      role="log"
      aria-label="Log"
      aria-live="off"
      className="max-h-80 overflow-auto rounded-lg bg-sunken p-3 font-mono text-xs leading-relaxed"
    >
      {logs.data.map((line, i) => (
        <div key={i} className={`flex gap-3 ${LEVEL_COLOURS[line.level]}`}>
          <time dateTime={line.at} className="shrink-0 text-muted tabular">
            {line.at.slice(11, 23)}
          </time>
          <span className="hidden w-12 shrink-0 text-muted sm:inline">{line.source}</span>
          <span className="min-w-0 break-words whitespace-pre-wrap">{line.message}</span>
        </div>
      ))}
    </div>
  );
}
