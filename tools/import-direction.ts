import { readFileSync } from "node:fs";
import { join, posix } from "node:path";

import { isTestFile, packageOf } from "./import-graph.ts";
import type { ImportEdge, Workspace } from "./import-graph.ts";
import { ROOT } from "./source-files.ts";

const SCOPE = "@arc-fabric/";

/** Which of our packages each workspace may import; what is not listed is a wrong arrow. */
export const ALLOWED: Record<string, readonly string[]> = {
  "packages/contract": [],
  "packages/core": ["contract"],
  "packages/store": ["contract", "core"],
  "packages/workers": ["contract", "core"],
  "packages/media": ["contract", "core"],
  "packages/client": ["contract"],
  "runtimes/onnx": ["contract"],
  "apps/cli": ["contract", "client"],
  "apps/web": ["contract", "client"],
  // Runtimes are missing on purpose: the server starts them by path, as separate processes.
  "apps/server": ["contract", "core", "store", "workers", "media", "client"],
};

/** Workspaces whose shipped code also runs in a browser: no Node built-ins at all. */
const BROWSER_SAFE = ["packages/contract", "packages/client", "apps/web"];

/** Built-ins that reach outside the process: core is pure logic and gets these through ports. */
const IO_BUILTINS =
  /^node:(fs|net|http|https|http2|tls|dns|dgram|child_process|worker_threads|cluster|os|sqlite|readline)(\/|$)/;

/** Folders beside the workspaces (tools, bench, examples) and the root's own config files. */
const ROOT_FOLDER = "";

/** What is wrong with this import, in one sentence, or undefined. */
export function wrongArrow(edge: ImportEdge, workspaces: Workspace[]): string | undefined {
  const from = workspaces.find(({ folder }) => edge.file.startsWith(`${folder}/`));
  const { specifier } = edge;
  if (specifier.startsWith(".")) return wrongRelative(edge, from);
  if (specifier.startsWith("node:")) return wrongBuiltin(edge, from);
  if (specifier.startsWith(SCOPE)) return wrongPackage(edge, from, workspaces);
  return wrongLibrary(edge, from, workspaces);
}

/** Wrong `@arc-fabric/*` dependencies declared in a workspace's package.json. */
export function wrongDependencies(workspace: Workspace): string[] {
  const allowed = ALLOWED[workspace.folder];
  if (!allowed) return [`${workspace.folder} is not in the table of import directions.`];
  return workspace.dependencies
    .filter((name) => name.startsWith(SCOPE) && !allowed.includes(name.slice(SCOPE.length)))
    .map((name) => `${workspace.folder}/package.json must not depend on ${name}.`);
}

function wrongRelative(edge: ImportEdge, from: Workspace | undefined): string | undefined {
  const target = posix.join(posix.dirname(edge.file), edge.specifier.replace(/\?.*$/, ""));
  if (!/\.\w+$/.test(target)) return say(edge, "has no file extension");
  const home = from?.folder ?? ROOT_FOLDER;
  if (from && !target.startsWith(`${home}/`)) return say(edge, "leaves its workspace");
  // A generator writes documents out of the inside of a workspace, and is itself imported by nobody.
  if (edge.file.startsWith("tools/gen-")) return undefined;
  if (!from && /^(packages|apps|runtimes)\//.test(target)) {
    return say(edge, "reaches into a workspace by path; import the package by name");
  }
  return undefined;
}

function wrongBuiltin(edge: ImportEdge, from: Workspace | undefined): string | undefined {
  if (!from || isTestFile(edge.file) || edge.file.endsWith(".config.ts")) return undefined;
  if (BROWSER_SAFE.includes(from.folder)) {
    return say(edge, "is a Node built-in, and this workspace also runs in a browser");
  }
  if (from.folder === "packages/core" && IO_BUILTINS.test(edge.specifier)) {
    return say(edge, "does I/O, and core reaches the outside only through its ports");
  }
  return undefined;
}

function wrongPackage(
  edge: ImportEdge,
  from: Workspace | undefined,
  workspaces: Workspace[],
): string | undefined {
  const name = packageOf(edge.specifier);
  const target = workspaces.find((workspace) => workspace.name === name);
  if (!target) return say(edge, "is no workspace of this repository");
  const subpath = `.${edge.specifier.slice(name.length)}`;
  if (!target.exports.includes(subpath)) return say(edge, `is not exported by ${target.folder}`);
  if (!from) return undefined;
  if (target === from && isTestFile(edge.file)) return undefined;
  if (!ALLOWED[from.folder]?.includes(name.slice(SCOPE.length))) {
    return say(edge, `is a wrong arrow: ${from.folder} must not know ${target.folder}`);
  }
  return wrongLibrary(edge, from, workspaces);
}

function wrongLibrary(
  edge: ImportEdge,
  from: Workspace | undefined,
  workspaces: Workspace[],
): string | undefined {
  const name = packageOf(edge.specifier);
  const atBuildTime = isTestFile(edge.file) || edge.file.endsWith(".config.ts");
  const declared = [
    ...(from ?? { dependencies: workspaces.flatMap(({ dependencies }) => dependencies) })
      .dependencies,
    ...(from && !atBuildTime ? [] : rootDependencies()),
  ];
  if (declared.includes(name)) return undefined;
  return say(edge, `is not declared in ${from ? `${from.folder}/` : ""}package.json`);
}

function rootDependencies(): string[] {
  const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  return Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
}

function say(edge: ImportEdge, problem: string): string {
  return `${edge.file}:${edge.line} imports "${edge.specifier}", which ${problem}.`;
}
