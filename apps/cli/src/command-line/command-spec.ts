import type { Area, Stage, StepCache } from "@arc-fabric/contract";

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** How an option's text is read, and what it becomes. */
export interface KindValues {
  text: string;
  int: number;
  number: number;
  choice: string;
  /** 128x128 */
  size: Size;
  /** 4-12: from the first number up to the second, which is not in it. */
  frames: [number, number];
  seconds: [number, number];
  /** x,y,width,height in percent of the picture */
  rectangle: Area;
  /** x,y x,y x,y … in percent of the picture */
  polygon: Area;
  steps: number | "few";
  /** model:steps,model:steps */
  stages: Stage[] | "default";
  /** start:end:interval */
  cache: StepCache;
  /** 0.8,0.5,0 */
  levels: number[];
}
export type OptionKind = keyof KindValues;

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

type ValueOf<Spec extends OptionSpec> = Spec extends { value: string }
  ? Spec extends { choices: readonly (infer Choice)[] }
    ? Choice
    : Spec extends { kind: infer Kind extends OptionKind }
      ? KindValues[Kind]
      : string
  : true;

/** What the command line gave, by option name; what was not given is missing. */
export type OptionsOf<Specs extends Readonly<Record<string, OptionSpec>>> = {
  readonly [Name in keyof Specs]?: ValueOf<Specs[Name]>;
};

/** Keeps the literal types of a command while checking its form. */
export const defineCommand = <const Spec extends CommandSpec>(spec: Spec): Spec => spec;
