import {
  FabricError,
  isFinished,
  type Comparison,
  type Session,
  type State,
  type Storage,
  type Take,
  type TakeParameters,
} from "@arc-fabric/contract";
import { createHash } from "node:crypto";
import { framesOf, stripOfFrames } from "./pictures.ts";
import type { World } from "./world.ts";

export function pauseTake(world: World, id: string): Take {
  const take = world.find(id);
  if (isFinished(take.status) || take.status === "paused")
    throw new FabricError("take_not_active", `The take is ${take.status}.`);
  if (take.status === "queued") {
    take.status = "paused";
    world.emit(take, {
      type: "take.paused",
      data: { take_id: take.id, last_step: take.progress.step },
    });
  } else {
    take.pause_requested = true;
    world.emit(take, { type: "take.pause_requested", data: { take_id: take.id } });
  }
  return world.view(take);
}

export function resumeTake(world: World, id: string): Take {
  const take = world.find(id);
  if (take.status !== "paused" && !take.pause_requested)
    throw new FabricError("take_not_paused", `The take is ${take.status}.`);
  if (take.status === "paused") take.status = "queued";
  take.pause_requested = false;
  world.emit(take, {
    type: "take.resumed",
    data: { take_id: take.id, last_step: take.progress.step },
  });
  world.runQueue();
  return world.view(take);
}

export function updateTake(
  world: World,
  id: string,
  changes: { title?: string | null; tags?: string[]; priority?: number },
): Take {
  const take = world.find(id);
  Object.assign(take, changes);
  const { title, tags, priority } = take;
  world.emit(take, { type: "take.changed", data: { take_id: take.id, title, tags, priority } });
  return world.view(take);
}

export function updateSession(
  world: World,
  id: string,
  { title, head_take_id }: { title?: string; head_take_id?: Take["id"] | null },
): Session {
  const session = world.findSession(id);
  if (title !== undefined) {
    session.title = title;
    world.emit({ session_id: session.id }, { type: "session.renamed", data: { title } });
  }
  if (head_take_id !== undefined) {
    if (head_take_id) world.find(head_take_id);
    session.head_take_id = head_take_id;
    world.emit(
      { session_id: session.id },
      { type: "session.head_changed", data: { head_take_id } },
    );
  }
  return session;
}

export function labelState(world: World, id: string, step: number, label: string | null): State {
  const take = world.find(id);
  const state = world.states.get(id)?.find((candidate) => candidate.step === step);
  if (!state) throw new FabricError("state_not_found", `Step ${step} is not stored.`);
  state.label = label;
  world.emit(take, { type: "state.labelled", data: { take_id: take.id, step, label } });
  return state;
}

export function compareTakes(world: World, aId: string, bId: string): Comparison {
  const [a, b] = [world.find(aId), world.find(bId)];
  const names = Object.keys(a.parameters) as (keyof TakeParameters)[];
  const differences = differenceFrames(world, aId, bId).map(mean);
  const squares = differenceFrames(world, aId, bId).map((frame) =>
    mean(Float64Array.from(frame, (value) => value * value)),
  );
  const error = mean(squares);
  const [before, after] = [world.states.get(aId)!, world.states.get(bId)!];
  const shared = before.findIndex(({ digest }, i) => after[i]?.digest !== digest);
  return {
    a: a.id,
    b: b.id,
    parameters: names
      .filter((name) => JSON.stringify(a.parameters[name]) !== JSON.stringify(b.parameters[name]))
      .map((name) => ({ name, a: a.parameters[name], b: b.parameters[name] })),
    shared_steps: shared < 0 ? before.length : shared,
    psnr_db: error === 0 ? null : 10 * Math.log10(255 ** 2 / error),
    frame_differences: differences,
  };
}

export function differencePicture(world: World, aId: string, bId: string): Buffer {
  return stripOfFrames(
    differenceFrames(world, aId, bId).map((frame) =>
      Uint8Array.from(frame, (value) => Math.min(255, value * 2)),
    ),
  );
}

