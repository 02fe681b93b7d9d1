export { compose, type ComposeDeps, type ComposedServer } from "./compose.ts";
export { type ConfigSources, type LoadedConfig, loadConfig } from "./config/load-config.ts";
export type { Config, SettingName } from "./config/settings.ts";
export { listen } from "./process/listen.ts";
export { createLogger } from "./process/logger.ts";
export { createSystem } from "./process/system.ts";
