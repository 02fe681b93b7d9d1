import { FabricError } from "@arc-fabric/contract";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { type AccessRules, isToken, tokenCookie } from "./access.ts";
import { escapeHtml, page } from "./page-shell.ts";
import { validate } from "./validate.ts";

const loginSchema = z.strictObject({ token: z.string().min(1, "must not be empty").max(4096) });

/**
 * A browser cannot put a token on `<video>`, EventSource or WebSocket, so it trades the token for a cookie here.
 * Sent as JSON (the studio) it is answered with 204 or a problem; sent as a form (the page) with a redirect or the page again.
 */
export function registerLogin(app: FastifyInstance, access: AccessRules): void {
  app.get("/login", { config: { open: true } }, async (_request, reply) =>
    reply.type("text/html; charset=utf-8").send(loginPage(null)),
  );

  app.post("/login", { config: { open: true } }, async (request, reply) => {
    const isForm =
      request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded") === true;
    const { token } = validate(loginSchema, request.body ?? {}, "body");
    const accepted = access.token === null || isToken(access.token, token);
    if (accepted) reply.header("set-cookie", tokenCookie(token));
    if (accepted && isForm) return reply.redirect("/", 303);
    if (accepted) return reply.code(204).send();
    if (!isForm)
      throw new FabricError(
        "unauthorized",
        "The token is not the one this server was started with.",
      );
    return reply
      .code(401)
      .type("text/html; charset=utf-8")
      .send(loginPage("This is not the token the server was started with."));
  });

  app.post("/logout", { config: { open: true } }, async (_request, reply) =>
    reply.header("set-cookie", tokenCookie(null)).code(204).send(),
  );
}

function loginPage(error: string | null): string {
  return page(
    "Sign in",
    `<h1>Arc Fabric</h1>
<p class="lead">This server needs a token.</p>
<form method="post" action="/login">
<p><label for="token">Token</label><input id="token" name="token" type="password" autocomplete="current-password" required autofocus></p>
${error ? `<p role="alert">${escapeHtml(error)}</p>` : ""}
<button>Sign in</button>
</form>
<p class="soft">It is what <code>ARC_TOKEN</code> was set to when the server was started.</p>`,
    "narrow",
  );
}
