import type { ArtifactId, SessionId, StreamId, TakeId } from "@arc-fabric/contract";
import type { NewIds } from "@arc-fabric/core";
import type { Queries } from "../database.ts";
import type { Records } from "./records.ts";

/** Ids that one query asks for; databases bound the number of values in a statement. */
const CHUNK = 500;
const ANY_ID = /(?:ses|take|art|str)_[0-9a-hjkmnp-tv-z]{26}/g;
/** What a person wrote stays as it is; a prompt is part of the derivations. */
const WRITTEN_BY_PEOPLE = new Set(["prompt", "negative_prompt", "title", "tags", "label", "name"]);

/**
 * The records under ids that nothing here has yet. When one take's id is taken, all takes get new ones, so that their ids
 * still sort in the order in which they were made; the same for artifacts and streams.
 */
export async function withFreeIds(db: Queries, records: Records, newIds: NewIds): Promise<Records> {
  const takes = records.takes.map((take) => take.id);
  const artifacts = records.artifacts.map((artifact) => artifact.id);
  const streams = records.streams.map((stream) => stream.id);
  const renamed = new Map<string, string>([
    ...(await rename(db, "sessions", [records.session.id], () => newIds.session())),
    ...(await rename(db, "takes", takes, () => newIds.take())),
    ...(await rename(db, "artifacts", artifacts, () => newIds.artifact())),
    ...(await rename(db, "streams", streams, () => newIds.stream())),
  ]);
  return renamed.size === 0 ? records : (replaceIds(records, renamed) as Records);
}

type Table = "sessions" | "takes" | "artifacts" | "streams";

async function rename<Id extends SessionId | TakeId | ArtifactId | StreamId>(
  db: Queries,
  table: Table,
  ids: readonly Id[],
  next: () => Id,
): Promise<[Id, Id][]> {
  if (!(await anyTaken(db, table, ids))) return [];
  const fresh = ids.map(() => next()).toSorted();
  return ids.toSorted().map((id, index) => [id, fresh[index]!]);
}

async function anyTaken(db: Queries, table: Table, ids: readonly string[]): Promise<boolean> {
  for (let start = 0; start < ids.length; start += CHUNK) {
    const row = await db
      .selectFrom(table)
      .select("id")
      .where("id", "in", ids.slice(start, start + CHUNK) as never)
      .limit(1)
      .executeTakeFirst();
    if (row) return true;
  }
  return false;
}

/** A copy in which every id in every text is the new one. */
function replaceIds(value: unknown, renamed: ReadonlyMap<string, string>): unknown {
  if (typeof value === "string") return value.replace(ANY_ID, (id) => renamed.get(id) ?? id);
  if (Array.isArray(value)) return value.map((item) => replaceIds(item, renamed));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      WRITTEN_BY_PEOPLE.has(key) ? item : replaceIds(item, renamed),
    ]),
  );
}
