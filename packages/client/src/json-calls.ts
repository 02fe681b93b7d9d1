import { addressOf, endpointOf, type AddressInput } from "./address.ts";
import type {
  AnswerOf,
  CallInput,
  CallOptions,
  CreateOptions,
  FabricClient,
  JsonOperation,
} from "./client-types.ts";
import { readJson, sendRequest, type Transport } from "./send-request.ts";

/** POST operations that change nothing and may therefore be sent again. */
const PURE_POSTS: ReadonlySet<JsonOperation> = new Set<JsonOperation>([
  "planTake",
  "planDerivedTake",
]);
/** Methods whose second sending finds what the first one has set. */
const REPEATABLE_METHODS: ReadonlySet<string> = new Set(["GET", "PUT", "PATCH"]);

/** Both takes' frames are decoded and compared before the answer begins. */
export const COMPARE_TIMEOUT_MS = 120_000;

export function callOperation<Op extends JsonOperation>(
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
      REPEATABLE_METHODS.has(endpoint.method) ||
      idempotencyKey !== undefined ||
      PURE_POSTS.has(operation),
    signal: options.signal,
    timeoutMs: options.timeoutMs,
    retries: options.retries,
    read: readJson<AnswerOf<Op>>,
  });
}

export function sessionCalls(
  call: FabricClient["call"],
): Omit<FabricClient["sessions"], "export" | "import"> {
  const ofSession = (sessionId: string) => ({ params: { session_id: sessionId } });
  return {
    create: (request, options) => call("createSession", { body: request }, options),
    list: ({ limit, after, order, ...options } = {}) =>
      call("listSessions", { query: { limit, after, order } }, options),
    get: (sessionId, options) => call("getSession", ofSession(sessionId), options),
    update: (sessionId, changes, options) =>
      call("updateSession", { ...ofSession(sessionId), body: changes }, options),
    rename: (sessionId, title, options) =>
      call("updateSession", { ...ofSession(sessionId), body: { title } }, options),
    delete: async (sessionId, options) =>
      void (await call("deleteSession", ofSession(sessionId), options)),
  };
}

type TakeCalls = Omit<
  FabricClient["takes"],
  | "wait"
  | "watch"
  | "statePreviewUrl"
  | "draftUrl"
  | "draft"
  | "differencePictureUrl"
  | "differencePicture"
>;

export function takeCalls(call: FabricClient["call"]): TakeCalls {
  const ofTake = (takeId: string) => ({ params: { take_id: takeId } });
  return {
    create: (request, { sessionId, ...options } = {}) =>
      sessionId === undefined
        ? call("createTake", { body: request }, options)
        : call("createSessionTake", { params: { session_id: sessionId }, body: request }, options),
    plan: (request, options) => call("planTake", { body: request }, options),
    derive: (takeId, request, options) =>
      call("deriveTake", { ...ofTake(takeId), body: request }, options),
    planDerived: (takeId, request, options) =>
      call("planDerivedTake", { ...ofTake(takeId), body: request }, options),
    list: ({ limit, after, order, sessionId, parentId, status, ...options } = {}) =>
      call(
        "listTakes",
        { query: { limit, after, order, session_id: sessionId, parent_id: parentId, status } },
        options,
      ),
    get: (takeId, options) => call("getTake", ofTake(takeId), options),
    pause: (takeId, options) => call("pauseTake", ofTake(takeId), options),
    resume: (takeId, options) => call("resumeTake", ofTake(takeId), options),
    update: (takeId, changes, options) =>
      call("updateTake", { ...ofTake(takeId), body: changes }, options),
    compare: (takeId, otherId, options) =>
      call(
        "compareTakes",
        { params: { take_id: takeId, other_id: otherId } },
        { timeoutMs: COMPARE_TIMEOUT_MS, ...options },
      ),
    cancel: (takeId, options) => call("cancelTake", ofTake(takeId), options),
    delete: async (takeId, options) => void (await call("deleteTake", ofTake(takeId), options)),
    states: async (takeId, options) => (await call("listStates", ofTake(takeId), options)).items,
    label: (takeId, step, label, options) =>
      call("labelState", { params: { take_id: takeId, step }, body: { label } }, options),
    logs: async (takeId, { limit, ...options }: CallOptions & { limit?: number } = {}) =>
      (await call("listTakeLogs", { ...ofTake(takeId), query: { limit } }, options)).items,
  };
}

export function streamCalls(call: FabricClient["call"]): FabricClient["streams"] {
  const ofStream = (streamId: string) => ({ params: { stream_id: streamId } });
  return {
    create: (request, options) => call("createStream", { body: request }, options),
    list: async ({ sessionId, ...options } = {}) =>
      (await call("listStreams", { query: { session_id: sessionId } }, options)).items,
    get: (streamId, options) => call("getStream", ofStream(streamId), options),
    update: (streamId, changes, options) =>
      call("updateStream", { ...ofStream(streamId), body: changes }, options),
    pause: (streamId, options) => call("pauseStream", ofStream(streamId), options),
    resume: (streamId, options) => call("resumeStream", ofStream(streamId), options),
    rewind: (streamId, takeId, options) =>
      call("rewindStream", { ...ofStream(streamId), body: { take_id: takeId } }, options),
    finalize: (streamId, options) => call("finalizeStream", ofStream(streamId), options),
  };
}
