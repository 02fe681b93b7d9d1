import type { System } from "@arc-fabric/core";
import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { PROBE_READY } from "./protocol.ts";

const PROBE_MAIN = fileURLToPath(new URL("child/probe-main.ts", import.meta.url));
/** Until the codecs are loaded: nothing about the encoder, only about how busy the machine is. */
const START_TIMEOUT_MS = 30_000;
/** Four small frames; a driver that takes longer hangs. */
const ENCODE_TIMEOUT_MS = 5000;
/** What a probe prints is two short lines; of a driver that prints more the end is kept. */
const MAX_OUTPUT_CHARS = 16_384;

export interface ProbeOutcome {
  readonly usable: boolean;
  readonly error: string | null;
  /** False when the probe never got as far as the encoder. */
  readonly conclusive: boolean;
}

/** Tries one encoder in a process of its own. */
export class ProbeProcess {
  readonly outcome: Promise<ProbeOutcome>;
  readonly #system: System;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #ended = new AbortController();
  #output = "";
  #errors = "";
  #ready = false;
  #timeout: string | null = null;

  /** @param main the program that prints `PROBE_READY` and then one line of JSON */
  constructor(deps: { system: System; encoder: string; main?: string }) {
    this.#system = deps.system;
    this.#child = spawn(process.execPath, [deps.main ?? PROBE_MAIN, deps.encoder], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => this.#onOutput(text));
    this.#child.stderr
      .setEncoding("utf8")
      .on("data", (text: string) => (this.#errors = keepEnd(this.#errors + text)));
    this.outcome = new Promise((resolve) => {
      const finish = (how: string): void => {
        this.#ended.abort();
        resolve(this.#conclude(this.#timeout ?? how));
      };
      this.#child.once("close", (code, signal) =>
        finish(signal ? `ended by ${signal}` : `ended with exit code ${code}`),
      );
      this.#child.once("error", (error) => finish(error.message));
    });
    this.#endAfter(START_TIMEOUT_MS, () => !this.#ready, "it did not start");
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  #onOutput(text: string): void {
    this.#output = keepEnd(this.#output + text);
    if (this.#ready || !this.#output.includes(PROBE_READY)) return;
    this.#ready = true;
    this.#endAfter(ENCODE_TIMEOUT_MS, () => true, "no answer");
  }

  #endAfter(ms: number, applies: () => boolean, what: string): void {
    this.#system.sleep(ms, this.#ended.signal).then(
      () => {
        if (!applies()) return;
        this.#timeout = `${what} within ${ms / 1000} s`;
        this.kill();
      },
      () => undefined,
    );
  }

  /** The codec library tells the real reason (a missing driver, say) on stderr, before the failure itself. */
  #conclude(how: string): ProbeOutcome {
    const line = this.#output.split("\n").findLast((text) => text.startsWith('{"usable"'));
    const reason = this.#errors.trim().split("\n").at(0)?.trim();
    const conclusive = this.#ready;
    if (!line)
      return { usable: false, error: [how, reason].filter(Boolean).join(": "), conclusive };
    const answer = JSON.parse(line) as { usable: boolean; error: string | null };
    const error = answer.usable ? null : [answer.error, reason].filter(Boolean).join(" ");
    return { usable: answer.usable, error, conclusive };
  }
}

function keepEnd(text: string): string {
  return text.slice(-MAX_OUTPUT_CHARS);
}
