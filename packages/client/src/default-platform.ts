import type { LiveSocket, Platform } from "./platform.ts";

/** Node's WebSocket takes headers in place of the list of protocols; browsers do not. */
type NodeSocketConstructor = new (
  url: string,
  options: { headers: Readonly<Record<string, string>> },
) => LiveSocket;

/** The browser's or Node's own network, clock and chance: the only file of this package that touches them. */
export const defaultPlatform: Platform = {
  fetch: (url, init) => globalThis.fetch(url, init),
  openSocket(url, headers) {
    const page = (globalThis as { location?: { href: string } }).location?.href;
    const address = new URL(url, page);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    if (page !== undefined || Object.keys(headers).length === 0)
      return new WebSocket(address.href) as LiveSocket;
    return new (WebSocket as unknown as NodeSocketConstructor)(address.href, { headers });
  },
  now: () => Date.now(),
  random: () => Math.random(),
  randomUuid: () => uuidFrom(globalThis.crypto.getRandomValues(new Uint8Array(16))),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** `crypto.randomUUID` is missing on pages served over plain http from another machine, so it is made here. */
function uuidFrom(bytes: Uint8Array): string {
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join("-");
}
