export type * from "./ports/blob-store.ts";
export type * from "./ports/media.ts";
export type * from "./ports/model-host.ts";
export type * from "./ports/store.ts";
export type * from "./ports/system.ts";
