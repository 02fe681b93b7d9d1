import { parseArgs } from "node:util";
import { didYouMean } from "./closest.ts";
import { COMMAND_NAMES, commandSpec, type CommandName } from "./commands.ts";
import type { CommandSpec, OptionSpec } from "./command-spec.ts";
import { readValue } from "./read-value.ts";
import { UsageError } from "./usage-error.ts";

export type CommandLine =
  | { readonly action: "help"; readonly command: CommandName | null }
  | { readonly action: "version" }
  | {
      readonly action: "run";
      readonly command: CommandName;
      readonly words: readonly string[];
      readonly options: Readonly<Record<string, unknown>>;
    };

/** @throws UsageError for an unknown command or option, a missing or wrong value, too few or many words */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const [first, ...rest] = args;
  if (first === undefined || first === "--help" || first === "-h")
    return { action: "help", command: null };
  if (first === "--version" || first === "-v" || first === "-V") return { action: "version" };
  if (first === "help")
    return { action: "help", command: rest[0] === undefined ? null : commandAt(rest).command };
  const { command, rest: words } = commandAt(args);
  const spec = commandSpec(command);
  if (spec.passThrough) return { action: "run", command, words, options: {} };
  return parseOptions(command, spec, words);
}

/** Some commands have two words: "stream pause". */
function commandAt([first = "", ...rest]: readonly string[]): {
  command: CommandName;
  rest: string[];
} {
  const two = COMMAND_NAMES.find((known) => known === `${first} ${rest[0]}`);
  return two
    ? { command: two, rest: rest.slice(1) }
    : { command: commandNamed(first), rest: [...rest] };
}

function commandNamed(word: string): CommandName {
  const name = COMMAND_NAMES.find((known) => known === word);
  if (name) return name;
  if (word.startsWith("-")) throw new UsageError(`The command comes first: arc COMMAND ${word} …`);
  const hint =
    didYouMean(word, COMMAND_NAMES) ||
    (word.includes(" ") ? ` To make a video: arc generate "${word}"` : "");
  throw new UsageError(`There is no command "${word}".${hint}`);
}

function parseOptions(command: CommandName, spec: CommandSpec, args: string[]): CommandLine {
  const { tokens } = parseArgs({
    args,
    // Without strict so that the messages are ours; `tokens` tell everything the strict mode would check.
    strict: false,
    tokens: true,
    allowPositionals: true,
    options: {
      help: { type: "boolean", short: "h" },
      ...Object.fromEntries(
        Object.entries(spec.options).map(([name, { value, short }]) => [
          name,
          {
            type: value === undefined ? ("boolean" as const) : ("string" as const),
            ...(short ? { short } : {}),
          },
        ]),
      ),
    },
  });
  const words: string[] = [];
  const options: Record<string, unknown> = {};
  for (const token of tokens) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    if (token.name === "help") return { action: "help", command };
    const option = Object.hasOwn(spec.options, token.name) ? spec.options[token.name] : undefined;
    if (!option) throw unknownOption(command, spec, token.rawName);
    options[token.name] = valueOf(command, token.rawName, option, token.value);
  }
  checkWords(command, spec, words);
  return { action: "run", command, words, options };
}

function unknownOption(command: CommandName, spec: CommandSpec, rawName: string): UsageError {
  const known = [...Object.keys(spec.options), "help"].map((name) => `--${name}`);
  return new UsageError(
    `arc ${command} has no option ${rawName}.${didYouMean(rawName, known)}`,
    command,
  );
}

function valueOf(
  command: CommandName,
  rawName: string,
  option: OptionSpec,
  text: string | undefined,
): unknown {
  if (option.value === undefined) {
    if (text !== undefined)
      throw new UsageError(`${rawName} takes no value, but was given "${text}".`, command);
    return true;
  }
  if (text === undefined || text === "")
    throw new UsageError(`${rawName} needs a value: ${rawName} ${option.value}.`, command);
  const read = readValue(option, text);
  if (!read.ok)
    throw new UsageError(`${rawName} takes ${read.expected}, not "${text}".${read.hint}`, command);
  return read.value;
}

function checkWords(command: CommandName, spec: CommandSpec, words: readonly string[]): void {
  const missing = spec.arguments.slice(words.length).find(({ required }) => required);
  if (missing)
    throw new UsageError(
      `arc ${command} needs ${missing.name}: ${lowerFirst(missing.help)}.`,
      command,
    );
  const takesAll = spec.arguments.some(({ many }) => many);
  const extra = words[spec.arguments.length];
  if (!takesAll && extra !== undefined)
    throw new UsageError(`"${extra}" is one word too many for arc ${command}.`, command);
}

const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);
