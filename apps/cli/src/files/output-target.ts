import { accessSync, constants, existsSync, realpathSync, statSync, type Stats } from "node:fs";
import path from "node:path";
import type { CommandName } from "../command-line/commands.ts";
import { UsageError } from "../command-line/usage-error.ts";

const SLUG_CHARS = 48;
/** Endings that would promise another format than what is written. */
const OTHER_FORMATS = /\.(mp4|gif|webm|mov|avi|mkv|webp|png|jpe?g|mp3|wav|json|zip|t?gz)$/i;
const JPEG = { extension: ".jpg", format: "a JPEG", endings: /^\.jpe?g$/i };
const FORMATS = {
  video: { extension: ".mp4", format: "an MP4", endings: /^\.mp4$/i },
  thumbnail: JPEG,
  spritesheet: JPEG,
  difference: JPEG,
  draft: JPEG,
  bundle: { extension: ".arc.tar", format: "a tar archive", endings: /^\.tar$/i },
} as const;
/** What is written. */
type FileKind = keyof typeof FORMATS;
/** What a take has. */
export type Variant = "video" | "thumbnail" | "spritesheet";

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
  kind: FileKind = "video",
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
  const { extension, format, endings } = FORMATS[kind];
  if (ending && !endings.test(ending))
    throw new UsageError(
      `${output} cannot be written: a ${kind} is ${format}, so its name ends in ${extension}.`,
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
  const slug = slugOf(take.parameters.prompt) || "video";
  const { extension } = FORMATS[variant];
  return `${slug}-${take.parameters.seed}${variant === "video" ? "" : `-${variant}`}${extension}`;
}

/** A text as a part of a file's name; empty when nothing of it can be one. */
export function slugOf(text: string): string {
  return text
    .toLowerCase()
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, SLUG_CHARS)
    .replaceAll(/^-+|-+$/g, "");
}

/** A path in `folder` where nothing is yet; a name nobody chose must not replace a file. */
export function freePath(folder: string, name: string): string {
  const ext = /(\.arc)?\.[^.]*$/.exec(name)?.[0] ?? "";
  const stem = name.slice(0, name.length - ext.length);
  for (let count = 1; ; count++) {
    const candidate = path.join(folder, count === 1 ? name : `${stem}-${count}${ext}`);
    if (!existsSync(candidate)) return candidate;
  }
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
