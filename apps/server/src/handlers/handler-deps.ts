import type { BlobStore, Engine, Media, ModelHost, Store, System } from "@arc-fabric/core";

/** Everything the handlers read and write. */
export interface HandlerDeps {
  readonly engine: Pick<
    Engine,
    | "models"
    | "model"
    | "plan"
    | "createTake"
    | "planDerived"
    | "deriveTake"
    | "pauseTake"
    | "resumeTake"
    | "cancelTake"
    | "streams"
    | "updateTake"
    | "deleteTake"
    | "compareTakes"
    | "differencePicture"
    | "labelState"
    | "draftState"
    | "addFile"
    | "storage"
    | "thinStates"
    | "updateSession"
    | "deleteSession"
  >;
  readonly store: Store;
  readonly blobs: Pick<
    BlobStore,
    "open" | "read" | "has" | "putFile" | "workDirectory" | "removeWorkDirectory"
  >;
  readonly host: Pick<ModelHost, "reports">;
  readonly media: Pick<Media, "encoders">;
  readonly system: System;
  /** What GET /api/v1/system tells beside the parts above. */
  readonly server: {
    readonly version: string;
    readonly dataDir: string;
    readonly maxQueued: number;
    readonly maxBundleBytes: number;
    /** Secrets masked. */
    readonly configuration: Readonly<Record<string, unknown>>;
    readonly startedMs: number;
  };
  /** Prometheus text. */
  readonly metrics: () => Promise<string>;
  readonly openApi: () => Record<string, unknown>;
  readonly referencePage: () => string;
}
