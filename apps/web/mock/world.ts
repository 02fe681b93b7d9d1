import {
  FabricError,
  isFinished,
  newId,
  toErrorRecord,
  type Artifact,
  type ErrorCode,
  type FabricEvent,
  type LiveFrame,
  type LogLine,
  type NewEvent,
  type Session,
  type State,
  type Take,
  type TakePhase,
  type TakeRequest,
  ERROR_CODES,
} from "@arc-fabric/contract";
import { createHash, randomBytes } from "node:crypto";
import { EventEmitter } from "node:events";
import { MOCK_MODEL, unknownWords } from "./model.ts";
import { filesOf, formingFrames, jpegLike, stripOf } from "./pictures.ts";
import { fillParameters, planOf, sigmasOf } from "./plan.ts";

export interface Pace {
  /** Milliseconds of a step and of the other phases. */
  stepMs: number;
  phaseMs: number;
}

interface Blob {
  mediaType: string;
  bytes: Buffer;
}

/** Everything the mock server knows, in memory: it lives on when its HTTP side is restarted. */
export class World {
  readonly takes = new Map<string, Take>();
  readonly sessions = new Map<string, Session>();
  readonly states = new Map<string, State[]>();
  readonly #strips = new Map<string, Buffer>();
  readonly logs = new Map<string, LogLine[]>();
  readonly artifacts = new Map<string, { artifact: Artifact; blob: Blob }>();
  readonly events: FabricEvent[] = [];
  readonly live = new Map<string, LiveFrame[]>();
  readonly changes = new EventEmitter().setMaxListeners(0);
  modelStatus = MOCK_MODEL.status;
  readonly #pace: Pace;
  #pumping = false;

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  create(request: TakeRequest, sessionId?: string): Take {
    refuseOnSentinel(request.prompt);
    const at = new Date().toISOString();
    const parameters = fillParameters(request, randomBytes(4).readUInt32BE());
    const session = sessionId
      ? this.sessions.get(sessionId)!
      : this.#createSession(request.prompt.slice(0, 60), at);
    const plan = planOf(parameters);
    const take: Take = {
      id: newId("take", Date.now(), randomBytes),
      session_id: session.id,
      status: "queued",
      model: MOCK_MODEL.id,
      parameters,
      plan,
      progress: {
        phase: "queued",
        step: 0,
        total_steps: plan.total_steps,
        step_seconds: null,
        remaining_seconds: null,
      },
      queue_position: null,
      error: null,
      warnings: [],
      environment: null,
      resumes: 0,
      artifacts: [],
      created_at: at,
      started_at: null,
      finished_at: null,
    };
    this.takes.set(take.id, take);
    this.states.set(take.id, []);
    this.logs.set(take.id, []);
    session.take_count++;
    this.#emit(take, { type: "take.queued", data: { take_id: take.id } });
    void this.#pump();
    return this.view(take);
  }

  view(take: Take): Take {
    const queued = [...this.takes.values()].filter(({ status }) => status === "queued");
    const position = queued.indexOf(take);
    return structuredClone({ ...take, queue_position: position < 0 ? null : position + 1 });
  }

  list(filter: {
    status?: string | undefined;
    after?: string | undefined;
    limit: number;
    order: "asc" | "desc";
  }): { items: Take[]; has_more: boolean } {
    const all = [...this.takes.values()]
      .filter(({ status }) => !filter.status || status === filter.status)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    if (filter.order === "desc") all.reverse();
    const from = filter.after ? all.findIndex(({ id }) => id === filter.after) + 1 : 0;
    return {
      items: all.slice(from, from + filter.limit).map((take) => this.view(take)),
      has_more: all.length > from + filter.limit,
    };
  }

  find(id: string): Take {
    const take = this.takes.get(id);
    if (!take) throw new FabricError("take_not_found", `There is no take ${id}.`);
    return take;
  }

  /** The picture of a step, drawn when it is first asked for; null when the step is not stored. */
  strip(id: string, step: number): Buffer | null {
    const state = this.states.get(id)?.find((candidate) => candidate.step === step);
    if (!state) return null;
    const key = `${id}/${step}`;
    const known = this.#strips.get(key) ?? stripOf(this.find(id), state.sigma);
    this.#strips.set(key, known);
    return known;
  }

