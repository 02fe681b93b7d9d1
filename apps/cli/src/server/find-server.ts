import { realpathSync } from "node:fs";
import { createClient, type FabricClient } from "@arc-fabric/client";
import { isFabricError } from "@arc-fabric/contract";
import type { LocalSettings } from "./local-settings.ts";
import { readServerFile } from "./server-file.ts";

/** A server of this machine answers at once or not at all. */
const LOCAL_TIMEOUT_MS = 3_000;

/**
 * A server that runs already: the one that was named, else the one on the data directory, else the one on the default port.
 * @returns null when none answers. @throws FabricError when the named one does not
 */
export async function findServer(
  settings: LocalSettings,
  signal: AbortSignal,
): Promise<FabricClient | null> {
  const connect = (baseUrl: string) =>
    createClient({ baseUrl, ...(settings.token === undefined ? {} : { token: settings.token }) });
  if (settings.serverUrl !== null) {
    const client = connect(settings.serverUrl);
    await client.health({ signal, retries: 0 });
    return client;
  }
  const file = readServerFile(settings.dataDirectory);
  const beside = file && connect(file.url);
  if (beside && (await answers(beside, signal))) return beside;
  const usual = connect(settings.defaultUrl);
  if ((await answers(usual, signal)) && (await servesDirectory(usual, settings, signal)))
    return usual;
  return null;
}

/** Whether an Arc Fabric server is there; whether it lets us in is another matter. */
export async function answers(client: FabricClient, signal: AbortSignal): Promise<boolean> {
  const health = await client
    .health({ signal, retries: 0, timeoutMs: LOCAL_TIMEOUT_MS })
    .catch(() => null);
  signal.throwIfAborted();
  return health?.status === "ok";
}

/** A server on the default port is the wrong one if the user chose a data directory and it works on another. */
async function servesDirectory(
  client: FabricClient,
  settings: LocalSettings,
  signal: AbortSignal,
): Promise<boolean> {
  if (!settings.dataDirectoryChosen) return true;
  try {
    const { data_dir: served } = await client.system({
      signal,
      retries: 0,
      timeoutMs: LOCAL_TIMEOUT_MS,
    });
    return samePath(served, settings.dataDirectory);
  } catch (error) {
    if (!isFabricError(error)) throw error;
    return false;
  }
}

function samePath(a: string, b: string): boolean {
  try {
    return realpathSync(a) === realpathSync(b);
  } catch {
    return false;
  }
}
