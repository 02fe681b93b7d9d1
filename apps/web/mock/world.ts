import {
  FabricError,
  isFinished,
  newId,
  toErrorRecord,
  type Artifact,
  type DeriveRequest,
  type FabricEvent,
  type LiveFrame,
  type LogLine,
  type NewEvent,
  type Origin,
  type Plan,
  type Session,
  type State,
  type Take,
  type TakeParameters,
  type TakeRequest,
  type UploadedFile,
} from "@arc-fabric/contract";
import { createHash, randomBytes } from "node:crypto";
import { EventEmitter } from "node:events";
import { MOCK_MODEL } from "./model.ts";
import { derivedDrawing, drawingOf, type Drawing } from "./drawing.ts";
import { filesOf, stripOf } from "./pictures.ts";
import { chainOf, derive } from "./derive.ts";
import { fillParameters, plannedOf, planOf } from "./plan.ts";
import { proofOf } from "./proof.ts";
import { Pump } from "./pump.ts";
import { refuseOnSentinel } from "./sentinel.ts";
import { Streams } from "./streams.ts";

export interface Pace {
  /** Milliseconds of a step and of the other phases. */
  stepMs: number;
  phaseMs: number;
}

type Content = Pick<ReturnType<typeof filesOf>[number], "mediaType" | "bytes">;

/** Everything the mock server knows, in memory: it lives on when its HTTP side is restarted. */
export class World {
  readonly takes = new Map<string, Take>();
  readonly sessions = new Map<string, Session>();
  readonly states = new Map<string, State[]>();
  readonly #strips = new Map<string, Buffer>();
  readonly #drawings = new Map<string, Drawing>();
  readonly files = new Map<string, UploadedFile>();
  readonly logs = new Map<string, LogLine[]>();
  readonly artifacts = new Map<string, { artifact: Artifact; blob: Content }>();
  readonly events: FabricEvent[] = [];
  readonly live = new Map<string, LiveFrame[]>();
  readonly changes = new EventEmitter().setMaxListeners(0);
  readonly streams = new Streams(this);
  readonly #pump = new Pump(this);
  modelStatus = MOCK_MODEL.status;
  readonly pace: Pace;

  constructor(pace: Pace) {
    this.pace = pace;
  }

