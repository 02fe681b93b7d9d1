export { cliReference } from "./command-line/cli-reference.ts";
