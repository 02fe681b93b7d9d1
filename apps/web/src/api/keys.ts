import type { TakeStatus } from "@arc-fabric/contract";

/** Every key of the query cache. */
export const keys = {
  models: ["models"] as const,
  system: ["system"] as const,
  take: (id: string) => ["take", id] as const,
  lists: ["takes"] as const,
  list: (status: TakeStatus | null) => ["takes", status] as const,
  states: (id: string) => ["states", id] as const,
  logs: (id: string) => ["logs", id] as const,
  session: (id: string) => ["session", id] as const,
  /** Every take of a session, oldest first. */
  tree: (sessionId: string) => ["tree", sessionId] as const,
  trees: ["tree"] as const,
  /** A session's stream, or null. */
  stream: (sessionId: string) => ["stream", sessionId] as const,
  planned: (takeId: string, request: unknown) => ["planned", takeId, request] as const,
  comparison: (a: string, b: string) => ["comparison", a, b] as const,
  storage: ["storage"] as const,
};
