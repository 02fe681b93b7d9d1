import { accessSync, constants } from "node:fs";

const PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/**
 * Path of a Chromium for the browser tests: `ARC_CHROMIUM` when set (`none` leaves them out), else a
 * usual place.
 * @throws when `ARC_CHROMIUM` names something that cannot be executed.
 */
export function findChromium(env: Record<string, string | undefined>): string | undefined {
  const named = env.ARC_CHROMIUM;
  if (named === "none") return undefined;
  if (!named) return PLACES.find(isExecutable);
  if (!isExecutable(named)) throw new Error(`ARC_CHROMIUM is ${named}, which cannot be executed.`);
  return named;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
