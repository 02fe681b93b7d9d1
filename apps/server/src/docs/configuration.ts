import { START_FLAGS } from "../config/command-line.ts";
import { flagOf, formOf, SETTING_NAMES, variableOf } from "../config/settings.ts";

/** docs/configuration.md */
export function configurationMarkdown(): string {
  const settings = SETTING_NAMES.map((name) => {
    const { schema, help, secret } = formOf(name);
    const value: unknown = schema.parse(undefined);
    const shown =
      value === null || (Array.isArray(value) && value.length === 0) ? "" : `\`${String(value)}\``;
    return `| \`${name}\` | \`${variableOf(name)}\` | \`${flagOf(name)}\` | ${shown} | ${help}${secret ? " (masked wherever it is shown)" : ""} |`;
  });
  const flags = Object.entries(START_FLAGS).map(
    ([name, { value, help }]) => `| \`${value ? `${name} ${value}` : name}\` | ${help} |`,
  );
  return `# Configuration

Generated from the settings' table (\`npm run gen\`). \`npm start -- --help\` shows the same, \`npm start -- --print-config\` what is in force.

A setting comes from the first of these that has it: a flag, an environment variable, the configuration file, the default. The file is
\`arc.config.json\` in the working directory, or the one that \`ARC_CONFIG\` or \`--config\` names: a JSON object of settings. A name that is not known is an
error, in all three. Relative paths in the file count from the file.

| in the file | variable | flag | default | what it is |
| --- | --- | --- | --- | --- |
${settings.join("\n")}

An address other than loopback is refused without a token. Browsers sign in at \`/login\`; every other client sends \`Authorization: Bearer <token>\`.

## This start only

| flag | what it does |
| --- | --- |
${flags.join("\n")}
`;
}
