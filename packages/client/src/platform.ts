/** What the client needs from the machine it runs on. Passed in, so that tests own time, chance and the network. */
export interface Platform {
  fetch(url: string, init: RequestInit): Promise<Response>;
  /** @param headers sent with the handshake where the platform can (Node); browsers send their cookies instead */
  openSocket(url: string, headers: Readonly<Record<string, string>>): LiveSocket;
  /** Wall clock, milliseconds since 1970. */
  now(): number;
  /** In [0, 1). */
  random(): number;
  randomUuid(): string;
  /** Runs `callback` once after `ms`; the returned function calls it off. */
  after(ms: number, callback: () => void): () => void;
}

/** The part of the WebSocket interface that browsers and Node share and the client uses. */
export interface LiveSocket {
  binaryType: string;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onerror: ((event: never) => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null;
  close(code?: number, reason?: string): void;
}