export const draftPicture = (world: World, id: string): Buffer =>
  stripOfFrames(framesOf(world.drawing(id), 0.12).filter((_, i) => i % 2 === 0));

function differenceFrames(world: World, aId: string, bId: string): Uint8Array[] {
  const [a, b] = [framesOf(world.drawing(aId), 0), framesOf(world.drawing(bId), 0)];
  return a
    .slice(0, b.length)
    .map((frame, i) => frame.map((value, at) => Math.abs(value - b[i]![at]!)));
}

const mean = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return values.length ? sum / values.length : 0;
};

export function storageOf(world: World): Storage {
  const usage = (takes: readonly Take[]) => {
    const states = takes.flatMap((take) => world.states.get(take.id) ?? []);
    return {
      states: states.length,
      state_bytes: states
        .filter(({ reused }) => !reused)
        .reduce((sum, { bytes }) => sum + bytes, 0),
      artifact_bytes: takes
        .flatMap((take) => take.artifacts)
        .reduce((sum, { bytes }) => sum + bytes, 0),
    };
  };
  const takes = [...world.takes.values()];
  return {
    ...usage(takes),
    budget_bytes: 200_000_000,
    sessions: [...world.sessions.values()].map(({ id, title }) => ({
      session_id: id,
      title,
      ...usage(takes.filter((take) => take.session_id === id)),
    })),
  };
}

export function thinStates(
  world: World,
  {
    session_id,
    keep_every,
    dry_run,
  }: { session_id?: string; keep_every: number; dry_run: boolean },
): { states: number; bytes: number } {
  let [count, bytes] = [0, 0];
  const parents = new Set([...world.takes.values()].map(({ parent_id }) => parent_id));
  for (const take of world.takes.values()) {
    if (session_id && take.session_id !== session_id) continue;
    if (!isFinished(take.status) || parents.has(take.id)) continue;
    const states = world.states.get(take.id)!;
    const last = states.at(-1)?.step;
    const gone = states.filter(
      ({ step, label }) => step % keep_every !== 0 && step !== last && label === null,
    );
    count += gone.length;
    bytes += gone.reduce((sum, state) => sum + state.bytes, 0);
    if (dry_run || gone.length === 0) continue;
    world.states.set(
      take.id,
      states.filter((state) => !gone.includes(state)),
    );
    world.emit(take, {
      type: "states.thinned",
      data: { take_id: take.id, steps: gone.map(({ step }) => step) },
    });
  }
  return { states: count, bytes };
}

/** Not the real bundle: only that the mock can read what it wrote. */
export function exportSession(world: World, id: string): Buffer {
  const session = world.findSession(id);
  const takes = [...world.takes.values()].filter(({ session_id }) => session_id === id);
  if (takes.some(({ status }) => !isFinished(status)))
    throw new FabricError("session_active", "A take of this session is not finished.");
  return Buffer.from(
    JSON.stringify({
      mock: 1,
      title: session.title,
      prompts: takes.map((take) => take.parameters.prompt),
    }),
  );
}

export function importSession(world: World, bytes: Buffer): Session {
  let bundle: { title: string; prompts: string[] };
  try {
    bundle = JSON.parse(bytes.toString("utf8")) as typeof bundle;
  } catch (cause) {
    throw new FabricError("bundle_invalid", "The file is not a bundle.", { cause });
  }
  const session = world.createSession(bundle.title);
  for (const prompt of bundle.prompts)
    world.endAt(world.create({ prompt }, session.id).id, "completed", 0);
  return session;
}

export function addFile(world: World, bytes: Buffer, name: string) {
  const digest = createHash("sha256").update(bytes).digest("hex");
  const png = bytes.subarray(1, 4).toString("latin1") === "PNG";
  if (!png) throw new FabricError("invalid_image", "The mock reads PNG pictures only.");
  const file = {
    digest,
    name,
    media_type: "image/png",
    bytes: bytes.length,
    width: bytes.readUInt32BE(16),
    height: bytes.readUInt32BE(20),
    created_at: new Date().toISOString(),
  };
  world.files.set(digest, file);
  return file;
}
