import { FabricError } from "@arc-fabric/contract";
import type { Page, Paged } from "@arc-fabric/core";
import type { SelectQueryBuilder } from "kysely";
import type { Queries } from "./database.ts";
import type { Tables } from "./tables.ts";

type Listed = "sessions" | "takes";

/** @throws FabricError `invalid_cursor` when `page.after` names nothing that exists */
export async function checkCursor(db: Queries, table: Listed, page: Page): Promise<void> {
  if (page.after === undefined) return;
  const row = await db
    .selectFrom(table)
    .select("id")
    .where("id", "=", page.after as never)
    .executeTakeFirst();
  if (row) return;
  const message = `The cursor "${page.after.slice(0, 100)}" names nothing in this list; it may have been deleted.`;
  throw new FabricError("invalid_cursor", message, {
    details: { field: "after", value: page.after.slice(0, 100) },
  });
}

/** Restricts a query to the page, with one row more to tell whether others follow. Ids sort by time of creation. */
export function pageOf<Row>(
  query: SelectQueryBuilder<Tables, Listed, Row>,
  page: Page,
): SelectQueryBuilder<Tables, Listed, Row> {
  const after =
    page.after === undefined
      ? query
      : query.where("id", page.order === "asc" ? ">" : "<", page.after as never);
  return after.orderBy("id", page.order).limit(page.limit + 1);
}

export function toPaged<Row, Item>(
  rows: readonly Row[],
  items: readonly Item[],
  page: Page,
): Paged<Item> {
  return { items: items.slice(0, page.limit), hasMore: rows.length > page.limit };
}
