import { FabricError, type SessionId, type Take, type TakeId } from "@arc-fabric/contract";
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

export const sessionNotFound = (id: SessionId): FabricError =>
  new FabricError("session_not_found", `There is no session ${id}.`, {
    details: { field: "session_id", value: id },
  });
