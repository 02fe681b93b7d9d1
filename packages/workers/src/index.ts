export { createModelHost } from "./create-model-host.ts";
export {
  DEFAULT_RESPAWN,
  DEFAULT_TIMEOUTS,
  type HostedModel,
  type ModelHostDeps,
  type RespawnPolicy,
  type RuntimeCommand,
  type WorkerTimeouts,
} from "./model-host-deps.ts";
