import {
  ERROR_CODES,
  FabricError,
  toErrorRecord,
  type LiveFrame,
  type Take,
  type TakePhase,
} from "@arc-fabric/contract";
import { MOCK_MODEL, unknownWords } from "./model.ts";
import { framesOf, jpegLike } from "./pictures.ts";
import type { World } from "./world.ts";

/** Runs the queued takes one after the other, at the world's pace. */
export class Pump {
  readonly #world: World;
  #pumping = false;

  constructor(world: World) {
    this.#world = world;
  }

  async run(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    // A tick, so that takes made in one go are all queued before the first one starts.
    await pause(20);
    for (;;) {
      const next = [...this.#world.takes.values()]
        .filter(({ status }) => status === "queued")
        .reduce<Take | null>(
          (best, take) => (best && best.priority >= take.priority ? best : take),
          null,
        );
      if (!next) break;
      await this.#run(next);
    }
    this.#world.modelStatus = "warm";
    this.#pumping = false;
  }

  async #run(take: Take): Promise<void> {
    const cold = this.#world.modelStatus === "cold";
    const { prompt } = take.parameters;
    const times = /\bslow\b/.test(prompt) ? 20 : 1;
    const breaks = /\bbreak:(\w+)/.exec(prompt)?.[1];
    take.status = "running";
    take.started_at = new Date().toISOString();
    take.environment = {
      onnxruntime: "1.30.0",
      node: process.version,
      threads: 2,
      cpu: "Mock CPU",
    };
    this.#world.modelStatus = cold ? "starting" : "busy";
    this.#world.live.set(take.id, []);
    this.#world.emit(take, {
      type: "take.started",
      data: {
        take_id: take.id,
        resumed_from_step: take.progress.step,
        environment: take.environment,
      },
    });
    this.#world.log(take, "info", "Started on the mock worker.");
    if (cold && !(await this.#phase(take, "loading"))) return;
    this.#world.modelStatus = "busy";
    if (!(await this.#phase(take, "encoding"))) return;
    const words = unknownWords(prompt);
    if (words.length > 0) {
      take.warnings = [
        {
          code: "unknown_words",
          message: `${MOCK_MODEL.name} does not know: ${words.join(", ")}.`,
          words,
        },
      ];
      this.#world.emit(take, {
        type: "take.warned",
        data: { take_id: take.id, warnings: take.warnings },
      });
    }
    if (!(await this.#phase(take, "denoising", 0))) return;
    for (let step = take.progress.step + 1; step <= take.progress.total_steps; step++) {
      const stepMs = this.#world.pace.stepMs * times;
      await pause(stepMs);
      if (take.status !== "running") return;
      if (take.pause_requested) return this.#pause(take);
      if (breaks && step === 4) return this.#fail(take, breaks);
      this.#world.storeStep(take, step, stepMs / 1000);
      this.#showForming(take, step);
    }
    await this.#finishClip(take);
  }

  async #finishClip(take: Take): Promise<void> {
    if (!(await this.#phase(take, "decoding", 0))) return;
    const frames = framesOf(this.#world.drawing(take.id), 0);
    for (let from = 0; from < frames.length; from += 4) {
      await pause(this.#world.pace.phaseMs / 4);
      if (take.status !== "running") return;
      frames.slice(from, from + 4).forEach((frame, i) =>
        this.#sendLive(take, {
          kind: "frame",
          frameIndex: from + i,
          frameCount: frames.length,
          step: 0,
          data: jpegLike(frame),
        }),
      );
    }
    if (!(await this.#phase(take, "finishing"))) return;
    this.#world.log(take, "info", "Completed.");
    this.#world.complete(take);
  }

  /** The step that was at work is stored first, so none is lost. */
  #pause(take: Take): void {
    this.#world.storeStep(take, take.progress.step + 1, this.#world.pace.stepMs / 1000);
    take.status = "paused";
    take.pause_requested = false;
    take.progress = { ...take.progress, phase: "queued", remaining_seconds: null };
    this.#world.emit(take, {
      type: "take.paused",
      data: { take_id: take.id, last_step: take.progress.step },
    });
  }

  #fail(take: Take, code: string): void {
    const known = ERROR_CODES.find((candidate) => candidate === code) ?? "generation_failed";
    take.error = toErrorRecord(
      new FabricError(
        known,
        `The mock was asked to break with ${known} at step ${take.progress.step + 1}.`,
      ),
    );
    this.#world.log(take, "error", take.error.message);
    this.#world.finish(take, "failed");
    this.#world.emit(take, { type: "take.failed", data: { take_id: take.id, error: take.error } });
  }

  async #phase(take: Take, phase: TakePhase, ms = this.#world.pace.phaseMs): Promise<boolean> {
    take.progress.phase = phase;
    this.#world.emit(take, { type: "phase.changed", data: { take_id: take.id, phase } });
    await pause(ms);
    return take.status === "running";
  }

  #showForming(take: Take, step: number): void {
    const sigma = take.plan.schedule.sigmas[step] ?? 0;
    const frames = framesOf(this.#world.drawing(take.id), sigma);
    this.#world.live.set(take.id, []);
    frames.forEach((frame, frameIndex) =>
      this.#sendLive(take, {
        kind: "preview",
        frameIndex,
        frameCount: frames.length,
        step,
        data: jpegLike(frame),
      }),
    );
  }

  #sendLive(take: Take, frame: Omit<LiveFrame, "codec" | "producedAtMs" | "fps">): void {
    const whole: LiveFrame = {
      codec: "jpeg",
      producedAtMs: Date.now(),
      fps: take.parameters.fps,
      ...frame,
    };
    this.#world.live.get(take.id)?.push(whole);
    this.#world.changes.emit("live", take.id, whole);
  }
}

const pause = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms));
