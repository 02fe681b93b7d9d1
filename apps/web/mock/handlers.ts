import {
  FabricError,
  isFinished,
  type NATIVE_ENDPOINTS,
  type STREAM_ENDPOINTS,
  type TRAJECTORY_ENDPOINTS,
  type BodyOf,
  type Endpoint,
  type ParamsOf,
  type QueryOf,
  type ResponseOf,
} from "@arc-fabric/contract";
import { derive } from "./derive.ts";
import { listTakes } from "./list-takes.ts";
import { LARGE_MODEL, MOCK_MODEL } from "./model.ts";
import { fillParameters, plannedOf, planOf } from "./plan.ts";
import {
  compareTakes,
  labelState,
  pauseTake,
  resumeTake,
  storageOf,
  thinStates,
  updateSession,
  updateTake,
} from "./trajectory.ts";
import type { World } from "./world.ts";

type Native = typeof NATIVE_ENDPOINTS & typeof TRAJECTORY_ENDPOINTS & typeof STREAM_ENDPOINTS;
/** Operations of the native API that the mock answers with JSON; the studio uses no others. */
type JsonOperation = {
  [Op in keyof Native]: Native[Op]["response"] extends { kind: "json" } ? Op : never;
}[keyof Native];
/** Answered by the HTTP side itself: their bodies are no JSON. */
type RawOperation = "importSession" | "uploadFile" | "getOpenApi";
export type MockOperation = Exclude<JsonOperation, RawOperation>;

type Call<E extends Endpoint> = { params: ParamsOf<E>; query: QueryOf<E>; body: BodyOf<E> };
export type MockHandlers = {
  [Op in MockOperation]: (call: Call<Native[Op]>) => ResponseOf<Native[Op]>;
};

export function createHandlers(world: World): MockHandlers {
  const model = () => ({ ...MOCK_MODEL, status: world.modelStatus });
  return {
    getHealth: () => ({ status: "ok", version: "0.1.0-mock" }),
    getSystem: () => systemOf(world),
    listModels: () => ({ items: [model(), LARGE_MODEL] }),
    getModel: ({ params }) => {
      if (params.model_id === LARGE_MODEL.id) return LARGE_MODEL;
      if (params.model_id !== MOCK_MODEL.id)
        throw new FabricError("model_not_found", `There is no model "${params.model_id}".`);
      return model();
    },
    createTake: ({ body }) => world.create(body),
    planTake: ({ body }) => {
      const parameters = fillParameters(body, 1);
      return plannedOf(parameters, planOf(parameters), 0);
    },
    createSessionTake: ({ params, body }) => world.create(body, params.session_id),
    ...sessionHandlers(world),
    ...trajectoryHandlers(world),
    ...streamHandlers(world),
    listTakes: ({ query }) => listTakes(world, query),
    getTake: ({ params }) => world.view(world.find(params.take_id)),
    cancelTake: ({ params }) => world.cancel(params.take_id),
    deleteTake: ({ params }) => {
      world.delete(params.take_id);
      return { id: params.take_id, deleted: true };
    },
    listTakeLogs: ({ params }) => {
      world.find(params.take_id);
      return { items: world.logs.get(params.take_id) ?? [] };
    },
    listStates: ({ params }) => {
      world.find(params.take_id);
      return { items: world.states.get(params.take_id) ?? [] };
    },
    getArtifact: ({ params }) => {
      const found = world.artifacts.get(params.artifact_id);
      if (!found)
        throw new FabricError("artifact_not_found", `There is no artifact ${params.artifact_id}.`);
      return found.artifact;
    },
  };
}

