import type { FabricEvent } from "@arc-fabric/contract";
import type { Logger, Store } from "@arc-fabric/core";
import * as claims from "./claims.ts";
import { createTake } from "./create-take.ts";
import type { Database } from "./database.ts";
import { exportSession } from "./bundle/export-session.ts";
import { importSession } from "./bundle/import-session.ts";
import * as files from "./files.ts";
import * as journal from "./journal.ts";
import { measuredSeconds } from "./measured-seconds.ts";
import * as pause from "./pause.ts";
import * as prefix from "./prefix.ts";
import { peekNext } from "./queue.ts";
import * as sessions from "./sessions.ts";
import { storageUsage } from "./storage-usage.ts";
import * as streams from "./streams.ts";
import { createStreamTake, updateStream } from "./stream-takes.ts";
import { thinStates } from "./thin-states.ts";
import { allCounts } from "./take-counts.ts";
import * as takes from "./takes.ts";
import * as trajectory from "./trajectory.ts";

/** Whoever wants to know of committed events. */
export class Subscribers {
  readonly #listeners = new Set<(event: FabricEvent) => void>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  add(listener: (event: FabricEvent) => void): () => void {
    // Wrapped, so that the same function subscribed twice is told twice and can leave once.
    const entry = (event: FabricEvent) => listener(event);
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  notify(events: readonly FabricEvent[]): void {
    for (const event of events) for (const listener of this.#listeners) this.#tell(listener, event);
  }

  /** What is committed is committed: a listener that breaks must not make the write look failed. */
  #tell(listener: (event: FabricEvent) => void, event: FabricEvent): void {
    try {
      listener(event);
    } catch (error) {
      this.#logger.error("A listener of events failed.", {
        type: event.type,
        position: event.position,
        error: String(error),
      });
    }
  }
}

/** The store on any SQL database: which method is which transaction. */
export function sqlStore({
  database,
  subscribers,
}: {
  database: Database;
  subscribers: Subscribers;
}): Store {
  return {
    subscribe: (listener) => subscribers.add(listener),
    ...sessionMethods(database),
    ...takeMethods(database),
    ...claimMethods(database),
    ...trajectoryMethods(database),
    ...blobMethods(database),
    ...streamMethods(database),
    ...journalMethods(database),
    close: () => database.close(),
  };
}

function sessionMethods(database: Database) {
  return {
    createSession: (session, idempotency = null) =>
      database.write((tx) => sessions.createSession(tx, session, idempotency)),
    getSession: (id) => database.read((db) => sessions.getSession(db, id)),
    listSessions: (page) => database.read((db) => sessions.listSessions(db, page)),
    updateSession: (id, changes, nowMs) =>
      database.write((tx) => sessions.updateSession(tx, id, changes, nowMs)),
    deleteSession: (id) => database.write((tx) => sessions.deleteSession(tx, id)),
    exportSession: (id) => database.read((db) => exportSession(db, id)),
    importSession: (records, nowMs, newIds) =>
      database.write((tx) => importSession(tx, records, nowMs, newIds)),
  } satisfies Partial<Store>;
}

function takeMethods(database: Database) {
  return {
    createTake: (take, idempotency) => database.write((tx) => createTake(tx, take, idempotency)),
    getTake: (id) => database.read((db) => takes.getTake(db, id)),
    listTakes: (filter, page) => database.read((db) => takes.listTakes(db, filter, page)),
    updateTake: (id, changes, nowMs) =>
      database.write((tx) => takes.updateTake(tx, id, changes, nowMs)),
    deleteTake: (id, nowMs) => database.write((tx) => takes.deleteTake(tx, id, nowMs)),
    cancelTake: (id, nowMs) => database.write((tx) => takes.cancelTake(tx, id, nowMs)),
    pauseTake: (id, nowMs) => database.write((tx) => pause.pauseTake(tx, id, nowMs)),
    resumeTake: (id, nowMs) => database.write((tx) => pause.resumeTake(tx, id, nowMs)),
    peekNext: () => database.read((db) => peekNext(db)),
    counts: () => database.read((db) => allCounts(db)),
    measuredSeconds: (model, shape) => database.read((db) => measuredSeconds(db, model, shape)),
  } satisfies Partial<Store>;
}

