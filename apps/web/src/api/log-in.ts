import { FabricError } from "@arc-fabric/contract";
import { loginNeeded } from "../stores/login.ts";
import { queryClient } from "./query-client.ts";

/** Trades the token for a cookie that pictures, events and sockets carry by themselves. @throws FabricError `unauthorized` or `server_unreachable` */
export async function logIn(token: string): Promise<void> {
  const response = await fetch("/login", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token }),
  }).catch((cause: unknown) => {
    throw new FabricError("server_unreachable", "No answer from the server.", { cause });
  });
  if (response.status === 401 || response.status === 403)
    throw new FabricError("unauthorized", "This is not the server's token.");
  if (!response.ok)
    throw new FabricError("internal", `The server answered with status ${response.status}.`);
  loginNeeded.set(false);
  await queryClient.resetQueries();
}
