import { afterEach, expect, it } from "vitest";
import { createTestServer, type TestServer } from "./support/test-server.ts";

let server: TestServer;
afterEach(() => server.close());

it("requests that come while the server takes up what a former one left wait until that is done", async () => {
  server = await createTestServer({}, undefined, { start: false });
  let answered = false;
  const create = server.app
    .inject({ method: "POST", url: "/api/v1/takes", payload: { prompt: "a red ball" } })
    .then((answer) => {
      answered = true;
      return answer;
    });
  expect(await server.store.listTakes({}, { limit: 1, order: "asc" })).toMatchObject({ items: [] });
  expect(answered).toBe(false);
  await server.start();
  expect((await create).statusCode).toBe(201);
});
