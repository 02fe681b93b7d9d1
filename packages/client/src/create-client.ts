import type { FabricEvent } from "@arc-fabric/contract";
import { addressOf, normaliseBaseUrl, type AddressInput } from "./address.ts";
import type { ClientOptions, EventsOptions, FabricClient } from "./client-types.ts";
import { defaultPlatform } from "./default-platform.ts";
import { downloadFile } from "./download-file.ts";
import { eventStream } from "./event-stream.ts";
import { importBundle } from "./import-bundle.ts";
import {
  callOperation,
  COMPARE_TIMEOUT_MS,
  sessionCalls,
  streamCalls,
  takeCalls,
} from "./json-calls.ts";
import type { Transport } from "./send-request.ts";
import { uploadFile } from "./upload-file.ts";
import { waitForTake } from "./wait-for-take.ts";
import { watchTake } from "./watch-take.ts";

/** A model may have to be loaded, and a step is computed. */
const DRAFT_TIMEOUT_MS = 120_000;
const DEFAULTS = { timeoutMs: 30_000, retries: 2, silenceMs: 45_000 };

/** @throws FabricError `invalid_request` when the address is not one */
export function createClient(options: ClientOptions): FabricClient {
  const transport: Transport = {
    baseUrl: normaliseBaseUrl(options.baseUrl),
    token: options.token,
    timeoutMs: options.timeoutMs ?? DEFAULTS.timeoutMs,
    retries: options.retries ?? DEFAULTS.retries,
    silenceMs: options.silenceMs ?? DEFAULTS.silenceMs,
    platform: options.platform ?? defaultPlatform,
  };
  const call: FabricClient["call"] = (operation, input, callOptions) =>
    callOperation(transport, operation, input, callOptions);
  const events = (eventsOptions: EventsOptions = {}): AsyncIterableIterator<FabricEvent> =>
    eventStream(transport, eventsOptions);
  const url: FabricClient["url"] = (operation, input) =>
    addressOf(transport.baseUrl, operation, input as AddressInput);
  const download: FabricClient["download"] = (operation, input, downloadOptions = {}) =>
    downloadFile(transport, operation, input as AddressInput, downloadOptions);
  const sessions: FabricClient["sessions"] = {
    ...sessionCalls(call),
    export: (sessionId, downloadOptions) =>
      download("exportSession", { params: { session_id: sessionId } }, downloadOptions),
    import: (bundle, importOptions = {}) => importBundle(transport, bundle, importOptions),
  };
  const takes: FabricClient["takes"] = {
    ...takeCalls(call),
    ...takePictures(url, download),
    wait: (takeId, waitOptions = {}) =>
      waitForTake(
        { client: { events, sessions, takes }, platform: transport.platform },
        takeId,
        waitOptions,
      ),
    watch: (takeId, watchOptions = {}) =>
      watchTake({ transport, client: { takes } }, takeId, watchOptions),
  };
  return {
    baseUrl: transport.baseUrl,
    call,
    download,
    url,
    events,
    sessions,
    takes,
    streams: streamCalls(call),
    health: (callOptions) => call("getHealth", {}, callOptions),
    system: (callOptions) => call("getSystem", {}, callOptions),
    models: {
      list: async (callOptions) => (await call("listModels", {}, callOptions)).items,
      get: (modelId, callOptions) =>
        call("getModel", { params: { model_id: modelId } }, callOptions),
    },
    artifacts: {
      get: (artifactId, callOptions) =>
        call("getArtifact", { params: { artifact_id: artifactId } }, callOptions),
      contentUrl: (artifactId) =>
        url("getArtifactContent", { params: { artifact_id: artifactId } }),
      download: (artifactId, downloadOptions) =>
        download("getArtifactContent", { params: { artifact_id: artifactId } }, downloadOptions),
    },
    files: {
      upload: (picture, uploadOptions = {}) => uploadFile(transport, picture, uploadOptions),
    },
    storage: {
      get: (callOptions) => call("getStorage", {}, callOptions),
      thin: (request, callOptions) => call("thinStates", { body: request }, callOptions),
    },
  };
}

type TakePictures = Pick<
  FabricClient["takes"],
  "statePreviewUrl" | "draftUrl" | "draft" | "differencePictureUrl" | "differencePicture"
>;

function takePictures(url: FabricClient["url"], download: FabricClient["download"]): TakePictures {
  const step = (takeId: string, number: number) => ({ params: { take_id: takeId, step: number } });
  const pair = (takeId: string, otherId: string) => ({
    params: { take_id: takeId, other_id: otherId },
  });
  return {
    statePreviewUrl: (takeId, number) => url("getStatePreview", step(takeId, number)),
    draftUrl: (takeId, number) => url("draftState", step(takeId, number)),
    draft: (takeId, number, options) =>
      download("draftState", step(takeId, number), { timeoutMs: DRAFT_TIMEOUT_MS, ...options }),
    differencePictureUrl: (takeId, otherId) => url("getDifferencePicture", pair(takeId, otherId)),
    differencePicture: (takeId, otherId, options) =>
      download("getDifferencePicture", pair(takeId, otherId), {
        timeoutMs: COMPARE_TIMEOUT_MS,
        ...options,
      }),
  };
}
