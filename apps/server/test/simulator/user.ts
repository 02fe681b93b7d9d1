import {
  type Area,
  type DeriveRequestInput,
  deriveRequestSchema,
  type SessionId,
  type Solver,
  type TakeId,
  type TakeRequest,
} from "@arc-fabric/contract";
import type { Engine } from "@arc-fabric/core";
import type { SeededRandom } from "./seeded-random.ts";
import type { LedgerStream, LedgerTake } from "./take-ledger.ts";

/** What a person sees when they choose what to do. */
export interface View {
  readonly takes: readonly LedgerTake[];
  readonly sessions: readonly SessionId[];
  /** Digests of uploaded pictures. */
  readonly files: readonly string[];
  readonly streams: readonly LedgerStream[];
}

export interface Action {
  readonly name: string;
  /** The take it is about. */
  readonly take?: TakeId | undefined;
  /** The session whose waiting takes it may change without naming them. */
  readonly session?: SessionId | undefined;
  act(engine: Engine): Promise<unknown>;
}

const PROMPTS = ["a red ball", "a red ball", "an unseen thing"] as const;

/** What a person does next: anything that the API allows, and some things that it refuses. */
export function randomAction(random: SeededRandom, view: View): Action {
  const kind = random.below(100);
  const take = random.pick(view.takes);
  const active = random.pick(
    view.takes.filter(({ status }) => ["queued", "running", "paused"].includes(status)),
  );
  if (!take || kind < 20) return create(random, view);
  if (kind < 50) return derive(random, view, take.id);
  if (kind < 55) return stream(random, view, take);
  if (kind < 80 && active) return control(random, active);
  if (kind < 84) return upload(random);
  return tidy(random, view, take);
}

function create(random: SeededRandom, { sessions, files }: View): Action {
  const steps = random.pick([2, 4, 4, 5]);
  const cut = 1 + random.below(3);
  const hybrid = random.chance(0.2) && steps > cut;
  const picture = random.chance(0.15) ? random.pick(files) : undefined;
  const request: TakeRequest = {
    prompt: random.pick(PROMPTS),
    seed: random.below(2),
    model: random.pick(["sim-a", "sim-a", "sim-b", "sim-c"]),
    num_inference_steps: steps,
    solver: random.pick<Solver>(["euler", "dpmpp_2m"]),
    guidance_scale: random.pick([1, 4, 4, 4]),
    priority: random.pick([0, 0, 0, 1, -1, 5]),
    ...(random.chance(0.1) && { frame_lag: 1 }),
    ...(random.chance(0.1) && { reuse: false }),
    ...(random.chance(0.2) && { num_frames: 17 }),
    ...(random.chance(0.15) && { cache: { start: 0, end: steps, interval: 2 } }),
    ...(picture && random.chance(0.5) && { first_frame: picture }),
    ...(picture && { last_frame: picture }),
    ...(hybrid && {
      model: "sim-a",
      stages: [
        { model: "sim-a", steps: cut },
        { model: "sim-b", steps: steps - cut },
      ],
    }),
  };
  const sessionId = random.chance(0.8) ? (random.pick(sessions) ?? null) : null;
  return {
    name: "create",
    act: (engine) => engine.createTake(request, { sessionId, idempotency: null }),
  };
}

function derive(random: SeededRandom, view: View, id: TakeId): Action {
  const derived = derivedRequest(random, view);
  const hasPrompt = derived.kind !== "finalize" && derived.kind !== "concatenate";
  const request = deriveRequestSchema.parse({
    ...derived,
    ...(hasPrompt && random.chance(0.3) && { prompt: random.pick(PROMPTS) }),
    ...(random.chance(0.3) && { priority: random.pick([-1, 1, 5]) }),
  });
  return {
    name: `derive ${request.kind}`,
    take: id,
    act: (engine) => engine.deriveTake(id, request, { idempotency: null }),
  };
}

function derivedRequest(random: SeededRandom, view: View): DeriveRequestInput {
  const seed = random.below(2);
  switch (random.below(10)) {
    case 0:
    case 1:
    case 2:
      return fork(random);
    case 3:
    case 4:
      return edit(random, view);
    case 5:
      return {
        kind: "extend",
        direction: random.pick(["forward", "backward"]),
        num_frames: random.pick([4, 8, 16]),
        num_inference_steps: 1 + random.below(3),
        seed,
      };
    case 6:
      return { kind: "insert", at_frame: 1 + 4 * random.below(3), num_frames: 8, seed };
    case 7:
      return { kind: "loop", num_frames: 4, seed };
    case 8:
      return random.chance(0.3)
        ? { kind: "finalize" }
        : { kind: "continue", num_frames: random.pick([4, 8]), num_inference_steps: 2, seed };
    default:
      return { kind: "concatenate", takes: [random.pick(view.takes)!.id] };
  }
}

