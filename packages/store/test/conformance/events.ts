import { describe, expect, test } from "vitest";
import { eventSchema } from "@arc-fabric/contract";
import type { Subject } from "../store-conformance.ts";

export function describeEvents(subject: Subject): void {
  describe("events", () => {
    test("what is announced is what is read, in the same order, valid by the contract", async () => {
      const { store, make, announced } = subject;
      const [one, two] = [await make.session("One"), await make.session("Two")];
      await Promise.all([make.take(one), make.take(two), make.take(one)]);
      const claim = await make.claim();
      await store.addState(claim, make.state(1), make.now());
      const stored = await store.readEvents(0, 100);
      expect(stored).toEqual(announced);
      for (const event of stored) expect(eventSchema.parse(event)).toEqual(event);
      const positions = stored.map(({ position }) => position);
      expect(positions).toEqual(positions.toSorted((a, b) => a - b));
      expect(await store.lastPosition()).toBe(positions.at(-1));
    });

    test("an event is announced after it can be read and before its write resolves", async () => {
      const { store, make, announced } = subject;
      const session = await make.session();
      const seen: unknown[] = [];
      store.subscribe(
        (event) => void seen.push(store.readSessionEvents(event.session_id, event.seq - 1, 1)),
      );
      await make.take(session);
      expect(announced.at(-1)).toMatchObject({ type: "take.queued" });
      expect(await seen[0]).toEqual([announced.at(-1)]);
    });

    test("a reader that comes back with its last number misses nothing and gets nothing twice", async () => {
      const { store, make } = subject;
      const session = await make.session();
      for (let i = 0; i < 6; i++) await make.take(session);
      const all = (await store.readSessionEvents(session, 0, 100))!;
      const pieces = [
        ...(await store.readSessionEvents(session, 0, 3))!,
        ...(await store.readSessionEvents(session, 3, 100))!,
      ];
      expect(pieces).toEqual(all);
      expect(all.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
      expect(await store.readSessionEvents(session, 7, 100)).toEqual([]);
      expect(await store.readSessionEvents(make.id("ses"), 0, 100)).toBeNull();
    });

    test("the stream of everything goes on after a position and may be restricted to types", async () => {
      const { store, make } = subject;
      const session = await make.session();
      await make.take(session);
      await make.session();
      const all = await store.readEvents(0, 100);
      expect(await store.readEvents(all[0]!.position, 1)).toEqual([all[1]]);
      expect(await store.readEvents(0, 100, ["take.queued"])).toEqual([all[1]]);
      expect(await store.readEvents(0, 100, [])).toEqual([]);
    });

    test("a listener that leaves hears no more, and one that throws disturbs nobody", async () => {
      const { store, make, announced } = subject;
      const heard: string[] = [];
      const leave = store.subscribe((event) => void heard.push(event.type));
      store.subscribe(() => {
        throw new Error("broken listener");
      });
      await make.session();
      leave();
      await make.session();
      expect(heard).toEqual(["session.created"]);
      expect(announced).toHaveLength(2);
    });
  });
}
