import { FabricError } from "@arc-fabric/contract";
import type { ModelHost } from "@arc-fabric/core";
import type { ModelHostDeps } from "./model-host-deps.ts";

/** The node's workers as child processes. Nothing is started before the first `acquire`. */
export function createModelHost(deps: ModelHostDeps): ModelHost {
  void deps;
  throw new FabricError("internal", "The model host is being written.");
}