function claimMethods(database: Database) {
  return {
    claimNext: (nowMs) => database.write((tx) => claims.claimNext(tx, nowMs)),
    requeueRunning: (reason, nowMs) =>
      database.write((tx) => claims.requeueRunning(tx, reason, nowMs)),
    record: (claim, event, patch, nowMs) =>
      database.write((tx) => claims.record(tx, claim, event, patch, nowMs)),
    completeTake: (claim, nowMs) => database.write((tx) => claims.completeTake(tx, claim, nowMs)),
    failTake: (claim, error, nowMs) =>
      database.write((tx) => claims.failTake(tx, claim, error, nowMs)),
    requeueTake: (claim, reason, nowMs) =>
      database.write((tx) => claims.requeueTake(tx, claim, reason, nowMs)),
    preemptTake: (claim, byTakeId, nowMs) =>
      database.write((tx) => claims.preemptTake(tx, claim, byTakeId, nowMs)),
    pauseClaimed: (claim, nowMs) => database.write((tx) => pause.pauseClaimed(tx, claim, nowMs)),
  } satisfies Partial<Store>;
}

function trajectoryMethods(database: Database) {
  return {
    addState: (claim, state, nowMs) =>
      database.write((tx) => trajectory.addState(tx, claim, state, nowMs)),
    dropState: (claim, step) => database.write((tx) => trajectory.dropState(tx, claim, step)),
    addArtifact: (claim, artifact, nowMs) =>
      database.write((tx) => trajectory.addArtifact(tx, claim, artifact, nowMs)),
    listStates: (id) => database.read((db) => trajectory.listStates(db, id)),
    getState: (id, step) => database.read((db) => trajectory.getState(db, id, step)),
    latestState: (id) => database.read((db) => trajectory.latestState(db, id)),
    labelState: (id, step, label, nowMs) =>
      database.write((tx) => trajectory.labelState(tx, { id, step, label, nowMs })),
    getArtifact: (id) => database.read((db) => trajectory.getArtifact(db, id)),
    findPrefix: (derivations, environment, except) =>
      database.read((db) => prefix.findPrefix(db, derivations, environment, except)),
    adoptPrefix: (claim, found, nowMs) =>
      database.write((tx) => prefix.adoptPrefix(tx, claim, found, nowMs)),
  } satisfies Partial<Store>;
}

function blobMethods(database: Database) {
  return {
    thinStates: (policy, nowMs) => thinStates(database, policy, nowMs),
    storageUsage: () => database.read((db) => storageUsage(db)),
    referencedBlobs: () => database.read((db) => trajectory.referencedBlobs(db)),
    addFile: (file, nowMs) => database.write((tx) => files.addFile(tx, file, nowMs)),
    getFile: (digest) => database.read((db) => files.getFile(db, digest)),
    forgetFiles: (olderThanMs) => database.write((tx) => files.forgetFiles(tx, olderThanMs)),
  } satisfies Partial<Store>;
}

function streamMethods(database: Database) {
  return {
    createStreamTake: (take, idempotency, link) =>
      database.write((tx) => createStreamTake(tx, take, idempotency, link)),
    getStream: (id) => database.read((db) => streams.getStream(db, id)),
    listStreams: (filter) => database.read((db) => streams.listStreams(db, filter)),
    updateStream: (before, changes, nowMs) =>
      database.write((tx) => updateStream(tx, before, changes, nowMs)),
  } satisfies Partial<Store>;
}

function journalMethods(database: Database) {
  return {
    addLogLines: (id, lines) => database.write((tx) => journal.addLogLines(tx, id, lines)),
    listLogLines: (id, limit) => database.read((db) => journal.listLogLines(db, id, limit)),
    readSessionEvents: (id, afterSeq, limit) =>
      database.read((db) => journal.readSessionEvents(db, id, afterSeq, limit)),
    readEvents: (afterPosition, limit, types) =>
      database.read((db) => journal.readEvents(db, afterPosition, limit, types)),
    lastPosition: () => database.read((db) => database.lastPosition(db)),
  } satisfies Partial<Store>;
}
