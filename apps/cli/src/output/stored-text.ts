import type { State } from "@arc-fabric/contract";
import { bytesText } from "./units.ts";

/** Which steps are stored, in ranges, with the names that some have: "1-8, 12 (8 "shape is there")". */
export function storedText(states: readonly State[]): string {
  if (states.length === 0) return "no steps";
  const ranges: [number, number][] = [];
  for (const step of states.map((state) => state.step).toSorted((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last && last[1] + 1 === step) last[1] = step;
    else ranges.push([step, step]);
  }
  const steps = ranges.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`));
  const names = states
    .filter(({ label }) => label !== null)
    .map(({ step, label }) => `${step} "${label}"`);
  const bytes = states.reduce((sum, state) => sum + state.bytes, 0);
  return [
    `steps ${steps.join(", ")}`,
    bytesText(bytes),
    ...(names.length > 0 ? [`named: ${names.join(", ")}`] : []),
  ].join("; ");
}
