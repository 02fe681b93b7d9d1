/** `npm run crash -- [--points N] [--seed S]`: kill -9 of worker and of server at N random moments each. */
import { parseArgs } from "node:util";
import { crashSuite } from "./crash-suite.ts";

const { values } = parseArgs({
  options: { seed: { type: "string", default: "1" }, points: { type: "string", default: "50" } },
});
const report = await crashSuite({
  seed: Number(values.seed),
  points: Number(values.points),
  onPoint: ({ victim, after, delayMs }, count) =>
    process.stdout.write(`${count}: ${victim} killed ${delayMs} ms after ${after}\n`),
});
const { points, ...rest } = report;
process.stdout.write(`${JSON.stringify({ ...rest, kills: points.length })}\nNothing was lost.\n`);
