import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { listSourceFiles, ROOT } from "./source-files.ts";

const STUDIO = join(ROOT, "apps/web");
const DIST = join(STUDIO, "dist");
/** Holds the digest of the sources that `dist` was built from. */
const STAMP = "sources.sha256";

/** What the built studio depends on: its own sources, the packages it bundles and every version. */
const SOURCES = ["apps/web", "packages/contract/src", "packages/client/src"];

/**
 * Builds the studio into `apps/web/dist` unless it was built from exactly these sources before.
 * The build goes to a folder beside it and takes its place only when it is complete, so that a
 * server never serves half a studio; two processes may build at the same time.
 * @param options.log told about a build when one is needed
 * @returns whether something was built
 * @throws with the bundler's output when the build fails; the old `dist` then stays
 */
export async function buildStudio(options: { log: (line: string) => void }): Promise<boolean> {
  const digest = digestSources();
  if (builtDigest() === digest) return false;
  options.log("Building the studio, because its sources have changed …");
  const fresh = join(STUDIO, `.build-${process.pid}`);
  try {
    await runVite(fresh);
    writeFileSync(join(fresh, STAMP), digest);
    swap(fresh);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return true;
}

function digestSources(): string {
  const hash = createHash("sha256");
  const isSource = (path: string) =>
    !/\.(test|spec)\.tsx?$/.test(path) && !/^apps\/web\/(e2e|mock|test)\//.test(path);
  for (const path of [...SOURCES.flatMap(listSourceFiles).filter(isSource), "package-lock.json"]) {
    const content = readFileSync(join(ROOT, path));
    // The length keeps "ab" + "c" apart from "a" + "bc".
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

function builtDigest(): string | undefined {
  const stamp = join(DIST, STAMP);
  return existsSync(stamp) ? readFileSync(stamp, "utf8") : undefined;
}

/** A rename cannot replace a folder that holds files, so the old one steps aside first. */
function swap(fresh: string): void {
  const old = `${fresh}-old`;
  if (existsSync(DIST)) renameSync(DIST, old);
  renameSync(fresh, DIST);
  rmSync(old, { recursive: true, force: true });
}

async function runVite(outDir: string): Promise<void> {
  const require = createRequire(import.meta.url);
  const vite = join(dirname(require.resolve("vite/package.json")), "bin/vite.js");
  const args = [vite, "build", "--outDir", outDir, "--emptyOutDir", "--logLevel", "warn"];
  const child = spawn(process.execPath, args, {
    cwd: STUDIO,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_ENV: "production" },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject).on("close", resolve);
  });
  if (code !== 0) throw new Error(`Building the studio failed:\n${output.trim()}`);
}

if (import.meta.filename === process.argv[1]) {
  const built = await buildStudio({ log: (line) => console.log(line) });
  console.log(built ? "The studio is built." : "The studio is up to date.");
}
