import type { Model, Stream, Take } from "@arc-fabric/contract";
import { useCallback } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { describeError } from "../api/describe-error.ts";
import { pickModel, useModels } from "../api/models.ts";
import { useTake, useTakes } from "../api/takes.ts";
import { Composer } from "../components/composer.tsx";
import { ErrorCard } from "../components/error-card.tsx";
import { TakeActions } from "../components/take-actions.tsx";
import { TakeCard } from "../components/take-card.tsx";
import { TakeError } from "../components/take-error.tsx";
import { TakeStage } from "../components/take-stage.tsx";
import { TakeWarnings } from "../components/take-warnings.tsx";
import { useNow } from "../hooks/use-now.ts";
import { useTitle } from "../hooks/use-title.ts";
import { paths } from "../paths.ts";
import { useDraft } from "../stores/draft.ts";
import { EmptyState } from "../ui/empty-state.tsx";

const RECENT = 8;
const NO_MODELS: readonly Model[] = [];

/** A prompt, its picture and, where there is room, the last takes side by side. The take on the stage is in the address. */
export default function CreatePage() {
  useTitle("");
  const models = useModels();
  const draft = useDraft();
  const takes = useTakes(null);
  const [search, setSearch] = useSearchParams();
  const recent = takes.data?.pages.flatMap((page) => page.items) ?? [];
  const chosenId = search.get("take");
  const model = pickModel(models.data ?? [], draft.model);
  const latest = recent[0] ?? null;
  const navigate = useNavigate();
  const onCreated = useCallback(
    (take: Take) => void navigate(paths.session(take.session_id, take.id)),
    [navigate],
  );

  const onStream = useCallback(
    (stream: Stream) => void navigate(paths.session(stream.session_id)),
    [navigate],
  );

  return (
    <div className="grid grid-cols-1 gap-6 lg:grid-cols-[minmax(20rem,25rem)_minmax(0,1fr)] lg:grid-rows-[auto_1fr] lg:gap-8 xl:grid-cols-[25rem_minmax(0,1fr)_18rem] xl:gap-6 2xl:grid-cols-[25rem_minmax(0,1fr)_24rem] 2xl:gap-8">
      <h1 className="sr-only">Create</h1>
      <div className="min-w-0 lg:row-span-2 xl:row-span-1">
        {model ? (
          <Composer
            model={model}
            models={models.data ?? NO_MODELS}
            lastSeed={latest?.parameters.seed ?? null}
            sessionId={search.get("session")}
            onCreated={onCreated}
            onStream={onStream}
          />
        ) : models.isError ? (
          <ErrorCard
            error={describeError(models.error)}
            onRetry={() => void models.refetch()}
            retrying={models.isFetching}
          />
        ) : models.isSuccess ? (
          <EmptyState icon="warning" title="No model is installed">
            The server found no usable model; its log says why.
          </EmptyState>
        ) : (
          <div className="shimmer h-120 rounded-card" aria-label="Loading" />
        )}
      </div>
      <div className="min-w-0">
        <Focus
          id={chosenId}
          latest={latest}
          models={models.data ?? NO_MODELS}
          loading={takes.isPending}
          onCreated={onCreated}
          onClosed={() => setSearch({})}
        />
      </div>
      {recent.length > 0 && (
        <Recent takes={recent.slice(0, RECENT)} currentId={chosenId ?? latest?.id ?? null} />
      )}
    </div>
  );
}

interface StageProps {
  models: readonly Model[];
  /** Another take was made from this one. */
  onCreated: (take: Take) => void;
  onClosed: () => void;
}

interface FocusProps extends StageProps {
  id: string | null;
  latest: Take | null;
  loading: boolean;
}

/** The chosen take, or the newest one. */
function Focus({ id, latest, loading, ...stage }: FocusProps) {
  if (id !== null) return <ChosenTake key={id} id={id} {...stage} />;
  if (latest) return <FocusedTake key={latest.id} take={latest} {...stage} />;
  if (loading) return <StageSkeleton />;
  return (
    <div className="card relative isolate mx-auto grid aspect-[4/3] w-full max-w-3xl place-items-center overflow-clip">
      <div className="forming -z-10" aria-hidden="true" />
      <EmptyState icon="film" title="Your first clip appears here">
        Describe a small scene and press Generate. You will see it form step by step.
      </EmptyState>
    </div>
  );
}

function StageSkeleton() {
  return (
    <div
      className="shimmer mx-auto aspect-square w-full max-w-stage rounded-card"
      aria-label="Loading"
    />
  );
}

function ChosenTake({ id, ...stage }: StageProps & { id: string }) {
  const take = useTake(id);
  if (take.data) return <FocusedTake take={take.data} {...stage} />;
  if (!take.isError) return <StageSkeleton />;
  return (
    <ErrorCard
      error={describeError(take.error)}
      onRetry={() => void take.refetch()}
      retrying={take.isFetching}
    />
  );
}

function FocusedTake({ take, models, onCreated, onClosed }: StageProps & { take: Take }) {
  return (
    <div className="mx-auto flex w-full max-w-stage flex-col gap-4">
      <TakeStage take={take} />
      <div className="flex flex-col gap-1">
        <h2 className="text-lg leading-snug font-semibold break-words">{take.parameters.prompt}</h2>
        <Link
          to={paths.session(take.session_id, take.id)}
          className="self-start rounded-md text-sm font-medium text-accent-text underline-offset-4 hover:underline"
        >
          Open in the editor
        </Link>
      </div>
      <TakeError take={take} onCreated={onCreated} />
      <TakeWarnings take={take} model={models.find((model) => model.id === take.model)} />
      <TakeActions take={take} onDeleted={onClosed} />
    </div>
  );
}

function Recent({ takes, currentId }: { takes: readonly Take[]; currentId: string | null }) {
  const nowMs = useNow(30_000);
  return (
    <section aria-label="Recent takes" className="min-w-0">
      <div className="mb-3 flex items-baseline justify-between">
        <h2 className="font-semibold">Recent</h2>
        <Link
          to={paths.library()}
          className="rounded-md text-sm font-medium text-accent-text underline-offset-4 hover:underline"
        >
          Everything made
        </Link>
      </div>
      <ul className="grid grid-cols-2 gap-3 sm:grid-cols-3 xl:grid-cols-2">
        {takes.map((take) => (
          <li key={take.id}>
            <TakeCard
              take={take}
              nowMs={nowMs}
              to={paths.session(take.session_id, take.id)}
              current={take.id === currentId}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}
