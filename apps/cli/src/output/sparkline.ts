const BLOCKS = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
const DIGITS = ["0", "1", "2", "3", "4", "5", "6", "7"];
/** More values than this are put together, so that the line fits beside words. */
const MAX_CELLS = 48;

/** Values as a line of bars from 0 to the greatest; where several share a cell, it shows their greatest. */
export function sparkline(values: readonly number[], unicode: boolean): string {
  const marks = unicode ? BLOCKS : DIGITS;
  const most = Math.max(0, ...values);
  const cells = Math.min(values.length, MAX_CELLS);
  return Array.from({ length: cells }, (_, cell) => {
    const from = Math.floor((cell * values.length) / cells);
    const to = Math.floor(((cell + 1) * values.length) / cells);
    const value = Math.max(...values.slice(from, to));
    return marks[most === 0 ? 0 : Math.round((value / most) * (marks.length - 1))];
  }).join("");
}