  create(request: TakeRequest, sessionId?: string): Take {
    refuseOnSentinel(request.prompt);
    const parameters = fillParameters(request, randomBytes(4).readUInt32BE());
    const session = sessionId
      ? this.findSession(sessionId)
      : this.createSession(request.prompt.slice(0, 60));
    const plan = planOf(parameters);
    const estimate = plannedOf(parameters, plan, 0).estimate;
    const take = this.#add({
      session,
      parameters,
      plan,
      estimate,
      drawing: drawingOf(parameters),
      title: request.title ?? null,
      priority: request.priority ?? 0,
    });
    void this.#pump.run();
    return this.view(take);
  }

  derive(parentId: string, request: DeriveRequest): Take {
    const parent = this.find(parentId);
    if ("prompt" in request && request.prompt) refuseOnSentinel(request.prompt);
    const { planned, inherited } = derive(parent, request, this);
    const others =
      request.kind === "concatenate"
        ? request.takes
        : request.kind === "finalize" || request.kind === "continue"
          ? chainOf(parent, this)
          : [];
    const take = this.#add({
      session: this.findSession(parent.session_id),
      parameters: planned.parameters,
      plan: planned.plan,
      estimate: planned.estimate,
      drawing: derivedDrawing(
        request,
        planned.parameters,
        this.drawing(parentId),
        others.map((id) => this.drawing(id)),
      ),
      parent,
      origin: request,
      title: request.title ?? null,
      priority: request.priority ?? parent.priority,
    });
    const rows = this.states.get(parentId)!.filter(({ step }) => step <= inherited);
    this.states.set(
      take.id,
      rows.map((row) => ({ ...row, take_id: take.id, label: null, reused: true })),
    );
    take.steps_reused = inherited;
    take.progress.step = inherited;
    void this.#pump.run();
    return this.view(take);
  }

  #add(given: {
    session: Session;
    parameters: TakeParameters;
    plan: Plan;
    estimate: Take["estimate"];
    drawing: Drawing;
    title: string | null;
    priority: number;
    parent?: Take;
    origin?: Origin;
  }): Take {
    const { session, parent, drawing, origin, parameters, plan, ...rest } = given;
    const take: Take = {
      id: newId("take", Date.now(), randomBytes),
      session_id: session.id,
      parent_id: parent?.id ?? null,
      origin: origin ?? { kind: "generate" },
      tags: [],
      status: "queued",
      pause_requested: false,
      model: parameters.model,
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
      environment_changes: [],
      resumes: 0,
      steps_reused: 0,
      proof: null,
      artifacts: [],
      created_at: new Date().toISOString(),
      started_at: null,
      finished_at: null,
      ...rest,
    };
    this.takes.set(take.id, take);
    this.#drawings.set(take.id, drawing);
    this.states.set(take.id, []);
    this.logs.set(take.id, []);
    session.take_count++;
    this.emit(take, { type: "take.queued", data: { take_id: take.id } });
    return take;
  }

  drawing(id: string): Drawing {
    return this.#drawings.get(id)!;
  }

  findSession(id: string): Session {
    const session = this.sessions.get(id);
    if (!session) throw new FabricError("session_not_found", `There is no session ${id}.`);
    return session;
  }

  runQueue(): void {
    void this.#pump.run();
  }

  view(take: Take): Take {
    const queued = [...this.takes.values()].filter(({ status }) => status === "queued");
    const position = queued.indexOf(take);
    return structuredClone({ ...take, queue_position: position < 0 ? null : position + 1 });
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
    const known = this.#strips.get(key) ?? stripOf(this.drawing(id), state.sigma);
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
    const children = [...this.takes.values()].filter(({ parent_id }) => parent_id === id);
    if (children.length > 0)
      throw new FabricError(
        "take_in_use",
        `${children.length === 1 ? "A take was" : `${children.length} takes were`} made from this one.`,
        { details: { takes: children.map((child) => child.id) } },
      );
    this.takes.delete(id);
    this.findSession(take.session_id).take_count--;
    this.emit(take, { type: "take.deleted", data: { take_id: take.id } });
  }

  /** Ends a take at once, as if that had been some time ago: for a library that is not empty. */
  endAt(id: string, status: "completed" | "failed" | "cancelled", minutesAgo: number): Take {
    const at = Date.now() - minutesAgo * 60_000;
    const take = this.find(id);
    take.created_at = new Date(at).toISOString();
    take.started_at = new Date(at + 100).toISOString();
    const last = status === "completed" ? take.progress.total_steps : 7;
    for (let step = take.steps_reused + 1; step <= last; step++) this.storeStep(take, step, 0.12);
    if (status === "completed") this.complete(take);
    if (status === "failed")
      take.error = toErrorRecord(
        new FabricError(
          "worker_lost",
          "The worker stopped unexpectedly at step 8, for the third time.",
          { details: { last_step: 7 } },
        ),
      );
    if (status !== "completed") this.finish(take, status);
    take.finished_at = new Date(at + 3_000).toISOString();
    return take;
  }

  /** A take of a session of its own that ended before the mock began. */
  addFinished(
    prompt: string,
    status: "completed" | "failed" | "cancelled",
    minutesAgo: number,
  ): void {
    const { id } = this.create({ prompt });
    const take = this.endAt(id, status, minutesAgo);
    this.#rename(take, newId("take", Date.parse(take.created_at), randomBytes));
    this.events.length = 0;
  }

  /** Lists go by id, and ids by time. */
  #rename(take: Take, id: Take["id"]): void {
    for (const map of [this.takes, this.states, this.logs, this.#drawings] as Map<
      string,
      unknown
    >[]) {
      map.set(id, map.get(take.id));
      map.delete(take.id);
    }
    take.id = id;
  }

  /** Files, the proof of an edit, and the end. */
  complete(take: Take): void {
    for (const file of filesOf(take, this.drawing(take.id))) {
      const artifact = this.addArtifact(take, file.kind, file);
      this.emit(take, { type: "artifact.created", data: { take_id: take.id, artifact } });
    }
    const proof = proofOf(take);
    if (proof) {
      take.proof = proof;
      this.emit(take, { type: "take.proved", data: { take_id: take.id, proof } });
    }
    this.finish(take, "completed");
    this.emit(take, { type: "take.completed", data: { take_id: take.id } });
  }

  storeStep(take: Take, step: number, seconds: number): void {
    const sigma = take.plan.schedule.sigmas[step] ?? 0;
    const digest = createHash("sha256").update(`${take.id}/${step}`).digest("hex");
    this.states.get(take.id)!.push({
      take_id: take.id,
      step,
      sigma,
      bytes: 123_456,
      digest,
      derivation: digest,
      has_preview: true,
      label: null,
      reused: false,
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

  createSession(title: string): Session {
    const at = new Date().toISOString();
    const session: Session = {
      id: newId("ses", Date.now(), randomBytes),
      title,
      head_take_id: null,
      created_at: at,
      updated_at: at,
      take_count: 0,
      last_seq: 0,
    };
    this.sessions.set(session.id, session);
    return session;
  }

  log(take: Take, level: LogLine["level"], message: string): void {
    const at = new Date().toISOString();
    this.logs.get(take.id)?.push({ at, level, source: "server", message });
  }

  emit({ session_id }: Pick<Take, "session_id">, event: NewEvent): void {
    const session = this.sessions.get(session_id)!;
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
