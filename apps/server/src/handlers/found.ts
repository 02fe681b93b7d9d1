import {
  FabricError,
  type SessionId,
  type Take,
  type TakeId,
  takeIdSchema,
} from "@arc-fabric/contract";
import type { Store } from "@arc-fabric/core";

/** @throws FabricError `take_not_found` */
export async function findTake(store: Pick<Store, "getTake">, id: TakeId): Promise<Take> {
  const take = await store.getTake(id);
  if (!take)
    throw new FabricError("take_not_found", `There is no take ${id}.`, {
      details: { field: "take_id", value: id },
    });
  return take;
}

/**
 * For places that take any text as an id: one that is no take's id is simply not there.
 * @param field where the id was given
 * @throws FabricError `take_not_found`
 */
export async function findVideo(
  store: Pick<Store, "getTake">,
  id: string,
  field: "video_id" | "video" = "video_id",
): Promise<Take> {
  const takeId = takeIdSchema.safeParse(id);
  const take = takeId.success ? await store.getTake(takeId.data) : null;
  if (take) return take;
  throw new FabricError("take_not_found", `There is no video "${id.slice(0, 100)}".`, {
    details: { field, value: id.slice(0, 100) },
  });
}

export const sessionNotFound = (id: SessionId): FabricError =>
  new FabricError("session_not_found", `There is no session ${id}.`, {
    details: { field: "session_id", value: id },
  });
