import { accessSync, constants, existsSync, realpathSync, statSync, type Stats } from "node:fs";
import path from "node:path";
import type { CommandName } from "../command-line/commands.ts";
import { UsageError } from "../command-line/usage-error.ts";

const SLUG_CHARS = 48;
/** Endings that would promise another format than what is written. */
const OTHER_FORMATS = /\.(gif|webm|mov|avi|mkv|webp|png|jpe?g|mp3|wav|json)$/i;
const EXTENSIONS = { video: ".mp4", thumbnail: ".jpg", spritesheet: ".jpg" } as const;
export type Variant = keyof typeof EXTENSIONS;

export type OutputTarget =
  | { readonly type: "stdout" }
  | {
      readonly type: "file";
      readonly path: string;
      /** A device or pipe is written to, not replaced. */ readonly special: boolean;
    }
  /** The name is made from the take. */
  | { readonly type: "folder"; readonly path: string };

/**
 * Where -o points to, checked before any work is done.
 * @throws UsageError when the folder is missing or not writable, or the ending promises another format
 */
export function outputTarget(
  command: CommandName,
  output: string | undefined,
  userDirectory: string,
  variant: Variant = "video",
): OutputTarget {
  if (output === "-") return { type: "stdout" };
  const target = path.resolve(userDirectory, output ?? ".");
  const stats = statOrNull(target);
  if (stats?.isDirectory()) {
    checkWritable(command, target);
    return { type: "folder", path: target };
  }
  if (output?.endsWith("/") || output?.endsWith(path.sep))
    throw new UsageError(
      `There is no folder ${target}. Create it first: mkdir -p ${quoted(target)}`,
      command,
    );
  const ending = OTHER_FORMATS.exec(target)?.[0];
  if (ending && !sameFormat(ending, variant))
    throw new UsageError(
      `${output} cannot be written: a ${variant} is ${EXTENSIONS[variant] === ".mp4" ? "an MP4" : "a JPEG"}, so its name ends in ${EXTENSIONS[variant]}.`,
      command,
    );
  const folder = path.dirname(target);
  if (!statOrNull(folder)?.isDirectory())
    throw new UsageError(
      `There is no folder ${folder}. Create it first: mkdir -p ${quoted(folder)}`,
      command,
    );
  if (stats && !stats.isFile()) return { type: "file", path: target, special: true };
  checkWritable(command, folder);
  // A link keeps pointing where it points; the file behind it is replaced.
  return { type: "file", path: stats ? realpathSync(target) : target, special: false };
}

/** A name for a take's file: from the prompt, with the seed, so that another seed is another file. */
export function fileNameOf(
  take: { parameters: { prompt: string; seed: number } },
  variant: Variant,
): string {
  const slug = take.parameters.prompt
    .toLowerCase()
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, SLUG_CHARS)
    .replaceAll(/^-+|-+$/g, "");
  return `${slug || "video"}-${take.parameters.seed}${variant === "video" ? "" : `-${variant}`}${EXTENSIONS[variant]}`;
}

/** A path in `folder` where nothing is yet; a name nobody chose must not replace a file. */
export function freePath(folder: string, name: string): string {
  const { name: stem, ext } = path.parse(name);
  for (let count = 1; ; count++) {
    const candidate = path.join(folder, count === 1 ? name : `${stem}-${count}${ext}`);
    if (!existsSync(candidate)) return candidate;
  }
}

function sameFormat(ending: string, variant: Variant): boolean {
  return EXTENSIONS[variant] === ".jpg" && /^\.jpe?g$/i.test(ending);
}

function checkWritable(command: CommandName, folder: string): void {
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    throw new UsageError(
      `The folder ${folder} cannot be written. Choose another place with -o.`,
      command,
    );
  }
}

function statOrNull(target: string): Stats | null {
  return statSync(target, { throwIfNoEntry: false }) ?? null;
}

const quoted = (text: string) =>
  /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
