import { stripVTControlCharacters } from "node:util";

const GAP = "  ";

/** Columns as wide as their longest cell; cells may carry colours. */
export function textTable(rows: readonly (readonly string[])[], indent = ""): string {
  const width = (text: string) => stripVTControlCharacters(text).length;
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => width(row[column] ?? ""))),
  );
  return rows
    .map((row) => {
      const cells = row.map(
        (cell, column) => cell + " ".repeat(Math.max(0, widths[column]! - width(cell))),
      );
      return `${indent}${cells.join(GAP).trimEnd()}\n`;
    })
    .join("");
}