function sessionHandlers(world: World) {
  return {
    createSession: ({ body }) => world.createSession(body.title),
    listSessions: ({ query }) => {
      const all = [...world.sessions.values()].reverse();
      return { items: all.slice(0, query.limit), has_more: all.length > query.limit };
    },
    getSession: ({ params }) => world.findSession(params.session_id),
    updateSession: ({ params, body }) => updateSession(world, params.session_id, defined(body)),
    deleteSession: ({ params }) => {
      const takes = listTakes(world, {
        session_id: params.session_id,
        limit: 1000,
        order: "asc",
      }).items;
      if (takes.some(({ status }) => !isFinished(status)))
        throw new FabricError("session_active", "A take of this session is not finished.");
      for (const take of takes) world.takes.delete(take.id);
      world.sessions.delete(params.session_id);
      return { id: params.session_id, deleted: true };
    },
  } satisfies Partial<MockHandlers>;
}

function trajectoryHandlers(world: World) {
  return {
    pauseTake: ({ params }) => pauseTake(world, params.take_id),
    resumeTake: ({ params }) => resumeTake(world, params.take_id),
    updateTake: ({ params, body }) => updateTake(world, params.take_id, defined(body)),
    deriveTake: ({ params, body }) => world.derive(params.take_id, body),
    planDerivedTake: ({ params, body }) => derive(world.find(params.take_id), body, world).planned,
    compareTakes: ({ params }) => compareTakes(world, params.take_id, params.other_id),
    labelState: ({ params, body }) => labelState(world, params.take_id, params.step, body.label),
    getStorage: () => storageOf(world),
    thinStates: ({ body }) => thinStates(world, defined(body)),
  } satisfies Partial<MockHandlers>;
}

function streamHandlers({ streams }: World) {
  return {
    createStream: ({ body }) => streams.create(body),
    listStreams: ({ query }) => ({ items: streams.list(query.session_id) }),
    getStream: ({ params }) => streams.get(params.stream_id),
    updateStream: ({ params, body }) => streams.update(params.stream_id, body),
    pauseStream: ({ params }) => streams.pause(params.stream_id),
    resumeStream: ({ params }) => streams.resume(params.stream_id),
    rewindStream: ({ params, body }) => streams.rewind(params.stream_id, body.take_id),
    finalizeStream: ({ params }) => streams.finalize(params.stream_id),
  } satisfies Partial<MockHandlers>;
}

type Defined<Value> = { [Key in keyof Value]: Exclude<Value[Key], undefined> };
/** Optional fields that are there have a value: JSON knows no undefined. */
const defined = <Value extends object>(value: Value) => value as Defined<Value>;

function systemOf(world: World): ResponseOf<Native["getSystem"]> {
  const counts = { queued: 0, running: 0, paused: 0, completed: 0, failed: 0, cancelled: 0 };
  for (const take of world.takes.values()) counts[take.status]++;
  return {
    version: "0.1.0-mock",
    node_version: process.version,
    platform: process.platform,
    cpu: "Mock CPU at 2.5 GHz",
    cpu_count: 2,
    memory_bytes: 24_000_000_000,
    rss_bytes: process.memoryUsage.rss(),
    uptime_s: process.uptime(),
    data_dir: "nowhere (this is the mock)",
    disk_free_bytes: 81_300_000_000,
    configuration: {
      host: "127.0.0.1",
      port: 8000,
      token: "***",
      models_dir: "models",
      max_queued: 100,
      video: { encoder: "auto", allow_software: true },
    },
    queue: { limit: 100, counts },
    workers:
      world.modelStatus === "cold"
        ? []
        : [
            {
              worker_id: "wrk_mock",
              model: MOCK_MODEL.id,
              status: world.modelStatus,
              pid: 4242,
              rss_bytes: 312_000_000,
              restarts: 0,
              error: null,
            },
          ],
    encoders_probing: false,
    encoders: [
      {
        encoder: "h264_vaapi",
        hardware: true,
        usable: false,
        error: "No VA display found for device /dev/dri/renderD128.",
        ms: 41,
      },
      { encoder: "libx264", hardware: false, usable: true, error: null, ms: 66 },
    ],
  };
}
