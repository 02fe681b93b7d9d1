import { isFabricError, type Take } from "@arc-fabric/contract";
import { useEffect } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { describeError } from "../api/describe-error.ts";
import { useModels } from "../api/models.ts";
import { useTake } from "../api/takes.ts";
import { ErrorCard } from "../components/error-card.tsx";
import { TakeActions } from "../components/take-actions.tsx";
import { TakeError } from "../components/take-error.tsx";
import { TakeDetails } from "../components/take-details.tsx";
import { TakeStage } from "../components/take-stage.tsx";
import { TakeWarnings } from "../components/take-warnings.tsx";
import { useTitle } from "../hooks/use-title.ts";
import { paths } from "../paths.ts";
import { Badge } from "../ui/badge.tsx";
import { buttonClass } from "../ui/button.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { STATUS_TEXT } from "../util/take-text.ts";

/** One take with everything known of it. */
export default function TakePage() {
  const { takeId = "" } = useParams();
  const take = useTake(takeId);
  useTitle(take.data?.parameters.prompt ?? "Take");
  if (take.data) return <TakeView key={takeId} take={take.data} />;
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

function TakeView({ take }: { take: Take }) {
  const navigate = useNavigate();
  const models = useModels();
  const status = STATUS_TEXT[take.status];
  useEffect(() => document.getElementById("main")?.focus({ preventScroll: true }), []);
  return (
    <article className="mx-auto grid max-w-6xl grid-cols-1 gap-6 lg:grid-cols-[minmax(0,clamp(22rem,calc(100dvh-21rem),46rem))_minmax(22rem,1fr)] lg:gap-8">
      <header className="lg:col-span-2">
        <Badge tone={status.tone} active={status.active}>
          {status.label}
        </Badge>
        <h1 className="mt-2 text-xl leading-snug font-semibold tracking-tight break-words sm:text-2xl">
          {take.parameters.prompt}
        </h1>
      </header>
      <div className="mx-auto w-full max-w-stage min-w-0 lg:mx-0">
        <TakeStage take={take} />
      </div>
      <div className="flex min-w-0 flex-col gap-4">
        <TakeError take={take} onCreated={(next) => void navigate(paths.take(next.id))} />
        <TakeWarnings take={take} model={models.data?.find((model) => model.id === take.model)} />
        <TakeActions take={take} onDeleted={() => void navigate(paths.library())} />
        <TakeDetails take={take} />
      </div>
    </article>
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
