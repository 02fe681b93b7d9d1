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
  type TakeRequest,
  ERROR_CODES,
} from "@arc-fabric/contract";
import { createHash, randomBytes } from "node:crypto";
import { EventEmitter } from "node:events";
import { MOCK_MODEL } from "./model.ts";
import { filesOf, stripOf } from "./pictures.ts";
import { Pump } from "./pump.ts";
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
  readonly #pump = new Pump(this);
  modelStatus = MOCK_MODEL.status;
  readonly pace: Pace;

  constructor(pace: Pace) {
    this.pace = pace;
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
    this.emit(take, { type: "take.queued", data: { take_id: take.id } });
    void this.#pump.run();
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
    this.finish(take, "cancelled");
    this.emit(take, {
      type: "take.cancelled",
      data: { take_id: take.id, last_step: take.progress.step },
    });
    return this.view(take);
  }

  delete(id: string): void {
    const take = this.find(id);
    if (!isFinished(take.status)) throw new FabricError("take_active", "The take is not finished.");
    this.takes.delete(id);
    this.emit(take, { type: "take.deleted", data: { take_id: take.id } });
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
    for (let step = 1; step <= last; step++) this.storeStep(old, step, 0.12);
    if (status === "completed")
      for (const file of filesOf(old)) this.addArtifact(old, file.kind, file);
    if (status === "failed")
      old.error = toErrorRecord(
        new FabricError(
          "worker_lost",
          "The worker stopped unexpectedly at step 8, for the third time.",
          { details: { last_step: 7 } },
        ),
      );
    this.finish(old, status);
    old.finished_at = new Date(at + 3_000).toISOString();
    this.events.length = 0;
  }

  storeStep(take: Take, step: number, seconds: number): void {
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
    this.emit(take, {
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

  addArtifact(
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

  finish(take: Take, status: "completed" | "failed" | "cancelled"): void {
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

  log(take: Take, level: LogLine["level"], message: string): void {
    this.logs
      .get(take.id)
      ?.push({ at: new Date().toISOString(), level, source: "server", message });
  }

  emit(take: Take, event: NewEvent): void {
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
