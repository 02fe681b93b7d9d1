import { existsSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { startMockServer } from "./mock-server.ts";
import { seedLibrary, seedSession } from "./seed.ts";
import { World } from "./world.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "8000" },
    takes: { type: "string", default: "30" },
    "step-ms": { type: "string", default: "250" },
    token: { type: "string" },
  },
});
const world = new World({ stepMs: Number(values["step-ms"]), phaseMs: 600 });
seedLibrary(world, Number(values.takes));
if (Number(values.takes) > 0) seedSession(world);
const dist = path.resolve(import.meta.dirname, "../dist");
const { url } = await startMockServer({
  world,
  port: Number(values.port),
  studio: existsSync(dist) ? dist : null,
  ...(values.token && { token: values.token }),
});
console.log(
  `The mock server is at ${url}. Prompts with "fail:queue_full" or "break:worker_lost" show errors, "slow" takes its time.`,
);
