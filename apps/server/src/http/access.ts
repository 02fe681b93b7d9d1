import { createHash, timingSafeEqual } from "node:crypto";
import { FabricError } from "@arc-fabric/contract";
import { isLoopback } from "../config/load-config.ts";

export const TOKEN_COOKIE = "arc_token";

/** The headers that decide who may ask. The same for requests and for WebSocket upgrades. */
export interface AccessHeaders {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
  readonly authorization?: string | undefined;
  readonly cookie?: string | undefined;
}

export interface AccessRules {
  /** null: no token is needed, which is only allowed on loopback. */
  readonly token: string | null;
  /** The address the server listens on. */
  readonly host: string;
  readonly allowedHosts: readonly string[];
}

/**
 * Refuses requests that a browser sends on behalf of another site: a name that merely resolves to this machine
 * (DNS rebinding), or a page of another origin.
 * @throws FabricError `invalid_host`
 */
export function checkHost(rules: AccessRules, headers: AccessHeaders): void {
  const host = hostName(headers.host);
  if (isLoopback(rules.host) && !isLoopback(host) && !rules.allowedHosts.includes(host))
    throw new FabricError("invalid_host", `This server is not called "${host}".`, {
      details: { host },
    });
  if (headers.origin === undefined) return;
  const origin = originName(headers.origin);
  const allowed =
    origin === host ||
    rules.allowedHosts.includes(origin) ||
    (isLoopback(rules.host) && isLoopback(origin));
  if (!allowed)
    throw new FabricError("invalid_host", `Pages of ${headers.origin} may not use this server.`, {
      details: { origin: headers.origin },
    });
}

/** @throws FabricError `unauthorized` */
export function checkToken(rules: AccessRules, headers: AccessHeaders): void {
  if (rules.token === null) return;
  const given = bearerToken(headers.authorization) ?? cookieToken(headers.cookie);
  if (given === null)
    throw new FabricError("unauthorized", "This server needs a token and the request has none.");
  if (!isToken(rules.token, given))
    throw new FabricError("unauthorized", "The token is not the one this server was started with.");
}

/** Takes the same time whatever the two have in common. */
export function isToken(token: string, given: string): boolean {
  return timingSafeEqual(
    createHash("sha256").update(token).digest(),
    createHash("sha256").update(given).digest(),
  );
}

export function tokenCookie(token: string | null): string {
  const attributes = "Path=/; HttpOnly; SameSite=Strict";
  return token === null
    ? `${TOKEN_COOKIE}=; ${attributes}; Max-Age=0`
    : `${TOKEN_COOKIE}=${encodeURIComponent(token)}; ${attributes}; Max-Age=2592000`;
}

function bearerToken(header: string | undefined): string | null {
  return /^Bearer +(\S+) *$/i.exec(header ?? "")?.[1] ?? null;
}

function cookieToken(header: string | undefined): string | null {
  for (const pair of (header ?? "").split(";")) {
    const [name, ...value] = pair.trim().split("=");
    if (name !== TOKEN_COOKIE) continue;
    try {
      return decodeURIComponent(value.join("="));
    } catch {
      return null;
    }
  }
  return null;
}

/** "[::1]:8000" and "localhost:8000" without their port, in lower case. */
function hostName(header: string | undefined): string {
  return (header ?? "").toLowerCase().replace(/:\d+$/, "");
}

function originName(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).hostname.toLowerCase() : origin;
}
