import { FabricError, type NamedParts } from "@arc-fabric/contract";

/** A part of a message by its name. @throws FabricError `worker_protocol` when the message does not carry it */
export function requirePart(parts: NamedParts, name: string): Uint8Array {
  const part = parts[name];
  if (!part) throw new FabricError("worker_protocol", `The message carries no part "${name}".`);
  return part;
}
