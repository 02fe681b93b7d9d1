import type { NamedParts } from "@arc-fabric/contract";
import type { EngineAnswer, EngineRequest, KeptMessage } from "./engine.ts";

/** Main thread → engine thread. */
export type ToEngine =
  | { readonly type: "request"; readonly request: EngineRequest; readonly parts: NamedParts }
  | { readonly type: "kept"; readonly message: KeptMessage; readonly parts: NamedParts }
  | { readonly type: "cancel"; readonly target: number }
  /** One answer has left for the server. */
  | { readonly type: "delivered" };

/** Engine thread → main thread; the parts' buffers are transferred. */
export interface FromEngine {
  readonly message: EngineAnswer;
  readonly parts: NamedParts;
}
