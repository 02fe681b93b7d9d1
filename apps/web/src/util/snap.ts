/** The allowed value closest to `value`: inside [min, max] and a whole number of steps from min. */
export function snap(value: number, range: { min: number; max: number; step: number }): number {
  const { min, max, step } = range;
  const steps = Math.round((Math.min(Math.max(value, min), max) - min) / step);
  const decimals = String(step).split(".")[1]?.length ?? 0;
  return Number(
    (min + Math.min(steps, Math.floor((max - min) / step + 1e-9)) * step).toFixed(decimals),
  );
}