  cancel(id: string): Take {
    const take = this.find(id);
    if (isFinished(take.status))
      throw new FabricError("take_not_active", `The take is already ${take.status}.`);
    this.#finish(take, "cancelled");
    this.#emit(take, {
      type: "take.cancelled",
      data: { take_id: take.id, last_step: take.progress.step },
    });
    return this.view(take);
  }

  delete(id: string): void {
    const take = this.find(id);
    if (!isFinished(take.status)) throw new FabricError("take_active", "The take is not finished.");
    this.takes.delete(id);
    this.#emit(take, { type: "take.deleted", data: { take_id: take.id } });
  }

  /** A take that ended before the mock began, for a library that is not empty. */
  addFinished(
    prompt: string,
    status: "completed" | "failed" | "cancelled",
    minutesAgo: number,
  ): void {
    const at = Date.now() - minutesAgo * 60_000;
    const take = this.create({ prompt });
    const id = newId("take", at, randomBytes);
    this.takes.delete(take.id);
    const old = {
      ...take,
      id,
      created_at: new Date(at).toISOString(),
      started_at: new Date(at + 100).toISOString(),
    };
    this.takes.set(id, old);
    this.states.set(id, []);
    this.logs.set(id, []);
    const last = status === "completed" ? old.progress.total_steps : 7;
    for (let step = 1; step <= last; step++) this.#storeStep(old, step, 0.12);
    if (status === "completed")
      for (const file of filesOf(old)) this.#addArtifact(old, file.kind, file);
    if (status === "failed")
      old.error = toErrorRecord(
        new FabricError(
          "worker_lost",
          "The worker stopped unexpectedly at step 8, for the third time.",
          { details: { last_step: 7 } },
        ),
      );
    this.#finish(old, status);
    old.finished_at = new Date(at + 3_000).toISOString();
    this.events.length = 0;
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    // A tick, so that takes made in one go are all queued before the first one starts.
    await pause(20);
    for (;;) {
      const next = [...this.takes.values()].find(({ status }) => status === "queued");
      if (!next) break;
      await this.#run(next);
    }
    this.modelStatus = "warm";
    this.#pumping = false;
  }

  async #run(take: Take): Promise<void> {
    const cold = this.modelStatus === "cold";
    const { prompt } = take.parameters;
    const stepMs = this.#pace.stepMs * (/\bslow\b/.test(prompt) ? 8 : 1);
    const breaks = /\bbreak:(\w+)/.exec(prompt)?.[1];
    take.status = "running";
    take.started_at = new Date().toISOString();
    take.environment = {
      onnxruntime: "1.30.0",
      node: process.version,
      threads: 2,
      cpu: "Mock CPU",
    };
    this.modelStatus = cold ? "starting" : "busy";
    this.live.set(take.id, []);
    this.#emit(take, {
      type: "take.started",
      data: { take_id: take.id, resumed_from_step: 0, environment: take.environment },
    });
    this.#log(take, "info", "Started on the mock worker.");
    if (cold && !(await this.#phase(take, "loading"))) return;
    this.modelStatus = "busy";
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
      this.#emit(take, {
        type: "take.warned",
        data: { take_id: take.id, warnings: take.warnings },
      });
    }
    if (!(await this.#phase(take, "denoising", 0))) return;
    for (let step = 1; step <= take.progress.total_steps; step++) {
      await pause(stepMs);
      if (take.status !== "running") return;
      if (breaks && step === 4) return this.#fail(take, breaks);
      this.#storeStep(take, step, stepMs / 1000);
      this.#showForming(take, step);
    }
    await this.#finishClip(take);
  }

  async #finishClip(take: Take): Promise<void> {
    if (!(await this.#phase(take, "decoding", 0))) return;
    const frames = formingFrames(take, 0);
    for (let from = 0; from < frames.length; from += 4) {
      await pause(this.#pace.phaseMs / 4);
      if (take.status !== "running") return;
      frames
        .slice(from, from + 4)
        .forEach((frame, i) =>
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
    for (const file of filesOf(take)) {
      const artifact = this.#addArtifact(take, file.kind, file);
      this.#emit(take, { type: "artifact.created", data: { take_id: take.id, artifact } });
    }
    this.#finish(take, "completed");
    this.#log(take, "info", "Completed.");
    this.#emit(take, { type: "take.completed", data: { take_id: take.id } });
  }

  #fail(take: Take, code: string): void {
    const known = ERROR_CODES.find((candidate) => candidate === code) ?? "generation_failed";
    take.error = toErrorRecord(
      new FabricError(
        known,
        `The mock was asked to break with ${known} at step ${take.progress.step + 1}.`,
      ),
    );
    this.#log(take, "error", take.error.message);
    this.#finish(take, "failed");
    this.#emit(take, { type: "take.failed", data: { take_id: take.id, error: take.error } });
  }

  async #phase(take: Take, phase: TakePhase, ms = this.#pace.phaseMs): Promise<boolean> {
    take.progress.phase = phase;
    this.#emit(take, { type: "phase.changed", data: { take_id: take.id, phase } });
    await pause(ms);
    return take.status === "running";
  }

  #storeStep(take: Take, step: number, seconds: number): void {
    const sigma = sigmasOf(take.plan)[step] ?? 0;
    const digest = createHash("sha256").update(`${take.id}/${step}`).digest("hex");
    this.states.get(take.id)!.push({
      take_id: take.id,
      step,
      sigma,
      bytes: 123_456,
      digest,
      derivation: digest,
      has_preview: true,
      seconds,
      model_seconds: seconds * 0.99,
      created_at: new Date().toISOString(),
    });
    take.progress = {
      ...take.progress,
      step,
      step_seconds: seconds,
      remaining_seconds: (take.progress.total_steps - step) * seconds,
    };
    this.#emit(take, {
      type: "step.completed",
      data: {
        take_id: take.id,
        step,
        total_steps: take.progress.total_steps,
        sigma,
        digest,
        seconds,
        has_preview: true,
      },
    });
  }

  #showForming(take: Take, step: number): void {
    const frames = formingFrames(take, sigmasOf(take.plan)[step] ?? 0);
    this.live.set(take.id, []);
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
    this.live.get(take.id)?.push(whole);
    this.changes.emit("live", take.id, whole);
  }

  #addArtifact(
    take: Take,
    kind: Artifact["kind"],
    file: { mediaType: string; bytes: Buffer; metadata: Record<string, unknown> },
  ): Artifact {
    const artifact: Artifact = {
      id: newId("art", Date.now(), randomBytes),
      take_id: take.id,
      kind,
      media_type: file.mediaType,
      bytes: file.bytes.length,
      digest: createHash("sha256").update(file.bytes).digest("hex"),
      metadata: file.metadata,
      created_at: new Date().toISOString(),
    };
    take.artifacts.push(artifact);
    this.artifacts.set(artifact.id, {
      artifact,
      blob: { mediaType: file.mediaType, bytes: file.bytes },
    });
    return artifact;
  }

  #finish(take: Take, status: "completed" | "failed" | "cancelled"): void {
    take.status = status;
    take.progress = { ...take.progress, phase: "done", remaining_seconds: null };
    take.finished_at = new Date().toISOString();
    this.changes.emit("finished", take.id);
  }

  #createSession(title: string, at: string): Session {
    const session: Session = {
      id: newId("ses", Date.now(), randomBytes),
      title,
      created_at: at,
      updated_at: at,
      take_count: 0,
      last_seq: 0,
    };
    this.sessions.set(session.id, session);
    return session;
  }

  #log(take: Take, level: LogLine["level"], message: string): void {
    this.logs
      .get(take.id)
      ?.push({ at: new Date().toISOString(), level, source: "server", message });
  }

  #emit(take: Take, event: NewEvent): void {
    const session = this.sessions.get(take.session_id)!;
    const last = this.events.at(-1)?.position ?? 0;
    const whole = {
      ...event,
      session_id: session.id,
      seq: ++session.last_seq,
      position: last + 1,
      at: new Date().toISOString(),
    } as FabricEvent;
    this.events.push(whole);
    this.changes.emit("event", whole);
  }
}

/** "fail:queue_full" in a prompt makes the create fail that way, so that every error can be seen by hand. */
function refuseOnSentinel(prompt: string): void {
  const code = /\bfail:(\w+)/.exec(prompt)?.[1];
  if (!code) return;
  const known =
    ERROR_CODES.find((candidate): candidate is ErrorCode => candidate === code) ?? "internal";
  const details = known === "queue_full" ? { retry_after_s: 12 } : {};
  throw new FabricError(
    known,
    known === "queue_full"
      ? "100 takes are waiting, which is the limit."
      : `The mock was asked to fail with ${known}.`,
    { details },
  );
}

const pause = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms));
