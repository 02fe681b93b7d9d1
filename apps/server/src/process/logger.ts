import type { Logger } from "@arc-fabric/core";
import { pino } from "pino";

export interface LoggerOptions {
  readonly level: "debug" | "info" | "warn" | "error" | "silent";
  /** One readable line instead of JSON, for a terminal. */
  readonly pretty: boolean;
  readonly write: (line: string) => void;
  /** Never written: wherever one occurs in a line it is masked. */
  readonly secrets: readonly string[];
}

/** A logger of JSON lines (pino) or, in a terminal, of readable lines. */
export function createLogger({ level, pretty, write, secrets }: LoggerOptions): Logger {
  const mask = (line: string) =>
    secrets.reduce((text, secret) => text.replaceAll(secret, "********"), line);
  const destination = { write: (line: string) => write(mask(pretty ? readable(line) : line)) };
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  return {
    debug: (message, fields) => logger.debug(fields ?? {}, message),
    info: (message, fields) => logger.info(fields ?? {}, message),
    warn: (message, fields) => logger.warn(fields ?? {}, message),
    error: (message, fields) => logger.error(fields ?? {}, message),
  };
}

function readable(line: string): string {
  const { level, time, msg, ...fields } = JSON.parse(line) as {
    level: string;
    time: string;
    msg: string;
  };
  const rest = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return `${time.slice(11, 19)} ${level.padEnd(5)} ${[msg, ...rest].join("  ")}\n`;
}
