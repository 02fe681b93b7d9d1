import { TAKE_STATUSES, type TakeStatus } from "@arc-fabric/contract";
import { useSearchParams } from "react-router";
import { describeError } from "../api/describe-error.ts";
import { useTakes } from "../api/takes.ts";
import { ErrorCard } from "../components/error-card.tsx";
import { ImportButton } from "../components/import-button.tsx";
import { TakeCard } from "../components/take-card.tsx";
import { useNow } from "../hooks/use-now.ts";
import { useTitle } from "../hooks/use-title.ts";
import { Button } from "../ui/button.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Segmented } from "../ui/segmented.tsx";
import { STATUS_TEXT } from "../util/take-text.ts";

type Filter = TakeStatus | "all";
const FILTERS = (
  ["all", "completed", "running", "queued", "paused", "failed", "cancelled"] as const
).map((value) => ({
  value: value as Filter,
  label: value === "all" ? "All" : STATUS_TEXT[value].label,
}));

/** Everything made, newest first. The filter is in the address. */
export default function LibraryPage() {
  useTitle("Library");
  const [search, setSearch] = useSearchParams();
  const status = TAKE_STATUSES.find((candidate) => candidate === search.get("status")) ?? null;
  const takes = useTakes(status);
  const nowMs = useNow(30_000);
  const items = takes.data?.pages.flatMap((page) => page.items) ?? [];
  // A take whose status has changed since the page was read no longer belongs here.
  const shown = status ? items.filter((take) => take.status === status) : items;

  return (
    <>
      <div className="mb-6 flex flex-wrap items-center justify-between gap-4">
        <h1 className="text-2xl font-semibold tracking-tight">Library</h1>
        <Segmented
          label="Status"
          value={status ?? "all"}
          options={FILTERS}
          onChange={(value) =>
            setSearch(value === "all" ? {} : { status: value }, { replace: true })
          }
        />
        <ImportButton />
      </div>
      {takes.isError && (
        <ErrorCard
          error={describeError(takes.error)}
          onRetry={() => void takes.refetch()}
          retrying={takes.isFetching}
        />
      )}
      {takes.isPending && <Skeletons />}
      {takes.isSuccess && shown.length === 0 && (
        <EmptyState
          icon="film"
          title={
            status ? `Nothing is ${STATUS_TEXT[status].label.toLowerCase()}` : "Nothing here yet"
          }
        >
          {status
            ? "Choose another status to see the rest."
            : "What you make on the Create page is kept here with all its steps."}
        </EmptyState>
      )}
      <ul className="grid grid-cols-2 gap-3 sm:grid-cols-3 sm:gap-4 lg:grid-cols-4 xl:grid-cols-5">
        {shown.map((take) => (
          <li key={take.id}>
            <TakeCard take={take} nowMs={nowMs} />
          </li>
        ))}
      </ul>
      {takes.hasNextPage && (
        <div className="mt-8 flex justify-center">
          <Button busy={takes.isFetchingNextPage} onClick={() => void takes.fetchNextPage()}>
            Load more
          </Button>
        </div>
      )}
    </>
  );
}

function Skeletons() {
  return (
    <div
      aria-label="Loading"
      className="grid grid-cols-2 gap-3 sm:grid-cols-3 sm:gap-4 lg:grid-cols-4 xl:grid-cols-5"
    >
      {Array.from({ length: 10 }, (_, i) => (
        <div key={i} className="shimmer aspect-[5/7] rounded-card" />
      ))}
    </div>
  );
}
