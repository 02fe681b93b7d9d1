import path from "node:path";
import { pathToFileURL } from "node:url";

const root = path.resolve(import.meta.dirname, "../../../..");

/** Builds the studio when its sources changed. @returns the folder of the built studio */
export async function builtStudio(): Promise<string> {
  const { buildStudio } = (await import(
    pathToFileURL(path.join(root, "tools/build-studio.ts")).href
  )) as {
    buildStudio: (options: { log: (line: string) => void }) => Promise<boolean>;
  };
  await buildStudio({ log: () => {} });
  return path.join(root, "apps/web/dist");
}
