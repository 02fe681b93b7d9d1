import { type Endpoint, ENDPOINT_LIST, type ENDPOINTS } from "@arc-fabric/contract";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestServer, type TestServer } from "./support/test-server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await createTestServer({ max_queued: "5" });
  // A queue that never empties: what the fuzz creates by chance is refused after a while.
  server.controls.beforeStep = () => new Promise(() => {});
});
afterAll(() => server.close());

const STREAMS = new Set<keyof typeof ENDPOINTS>([
  "streamEvents",
  "streamSessionEvents",
  "watchTake",
]);
const FIELDS = [
  "prompt",
  "seed",
  "model",
  "num_frames",
  "fps",
  "title",
  "size",
  "seconds",
  "limit",
  "after",
  "order",
  "status",
  "variant",
  "__proto__",
  "constructor",
];
const key = fc.oneof(fc.constantFrom(...FIELDS), fc.string());
const body = fc.oneof(
  fc.json(),
  fc
    .dictionary(
      key,
      fc.oneof(
        fc.jsonValue(),
        fc.string({ unit: "binary" }),
        fc.double(),
        fc.constant("x".repeat(5000)),
      ),
    )
    .map((value) => JSON.stringify(value)),
  fc.string(),
);
const query = fc.dictionary(
  key.filter((name) => name !== ""),
  fc.oneof(fc.string(), fc.integer().map(String), fc.constant("NaN")),
  { maxKeys: 3 },
);
const contentType = fc.constantFrom(
  "application/json",
  "application/json; charset=utf-8",
  "multipart/form-data; boundary=B",
  "application/x-www-form-urlencoded",
  "text/plain",
  "",
);

describe("junk is never a fault of the server", () => {
  for (const [operation, endpoint] of ENDPOINT_LIST.filter(([name]) => !STREAMS.has(name)))
    it(`${operation} answers junk with a 4xx`, async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.string({ unit: "binary", minLength: 1 }),
          query,
          body,
          contentType,
          async (parameter, fields, payload, type) => {
            const answer = await server.app.inject({
              method: endpoint.method,
              url: address(endpoint, parameter, fields),
              headers: type ? { "content-type": type } : {},
              ...(endpoint.method === "GET" ? {} : { payload }),
            });
            expect(answer.statusCode, answer.body).toBeLessThan(500);
          },
        ),
        { numRuns: endpoint.body ? 60 : 25 },
      );
    });
});

function address({ path }: Endpoint, parameter: string, fields: Record<string, string>): string {
  const search = new URLSearchParams(fields).toString();
  const filled = path.replaceAll(/\{\w+\}/g, encodeURIComponent(parameter.toWellFormed()));
  return search ? `${filled}?${search}` : filled;
}
