import { isFabricError } from "@arc-fabric/contract";
import { Link, Navigate, useParams } from "react-router";
import { describeError } from "../api/describe-error.ts";
import { useTake } from "../api/takes.ts";
import { ErrorCard } from "../components/error-card.tsx";
import { useTitle } from "../hooks/use-title.ts";
import { paths } from "../paths.ts";
import { buttonClass } from "../ui/button.tsx";
import { EmptyState } from "../ui/empty-state.tsx";

/** An address that only names a take leads to its place in its session. */
export default function TakePage() {
  const { takeId = "" } = useParams();
  const take = useTake(takeId);
  useTitle("Take");
  if (take.data) return <Navigate replace to={paths.session(take.data.session_id, take.data.id)} />;
  if (!take.isError)
    return (
      <div
        className="shimmer mx-auto aspect-square w-full max-w-stage rounded-card"
        aria-label="Loading"
      />
    );
  if (
    isFabricError(take.error) &&
    (take.error.code === "take_not_found" || take.error.code === "invalid_request")
  )
    return <Gone />;
  return (
    <ErrorCard
      error={describeError(take.error)}
      onRetry={() => void take.refetch()}
      retrying={take.isFetching}
    />
  );
}

function Gone() {
  return (
    <EmptyState icon="film" title="There is no such take">
      <p>It may have been deleted, or the address is not complete.</p>
      <Link to={paths.library()} className={`${buttonClass("secondary")} mt-5`}>
        See everything made
      </Link>
    </EmptyState>
  );
}
