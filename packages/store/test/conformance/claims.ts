import { describe, expect, test } from "vitest";
import {
  type Artifact,
  type ErrorRecord,
  FabricError,
  takeSchema,
  toErrorRecord,
} from "@arc-fabric/contract";
import type { Claim } from "@arc-fabric/core";
import type { Subject } from "../store-conformance.ts";
import type { Maker } from "../support/fixtures.ts";
import { TOTAL_STEPS } from "../support/fixtures.ts";

const ERROR: ErrorRecord = toErrorRecord(
  new FabricError("generation_failed", "The net returned NaN."),
);

function artifactOf(claim: Claim, make: Maker): Artifact {
  const created_at = new Date(make.now()).toISOString();
  const base = {
    id: make.id("art"),
    take_id: claim.take.id,
    kind: "video" as const,
    media_type: "video/mp4",
    bytes: 5,
    digest: "cd".repeat(32),
  };
  return { ...base, metadata: { fps: 8, nested: { a: [1] } }, created_at };
}

export function describeClaims(subject: Subject): void {
  describe("queue and claims", () => {
    test("takes are claimed in the order of their arrival, each once", async () => {
      const { store, make } = subject;
      const session = await make.session();
      const ids = await Promise.all([make.take(session), make.take(session), make.take(session)]);
      const claims = await Promise.all([1, 2, 3, 4].map(() => store.claimNext(make.now())));
      expect(claims.map((claim) => claim?.take.id ?? null)).toEqual([...ids, null]);
      expect(takeSchema.parse(claims[0]?.take)).toMatchObject({
        status: "running",
        queue_position: null,
        progress: { phase: "loading" },
        started_at: expect.any(String),
      });
    });

    test("an interrupted take goes to the front, before later arrivals, keeping the order among the interrupted", async () => {
      const { store, make, announced } = subject;
      const session = await make.session();
      const [first, second, third] = [
        await make.take(session),
        await make.take(session),
        await make.take(session),
      ];
      const firstClaim = await make.claim();
      await make.claim();
      await store.addState(firstClaim, make.state(1), make.now());
      expect(await store.requeueRunning("The server stopped.", make.now())).toEqual([
        first,
        second,
      ]);
      expect(announced.slice(-2)).toMatchObject([
        {
          type: "take.interrupted",
          data: { take_id: first, last_step: 1, reason: "The server stopped." },
        },
        { type: "take.interrupted", data: { take_id: second, last_step: 0 } },
      ]);
      expect(await store.getTake(first)).toMatchObject({
        status: "queued",
        queue_position: 1,
        resumes: 1,
        progress: { phase: "queued", step: 1 },
      });
      expect(await store.getTake(third)).toMatchObject({ queue_position: 3 });
      expect([
        (await make.claim()).take.id,
        (await make.claim()).take.id,
        (await make.claim()).take.id,
      ]).toEqual([first, second, third]);
      expect(await store.requeueRunning("Again.", make.now())).toEqual([first, second, third]);
    });

    test("a claim that was lost changes nothing, by whatever method", async () => {
      const { store, make, announced } = subject;
      const id = await make.take(await make.session());
      const old = await make.claim();
      await store.requeueTake(old, "The worker was lost.", make.now());
      const current = await make.claim();
      expect(current.epoch).toBeGreaterThan(old.epoch);
      const [before, count] = [await store.getTake(id), announced.length];
      const phase = { type: "phase.changed", data: { take_id: id, phase: "decoding" } } as const;
      expect([
        await store.record(old, phase, { phase: "decoding" }, make.now()),
        await store.addState(old, make.state(1), make.now()),
        await store.addArtifact(old, artifactOf(old, make), make.now()),
        await store.completeTake(old, make.now()),
        await store.failTake(old, ERROR, make.now()),
        await store.requeueTake(old, "Lost.", make.now()),
      ]).toEqual([false, false, false, false, false, false]);
      expect(await store.getTake(id)).toEqual(before);
      expect(announced).toHaveLength(count);
      expect(await store.completeTake(current, make.now())).toBe(true);
    });

    test("a cancelled take never becomes completed: its claim is void at once", async () => {
      const { store, make } = subject;
      const id = await make.take(await make.session());
      const claim = await make.claim();
      const [cancelled, completed] = await Promise.all([
        store.cancelTake(id, make.now()),
        store.completeTake(claim, make.now()),
      ]);
      expect([cancelled.status, completed]).toEqual(["cancelled", false]);
      expect(await store.addState(claim, make.state(1), make.now())).toBe(false);
      expect(await store.getTake(id)).toMatchObject({ status: "cancelled" });
    });

    test("completing and failing are told, and end the take", async () => {
      const { store, make, announced } = subject;
      const session = await make.session();
      const [good, bad] = [await make.take(session), await make.take(session)];
      const goodClaim = await make.claim();
      expect(await store.completeTake(goodClaim, make.now())).toBe(true);
      expect(await store.completeTake(goodClaim, make.now())).toBe(false);
      expect(await store.getTake(good)).toMatchObject({
        status: "completed",
        progress: { phase: "done" },
        finished_at: expect.any(String),
      });
      const badClaim = await make.claim();
      await store.record(
        badClaim,
        { type: "phase.changed", data: { take_id: bad, phase: "denoising" } },
        { phase: "denoising" },
        make.now(),
      );
      expect(await store.failTake(badClaim, ERROR, make.now())).toBe(true);
      expect(await store.getTake(bad)).toMatchObject({
        status: "failed",
        error: ERROR,
        progress: { phase: "denoising", remaining_seconds: null },
      });
      expect(announced.at(-1)).toMatchObject({
        type: "take.failed",
        data: { take_id: bad, error: ERROR },
      });
      expect(await store.counts()).toEqual({
        queued: 0,
        running: 0,
        paused: 0,
        completed: 1,
        failed: 1,
        cancelled: 0,
      });
    });

    test("record writes the patch and the event together", async () => {
      const { store, make, announced } = subject;
      const id = await make.take(await make.session());
      const claim = await make.claim();
      const environment = { onnxruntime: "1.24", threads: 2, spinning: false };
      const warnings = [{ code: "unknown_words" as const, message: "unknown", words: ["zyx"] }];
      await store.record(
        claim,
        { type: "take.started", data: { take_id: id, resumed_from_step: 0, environment } },
        { phase: "encoding", environment },
        make.now(),
      );
      await store.record(
        claim,
        { type: "take.warned", data: { take_id: id, warnings } },
        { warnings },
        make.now(),
      );
      expect(await store.getTake(id)).toMatchObject({
        environment,
        warnings,
        progress: { phase: "encoding" },
      });
      expect(announced.slice(-2).map(({ type }) => type)).toEqual(["take.started", "take.warned"]);
    });
  });

  describe("states and artifacts", () => {
    test("a state is stored with its event, and the take's progress follows", async () => {
      const { store, make, announced } = subject;
      const id = await make.take(await make.session());
      const claim = await make.claim();
      await store.addState(
        claim,
        make.state(1, { seconds: 2, previewDigest: "ef".repeat(32) }),
        make.now(),
      );
      await store.addState(claim, make.state(2, { seconds: 4 }), make.now());
      expect(await store.getTake(id)).toMatchObject({
        progress: { step: 2, step_seconds: 3, remaining_seconds: 3 * (TOTAL_STEPS - 2) },
      });
      expect(announced.at(-2)).toMatchObject({
        type: "step.completed",
        data: { take_id: id, step: 1, total_steps: TOTAL_STEPS, has_preview: true },
      });
      const states = await store.listStates(id);
      expect(states.map(({ step, has_preview }) => [step, has_preview])).toEqual([
        [1, true],
        [2, false],
      ]);
      expect(await store.getState(id, 1)).toMatchObject({
        previewDigest: "ef".repeat(32),
        digest: make.state(1).digest,
        derivation: "derivation 1",
      });
      expect(await store.getState(id, 9)).toBeNull();
      expect(await store.latestState(id)).toMatchObject({ step: 2 });
      expect(await store.referencedBlobs()).toEqual(
        new Set([make.state(1).digest, "ef".repeat(32), make.state(2).digest]),
      );
    });

    test("a dropped state takes the progress back to the one before, and may be stored again", async () => {
      const { store, make } = subject;
      const id = await make.take(await make.session());
      const claim = await make.claim();
      await store.addState(claim, make.state(1), make.now());
      await store.addState(claim, make.state(2), make.now());
      await store.dropState(claim, 2);
      expect(await store.latestState(id)).toMatchObject({ step: 1 });
      expect(await store.getTake(id)).toMatchObject({ progress: { step: 1 } });
      await store.dropState({ ...claim, epoch: claim.epoch - 1 }, 1);
      expect(await store.latestState(id)).toMatchObject({ step: 1 });
      await store.addState(claim, make.state(2, { digest: "aa".repeat(32) }), make.now());
      expect(await store.getState(id, 2)).toMatchObject({ digest: "aa".repeat(32) });
    });

    test("an artifact is stored with its event and shown on its take", async () => {
      const { store, make, announced } = subject;
      const id = await make.take(await make.session());
      const claim = await make.claim();
      const artifact = artifactOf(claim, make);
      expect(await store.addArtifact(claim, artifact, make.now())).toBe(true);
      expect(await store.getArtifact(artifact.id)).toEqual(artifact);
      expect((await store.getTake(id))?.artifacts).toEqual([artifact]);
      expect(announced.at(-1)).toMatchObject({
        type: "artifact.created",
        data: { take_id: id, artifact },
      });
      expect(await store.referencedBlobs()).toEqual(new Set([artifact.digest]));
      expect(await store.getArtifact(make.id("art"))).toBeNull();
    });

    test("an artifact that is made again takes the place of the one of its kind", async () => {
      const { store, make } = subject;
      const id = await make.take(await make.session());
      const claim = await make.claim();
      const [first, again] = [artifactOf(claim, make), artifactOf(claim, make)];
      const picture = { ...artifactOf(claim, make), kind: "thumbnail" as const };
      for (const artifact of [first, picture, { ...again, digest: "ab".repeat(32) }])
        await store.addArtifact(claim, artifact, make.now());
      const kept = (await store.getTake(id))?.artifacts.map((artifact) => artifact.id);
      expect(kept?.toSorted()).toEqual([picture.id, again.id].toSorted());
      expect(await store.getArtifact(first.id)).toBeNull();
    });
  });
}
