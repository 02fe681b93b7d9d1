// Plain JavaScript on purpose: it has to run, and explain itself, on the Node that is too old for the rest.
import { readFileSync } from "node:fs";

const { engines } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
const [major, minor] = engines.node.match(/\d+/g).map(Number);
const [hasMajor, hasMinor] = process.versions.node.split(".").map(Number);

if (hasMajor < major || (hasMajor === major && hasMinor < minor)) {
  console.error(
    `Arc Fabric needs Node ${major}.${minor} or newer, but ${process.execPath} is ${process.version}.\n` +
      "The repository brings its own Node: run `npm ci` with install scripts allowed, then start this through " +
      "an npm script (`npm start`, `npm test`, `npm run arc -- …`), which puts that Node first on the path.",
  );
  process.exit(1);
}
