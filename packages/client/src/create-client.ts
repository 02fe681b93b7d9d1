import type { FabricEvent } from "@arc-fabric/contract";
import { addressOf, endpointOf, normaliseBaseUrl, type AddressInput } from "./address.ts";
import type {
  AnswerOf,
  CallInput,
  CallOptions,
  ClientOptions,
  CreateOptions,
  EventsOptions,
  FabricClient,
  JsonOperation,
} from "./client-types.ts";
import { defaultPlatform } from "./default-platform.ts";
import { downloadArtifact } from "./download-artifact.ts";
import { eventStream } from "./event-stream.ts";
import { readJson, sendRequest, type Transport } from "./send-request.ts";
import { waitForTake } from "./wait-for-take.ts";
import { watchTake } from "./watch-take.ts";

const DEFAULTS = { timeoutMs: 30_000, retries: 2, silenceMs: 45_000 };

/** POST operations that change nothing and may therefore be sent again. */
const PURE_POSTS: ReadonlySet<JsonOperation> = new Set<JsonOperation>(["planTake"]);

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
  const sessions = sessionsOf(call);
  const takes: FabricClient["takes"] = {
    ...takesOf(call),
    wait: (takeId, waitOptions = {}) =>
      waitForTake(
        { client: { events, sessions, takes }, platform: transport.platform },
        takeId,
        waitOptions,
      ),
    watch: (takeId, watchOptions = {}) =>
      watchTake({ transport, client: { takes } }, takeId, watchOptions),
    statePreviewUrl: (takeId, step) =>
      url("getStatePreview", { params: { take_id: takeId, step } }),
  };
  return {
    baseUrl: transport.baseUrl,
    call,
    url,
    events,
    sessions,
    takes,
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
      download: (artifactId, downloadOptions = {}) =>
        downloadArtifact(transport, artifactId, downloadOptions),
    },
  };
}

function callOperation<Op extends JsonOperation>(
  transport: Transport,
  operation: Op,
  input: CallInput<Op>,
  options: CreateOptions = {},
): Promise<AnswerOf<Op>> {
  const endpoint = endpointOf(operation);
  const idempotencyKey = endpoint.idempotent
    ? (options.idempotencyKey ?? transport.platform.randomUuid())
    : undefined;
  return sendRequest(transport, {
    method: endpoint.method,
    url: addressOf(transport.baseUrl, operation, input as AddressInput),
    headers: idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey },
    body: (input as { body?: unknown }).body,
    safeToRepeat:
      endpoint.method === "GET" || idempotencyKey !== undefined || PURE_POSTS.has(operation),
    signal: options.signal,
    timeoutMs: options.timeoutMs,
    retries: options.retries,
    read: readJson<AnswerOf<Op>>,
  });
}

function sessionsOf(call: FabricClient["call"]): FabricClient["sessions"] {
  const ofSession = (sessionId: string) => ({ params: { session_id: sessionId } });
  return {
    create: (request, options) => call("createSession", { body: request }, options),
    list: ({ limit, after, order, ...options } = {}) =>
      call("listSessions", { query: { limit, after, order } }, options),
    get: (sessionId, options) => call("getSession", ofSession(sessionId), options),
    rename: (sessionId, title, options) =>
      call("renameSession", { ...ofSession(sessionId), body: { title } }, options),
    delete: async (sessionId, options) =>
      void (await call("deleteSession", ofSession(sessionId), options)),
  };
}

function takesOf(
  call: FabricClient["call"],
): Omit<FabricClient["takes"], "wait" | "watch" | "statePreviewUrl"> {
  const ofTake = (takeId: string) => ({ params: { take_id: takeId } });
  return {
    create: (request, { sessionId, ...options } = {}) =>
      sessionId === undefined
        ? call("createTake", { body: request }, options)
        : call("createSessionTake", { params: { session_id: sessionId }, body: request }, options),
    plan: (request, options) => call("planTake", { body: request }, options),
    list: ({ limit, after, order, sessionId, status, ...options } = {}) =>
      call("listTakes", { query: { limit, after, order, session_id: sessionId, status } }, options),
    get: (takeId, options) => call("getTake", ofTake(takeId), options),
    cancel: (takeId, options) => call("cancelTake", ofTake(takeId), options),
    delete: async (takeId, options) => void (await call("deleteTake", ofTake(takeId), options)),
    states: async (takeId, options) => (await call("listStates", ofTake(takeId), options)).items,
    logs: async (takeId, { limit, ...options }: CallOptions & { limit?: number } = {}) =>
      (await call("listTakeLogs", { ...ofTake(takeId), query: { limit } }, options)).items,
  };
}
