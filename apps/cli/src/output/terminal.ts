/** Where a command writes, and what that place can show. */
export interface Terminal {
  /** Results. */
  out(text: string | Uint8Array): Promise<void>;
  /** Progress, warnings, errors. */
  err(text: string): void;
  /** Whether lines on standard error can be redrawn. */
  readonly redraws: boolean;
  readonly outIsTerminal: boolean;
  readonly inIsTerminal: boolean;
  /** Columns of standard error. */
  columns(): number;
  readonly unicode: boolean;
  readonly paint: Paint;
  /** Asks a question whose answer is yes or no; no when nobody can answer. */
  confirm(question: string): Promise<boolean>;
  /** All of standard input. */
  readAll(): Promise<string>;
}

export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

export function createPaint(enabled: boolean): Paint {
  const style = (open: number, close: number) => (text: string) =>
    enabled ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return {
    bold: style(1, 22),
    dim: style(2, 22),
    red: style(31, 39),
    green: style(32, 39),
    yellow: style(33, 39),
    cyan: style(36, 39),
  };
}
