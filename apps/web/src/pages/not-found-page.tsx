import { Link } from "react-router";
import { useTitle } from "../hooks/use-title.ts";
import { paths } from "../paths.ts";
import { buttonClass } from "../ui/button.tsx";
import { EmptyState } from "../ui/empty-state.tsx";

export default function NotFoundPage() {
  useTitle("Not found");
  return (
    <EmptyState icon="info" title="There is no page at this address">
      <Link to={paths.create()} className={`${buttonClass("primary")} mt-4`}>
        To the start
      </Link>
    </EmptyState>
  );
}