function fork(random: SeededRandom): DeriveRequestInput {
  const at = random.below(5);
  return {
    kind: "fork",
    at_step: at,
    ...(random.chance(0.3) && { solver: random.pick<Solver>(["euler", "dpmpp_2m"]) }),
    ...(random.chance(0.2) && { model: random.pick(["sim-a", "sim-b", "sim-c"]) }),
    ...(random.chance(0.2) && { history: random.pick(["carry", "reset"]) }),
    ...(random.chance(0.3) && { remaining_steps: 1 + random.below(3) }),
    ...(random.chance(0.2) && { guidance_scale: random.pick([1, 2, 4]) }),
    ...(random.chance(0.2) && { cache: { start: at, end: at + 3, interval: 2 } }),
    ...(at === 0 && random.chance(0.5) && { seed: random.below(2) }),
  };
}

function edit(random: SeededRandom, { files }: View): DeriveRequestInput {
  const from = random.below(9);
  const brush = random.pick(files);
  const areas: Area[] = [
    { shape: "rectangle", x: 25 * random.below(3), y: 0, width: 40, height: 60 },
    {
      shape: "polygon",
      points: [
        [0, 0],
        [100, 0],
        [50, 60],
      ],
    },
  ];
  if (brush) areas.push({ shape: "brush", file: brush });
  return {
    kind: "edit",
    seed: random.below(2),
    ...(random.chance(0.5) && { frames: [from, from + 1 + random.below(8)] as [number, number] }),
    ...(random.chance(0.6) && { area: random.pick(areas)! }),
    ...(random.chance(0.3) && { feather: 25 }),
    ...(random.chance(0.5) && { strength: random.pick([0.3, 0.5, 0.8, 1]) }),
  };
}

/** Pause, resume, cancel and the like. */
function control(random: SeededRandom, take: LedgerTake): Action {
  const { id } = take;
  const resumes = take.status === "paused" && random.chance(0.7);
  const name = resumes
    ? "resume"
    : random.pick(["pause", "pause", "pause", "resume", "cancel", "priority", "draft"]);
  const act = (engine: Engine): Promise<unknown> => {
    switch (name) {
      case "pause":
        return engine.pauseTake(id);
      case "resume":
        return engine.resumeTake(id);
      case "cancel":
        return engine.cancelTake(id);
      case "draft":
        return engine.draftState(id, 1);
      default:
        return engine.updateTake(id, { priority: take.step % 3 });
    }
  };
  return { name, take: id, act };
}

function stream(random: SeededRandom, { streams }: View, take: LedgerTake): Action {
  const known = random.pick(streams);
  if (!known || random.chance(0.25)) return beginStream(random);
  const { id, session } = known;
  const to = random.pick([...known.blocks]) ?? take.id;
  const name = random.pick(["update", "pause", "resume", "resume", "rewind", "rewind", "finalize"]);
  const prompt = random.pick(PROMPTS);
  const act = ({ streams: keeper }: Engine): Promise<unknown> => {
    switch (name) {
      case "update":
        return keeper.update(id, { prompt, max_blocks: 4 });
      case "pause":
        return keeper.pause(id);
      case "resume":
        return keeper.resume(id);
      case "rewind":
        return keeper.rewind(id, to);
      default:
        return keeper.finalize(id, null);
    }
  };
  return { name: `stream ${name}`, session, act };
}

function beginStream(random: SeededRandom): Action {
  const request = {
    prompt: random.pick(PROMPTS),
    model: "sim-a",
    seed: random.below(2),
    num_inference_steps: 2,
    max_blocks: 1 + random.below(3),
    block_frames: random.pick([4, 8]),
  };
  return { name: "stream begin", act: (engine) => engine.streams.create(request, null) };
}

function upload(random: SeededRandom): Action {
  const picture = Uint8Array.of(random.below(4), random.below(4));
  return { name: "upload", act: (engine) => engine.addFile(picture, "picture.png") };
}

/** Delete, thin, label, tag, compare. */
function tidy(random: SeededRandom, view: View, take: LedgerTake): Action {
  const { id, session } = take;
  const step = 1 + random.below(4);
  const label = random.chance(0.5) ? "here" : null;
  const other = random.pick(view.takes)!.id;
  const keep_every = 2 + random.below(3);
  const name = random.pick(["delete", "delete", "thin", "label", "tag", "head", "compare"]);
  const act = (engine: Engine): Promise<unknown> => {
    switch (name) {
      case "delete":
        return engine.deleteTake(id);
      case "thin":
        return engine.thinStates({ keep_every, dry_run: step === 4 });
      case "label":
        return engine.labelState(id, step, label);
      case "tag":
        return engine.updateTake(id, { tags: ["seen"], title: "A title" });
      case "head":
        return engine.updateSession(session, { head_take_id: id });
      default:
        return engine.compareTakes(id, other);
    }
  };
  return { name, take: id, act };
}
