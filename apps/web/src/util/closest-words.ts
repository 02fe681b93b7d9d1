/** Shorter ones are articles and prepositions. */
const SHORTEST = 3;

/** The words in `known` (words or phrases) that are most like `word`, best first; none when nothing is near. */
export function closestWords(word: string, known: readonly string[], count: number): string[] {
  const limit = Math.max(1, Math.floor(word.length / 2));
  const words = new Set(
    known
      .flatMap((phrase) => phrase.split(" "))
      .filter((candidate) => candidate.length >= SHORTEST),
  );
  return [...words]
    .map((candidate) => ({
      candidate,
      distance: editDistance(word.toLowerCase(), candidate.toLowerCase()),
    }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance || a.candidate.localeCompare(b.candidate))
    .slice(0, count)
    .map(({ candidate }) => candidate);
}

/** Insertions, deletions and replacements that turn one word into the other (Levenshtein 1965), one row at a time. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(
        Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)),
      );
    row = next;
  }
  return row[b.length]!;
}
