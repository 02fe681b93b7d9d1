import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { FabricEvent, State, Take } from "@arc-fabric/contract";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type ServerProcess, startServerProcess } from "./support/server-process.ts";
import { createRealServer, TINY_MODELS } from "./support/test-server.ts";

const REQUEST = {
  prompt: "a red ball",
  seed: 21,
  num_inference_steps: 60,
  num_frames: 17,
  solver: "dpmpp_2m",
} as const;

let home: string;
let running: ServerProcess | null;
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), "arc-crash-"));
  running = null;
});
afterEach(async () => {
  running?.child.kill("SIGKILL");
  await running?.ended;
  rmSync(home, { recursive: true, force: true });
});

async function start(): Promise<string> {
  running = startServerProcess([
    "--port",
    "0",
    "--data-dir",
    path.join(home, "data"),
    "--models-dir",
    TINY_MODELS,
  ]);
  return running.ready;
}

/** Follows a session from `after` until `enough`, or the stream breaks. */
async function follow(
  url: string,
  session: string,
  after: number,
  enough: (event: FabricEvent) => boolean,
): Promise<FabricEvent[]> {
  const response = await fetch(`${url}/api/v1/sessions/${session}/events?after=${after}`);
  const events: FabricEvent[] = [];
  let text = "";
  for await (const chunk of response.body!) {
    text += Buffer.from(chunk).toString();
    const blocks = text.split("\n\n");
    text = blocks.pop()!;
    for (const block of blocks) {
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (!data) continue;
      events.push(JSON.parse(data) as FabricEvent);
      if (enough(events.at(-1)!)) return events;
    }
  }
  return events;
}

const json = async <Answer>(url: string) => (await (await fetch(url)).json()) as Answer;

it("a server that is killed with -9 at random steps loses nothing it announced; the take ends by itself with the same bytes", async () => {
  const reference = await createRealServer({ models_dir: TINY_MODELS });
  const whole = await reference.generate(REQUEST);
  const wholeStates = await reference.store.listStates(whole.id);
  await reference.close();

  let url = await start();
  const created = await fetch(`${url}/api/v1/takes`, {
    method: "POST",
    body: JSON.stringify(REQUEST),
    headers: { "content-type": "application/json" },
  });
  const { id, session_id: session } = (await created.json()) as Take;
  const seen: FabricEvent[] = [];
  const killAt = [1, 2].map((round) => 25 * (round - 1) + 1 + Math.floor(Math.random() * 25));
  const untilStep = (step: number) => (event: FabricEvent) =>
    event.type === "step.completed" && event.data.step >= step;
  const untilDecoding = (event: FabricEvent) =>
    event.type === "phase.changed" && event.data.phase === "decoding";
  for (const enough of [...killAt.map(untilStep), untilDecoding]) {
    seen.push(...(await follow(url, session, seen.length, enough)));
    running!.child.kill("SIGKILL");
    await running!.ended;
    url = await start();
    const { items } = await json<{ items: State[] }>(`${url}/api/v1/takes/${id}/states`);
    for (const event of seen)
      if (event.type === "step.completed")
        expect(items).toContainEqual(
          expect.objectContaining({ step: event.data.step, digest: event.data.digest }),
        );
  }
  seen.push(...(await follow(url, session, seen.length, ({ type }) => type === "take.completed")));

  expect(
    seen.map(({ seq }) => seq),
    `killed after steps ${killAt.join(", ")} and at decoding`,
  ).toEqual(seen.map((_, i) => i + 1));
  const take = await json<Take>(`${url}/api/v1/takes/${id}`);
  expect(take).toMatchObject({ status: "completed", error: null });
  expect(take.resumes).toBeGreaterThanOrEqual(2);
  const { items } = await json<{ items: State[] }>(`${url}/api/v1/takes/${id}/states`);
  expect(items.map(({ digest }) => digest)).toEqual(wholeStates.map(({ digest }) => digest));
  const digests = ({ artifacts }: Take) =>
    artifacts.map(({ kind, digest }) => `${kind} ${digest}`).toSorted();
  expect(digests(take)).toEqual(digests(whole));
}, 300_000);
