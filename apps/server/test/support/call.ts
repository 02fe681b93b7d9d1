import { type Endpoint, ENDPOINTS, type Operation, problemSchema } from "@arc-fabric/contract";
import type { FastifyInstance, LightMyRequestResponse } from "fastify";
import { expect } from "vitest";

export interface CallInput {
  readonly params?: Readonly<Record<string, string | number>>;
  readonly query?: Readonly<Record<string, string | number>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Calls an endpoint of the table; whatever comes back must be what the table or the error catalogue promises. */
export async function call(
  app: FastifyInstance,
  operation: Operation,
  { params = {}, query = {}, body, headers = {} }: CallInput = {},
): Promise<LightMyRequestResponse> {
  const endpoint: Endpoint = ENDPOINTS[operation];
  const path = endpoint.path.replaceAll(/\{(\w+)\}/g, (_match, name: string) =>
    encodeURIComponent(String(params[name])),
  );
  const search = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
  );
  const answer = await app.inject({
    method: endpoint.method,
    url: search.size > 0 ? `${path}?${search.toString()}` : path,
    headers,
    ...(body === undefined ? {} : { payload: body as object }),
  });
  expect(answer.headers["x-request-id"]).toBeTypeOf("string");
  if (answer.statusCode < 400) checkSuccess(endpoint, answer);
  else if (endpoint.path.startsWith("/v1/"))
    expect(answer.json()).toEqual({
      error: expect.objectContaining({ message: expect.any(String), code: expect.any(String) }),
    });
  else problemSchema.strict().parse(answer.json());
  return answer;
}

function checkSuccess({ response }: Endpoint, answer: LightMyRequestResponse): void {
  if (response.kind === "json") {
    expect(answer.statusCode).toBe(response.status);
    response.schema.parse(answer.json());
  } else if (response.kind === "file" && answer.statusCode !== 304) {
    expect(response.mediaTypes).toContain(answer.headers["content-type"]);
  }
}
