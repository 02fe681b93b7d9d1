import { COMMAND_NAMES, commandSpec, EXIT_CODE_MEANING, type CommandName } from "./commands.ts";
import type { CommandSpec, OptionSpec } from "./command-spec.ts";

/** Lines of help are wrapped at this width, also in wide terminals: longer ones are hard to read. */
const WIDTH = 100;

export function mainHelp(): string {
  const commands = COMMAND_NAMES.map((name) => [name, commandSpec(name).summary] as const);
  const exitCodes = Object.entries(EXIT_CODE_MEANING);
  const variables = [
    ["ARC_SERVER", "Address of the server to use"],
    ["ARC_TOKEN", "Its token"],
    ["ARC_DATA_DIR", "Where takes and clips are kept [./data]"],
    ["NO_COLOR", "No colours"],
  ] as const;
  return [
    "Arc Fabric makes videos from words, on your own machine.",
    'Make one:\n\n  arc generate "a red ball bounces on a green meadow" -o ball.mp4',
    `Usage: arc COMMAND …\n\n${columns(commands)}`,
    "arc COMMAND --help explains a command with examples. arc --version prints the version.",
    `Variables\n${columns(variables)}`,
    `Exit codes\n${columns(exitCodes)}`,
    "Inside the repository: npx arc …, or npm run arc -- …",
  ].join("\n\n");
}

export function commandHelp(name: CommandName): string {
  const spec = commandSpec(name);
  const parts = [`${spec.summary}.`, `Usage: ${usageOf(name, spec)}`];
  if (spec.details) parts.splice(1, 0, wrap(spec.details, WIDTH).join("\n"));
  if (spec.arguments.length > 0)
    parts.push(columns(spec.arguments.map((argument) => [argument.name, argument.help])));
  const options = Object.entries(spec.options).map(
    ([option, value]) => [optionForm(option, value), value.help] as const,
  );
  if (options.length > 0) parts.push(`Options\n${columns(options)}`);
  parts.push(
    `Examples\n${spec.examples.map(([line, meaning]) => `  ${line}\n      ${meaning}`).join("\n")}`,
  );
  return parts.join("\n\n");
}

export function usageOf(name: CommandName, spec: CommandSpec): string {
  const words = spec.arguments.map(({ name: word, required, many }) => {
    const form = many ? `${word}…` : word;
    return required ? form : `[${form}]`;
  });
  return [
    "arc",
    name,
    ...words,
    ...(Object.keys(spec.options).length > 0 ? ["[options]"] : []),
  ].join(" ");
}

export function optionForm(name: string, { short, value }: OptionSpec): string {
  return `${short ? `-${short}, ` : ""}--${name}${value === undefined ? "" : ` ${value}`}`;
}

/** Two columns, the second one wrapped. */
function columns(rows: readonly (readonly [string, string])[]): string {
  const left = Math.max(...rows.map(([name]) => name.length));
  return rows
    .flatMap(([name, help]) =>
      wrap(help, WIDTH - left - 4).map(
        (line, i) => `  ${(i === 0 ? name : "").padEnd(left)}  ${line}`,
      ),
    )
    .join("\n");
}

export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
