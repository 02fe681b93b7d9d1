/** Edits more than this are not a slip of the hand. */
const MAX_DISTANCE = 3;

/** The known name a person most likely meant, or null when none is near. */
export function closestName(name: string, known: readonly string[]): string | null {
  const wanted = normalise(name);
  let best: { name: string; distance: number } | null = null;
  for (const candidate of known) {
    const distance = editDistance(wanted, normalise(candidate));
    if (!best || distance < best.distance) best = { name: candidate, distance };
  }
  return best && best.distance <= Math.min(MAX_DISTANCE, Math.ceil(wanted.length / 3))
    ? best.name
    : null;
}

/** " (did you mean "steps"?)" or nothing. */
export function suggestion(name: string, known: readonly string[]): string {
  const closest = closestName(name, known);
  return closest ? ` Did you mean "${closest}"?` : "";
}

const normalise = (name: string) =>
  name
    .slice(0, 64)
    .toLowerCase()
    .replaceAll(/[-_\s]/g, "");

/** Optimal string alignment: insert, delete, replace and swap of neighbours each count one. */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min(replace, row[j - 1]! + 1, rows[i - 1]![j]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, rows[i - 2]![j - 2]! + 1);
      row.push(cost);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
