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

/** For addresses that take any text as an id: one that is no take's id is simply not there. @throws FabricError `take_not_found` */
export async function findVideo(store: Pick<Store, "getTake">, id: string): Promise<Take> {
  const takeId = takeIdSchema.safeParse(id);
  if (!takeId.success)
    throw new FabricError("take_not_found", `There is no video "${id.slice(0, 100)}".`, {
      details: { field: "video_id" },
    });
  return findTake(store, takeId.data);
}

export const sessionNotFound = (id: SessionId): FabricError =>
  new FabricError("session_not_found", `There is no session ${id}.`, {
    details: { field: "session_id", value: id },
  });
