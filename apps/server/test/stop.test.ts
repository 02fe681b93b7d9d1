import { once } from "node:events";
import { connect } from "node:net";
import { expect, it, vi } from "vitest";
import { createTestServer } from "./support/test-server.ts";

it("a stop does not wait for connections that no request has come over", async () => {
  const server = await createTestServer();
  const { hostname, port } = new URL(await server.listen());
  const accepted = once(server.app.server, "connection");
  const idle = connect(Number(port), hostname);
  const closed = once(idle, "close");
  await accepted;
  // Only after its grace does the server cut off what is left.
  const cutOff = vi.spyOn(server.app.server, "closeAllConnections");
  await server.close();
  await closed;
  expect(cutOff).not.toHaveBeenCalled();
});
