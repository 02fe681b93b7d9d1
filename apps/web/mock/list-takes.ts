import type { Take } from "@arc-fabric/contract";
import type { World } from "./world.ts";

interface Filter {
  status?: string | undefined;
  session_id?: string | undefined;
  parent_id?: string | undefined;
  after?: string | undefined;
  limit: number;
  order: "asc" | "desc";
}

export function listTakes(world: World, filter: Filter): { items: Take[]; has_more: boolean } {
  const all = [...world.takes.values()]
    .filter(
      (take) =>
        (!filter.status || take.status === filter.status) &&
        (!filter.session_id || take.session_id === filter.session_id) &&
        (!filter.parent_id || take.parent_id === filter.parent_id),
    )
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  if (filter.order === "desc") all.reverse();
  const from = filter.after ? all.findIndex(({ id }) => id === filter.after) + 1 : 0;
  return {
    items: all.slice(from, from + filter.limit).map((take) => world.view(take)),
    has_more: all.length > from + filter.limit,
  };
}
