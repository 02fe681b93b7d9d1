import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { isFinished, type Take, type TakeRequest, weightsDigest } from "@arc-fabric/contract";
import { createHash } from "node:crypto";
import { compose, type ComposeDeps, type ComposedServer } from "../../src/compose.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import type { SettingName } from "../../src/config/settings.ts";
import { createLogger } from "../../src/process/logger.ts";
import { listen } from "../../src/process/listen.ts";
import { createSystem } from "../../src/process/system.ts";
import { FAKE_MANIFEST, writeFakeModels } from "./fake-manifest.ts";
import { createFakeMedia } from "./fake-media.ts";
import { createFakeModelHost, type FakeHostControls } from "./fake-model-host.ts";

export interface TestServer extends ComposedServer {
  readonly controls: FakeHostControls;
  readonly directory: string;
  /** Lines of the server's log. */
  readonly log: string[];
  /** Listens on a free port. */
  readonly listen: () => Promise<string>;
  /** Creates a take through the API and waits until it is finished. */
  readonly generate: (request?: Partial<TakeRequest>) => Promise<Take>;
  readonly waitFor: (id: string, reached: (take: Take) => boolean) => Promise<Take>;
  /** Stops the server; unless `keep`, its data are removed. */
  readonly close: (options?: { keep: boolean }) => Promise<void>;
}

export const REPOSITORY = path.join(import.meta.dirname, "../../../..");
/** A model of a few kB with the real interface, for tests with the real worker. */
export const TINY_MODELS = path.join(REPOSITORY, "runtimes/onnx/test/fixtures");
const digest = weightsDigest(FAKE_MANIFEST, (text) =>
  createHash("sha256").update(text).digest("hex"),
);

/** The whole server in this process on a real store, with a fake model and a fake encoder. */
export async function createTestServer(
  settings: Partial<Record<SettingName, string>> = {},
  directory?: string,
  { start } = { start: true },
): Promise<TestServer> {
  const adapters = (home: string, controls: FakeHostControls) => ({
    root: home,
    createHost: () => createFakeModelHost(digest, controls),
    createMedia: createFakeMedia,
  });
  const server = await composeTestServer(settings, directory, adapters);
  if (start) await server.start();
  return server;
}

/** The same with the real worker processes and the real encoder; `models_dir` names the models. */
export async function createRealServer(
  settings: Partial<Record<SettingName, string>>,
  directory?: string,
): Promise<TestServer> {
  const server = await composeTestServer(settings, directory, () => ({ root: REPOSITORY }));
  await server.start();
  return server;
}

type Adapters = Pick<ComposeDeps, "root" | "createHost" | "createMedia">;

async function composeTestServer(
  settings: Partial<Record<SettingName, string>>,
  directory: string | undefined,
  adapters: (home: string, controls: FakeHostControls) => Adapters,
): Promise<TestServer> {
  const home = directory ?? mkdtempSync(path.join(tmpdir(), "arc-server-"));
  const controls: FakeHostControls = { beforeStep: async () => {} };
  const log: string[] = [];
  const { config } = loadConfig({
    environment: {},
    flags: {
      data_dir: path.join(home, "data"),
      models_dir: writeFakeModels(home),
      preview_interval_ms: "0",
      log_level: "debug",
      ...settings,
    },
    configFile: null,
    workingDirectory: home,
    readFile: () => null,
  });
  const server = await compose({
    config,
    system: createSystem(),
    logger: createLogger({
      level: config.log_level,
      pretty: false,
      write: (line) => log.push(line),
      secrets: config.token === null ? [] : [config.token],
    }),
    ...adapters(home, controls),
  });
  const headers: Record<string, string> =
    config.token === null ? {} : { authorization: `Bearer ${config.token}` };
  const waitFor = (id: string, reached: (take: Take) => boolean) =>
    waitForTake(server, id, reached, headers);
  return {
    ...server,
    controls,
    directory: home,
    log,
    listen: () => listen(server.app, { host: "127.0.0.1", port: 0 }),
    waitFor,
    generate: async (request = {}) => {
      const created = await server.app.inject({
        method: "POST",
        url: "/api/v1/takes",
        headers,
        payload: { prompt: "a red ball", seed: 7, ...request },
      });
      return waitFor(created.json<Take>().id, ({ status }) => isFinished(status));
    },
    close: async ({ keep } = { keep: false }) => {
      await server.stop();
      if (!keep) rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Looks at the take after every event. */
async function waitForTake(
  { app, store }: ComposedServer,
  id: string,
  reached: (take: Take) => boolean,
  headers: Record<string, string>,
): Promise<Take> {
  let check = () => {};
  const unsubscribe = store.subscribe(() => check());
  try {
    return await new Promise<Take>((resolve, reject) => {
      check = () => {
        app.inject({ url: `/api/v1/takes/${id}`, headers }).then((answer) => {
          if (answer.statusCode !== 200) reject(new Error(answer.body));
          else if (reached(answer.json<Take>())) resolve(answer.json<Take>());
        }, reject);
      };
      check();
    });
  } finally {
    unsubscribe();
  }
}
