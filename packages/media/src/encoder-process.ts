import {
  encodeFrame,
  FabricError,
  FrameDecoder,
  invariant,
  type NamedParts,
  splitParts,
} from "@arc-fabric/contract";
import type { MessagePart } from "@arc-fabric/contract";
import type { Logger, System } from "@arc-fabric/core";
import { type ChildProcess, spawn } from "node:child_process";
import type { Duplex } from "node:stream";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { CHANNEL_FD, type ChildCall, type ChildReply, type ChildRequest } from "./protocol.ts";

const CHILD_MAIN = fileURLToPath(new URL("child/main.ts", import.meta.url));
/** After closing its channel the process ends at once unless a codec hangs. */
const STOP_GRACE_MS = 2000;

export interface EncoderProcessDeps {
  readonly system: System;
  readonly logger: Logger;
  /** A call without an answer for this long ends the process. */
  readonly callTimeoutMs: number;
}

export interface CallAnswer {
  readonly result: unknown;
  readonly parts: Readonly<Record<string, Uint8Array>>;
}

interface PendingCall {
  resolve(answer: CallAnswer): void;
  reject(error: Error): void;
  readonly deadline: AbortController;
}

/** One running encoder process. When it ends, every open call is rejected with `encoder_failed`. */
export class EncoderProcess {
  readonly exited: Promise<void>;
  readonly #deps: EncoderProcessDeps;
  readonly #process: ChildProcess;
  readonly #channel: Duplex;
  readonly #pending = new Map<number, PendingCall>();
  #lastCall = 0;
  #alive = true;
  #stopping = false;

  constructor(deps: EncoderProcessDeps) {
    this.#deps = deps;
    this.#process = spawn(process.execPath, [CHILD_MAIN], {
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    });
    const channel = this.#process.stdio[CHANNEL_FD];
    invariant(
      channel && "write" in channel && "read" in channel,
      "the encoder process has a channel",
    );
    this.#channel = channel as Duplex;
    this.exited = new Promise((resolve) => {
      this.#process.once("exit", (code, signal) =>
        resolve(this.#onEnd(signal ? `signal ${signal}` : `exit code ${code}`)),
      );
      this.#process.once("error", (error) => resolve(this.#onEnd(error.message)));
    });
    this.#readReplies();
    this.#forwardOutput();
  }

  get alive(): boolean {
    return this.#alive;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /**
   * Sends a call. `sent` settles when the system took its bytes, after which buffers may be reused; `answer` when the
   * process has answered. @throws (in `answer`) what the call throws in the process; `encoder_failed` when it ends first
   */
  call(
    call: ChildCall,
    payload: NamedParts = {},
  ): { sent: Promise<void>; answer: Promise<CallAnswer> } {
    if (!this.#alive) {
      const answer = Promise.reject<CallAnswer>(lost("it had ended before"));
      answer.catch(() => undefined);
      return { sent: Promise.resolve(), answer };
    }
    this.#lastCall += 1;
    const request: ChildRequest = { ...call, call: this.#lastCall };
    const answer = new Promise<CallAnswer>((resolve, reject) => {
      this.#pending.set(request.call, { resolve, reject, deadline: this.#watch(request) });
    });
    // A write's answer is looked at with the next call; until then its failure must not count as unhandled.
    answer.catch(() => undefined);
    return { sent: this.#send(encodeFrame({ ...request }, payload)), answer };
  }

  /** Lets the process end, and ends it when it does not. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#channel.destroy();
    const waited = new AbortController();
    const grace = this.#deps.system.sleep(STOP_GRACE_MS, waited.signal).then(
      () => this.kill(),
      () => undefined,
    );
    await this.exited;
    waited.abort();
    await grace;
  }

  kill(): void {
    this.#process.kill("SIGKILL");
  }

  #send(buffers: Uint8Array[]): Promise<void> {
    return new Promise((resolve) => {
      this.#channel.cork();
      for (const buffer of buffers.slice(0, -1)) this.#channel.write(buffer);
      // An error here means that the process is gone; the answer tells.
      this.#channel.write(buffers.at(-1) ?? new Uint8Array(), () => resolve());
      this.#channel.uncork();
    });
  }

  #readReplies(): void {
    const decoder = new FrameDecoder();
    this.#channel.on("error", (error) =>
      this.#deps.logger.debug("encoder channel broke", { error: error.message }),
    );
    this.#channel.on("data", (chunk: Uint8Array) => {
      try {
        for (const { header, payload } of decoder.push(chunk))
          this.#settle(header as ChildReply & { parts: MessagePart[] }, payload);
      } catch (error) {
        this.#deps.logger.error("the encoder process sent something unreadable", {
          error: String(error),
        });
        this.kill();
      }
    });
  }

  #settle(reply: ChildReply & { parts: MessagePart[] }, payload: Uint8Array): void {
    const pending = this.#pending.get(reply.call);
    if (!pending) return;
    this.#pending.delete(reply.call);
    pending.deadline.abort();
    if (reply.ok)
      pending.resolve({ result: reply.result, parts: splitParts(reply.parts, payload) });
    else
      pending.reject(
        new FabricError(reply.error.code, reply.error.message, { details: reply.error.details }),
      );
  }

  #watch(request: ChildRequest): AbortController {
    const deadline = new AbortController();
    const { system, logger, callTimeoutMs } = this.#deps;
    system.sleep(callTimeoutMs, deadline.signal).then(
      () => {
        logger.error("the encoder process hangs and is ended", {
          method: request.method,
          timeout_ms: callTimeoutMs,
        });
        this.kill();
      },
      () => undefined,
    );
    return deadline;
  }

  #forwardOutput(): void {
    for (const output of [this.#process.stdout, this.#process.stderr]) {
      if (output)
        createInterface({ input: output }).on("line", (line) =>
          this.#deps.logger.debug(line, { source: "encoder" }),
        );
    }
  }

  #onEnd(how: string): void {
    this.#alive = false;
    this.#channel.destroy();
    if (!this.#stopping)
      this.#deps.logger.warn("the encoder process ended", { how, open_calls: this.#pending.size });
    for (const pending of this.#pending.values()) {
      pending.deadline.abort();
      pending.reject(lost(how));
    }
    this.#pending.clear();
  }
}

function lost(how: string): FabricError {
  return new FabricError(
    "encoder_failed",
    `The encoder process ended (${how}); the clip can be encoded again from its latents.`,
  );
}
