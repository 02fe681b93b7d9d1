import { useRouteError } from "react-router";
import { describeError } from "../api/describe-error.ts";
import { ErrorCard } from "../components/error-card.tsx";

/** When a page itself breaks: what happened, and a way to go on. */
export function CrashPage() {
  const error = useRouteError();
  return (
    <main className="mx-auto max-w-xl p-6 pt-20">
      <h1 className="mb-4 text-xl font-semibold">The studio stumbled</h1>
      <ErrorCard error={describeError(error)} onRetry={() => location.reload()} />
    </main>
  );
}
