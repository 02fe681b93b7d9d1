import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { FabricEvent } from "@arc-fabric/contract";
import type { Store } from "@arc-fabric/core";
import { describeBundles } from "./conformance/bundles.ts";
import { describeClaims } from "./conformance/claims.ts";
import { describeEvents } from "./conformance/events.ts";
import { describeModel } from "./conformance/model.ts";
import { describeQueue } from "./conformance/queue.ts";
import { describeSessions } from "./conformance/sessions.ts";
import { describeStorage } from "./conformance/storage.ts";
import { describeStreams } from "./conformance/streams.ts";
import { describeTakes } from "./conformance/takes.ts";
import { describeTrajectory } from "./conformance/trajectory.ts";
import { describeLaws } from "./conformance/laws.ts";
import { Maker, testSystem } from "./support/fixtures.ts";

/** What a test of the suite works with; fresh for every test. */
export interface Subject {
  store: Store;
  make: Maker;
  /** Everything announced since the store was opened. */
  announced: FabricEvent[];
}

/**
 * What every implementation of the `Store` port does, to be called inside a test file.
 * @param open an empty store; the suite closes it
 */
export function storeConformance(
  name: string,
  open: (system: ReturnType<typeof testSystem>) => Promise<Store>,
): void {
  describe(name, () => {
    const subject = {} as Subject;

    beforeEach(async () => {
      const system = testSystem();
      subject.store = await open(system);
      subject.make = new Maker(subject.store, system);
      subject.announced = [];
      subject.store.subscribe((event) => subject.announced.push(event));
    });

    afterEach(async () => {
      await subject.store.close();
    });

    describeSessions(subject);
    describeTakes(subject);
    describeClaims(subject);
    describeQueue(subject);
    describeTrajectory(subject);
    describeStreams(subject);
    describeStorage(subject);
    describeBundles(subject);
    describeEvents(subject);
    describeModel(open);
    describeLaws(open);

    test("a closed store refuses by name, and closing twice is harmless", async () => {
      await subject.store.close();
      await subject.store.close();
      await expect(subject.make.session()).rejects.toMatchObject({ code: "shutting_down" });
    });
  });
}
