import type { ReactNode } from "react";
import type { ErrorDescription } from "../api/describe-error.ts";
import { Button } from "../ui/button.tsx";
import { Notice } from "../ui/notice.tsx";
import { copyText } from "../util/copy-text.ts";

interface ErrorCardProps {
  error: ErrorDescription;
  onRetry?: (() => void) | undefined;
  retrying?: boolean;
  children?: ReactNode;
}

/** What went wrong, what to do about it, and what to name when asking for help. */
export function ErrorCard({ error, onRetry, retrying = false, children }: ErrorCardProps) {
  const reference = error.requestId ? `${error.code}, request ${error.requestId}` : error.code;
  return (
    <Notice tone="danger" icon="warning" title={error.title} role="alert">
      <p className="break-words">{error.message}</p>
      {error.retryAfterS === null && error.remedy !== error.message && (
        <p className="mt-1 break-words">{error.remedy}</p>
      )}
      {error.retryAfterS !== null && <p className="mt-1">Try again in {error.retryAfterS} s.</p>}
      <div className="mt-3 flex flex-wrap items-center gap-2">
        {onRetry && (
          <Button size="small" icon="again" busy={retrying} onClick={onRetry}>
            Try again
          </Button>
        )}
        {children}
        <button
          type="button"
          onClick={() => void copyText(reference, "Error reference")}
          className="rounded-md px-1 text-left font-mono text-xs break-all underline-offset-4 hover:underline"
        >
          {reference}
        </button>
      </div>
    </Notice>
  );
}
