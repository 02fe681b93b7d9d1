import type { UploadedFile } from "@arc-fabric/contract";
import type { Queries, WriteTransaction } from "./database.ts";
import { isoTime } from "./iso-time.ts";
import type { FileRow } from "./tables.ts";

/** A picture that is uploaded again is young again, under its new name. */
export async function addFile(
  tx: WriteTransaction,
  { digest, name, media_type, bytes, width, height }: UploadedFile,
  nowMs: number,
): Promise<UploadedFile> {
  const values = { name, media_type, bytes, width, height, created_at: nowMs };
  const row = await tx.db
    .insertInto("files")
    .values({ digest, ...values })
    .onConflict((conflict) => conflict.column("digest").doUpdateSet(values))
    .returningAll()
    .executeTakeFirstOrThrow();
  return toFile(row);
}

export async function getFile(db: Queries, digest: string): Promise<UploadedFile | null> {
  const row = await db
    .selectFrom("files")
    .selectAll()
    .where("digest", "=", digest)
    .executeTakeFirst();
  return row ? toFile(row) : null;
}

export async function forgetFiles(tx: WriteTransaction, olderThanMs: number): Promise<number> {
  const { numDeletedRows } = await tx.db
    .deleteFrom("files")
    .where("created_at", "<", olderThanMs)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("take_inputs")
            .select("take_inputs.take_id")
            .whereRef("take_inputs.digest", "=", "files.digest"),
        ),
      ),
    )
    .executeTakeFirst();
  return Number(numDeletedRows);
}

export function toFile(row: FileRow): UploadedFile {
  return { ...row, created_at: isoTime(row.created_at) };
}
