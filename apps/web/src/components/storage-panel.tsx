import type { Storage } from "@arc-fabric/contract";
import { useState } from "react";
import { Link } from "react-router";
import { client } from "../api/client.ts";
import { describeError } from "../api/describe-error.ts";
import { useStorage, useThinnable, useThinStates } from "../api/storage.ts";
import { paths } from "../paths.ts";
import { Button } from "../ui/button.tsx";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";
import { Icon } from "../ui/icon.tsx";
import { SliderField } from "../ui/slider-field.tsx";
import { toast } from "../ui/toaster.tsx";
import { formatBytes, plural } from "../util/format.ts";
import { ErrorCard } from "./error-card.tsx";

const LARGEST = 8;

/** What steps and clips take on the disk, and how to take less. */
export function StoragePanel() {
  const storage = useStorage();
  if (storage.isError)
    return (
      <ErrorCard
        error={describeError(storage.error)}
        onRetry={() => void storage.refetch()}
        retrying={storage.isFetching}
      />
    );
  if (!storage.data) return <div className="shimmer h-40 rounded-xl" aria-label="Loading" />;
  return (
    <div className="grid gap-6 md:grid-cols-2">
      <div className="flex min-w-0 flex-col gap-4">
        <Usage storage={storage.data} />
        <Thin />
      </div>
      <Sessions storage={storage.data} />
    </div>
  );
}

function Usage({ storage }: { storage: Storage }) {
  const { states, state_bytes: stateBytes, artifact_bytes: clips, budget_bytes: budget } = storage;
  const share = budget === null ? null : Math.min(1, stateBytes / budget);
  return (
    <div>
      <dl className="flex gap-8">
        <div>
          <dt className="text-xs text-muted">{plural(states, "step")} stored</dt>
          <dd className="text-xl font-semibold tabular">{formatBytes(stateBytes)}</dd>
        </div>
        <div>
          <dt className="text-xs text-muted">Clips and pictures</dt>
          <dd className="text-xl font-semibold tabular">{formatBytes(clips)}</dd>
        </div>
      </dl>
      {share !== null && budget !== null && (
        <>
          <div
            role="meter"
            aria-label="Steps within their budget"
            aria-valuemin={0}
            aria-valuemax={100}
            aria-valuenow={Math.round(share * 100)}
            className="mt-3 h-1.5 overflow-hidden rounded-full bg-line"
          >
            <div className="h-full rounded-full bg-accent" style={{ width: `${share * 100}%` }} />
          </div>
          <p className="mt-1 text-xs text-muted tabular">
            {`${Math.round(share * 100)} % of ${formatBytes(budget)}; above it the oldest takes are thinned out`}
          </p>
        </>
      )}
    </div>
  );
}

/** Fewer steps of finished takes. What others were made from, and what has a name, stays. */
function Thin() {
  const [keepEvery, setKeepEvery] = useState(5);
  const thinnable = useThinnable(keepEvery);
  const thin = useThinStates();
  const gain = thinnable.data;
  const onThin = () =>
    thin.mutate(keepEvery, {
      onSuccess: ({ states, bytes }) =>
        toast(`${plural(states, "step")} removed`, {
          description: `${formatBytes(bytes)} are free again.`,
        }),
      onError: (error) =>
        toast("Not thinned out", { tone: "danger", description: describeError(error).message }),
    });
  return (
    <div>
      <SliderField
        label="Keep every n-th step"
        hint="Of finished takes. The last step, named ones, and those that other takes need always stay."
        value={keepEvery}
        min={1}
        max={50}
        step={1}
        onChange={setKeepEvery}
      />
      <div className="mt-3 flex items-center gap-3">
        <ConfirmDialog
          title="Thin out the stored steps?"
          confirmLabel="Thin out"
          onConfirm={onThin}
          trigger={
            <Button size="small" busy={thin.isPending} disabled={!gain || gain.states === 0}>
              Thin out
            </Button>
          }
        >
          {gain ? plural(gain.states, "step") : "Steps"} of finished takes are removed. Nobody can
          fork there any more; clips stay as they are.
        </ConfirmDialog>
        <span className="text-[0.8125rem] text-muted tabular" role="status">
          {gain &&
            (gain.states === 0
              ? "Nothing to remove"
              : `${plural(gain.states, "step")}, ${formatBytes(gain.bytes)}`)}
        </span>
      </div>
    </div>
  );
}

function Sessions({ storage }: { storage: Storage }) {
  const bytes = (session: Storage["sessions"][number]) =>
    session.state_bytes + session.artifact_bytes;
  const largest = storage.sessions.toSorted((a, b) => bytes(b) - bytes(a)).slice(0, LARGEST);
  if (largest.length === 0) return <p className="text-sm text-muted">There is no session yet.</p>;
  return (
    <div className="min-w-0">
      <h3 className="label mb-2">Largest sessions</h3>
      <ul className="flex flex-col">
        {largest.map((session) => (
          <li
            key={session.session_id}
            className="flex items-center gap-3 border-t border-line py-1.5 text-sm first:border-0"
          >
            <Link
              to={paths.session(session.session_id)}
              className="min-w-0 flex-1 truncate rounded-md underline-offset-4 hover:underline"
            >
              {session.title}
            </Link>
            <span className="text-muted tabular">{formatBytes(bytes(session))}</span>
            <a
              href={client.url("exportSession", { params: { session_id: session.session_id } })}
              download={`${session.session_id}.arc.tar`}
              aria-label={`Export ${session.title}`}
              title="Export as one file"
              className="inline-grid size-8 place-items-center rounded-control text-muted hover:bg-hover hover:text-text"
            >
              <Icon name="upload" className="size-4" />
            </a>
          </li>
        ))}
      </ul>
    </div>
  );
}
