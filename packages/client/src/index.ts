export * from "./client-types.ts";
export type { LiveSocket, Platform } from "./platform.ts";
export { applyTakeEvent } from "./apply-take-event.ts";
export { createClient } from "./create-client.ts";
export { defaultPlatform } from "./default-platform.ts";
export { requestIdOf, takeError } from "./errors.ts";
