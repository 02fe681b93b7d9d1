import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type {
  Comparison,
  FabricEvent,
  NewEvent,
  Origin,
  Planned,
  Storage,
  Take,
  TakeRequest,
} from "@arc-fabric/contract";
import { SESSION_ID } from "@arc-fabric/contract/testing";
import {
  derivedTake,
  SAMPLE_MODEL,
  SAMPLE_SYSTEM,
  sampleTake,
  stateOf,
  videoArtifact,
} from "./samples.ts";

/** A server over HTTP that keeps one session in memory; what its takes do is played by the test's script. */
export interface FakeServer {
  readonly url: string;
  /** "POST /api/v1/takes" and so on, without reads of health. */
  readonly requests: string[];
  readonly takes: Take[];
  readonly bodies: TakeRequest[];
  /** What derivations, changes of takes and thinning were asked with. */
  readonly sent: unknown[];
  /** Uploaded files and bundles. */
  readonly uploads: string[];
  publish(take: Take, event: NewEvent): void;
  /** Gives the take a video of these bytes and completes it. */
  complete(take: Take, video?: Uint8Array): void;
  change(take: Take, changes: Partial<Take>): Take;
  dropConnections(): void;
  close(): Promise<void>;
}

interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly details?: object;
  readonly headers?: Record<string, string>;
}

export interface FakeOptions {
  /** Plays a take's life after it was created. */
  readonly script?: (server: FakeServer, take: Take) => void;
  /** Plays on once the newest take's events are read. */
  readonly onFollowed?: (server: FakeServer, take: Take) => void;
  readonly refuseCreate?: Problem;
  readonly comparison?: Partial<Comparison>;
  readonly storage?: Partial<Storage>;
  /** Sent as a session's bundle; the connection breaks in its middle when `breaksOff`. */
  readonly bundle?: { readonly text: string; readonly breaksOff?: boolean };
  readonly refuseImport?: Problem;
  readonly token?: string;
  /** Answers a cancel once it returns. */
  readonly onCancel?: (server: FakeServer, take: Take) => void | Promise<void>;
}

const MP4 = Buffer.from("not really a film, but the bytes the server has");

