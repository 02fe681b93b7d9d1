/** How an option's text is read. */
export type OptionKind = "text" | "int" | "number" | "size" | "choice";

export interface OptionSpec {
  readonly short?: string;
  /** What the value is called in help; an option without it is a switch. */
  readonly value?: string;
  /** "text" when left out. */
  readonly kind?: OptionKind;
  readonly choices?: readonly string[];
  readonly help: string;
}

export interface ArgumentSpec {
  readonly name: string;
  readonly required: boolean;
  /** Takes all remaining words. */
  readonly many?: boolean;
  readonly help: string;
}

export interface CommandSpec {
  readonly summary: string;
  readonly details?: string;
  readonly arguments: readonly ArgumentSpec[];
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** Command line and what it does. */
  readonly examples: readonly (readonly [line: string, meaning: string])[];
  /** Everything after the command's name goes to another program as it is. */
  readonly passThrough?: boolean;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

type ValueOf<Spec extends OptionSpec> = Spec extends { value: string }
  ? Spec extends { kind: "int" | "number" }
    ? number
    : Spec extends { kind: "size" }
      ? Size
      : Spec extends { choices: readonly (infer Choice)[] }
        ? Choice
        : string
  : true;

/** What the command line gave, by option name; what was not given is missing. */
export type OptionsOf<Specs extends Readonly<Record<string, OptionSpec>>> = {
  readonly [Name in keyof Specs]?: ValueOf<Specs[Name]>;
};

/** Keeps the literal types of a command while checking its form. */
export const defineCommand = <const Spec extends CommandSpec>(spec: Spec): Spec => spec;
