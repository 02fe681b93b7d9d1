import { availableParallelism, totalmem } from "node:os";
import path from "node:path";
import type { Logger, Media, ModelHost, Store, System } from "@arc-fabric/core";
import { Engine } from "@arc-fabric/core";
import { createMedia } from "@arc-fabric/media";
import { openBlobStore, openDataDirectory, openStore } from "@arc-fabric/store";
import { createModelHost, type RuntimeCommand } from "@arc-fabric/workers";
import type { FastifyInstance } from "fastify";
import { maskSecrets } from "./config/load-config.ts";
import type { Config } from "./config/settings.ts";
import { openApiDocument } from "./docs/openapi.ts";
import { errorsPage, referencePage } from "./docs/reference.ts";
import { createHandlers } from "./handlers/create-handlers.ts";
import { createApp } from "./http/create-app.ts";
import { createMetrics } from "./http/metrics.ts";
import { StreamLimit } from "./http/stream-limit.ts";
import { UnusedConnections } from "./http/unused-connections.ts";
import { type InstalledModel, readManifests } from "./models/read-manifests.ts";
import { VERSION } from "./process/version.ts";

/** How long open answers may go on once the server stops. */
const CLOSE_GRACE_MS = 2_000;

export interface ComposeDeps {
  readonly config: Config;
  readonly system: System;
  readonly logger: Logger;
  /** Root of the repository: models, runtimes and the built studio lie in it. */
  readonly root: string;
  /** Stand-ins for tests: a host and a media that need no child processes. */
  readonly createHost?: (models: readonly InstalledModel[]) => ModelHost;
  readonly createMedia?: () => Media;
}

export interface ComposedServer {
  readonly app: FastifyInstance;
  readonly engine: Engine;
  readonly store: Store;
  readonly host: ModelHost;
  readonly models: readonly InstalledModel[];
  readonly dataDir: string;
  /** Takes up what a former server left, then answers the requests that came meanwhile. To be called once it listens. */
  readonly start: () => Promise<void>;
  /** Refuses new requests and ends streams; the running take stops at a step boundary; everything is closed in order. */
  readonly stop: () => Promise<void>;
}

/**
 * The one place where adapters meet ports. Nothing listens or runs yet: `app.listen` and `start` are the caller's.
 * @throws FabricError of the data directory and the store
 */
export async function compose(deps: ComposeDeps): Promise<ComposedServer> {
  const { config, system, logger, root } = deps;
  const opened: (() => Promise<void>)[] = [];
  const closeAll = async () => {
    for (const close of opened.toReversed()) await close();
  };
  try {
    const data = await openDataDirectory(config.data_dir);
    opened.push(() => data.close());
    const blobs = await openBlobStore({ directory: data.path, system, logger });
    const store = await openStore({ directory: data.path, system, logger });
    opened.push(() => store.close());
    const models = await readManifests(config.models_dir ?? path.join(root, "models"), logger);
    const media =
      deps.createMedia?.() ??
      createMedia({
        system,
        logger,
        encoder: config.video_encoder,
        allowSoftwareEncoder: config.allow_software_encoder,
      });
    opened.push(() => media.close());
    const host = deps.createHost?.(models) ?? realHost(deps, models, data.path);
    opened.push(() => host.close());

    const engine = new Engine({
      store,
      blobs,
      host,
      media,
      system,
      logger,
      models: models.map(({ manifest }) => manifest),
      settings: {
        maxQueued: config.max_queued,
        previewIntervalMs: config.preview_interval_ms,
        defaultModel: config.default_model ?? models[0]?.manifest.id ?? "",
        maxLosses: config.max_losses,
        storageBudgetBytes: config.storage_budget,
        keepEvery: config.keep_every,
      },
    });
    opened.push(() => engine.stop());
    const { app, unused, answerRequests, stopRequests } = await createHttp({
      deps,
      engine,
      store,
      blobs,
      host,
      media,
      dataDir: data.path,
    });
    const start = async () => {
      await engine.start();
      answerRequests();
      void readyMedia(media, logger);
    };
    const stop = async () => {
      stopRequests();
      answerRequests();
      const closing = app.close();
      unused.close();
      await engine.stop();
      await withinGrace(system, closing, () => app.server.closeAllConnections());
      await closeAll();
    };
    return { app, engine, store, host, models, dataDir: data.path, start, stop };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** Behind the first answers: it takes a core for half a second, and only a picture needs it. */
async function readyMedia(media: Media, logger: Logger): Promise<void> {
  try {
    await media.warm();
  } catch (error) {
    logger.debug("The encoder process was not readied; the first picture starts it.", {
      error: String(error),
    });
  }
}

/** Answers that are being sent may finish; who takes them too slowly is cut off. */
async function withinGrace(
  system: System,
  closing: Promise<void>,
  cutOff: () => void,
): Promise<void> {
  const closed = new AbortController();
  system.sleep(CLOSE_GRACE_MS, closed.signal).then(cutOff, () => {});
  await closing;
  closed.abort();
}

type Parts = Pick<Parameters<typeof createHandlers>[0], "store" | "host" | "media" | "blobs"> & {
  deps: ComposeDeps;
  engine: Engine;
  dataDir: string;
};

async function createHttp({ deps, engine, store, blobs, host, media, dataDir }: Parts) {
  const { config, system, logger, root } = deps;
  const streams = new StreamLimit(config.max_streams);
  const stopping = new AbortController();
  const started = Promise.withResolvers<void>();
  const metrics = createMetrics({ store, host, openStreams: () => streams.open });
  const openApi = openApiDocument(VERSION);
  const reference = referencePage(VERSION);
  const handlers = createHandlers({
    engine,
    store,
    blobs,
    host,
    media,
    system,
    server: {
      version: VERSION,
      dataDir,
      maxQueued: config.max_queued,
      maxBundleBytes: config.max_bundle_bytes,
      configuration: maskSecrets(config),
      startedMs: system.monotonic(),
    },
    metrics: metrics.text,
    openApi: () => openApi,
    referencePage: () => reference,
  });
  const app = await createApp({
    handlers,
    engine,
    store,
    system,
    logger,
    access: { token: config.token, host: config.host, allowedHosts: config.allowed_hosts },
    streams,
    maxBodyBytes: config.max_body_bytes,
    maxFormBytes: config.max_file_bytes,
    studioDirectory: path.join(root, "apps/web/dist"),
    errorsPage,
    requestDone: metrics.requestDone,
    started: started.promise,
    stopping: stopping.signal,
  });
  return {
    app,
    unused: new UnusedConnections(app.server),
    answerRequests: () => started.resolve(),
    stopRequests: () => stopping.abort(),
  };
}

function realHost(
  { config, system, logger, root }: ComposeDeps,
  models: readonly InstalledModel[],
  dataDir: string,
): ModelHost {
  return createModelHost({
    system,
    logger,
    models: new Map(models.map((model) => [model.manifest.id, model])),
    runtimes: { onnx: onnxRuntime(root) },
    socketDirectory: path.join(dataDir, "sockets"),
    threads: config.threads || availableParallelism(),
    memoryBudgetBytes: config.memory_budget_bytes || Math.floor(totalmem() / 2),
  });
}

/** The worker of the embedded models: a process of our own Node that runs the sources by type stripping. */
function onnxRuntime(root: string): RuntimeCommand {
  return {
    command: process.execPath,
    args: [path.join(root, "runtimes/onnx/src/main.ts")],
    env: {},
  };
}
