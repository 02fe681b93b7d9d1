import type { Page, Paged } from "@arc-fabric/core";

export const pageOf = ({
  limit,
  after,
  order,
}: {
  limit: number;
  after?: string | undefined;
  order: "asc" | "desc";
}): Page => ({ limit, after, order });

export const pageAnswer = <Item>({
  items,
  hasMore,
}: Paged<Item>): { items: Item[]; has_more: boolean } => ({ items: [...items], has_more: hasMore });
