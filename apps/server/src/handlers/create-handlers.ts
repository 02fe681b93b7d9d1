import type { Handlers } from "../http/handler-types.ts";
import { artifactHandlers } from "./artifact-handlers.ts";
import { bundleHandlers } from "./bundle-handlers.ts";
import type { HandlerDeps } from "./handler-deps.ts";
import { openaiHandlers } from "./openai-handlers.ts";
import { sessionHandlers } from "./session-handlers.ts";
import { storageHandlers } from "./storage-handlers.ts";
import { streamHandlers } from "./stream-handlers.ts";
import { systemHandlers } from "./system-handlers.ts";
import { takeHandlers } from "./take-handlers.ts";
import { trajectoryHandlers } from "./trajectory-handlers.ts";

/** The handler of every endpoint of the table. */
export const createHandlers = (deps: HandlerDeps): Handlers => ({
  ...systemHandlers(deps),
  ...sessionHandlers(deps),
  ...takeHandlers(deps),
  ...trajectoryHandlers(deps),
  ...bundleHandlers(deps),
  ...streamHandlers(deps),
  ...storageHandlers(deps),
  ...artifactHandlers(deps),
  ...openaiHandlers(deps),
});
