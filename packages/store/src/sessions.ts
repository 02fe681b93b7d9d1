import {
  FabricError,
  type Session,
  type SessionId,
  type TakeId,
  TAKE_STATUSES,
  isFinished,
} from "@arc-fabric/contract";
import type { IdempotencyRecord, Page, Paged } from "@arc-fabric/core";
import { appendEvent, sessionNotFound } from "./append-event.ts";
import type { Queries, WriteTransaction } from "./database.ts";
import { findReplay, rememberCreate } from "./idempotency.ts";
import { isoTime } from "./iso-time.ts";
import { checkCursor, pageOf, toPaged } from "./page.ts";
import { addToCount } from "./take-counts.ts";
import { prepared } from "./prepared.ts";
import type { SessionRow } from "./tables.ts";

export interface NewSession {
  readonly id: SessionId;
  readonly title: string;
  readonly nowMs: number;
}

const ACTIVE_STATUSES = TAKE_STATUSES.filter((status) => !isFinished(status));

export async function insertSession(
  tx: WriteTransaction,
  { id, title, nowMs }: NewSession,
): Promise<void> {
  await tx.db
    .insertInto("sessions")
    .values({ id, title, created_at: nowMs, updated_at: nowMs, last_seq: 0 })
    .execute();
  await appendEvent(tx, id, { type: "session.created", data: { title } }, nowMs);
}

export async function createSession(
  tx: WriteTransaction,
  session: NewSession,
  idempotency: IdempotencyRecord | null,
): Promise<Session> {
  const replayed = idempotency && (await findReplay(tx, idempotency, session.nowMs));
  if (replayed) return requireSession(tx.db, replayed as SessionId);
  await insertSession(tx, session);
  if (idempotency) await rememberCreate(tx, idempotency, session.id, session.nowMs);
  return requireSession(tx.db, session.id);
}

const selectId = prepared((db, { id }: { id: SessionId }) =>
  db.selectFrom("sessions").select("id").where("id", "=", id),
);

export async function sessionExists(db: Queries, id: SessionId): Promise<boolean> {
  const [row] = await selectId(db, { id });
  return row !== undefined;
}

export async function getSession(db: Queries, id: SessionId): Promise<Session | null> {
  const row = await withTakeCount(db).where("id", "=", id).executeTakeFirst();
  return row ? toSession(row) : null;
}

export async function listSessions(db: Queries, page: Page): Promise<Paged<Session>> {
  await checkCursor(db, "sessions", page);
  const rows = await pageOf(withTakeCount(db) as never, page).execute();
  return toPaged(
    rows,
    rows.map((row) => toSession(row as SessionRowWithCount)),
    page,
  );
}

interface SessionChanges {
  readonly title?: string | undefined;
  readonly headTakeId?: TakeId | null | undefined;
}

/** A head that is the head already is no change, so choosing a take again tells nobody. */
export async function updateSession(
  tx: WriteTransaction,
  id: SessionId,
  { title, headTakeId }: SessionChanges,
  nowMs: number,
): Promise<Session | null> {
  const session = await getSession(tx.db, id);
  if (!session) return null;
  if (title !== undefined) {
    await tx.db.updateTable("sessions").set({ title }).where("id", "=", id).execute();
    await appendEvent(tx, id, { type: "session.renamed", data: { title } }, nowMs);
  }
  if (headTakeId !== undefined && headTakeId !== session.head_take_id) {
    if (headTakeId !== null) await requireOwnTake(tx.db, id, headTakeId);
    const head = { head_take_id: headTakeId };
    await tx.db.updateTable("sessions").set(head).where("id", "=", id).execute();
    await appendEvent(tx, id, { type: "session.head_changed", data: head }, nowMs);
  }
  return requireSession(tx.db, id);
}

async function requireOwnTake(db: Queries, id: SessionId, takeId: TakeId): Promise<void> {
  const take = await db
    .selectFrom("takes")
    .select("id")
    .where("id", "=", takeId)
    .where("session_id", "=", id)
    .executeTakeFirst();
  if (take) return;
  throw new FabricError("take_not_found", `There is no take ${takeId} in session ${id}.`, {
    details: { take_id: takeId, session_id: id },
  });
}

export async function refuseWhileActive(db: Queries, id: SessionId): Promise<void> {
  const active = await db
    .selectFrom("takes")
    .select(["id", "status"])
    .where("session_id", "=", id)
    .where("status", "in", ACTIVE_STATUSES)
    .executeTakeFirst();
  if (!active) return;
  throw new FabricError(
    "session_active",
    `Session ${id} has a take that is ${active.status}: ${active.id}.`,
    { details: { session_id: id, take_id: active.id, status: active.status } },
  );
}

export async function deleteSession(tx: WriteTransaction, id: SessionId): Promise<boolean> {
  await refuseWhileActive(tx.db, id);
  const finished = await tx.db
    .selectFrom("takes")
    .select((eb) => ["status", eb.fn.countAll<number>().as("count")])
    .where("session_id", "=", id)
    .groupBy("status")
    .execute();
  for (const { status, count } of finished) await addToCount(tx, status, -count);
  const { numDeletedRows } = await tx.db
    .deleteFrom("sessions")
    .where("id", "=", id)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

export async function requireSession(db: Queries, id: SessionId): Promise<Session> {
  const session = await getSession(db, id);
  if (!session) throw sessionNotFound(id);
  return session;
}

type SessionRowWithCount = SessionRow & { take_count: number };

function withTakeCount(db: Queries) {
  return db
    .selectFrom("sessions")
    .selectAll()
    .select((eb) =>
      eb
        .selectFrom("takes")
        .select(eb.fn.countAll<number>().as("count"))
        .whereRef("takes.session_id", "=", "sessions.id")
        .$asScalar()
        .$notNull()
        .as("take_count"),
    );
}

function toSession(row: SessionRowWithCount): Session {
  const { id, title, head_take_id, take_count, last_seq, created_at, updated_at } = row;
  return {
    id,
    title,
    head_take_id,
    created_at: isoTime(created_at),
    updated_at: isoTime(updated_at),
    take_count,
    last_seq,
  };
}