export async function startFakeServer(options: FakeOptions = {}): Promise<FakeServer> {
  const events: FabricEvent[] = [];
  const streams = new Set<ServerResponse>();
  const videos = new Map<string, Uint8Array>();
  const wire = (event: FabricEvent) => `id: ${event.seq}\ndata: ${JSON.stringify(event)}\n\n`;
  const find = (id: string | undefined) => server.takes.find((take) => take.id === id);

  const server: FakeServer = {
    url: "",
    requests: [],
    takes: [],
    bodies: [],
    sent: [],
    uploads: [],
    publish(take, event) {
      const seq = events.length + 1;
      events.push({
        ...event,
        session_id: SESSION_ID,
        seq,
        position: seq,
        at: "2026-11-21T03:00:01.000Z",
      });
      for (const stream of streams) stream.write(wire(events.at(-1)!));
    },
    change(take, changes) {
      const changed = { ...find(take.id)!, ...changes };
      server.takes.splice(server.takes.indexOf(find(take.id)!), 1, changed);
      return changed;
    },
    complete(take, video = MP4) {
      const artifact = videoArtifact(
        take.id,
        video.byteLength,
        createHash("sha256").update(video).digest("hex"),
      );
      videos.set(artifact.id, video);
      server.change(take, {
        status: "completed",
        queue_position: null,
        artifacts: [artifact],
        started_at: "2026-11-21T03:00:00.000Z",
        finished_at: "2026-11-21T03:00:07.000Z",
        progress: { ...take.progress, phase: "done", step: take.progress.total_steps },
      });
      server.publish(take, { type: "take.completed", data: { take_id: take.id } });
    },
    dropConnections: () => http.closeAllConnections(),
    close: () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };

  const http = createServer((request, response) => {
    route(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, "http://fake");
    const name = `${request.method} ${url.pathname}`;
    const part = url.pathname.split("/");
    if (name === "GET /api/v1/health") return json(response, { status: "ok", version: "0.1.0" });
    server.requests.push(name);
    if (options.token && request.headers.authorization !== `Bearer ${options.token}`)
      return problem(response, {
        status: 401,
        code: "unauthorized",
        detail: "This server wants a token.",
      });
    if (name === "POST /api/v1/takes") return create(request, response);
    if (name === "GET /api/v1/takes")
      return json(response, {
        items: url.searchParams.get("order") === "asc" ? server.takes : server.takes.toReversed(),
        has_more: false,
      });
    if (name === "GET /api/v1/system") return json(response, SAMPLE_SYSTEM);
    if (name === "GET /api/v1/models") return json(response, { items: [SAMPLE_MODEL] });
    if (name === `GET /api/v1/models/${SAMPLE_MODEL.id}`) return json(response, SAMPLE_MODEL);
    if (name === "POST /api/v1/plans")
      return json(
        response,
        planOf(sampleTake(0, JSON.parse(await textOf(request)) as TakeRequest)),
      );
    if (name === "POST /api/v1/files") {
      server.uploads.push(await textOf(request));
      return json(response, { digest: String(server.uploads.length).repeat(64) }, 201);
    }
    if (name === "POST /api/v1/sessions/import") {
      server.uploads.push(await textOf(request));
      if (options.refuseImport) return problem(response, options.refuseImport);
      return json(response, session(), 201);
    }
    if (part[3] === "storage") {
      if (part[4] === "thin") server.sent.push(JSON.parse(await textOf(request)));
      return json(
        response,
        part[4] === "thin" ? { states: 12, bytes: 3_000_000 } : options.storage,
      );
    }
    if (part[5] === "bundle") {
      response.writeHead(200, { "content-type": "application/x-tar" });
      const { text = "", breaksOff = false } = options.bundle ?? {};
      return void response.write(text, () => (breaksOff ? response.destroy() : response.end()));
    }
    if (part[3] === "sessions" && part[5] === "events") return stream(request, response);
    if (part[3] === "sessions" && part[4] === SESSION_ID) return json(response, session());
    if (part[3] === "sessions")
      return problem(response, {
        status: 404,
        code: "session_not_found",
        detail: `There is no session ${part[4]}.`,
      });
    if (part[3] === "artifacts")
      return void response
        .writeHead(200, { "content-type": "video/mp4" })
        .end(videos.get(part[4]!));
    const take = part[3] === "takes" ? find(part[4]) : undefined;
    if (!take)
      return problem(response, {
        status: 404,
        code: "take_not_found",
        detail: `There is no take ${part[4]}.`,
      });
    if (part[5] === "cancel") {
      await options.onCancel?.(server, take);
      return json(response, find(take.id));
    }
    if (part[5] === "derive") return derive(request, response, take, part[6] === "plan");
    if (part[5] === "pause") {
      const running = take.status === "running";
      return json(
        response,
        server.change(take, running ? { pause_requested: true } : { status: "paused" }),
      );
    }
    if (part[5] === "resume") {
      if (take.status !== "paused")
        return problem(response, {
          status: 409,
          code: "take_not_paused",
          detail: `Take ${take.id} is ${take.status}.`,
          details: { take_id: take.id },
        });
      const resumed = server.change(take, { status: "queued", queue_position: 1 });
      json(response, resumed);
      return options.script?.(server, resumed);
    }
    if (part[5] === "compare" && part[7] === "picture")
      return void response.writeHead(200, { "content-type": "image/jpeg" }).end("a picture");
    if (part[5] === "compare") return json(response, comparison(take, part[6]!));
    if (part[7] === "label") {
      const { label } = JSON.parse(await textOf(request)) as { label: string | null };
      return json(response, stateOf(take, Number(part[6]), label));
    }
    if (part[5] === "states")
      return json(response, {
        items: [1, 2, 4].map((step) => stateOf(take, step, step === 2 ? "good" : null)),
      });
    if (request.method === "PATCH") {
      const changes = JSON.parse(await textOf(request)) as Partial<Take>;
      server.sent.push(changes);
      return json(response, server.change(take, changes));
    }
    if (part[5] === "logs")
      return json(response, {
        items: [
          {
            at: "2026-11-21T03:00:01.000Z",
            level: "warn",
            source: "worker",
            message: "It is warm.",
          },
        ],
      });
    if (request.method === "DELETE") {
      server.takes.splice(server.takes.indexOf(take), 1);
      return json(response, { id: take.id, deleted: true });
    }
    json(response, take);
  }

  async function create(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (options.refuseCreate) return problem(response, options.refuseCreate);
    const body = JSON.parse(await textOf(request)) as TakeRequest;
    const take = sampleTake(server.takes.length, body);
    server.bodies.push(body);
    server.takes.push(take);
    json(response, take, 201);
    options.script?.(server, take);
  }

  async function derive(
    request: IncomingMessage,
    response: ServerResponse,
    parent: Take,
    planOnly: boolean,
  ): Promise<void> {
    if (options.refuseCreate) return problem(response, options.refuseCreate);
    const origin = JSON.parse(await textOf(request)) as Origin;
    const take = derivedTake(server.takes.length, parent, origin);
    server.sent.push(origin);
    if (planOnly) return json(response, planOf(take));
    server.takes.push(take);
    json(response, take, 201);
    options.script?.(server, take);
  }

  const session = () => ({
    id: SESSION_ID,
    title: "Red things",
    head_take_id: server.takes.at(-1)?.id ?? null,
    take_count: server.takes.length,
    last_seq: events.length,
  });

  const comparison = (a: Take, b: string) => ({
    a: a.id,
    b,
    parameters: [],
    shared_steps: 0,
    psnr_db: null,
    frame_differences: [0, 0],
    ...options.comparison,
  });

  function stream(request: IncomingMessage, response: ServerResponse): void {
    const after = Number(request.headers["last-event-id"] ?? 0);
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(
      `id: ${after}\n\n${events
        .filter((event) => event.seq > after)
        .map(wire)
        .join("")}`,
    );
    streams.add(response);
    if (streams.size === 1) options.onFollowed?.(server, server.takes.at(-1)!);
  }

  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  return Object.assign(server, { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}` });
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}

/** Of an edit five eighths are kept, whatever its area. */
const planOf = ({ parameters, plan, estimate, steps_reused, origin }: Take): Planned => ({
  parameters,
  plan,
  steps_reused,
  kept_share: origin.kind === "edit" ? 0.625 : null,
  estimate,
});

function json(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function problem(
  response: ServerResponse,
  { status, code, detail, details = {}, headers = {} }: Problem,
): void {
  response
    .writeHead(status, { "content-type": "application/problem+json", ...headers })
    .end(JSON.stringify({ status, code, detail, details, request_id: "req-7" }));
}
