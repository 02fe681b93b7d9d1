import {
  ENDPOINT_LIST,
  FabricError,
  toFabricError,
  toProblem,
  type Endpoint,
} from "@arc-fabric/contract";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { sendEvents } from "./events.ts";
import { createHandlers } from "./handlers.ts";
import { serveLive } from "./live-socket.ts";
import { sendBytes, sendStudio } from "./send.ts";
import {
  addFile,
  differencePicture,
  draftPicture,
  exportSession,
  importSession,
} from "./trajectory.ts";
import type { World } from "./world.ts";

export interface MockOptions {
  world: World;
  /** 0 = any free one. */
  port: number;
  /** The built studio. */
  studio: string | null;
  /** When set, the API asks for it like the real server. */
  token?: string;
}

export interface MockServer {
  url: string;
  close: () => Promise<void>;
}

interface Found {
  operation: string;
  endpoint: Endpoint;
  params: Record<string, string>;
}

/** The native API on node:http, driven by the endpoint table: what the studio sees of a server. */
export async function startMockServer({
  world,
  port,
  studio,
  token,
}: MockOptions): Promise<MockServer> {
  const handlers = createHandlers(world) as unknown as Record<
    string,
    ((call: unknown) => unknown) | undefined
  >;
  const server = createServer(
    (request, response) =>
      void answer(request, response).catch((error: unknown) => fail(response, error)),
  );

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? "/", "http://mock");
    if (request.method === "POST" && url.pathname === "/login")
      return logIn(request, response, token);
    const found = find(request.method ?? "GET", url.pathname);
    if (!found) {
      if (studio !== null && request.method === "GET" && !url.pathname.startsWith("/api/"))
        return sendStudio(response, studio, url.pathname);
      throw new FabricError("not_found", `There is nothing at ${url.pathname}.`);
    }
    if (token && !found.endpoint.open && !mayEnter(request, token))
      throw new FabricError("unauthorized", "This server asks for its token.");
    await dispatch({ world, handlers, request, response, url, found });
  };
  const sockets = new Set<Socket>();
  server.on("upgrade", (request, stream) => {
    const socket = stream as Socket;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    serveLive(world, request, socket);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => close(server, sockets),
  };
}

interface Exchange {
  world: World;
  handlers: Record<string, ((call: unknown) => unknown) | undefined>;
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
  found: Found;
}

async function dispatch({
  world,
  handlers,
  request,
  response,
  url,
  found,
}: Exchange): Promise<void> {
  const { operation, endpoint } = found;
  const params = parse(endpoint.params, found.params, "unknown address part") as Record<
    string,
    string | number
  >;
  if (operation === "streamEvents") return sendEvents(world, request, response, url);
  const file = fileOf(world, operation, params);
  if (file) return sendBytes(request, response, file);
  const raw = await rawAnswer(world, operation, request);
  if (raw) return sendJson(response, endpoint, raw);
  const handler = handlers[operation];
  if (!handler || endpoint.response.kind !== "json")
    throw new FabricError("not_found", `The mock does not answer ${operation}.`);
  const query = parse(endpoint.query, Object.fromEntries(url.searchParams), "query");
  const body = endpoint.body
    ? parse(endpoint.body, JSON.parse(await readBody(request)), "body")
    : undefined;
  sendJson(response, endpoint, handler({ params, query, body }));
}

function sendJson(response: ServerResponse, endpoint: Endpoint, value: unknown): void {
  if (endpoint.response.kind !== "json") return;
  response
    .writeHead(endpoint.response.status, { "content-type": "application/json" })
    .end(JSON.stringify(endpoint.response.schema.parse(value)));
}

/** Operations that answer with bytes. */
function fileOf(
  world: World,
  operation: string,
  params: Record<string, string | number>,
): { mediaType: string; bytes: Buffer } | null {
  const id = String(params["take_id"]);
  const picture = (bytes: Buffer) => ({ mediaType: "image/jpeg", bytes });
  switch (operation) {
    case "getStatePreview":
    case "draftState": {
      world.find(id);
      const strip = world.strip(id, Number(params["step"]));
      if (!strip) throw new FabricError("state_not_found", `Step ${params["step"]} is not stored.`);
      return picture(operation === "draftState" ? draftPicture(world, id) : strip);
    }
    case "getDifferencePicture":
      return picture(differencePicture(world, id, String(params["other_id"])));
    case "getArtifactContent": {
      const found = world.artifacts.get(String(params["artifact_id"]));
      if (!found) throw new FabricError("artifact_not_found", "There is no such artifact.");
      return found.blob;
    }
    case "exportSession":
      return {
        mediaType: "application/x-tar",
        bytes: exportSession(world, String(params["session_id"])),
      };
    default:
      return null;
  }
}

/** Operations whose bodies are no JSON. */
async function rawAnswer(
  world: World,
  operation: string,
  request: IncomingMessage,
): Promise<unknown> {
  if (operation === "importSession") return importSession(world, await readBytes(request));
  if (operation !== "uploadFile") return null;
  const form = await new Response(await readBytes(request), {
    headers: { "content-type": request.headers["content-type"] ?? "" },
  }).formData();
  const file = form.get("file");
  if (!(file instanceof File))
    throw new FabricError("invalid_multipart", "The part named file is missing.");
  return addFile(world, Buffer.from(await file.arrayBuffer()), file.name);
}

function find(method: string, pathname: string): Found | null {
  for (const [operation, endpoint] of ENDPOINT_LIST) {
    if (endpoint.method !== method) continue;
    const pattern = new RegExp(`^${endpoint.path.replace(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`);
    const match = pattern.exec(pathname);
    if (match) return { operation, endpoint, params: { ...match.groups } };
  }
  return null;
}

function parse(schema: Endpoint["body"], value: unknown, where: string): unknown {
  if (!schema) return {};
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new FabricError(
    "invalid_request",
    `${where} ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not accepted"}.`,
  );
}

function fail(response: ServerResponse, error: unknown): void {
  const fabric = toFabricError(error);
  const retryAfter = fabric.details["retry_after_s"];
  if (response.headersSent) return void response.destroy();
  response
    .writeHead(fabric.status, {
      "content-type": "application/problem+json",
      ...(typeof retryAfter === "number" && { "retry-after": String(retryAfter) }),
    })
    .end(JSON.stringify(toProblem(fabric, `req_mock_${fabric.code}`)));
}

async function logIn(
  request: IncomingMessage,
  response: ServerResponse,
  token: string | undefined,
): Promise<void> {
  const { token: given } = JSON.parse(await readBody(request)) as { token?: string };
  if (given !== token) throw new FabricError("unauthorized", "This is not the server's token.");
  response
    .writeHead(204, { "set-cookie": `arc_token=${token}; HttpOnly; SameSite=Strict; Path=/` })
    .end();
}

const mayEnter = (request: IncomingMessage, token: string) =>
  request.headers.authorization === `Bearer ${token}` ||
  (request.headers.cookie ?? "").split("; ").includes(`arc_token=${token}`);

const readBody = async (request: IncomingMessage): Promise<string> =>
  (await readBytes(request)).toString("utf8");

async function readBytes(request: IncomingMessage): Promise<Buffer<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function close(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy();
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
