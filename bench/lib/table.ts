import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import path from "node:path";

export type Cell = string | number;
export type Row = Readonly<Record<string, Cell>>;

export interface BenchReport {
  /** File name under bench/results, without the extension. */
  readonly name: string;
  readonly title: string;
  /** What was measured and how, in a sentence or two. */
  readonly method: string;
  readonly rows: readonly Row[];
  /** Goals met or missed, and why. */
  readonly notes?: readonly string[];
}

/** Prints the report; with `--save` on the command line it also becomes bench/results/<name>.md. */
export function report(result: BenchReport): void {
  const notes = (result.notes ?? []).map((note) => `- ${note}`).join("\n");
  const parts = [
    `# ${result.title}`,
    result.method,
    machine(),
    markdownTable(result.rows),
    notes,
  ].filter(Boolean);
  const text = `${parts.join("\n\n")}\n`;
  process.stdout.write(text);
  if (!process.argv.includes("--save")) return;
  const directory = path.join(import.meta.dirname, "../results");
  mkdirSync(directory, { recursive: true });
  writeFileSync(path.join(directory, `${result.name}.md`), text);
}

/** A Markdown table whose columns are the keys of the first row; numbers are right-aligned. */
export function markdownTable(rows: readonly Row[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const cells = rows.map((row) => columns.map((column) => format(row[column] ?? "")));
  const widths = columns.map((column, i) =>
    Math.max(3, column.length, ...cells.map((row) => row[i]!.length)),
  );
  const right = columns.map((column) => rows.every((row) => typeof row[column] === "number"));
  const line = (values: readonly string[]) =>
    `| ${values.map((value, i) => (right[i] ? value.padStart(widths[i]!) : value.padEnd(widths[i]!))).join(" | ")} |`;
  const rule = `| ${widths.map((width, i) => (right[i] ? `${"-".repeat(width - 1)}:` : "-".repeat(width))).join(" | ")} |`;
  return [line(columns), rule, ...cells.map(line)].join("\n");
}

/** The value below which the fraction `p` of the samples lies (nearest rank). */
export function percentile(samples: readonly number[], p: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? Number.NaN;
}

function format(value: Cell): string {
  if (typeof value === "string") return value;
  if (Number.isInteger(value)) return value.toLocaleString("en-US");
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function machine(): string {
  const [cpu] = cpus();
  const memory = (totalmem() / 2 ** 30).toFixed(0);
  const day = new Date().toISOString().slice(0, 10);
  return `Machine: ${cpu?.model.trim() ?? "unknown CPU"}, ${cpus().length} logical cores, ${memory} GiB, Node ${process.version}, ${day}.`;
}
