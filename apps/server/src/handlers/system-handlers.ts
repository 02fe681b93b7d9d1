import { statfs } from "node:fs/promises";
import { availableParallelism, cpus, totalmem } from "node:os";
import type { SystemReport } from "@arc-fabric/contract";
import type { Handlers } from "../http/handler-types.ts";
import type { HandlerDeps } from "./handler-deps.ts";

type SystemHandlers = Pick<
  Handlers,
  | "getHealth"
  | "getSystem"
  | "listModels"
  | "getModel"
  | "getOpenApi"
  | "getReference"
  | "getMetrics"
>;

export function systemHandlers(deps: HandlerDeps): SystemHandlers {
  const { engine, server } = deps;
  return {
    getHealth: async () => ({ status: "ok", version: server.version }),
    getSystem: () => systemReport(deps),
    listModels: async () => ({ items: engine.models() }),
    getModel: async ({ params }) => engine.model(params.model_id),
    getOpenApi: async () => deps.openApi(),
    getReference: async () => deps.referencePage(),
    getMetrics: () => deps.metrics(),
  };
}

async function systemReport({
  store,
  host,
  media,
  system,
  server,
}: HandlerDeps): Promise<SystemReport> {
  const [counts, disk] = await Promise.all([store.counts(), statfs(server.dataDir)]);
  const { reports, probing } = media.encoders();
  return {
    version: server.version,
    node_version: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cpu_count: availableParallelism(),
    memory_bytes: totalmem(),
    rss_bytes: process.memoryUsage.rss(),
    uptime_s: (system.monotonic() - server.startedMs) / 1000,
    data_dir: server.dataDir,
    disk_free_bytes: disk.bavail * disk.bsize,
    configuration: { ...server.configuration },
    queue: { limit: server.maxQueued, counts },
    workers: [...host.reports()],
    encoders_probing: probing,
    encoders: [...reports],
  };
}
