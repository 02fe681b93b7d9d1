import type { NamedParts } from "@arc-fabric/contract";
import { Worker } from "node:worker_threads";
import type { FromEngine, ToEngine } from "./engine-channel.ts";
import type { EngineAnswer, EngineRequest, KeptMessage } from "./engine.ts";

export interface EngineHost {
  request(request: EngineRequest, parts: NamedParts): void;
  supply(message: KeptMessage, parts: NamedParts): void;
  cancel(target: number): void;
  /** True from a request until its last answer. */
  readonly busy: boolean;
  /** Model of the last successful load. */
  readonly loadedModel: string | null;
  stop(): Promise<void>;
}

export interface EngineListener {
  /** Resolves when the answer has left for the server; the engine waits for it. */
  onAnswer(message: EngineAnswer, parts: NamedParts): Promise<void>;
  /** The engine's thread broke; nothing more will be answered. */
  onCrash(error: Error): void;
}

/** Starts the engine on its own thread. */
export function startEngine(listener: EngineListener): EngineHost {
  const thread = new Worker(new URL("./engine-thread.ts", import.meta.url));
  let active: EngineRequest | null = null;
  let loadedModel: string | null = null;

  thread.on("message", ({ message, parts }: FromEngine) => {
    if (active !== null && message.id === active.id && isLast(message)) {
      if (active.type === "load")
        loadedModel = message.type === "load.completed" ? active.manifest.id : null;
      if (active.type === "unload") loadedModel = null;
      active = null;
    }
    void listener.onAnswer(message, parts).then(() => tell({ type: "delivered" }));
  });
  thread.on("error", (error) => listener.onCrash(error as Error));

  function tell(command: ToEngine, transfer: ArrayBuffer[] = []): void {
    thread.postMessage(command, transfer);
  }

  return {
    request(request, parts) {
      active ??= request;
      const owned = ownBuffers(parts);
      tell({ type: "request", request, parts: owned.parts }, owned.buffers);
    },
    supply(message, parts) {
      const owned = ownBuffers(parts);
      tell({ type: "kept", message, parts: owned.parts }, owned.buffers);
    },
    cancel: (target) => tell({ type: "cancel", target }),
    get busy() {
      return active !== null;
    },
    get loadedModel() {
      return loadedModel;
    },
    async stop() {
      await thread.terminate();
    },
  };
}

/** The parts are views of one received frame; each gets its own buffer so that it can be handed over without another copy. */
function ownBuffers(parts: NamedParts): { parts: NamedParts; buffers: ArrayBuffer[] } {
  const owned = Object.entries(parts).map(([name, part]) => [name, new Uint8Array(part)] as const);
  return { parts: Object.fromEntries(owned), buffers: owned.map(([, part]) => part.buffer) };
}

function isLast(message: EngineAnswer): boolean {
  return (
    message.type !== "load.progress" &&
    message.type !== "denoise.step" &&
    message.type !== "decode.frames"
  );
}
