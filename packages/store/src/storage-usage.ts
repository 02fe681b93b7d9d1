import type { SessionId } from "@arc-fabric/contract";
import type { StorageUsage } from "@arc-fabric/core";
import { sql } from "kysely";
import type { Queries } from "./database.ts";

type Usage = StorageUsage & {
  readonly sessions: readonly (StorageUsage & { session_id: SessionId; title: string })[];
};

interface Counted {
  readonly session_id: SessionId | null;
  readonly count: number;
  readonly bytes: number | null;
}

/**
 * A blob that several rows name counts once in the total and once in each session, so the sessions may add up to more.
 * Sessions that take nothing are listed too, newest first.
 */
export async function storageUsage(db: Queries): Promise<Usage> {
  const [states, artifacts] = [await usageOf(db, "states"), await usageOf(db, "artifacts")];
  const usage = (id: SessionId | null): StorageUsage => ({
    states: Number(states.get(id)?.count ?? 0),
    state_bytes: Number(states.get(id)?.bytes ?? 0),
    artifact_bytes: Number(artifacts.get(id)?.bytes ?? 0),
  });
  const sessions = await db
    .selectFrom("sessions")
    .select(["id", "title"])
    .orderBy("id", "desc")
    .execute();
  return {
    ...usage(null),
    sessions: sessions.map(({ id, title }) => ({ session_id: id, title, ...usage(id) })),
  };
}

/** By session; null stands for all of them. */
async function usageOf(
  db: Queries,
  table: "states" | "artifacts",
): Promise<Map<SessionId | null, Counted>> {
  const name = sql.table(table);
  const total = await sql<Counted>`
    select null as session_id, sum(uses) as count, sum(bytes) as bytes
    from (select count(*) as uses, max(bytes) as bytes from ${name} group by digest) as blobs`.execute(
    db,
  );
  const bySession = await sql<Counted>`
    select session_id, sum(uses) as count, sum(bytes) as bytes
    from (
      select takes.session_id as session_id, count(*) as uses, max(rows.bytes) as bytes
      from ${name} as rows join takes on takes.id = rows.take_id
      group by takes.session_id, rows.digest
    ) as blobs
    group by session_id`.execute(db);
  return new Map([...total.rows, ...bySession.rows].map((row) => [row.session_id, row]));
}
