import { expect, test } from "vitest";
import { type BatchTransaction, GroupCommit } from "./group-commit.ts";

/** A transaction that notes what happens to it; `fail` makes one of its steps throw. */
function recorder(fail: Partial<Record<"begin" | "commit", Error>> = {}) {
  const steps: string[] = [];
  const step = (name: "begin" | "savepoint" | "release" | "undo" | "commit" | "rollback") => {
    steps.push(name);
    const error = fail[name as "begin"];
    if (error) throw error;
  };
  const transaction: BatchTransaction = {
    begin: () => step("begin"),
    savepoint: () => step("savepoint"),
    release: () => step("release"),
    rollbackToSavepoint: () => {
      step("undo");
      return true;
    },
    commit: () => step("commit"),
    rollback: () => step("rollback"),
  };
  return { steps, transaction };
}

const nothing = () => {};

test("writes of one turn share a transaction, and resolve in order after its commit", async () => {
  const { steps, transaction } = recorder();
  const group = new GroupCommit(transaction);
  const note = (name: string) =>
    group.write(
      async () => void steps.push(name),
      () => steps.push(`after ${name}`),
    );
  await Promise.all([note("a"), note("b")]);
  expect(steps).toEqual([
    "begin",
    "savepoint",
    "a",
    "release",
    "savepoint",
    "b",
    "release",
    "commit",
    "after a",
    "after b",
  ]);
});

test("a write that arrives while a batch runs goes into the next one", async () => {
  const { steps, transaction } = recorder();
  const group = new GroupCommit(transaction);
  let second: Promise<unknown> | undefined;
  await group.write(
    async () => void (second = group.write(async () => void steps.push("second"), nothing)),
    nothing,
  );
  await second;
  expect(steps.filter((step) => step === "commit")).toHaveLength(2);
  expect(steps.indexOf("second")).toBeGreaterThan(steps.indexOf("commit"));
});

test("a write that fails is undone alone", async () => {
  const { steps, transaction } = recorder();
  const group = new GroupCommit(transaction);
  const outcomes = await Promise.allSettled([
    group.write(async () => 1, nothing),
    group.write(
      () => Promise.reject(new Error("bad")),
      () => steps.push("after bad"),
    ),
    group.write(async () => 3, nothing),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(steps).toEqual([
    "begin",
    "savepoint",
    "release",
    "savepoint",
    "undo",
    "savepoint",
    "release",
    "commit",
  ]);
});

test.each(["begin", "commit"] as const)(
  "when the %s fails, every write of the batch fails with it and none is announced",
  async (name) => {
    const error = new Error("disk");
    const { steps, transaction } = recorder({ [name]: error });
    const group = new GroupCommit(transaction);
    const outcomes = await Promise.allSettled(
      [1, 2].map(() =>
        group.write(
          async () => {},
          () => steps.push("announced"),
        ),
      ),
    );
    expect(outcomes).toEqual([1, 2].map(() => ({ status: "rejected", reason: error })));
    expect(steps.at(-1)).toBe("rollback");
    expect(steps).not.toContain("announced");
  },
);

test("idle waits for what is under way, also for what is added meanwhile", async () => {
  const { steps, transaction } = recorder();
  const group = new GroupCommit(transaction);
  void group.write(
    async () => void group.write(async () => void steps.push("late"), nothing),
    nothing,
  );
  await group.idle();
  expect(steps).toContain("late");
});
