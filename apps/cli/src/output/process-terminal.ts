import { createInterface } from "node:readline/promises";
import { createPaint, type Terminal } from "./terminal.ts";

const DEFAULT_COLUMNS = 80;

/** The process's own standard streams. */
export function processTerminal(process: NodeJS.Process): Terminal {
  const { stdin, stdout, stderr, env } = process;
  const dumb = env["TERM"] === "dumb";
  const redraws = stderr.isTTY === true && !dumb;
  return {
    out: (text) =>
      new Promise((resolve, reject) =>
        stdout.write(text, (error) => (error ? reject(error) : resolve())),
      ),
    err: (text) => void stderr.write(text),
    redraws,
    outIsTerminal: stdout.isTTY === true,
    inIsTerminal: stdin.isTTY === true,
    columns: () => stderr.columns || DEFAULT_COLUMNS,
    unicode: speaksUnicode(env, process.platform),
    paint: createPaint(
      !dumb &&
        (env["FORCE_COLOR"]
          ? env["FORCE_COLOR"] !== "0"
          : !env["NO_COLOR"] && stderr.isTTY === true && stdout.isTTY === true),
    ),
    async confirm(question) {
      if (!stdin.isTTY) return false;
      const lines = createInterface({ input: stdin, output: stderr });
      try {
        return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
      } finally {
        lines.close();
      }
    },
    async readAll() {
      let text = "";
      stdin.setEncoding("utf8");
      for await (const chunk of stdin) text += String(chunk);
      return text;
    },
  };
}

/** Most terminals do; a bare console says so by its locale. */
function speaksUnicode(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): boolean {
  if (platform === "win32") return Boolean(env["WT_SESSION"] ?? env["TERM_PROGRAM"]);
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"];
  return locale === undefined ? env["TERM"] !== "linux" : /utf-?8/i.test(locale);
}
