import { expect, test } from "vitest";
import { RespawnBudget } from "./respawn-budget.ts";

const policy = { budget: 2, windowMs: 1000, backoffMs: 100, maxBackoffMs: 300, coolDownMs: 5000 };

test("each loss within the window doubles the pause up to its maximum; one beyond the budget stops everything for the cool-down", () => {
  const budget = new RespawnBudget({ ...policy, budget: 3 });
  expect(budget.backoffMs(0)).toBe(0);
  expect(budget.recordLoss(0)).toBe(true);
  expect(budget.backoffMs(0)).toBe(100);
  expect(budget.backoffMs(60)).toBe(40);
  expect(budget.recordLoss(200)).toBe(true);
  expect(budget.backoffMs(200)).toBe(200);
  expect(budget.recordLoss(400)).toBe(true);
  expect(budget.backoffMs(400)).toBe(300);
  expect(budget.coolDownMs(400)).toBe(0);
  expect(budget.recordLoss(500)).toBe(false);
  expect(budget.coolDownMs(1500)).toBe(4000);
});

test("losses leave the window, so a worker that dies now and then is always started again", () => {
  const budget = new RespawnBudget(policy);
  for (let at = 0; at < 20_000; at += 600) expect(budget.recordLoss(at)).toBe(true);
});

test("after the cool-down the budget is whole again", () => {
  const budget = new RespawnBudget(policy);
  for (const at of [0, 1, 2]) budget.recordLoss(at);
  expect(budget.coolDownMs(5001)).toBe(1);
  expect(budget.coolDownMs(5002)).toBe(0);
  expect(budget.backoffMs(5002)).toBe(0);
  expect(budget.recordLoss(5003)).toBe(true);
});
