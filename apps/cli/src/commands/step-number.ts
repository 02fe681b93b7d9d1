import type { CommandName } from "../command-line/commands.ts";
import { UsageError } from "../command-line/usage-error.ts";

/** @throws UsageError */
export function stepNumber(command: CommandName, text: string): number {
  if (/^\d{1,6}$/.test(text) && Number(text) >= 1) return Number(text);
  throw new UsageError(`STEP is a step's number from 1, not "${text}".`, command);
}
