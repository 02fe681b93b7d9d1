import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type SessionId, type TakeId, isFabricError } from "@arc-fabric/contract";
import type { Engine } from "@arc-fabric/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Life, SimClock } from "./life.ts";
import { LifecycleModel, STEPS } from "./lifecycle-model.ts";
import { SeededRandom } from "./seeded-random.ts";
import { simModels } from "./sim-models.ts";

const COMMANDS = [
  "create",
  "pause",
  "resume",
  "cancel",
  "priority",
  "work",
  "work",
  "work",
  "work",
  "crash",
] as const;
type Command = (typeof COMMANDS)[number];

/** The real engine on the real store, brought to rest after every command: only the worker's next answer is still to come. */
class Subject {
  readonly ids: TakeId[] = [];
  readonly #directory = mkdtempSync(path.join(tmpdir(), "arc-lifecycle-"));
  readonly #random = new SeededRandom(1);
  readonly #clock = new SimClock();
  #life!: Life;
  #session: SessionId | null = null;

  async open(): Promise<void> {
    const directory = this.#directory;
    this.#life = await Life.open({
      directory,
      random: this.#random,
      conditions: { environment: {}, models: simModels(1) },
      logger: { debug() {}, info() {}, warn() {}, error() {} },
      clock: this.#clock,
      rates: () => ({ worker: 0, disk: 0, encoder: 0 }),
      trace: () => {},
      onEvent: () => {},
      onClaim: async () => {},
      onFault: () => {},
      onStep: () => {},
    });
    await this.call((engine) => engine.start());
  }

  /** @returns the code of the refusal, or null */
  async call(act: (engine: Engine) => Promise<unknown>): Promise<string | null> {
    const outcome = act(this.#life.engine).then(
      () => null,
      (error: unknown) => (isFabricError(error) ? error.code : String(error)),
    );
    await this.rest();
    return outcome;
  }

  async create(priority: number): Promise<void> {
    const options = { sessionId: this.#session, idempotency: null };
    // Seeds of their own: no take begins with another one's steps.
    const request = {
      prompt: "a ball",
      seed: this.ids.length,
      num_inference_steps: STEPS,
      priority,
    };
    const refused = await this.call(async (engine) => {
      const { take } = await engine.createTake(request, options);
      this.#session = take.session_id;
      this.ids.push(take.id);
    });
    expect(refused).toBeNull();
  }

  async work(): Promise<void> {
    let isFirst = true;
    await this.#life.turns.runWithout((name) => {
      const goes = name.startsWith("worker.") && isFirst;
      if (goes) isFirst = false;
      return name.startsWith("worker.") && !goes;
    });
    await this.rest();
  }

  async crash(): Promise<void> {
    await this.#life.turns.die();
    await this.#life.close();
    await this.open();
  }

  async rest(): Promise<void> {
    await this.#life.turns.runWithout((name) => name.startsWith("worker."));
  }

  async takes() {
    return Promise.all(this.ids.map((id) => this.#life.store.getTake(id)));
  }

  async close(): Promise<void> {
    await this.#life.turns.die();
    await this.#life.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

async function obey(
  command: Command,
  pick: number,
  subject: Subject,
  model: LifecycleModel,
): Promise<void> {
  const index = pick % (model.takes.length || 1);
  const [take, id] = [model.takes[index], subject.ids[index]];
  const priority = (pick % 3) - 1;
  if (command === "create") {
    await subject.create(priority);
    return model.create(priority);
  }
  if (command === "work") {
    await subject.work();
    return model.work();
  }
  if (command === "crash") {
    await subject.crash();
    return model.crash();
  }
  if (!take || !id) return;
  switch (command) {
    case "pause":
      expect(await subject.call((engine) => engine.pauseTake(id))).toBe(model.pause(take));
      return;
    case "resume":
      expect(await subject.call((engine) => engine.resumeTake(id))).toBe(model.resume(take));
      return;
    case "cancel":
      expect(await subject.call((engine) => engine.cancelTake(id))).toBe(model.cancel(take));
      return;
    case "priority":
      expect(await subject.call((engine) => engine.updateTake(id, { priority }))).toBe(
        model.setPriority(take, priority),
      );
  }
}

test(
  "after any commands every take stands where a model of a few lines says: pause and preemption after the present step, cancel at once, no step lost by any of them or by a crash",
  { timeout: 120_000 },
  async () => {
    const scripts = fc.array(fc.tuple(fc.constantFrom(...COMMANDS), fc.nat(11)), {
      minLength: 5,
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(scripts, async (script) => {
        const subject = new Subject();
        const model = new LifecycleModel();
        await subject.open();
        try {
          for (const [command, pick] of script) {
            if (command === "create" && model.takes.length === 6) continue;
            await obey(command, pick, subject, model);
            expect(
              (await subject.takes()).map((take) => ({
                status: take!.status,
                step: take!.progress.step,
                marked: take!.pause_requested,
                priority: take!.priority,
              })),
              `after ${command} ${pick}`,
            ).toEqual(
              model.takes.map(({ status, step, marked, priority }) => ({
                status,
                step,
                marked,
                priority,
              })),
            );
          }
        } finally {
          await subject.close();
        }
      }),
      { numRuns: 40 },
    );
  },
);
