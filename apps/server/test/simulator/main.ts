/** `npm run sim -- [--seed N] [--minutes M] [--turns T] [--last LINES]`: simulated servers, one seed after the other, until the time is over. */
import { parseArgs } from "node:util";
import { simulate } from "./simulate.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    minutes: { type: "string", default: "0" },
    turns: { type: "string", default: "3000" },
    last: { type: "string", default: "60" },
  },
});
const began = process.hrtime.bigint();
const minutes = () => Number(process.hrtime.bigint() - began) / 60e9;
let seed = Number(values.seed);
do {
  const report = await simulate(seed++, Number(values.turns), Number(values.last));
  process.stdout.write(`${JSON.stringify(report)}\n`);
} while (minutes() < Number(values.minutes));
