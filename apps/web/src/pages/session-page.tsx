import { isFabricError } from "@arc-fabric/contract";
import { Link, useParams } from "react-router";
import { describeError } from "../api/describe-error.ts";
import { useSession, useTree } from "../api/sessions.ts";
import { useStream } from "../api/streams.ts";
import { ErrorCard } from "../components/error-card.tsx";
import { Editor } from "../editor/editor.tsx";
import { useTitle } from "../hooks/use-title.ts";
import { paths } from "../paths.ts";
import { buttonClass } from "../ui/button.tsx";
import { EmptyState } from "../ui/empty-state.tsx";

/** A session, to be worked on. */
export default function SessionPage() {
  const { sessionId = "" } = useParams();
  const session = useSession(sessionId);
  const tree = useTree(sessionId);
  const stream = useStream(sessionId);
  useTitle(session.data?.title ?? "Session");
  const error = session.error ?? tree.error ?? stream.error;
  if (session.data && tree.data && tree.data.length > 0 && stream.data !== undefined)
    return <Editor key={sessionId} session={session.data} takes={tree.data} stream={stream.data} />;
  return (
    <div className="mx-auto w-full max-w-3xl px-4 py-8">
      <h1 className="sr-only">Session</h1>
      {session.data && tree.data?.length === 0 ? (
        <EmptyState icon="film" title="This session is empty">
          <Link to={paths.createIn(sessionId)} className={`${buttonClass("primary")} mt-5`}>
            Make its first take
          </Link>
        </EmptyState>
      ) : isFabricError(error) && GONE.has(error.code) ? (
        <EmptyState icon="film" title="There is no such session">
          <p>It may have been deleted, or the address is not complete.</p>
          <Link to={paths.library()} className={`${buttonClass("secondary")} mt-5`}>
            See everything made
          </Link>
        </EmptyState>
      ) : error ? (
        <ErrorCard
          error={describeError(error)}
          onRetry={() => {
            void session.refetch();
            void tree.refetch();
            void stream.refetch();
          }}
          retrying={session.isFetching || tree.isFetching || stream.isFetching}
        />
      ) : (
        <div className="shimmer h-120 rounded-card" aria-label="Loading" />
      )}
    </div>
  );
}

const GONE: ReadonlySet<string> = new Set(["session_not_found", "invalid_request"]);
