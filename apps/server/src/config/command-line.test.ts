import { expect, it } from "vitest";
import { helpText, parseCommandLine, START_FLAGS } from "./command-line.ts";
import { flagOf, SETTING_NAMES } from "./settings.ts";

it("reads settings with and without an equals sign, and the flags of this start", () => {
  expect(
    parseCommandLine(["--port", "0", "--data-dir=/x", "--no-studio-build", "--config", "c.json"]),
  ).toEqual({
    settings: { port: "0", data_dir: "/x" },
    configFile: "c.json",
    studioBuild: false,
    exitWithStdin: false,
    action: "serve",
  });
});

it.each([
  [["--prot", "1"], 'no flag --prot. Did you mean "--port"?'],
  [["--no-studio-biuld"], 'Did you mean "--no-studio-build"?'],
  [["--port"], "--port needs a value"],
  [["serve"], '"serve" is not a flag'],
])("says what is wrong with %j", (args, message) => {
  expect(() => parseCommandLine(args)).toThrow(message);
});

it("lists every setting and flag in the help", () => {
  const help = helpText();
  for (const name of [...SETTING_NAMES.map(flagOf), ...Object.keys(START_FLAGS)])
    expect(help).toContain(name);
});
