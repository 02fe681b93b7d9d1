import { FabricError } from "@arc-fabric/contract";

export type SseMessage =
  | {
      readonly type: "event";
      readonly id: string | null;
      readonly name: string;
      readonly data: string;
    }
  /** An id without data: where the stream stands. */
  | { readonly type: "position"; readonly id: string }
  /** The server's wish for the delay before a reconnection. */
  | { readonly type: "retry"; readonly ms: number };

/** A stream that never ends a line must not fill the memory; the largest event (a stored error, an artifact) has a few kB. */
const MAX_PENDING_CHARS = 8 << 20;

/** Puts server-sent events together from bytes cut anywhere (WHATWG HTML §9.2.6). What is incomplete at the end is dropped. */
export class SseParser {
  readonly #decoder = new TextDecoder("utf-8");
  #pending = "";
  #skipLineFeed = false;
  #data: string[] = [];
  #dataChars = 0;
  #name = "";
  #id: string | null = null;
  #idChanged = false;

  push(bytes: Uint8Array): SseMessage[] {
    const messages: SseMessage[] = [];
    this.#pending += this.#decoder.decode(bytes, { stream: true });
    for (let line = this.#nextLine(); line !== null; line = this.#nextLine())
      this.#onLine(line, messages);
    if (this.#pending.length + this.#dataChars > MAX_PENDING_CHARS)
      throw new FabricError(
        "internal",
        `The event stream sent ${MAX_PENDING_CHARS} characters without ending an event.`,
      );
    return messages;
  }

  #nextLine(): string | null {
    if (this.#skipLineFeed && this.#pending !== "") {
      if (this.#pending.startsWith("\n")) this.#pending = this.#pending.slice(1);
      this.#skipLineFeed = false;
    }
    const end = this.#pending.search(/[\r\n]/);
    if (end < 0) return null;
    const line = this.#pending.slice(0, end);
    // The line feed of a CR LF may come with the next chunk.
    this.#skipLineFeed = this.#pending[end] === "\r";
    this.#pending = this.#pending.slice(end + 1);
    return line;
  }

  #onLine(line: string, messages: SseMessage[]): void {
    if (line === "") return this.#dispatch(messages);
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "data") {
      this.#data.push(value);
      this.#dataChars += value.length + 1;
    } else if (field === "event") this.#name = value;
    else if (field === "id" && !value.includes("\0")) {
      this.#id = value;
      this.#idChanged = true;
    } else if (field === "retry" && /^\d+$/.test(value))
      messages.push({ type: "retry", ms: Number(value) });
  }

  #dispatch(messages: SseMessage[]): void {
    if (this.#data.length > 0)
      messages.push({
        type: "event",
        id: this.#id,
        name: this.#name || "message",
        data: this.#data.join("\n"),
      });
    else if (this.#idChanged && this.#id !== null)
      messages.push({ type: "position", id: this.#id });
    this.#data = [];
    this.#dataChars = 0;
    this.#name = "";
    this.#idChanged = false;
  }
}
