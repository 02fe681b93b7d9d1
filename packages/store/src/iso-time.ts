/** Milliseconds since 1970 as the contract writes times. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
