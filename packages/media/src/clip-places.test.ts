import { expect, test } from "vitest";
import { ClipPlaces } from "./clip-places.ts";

test("places are given in the order they were asked for, never more than there are", async () => {
  const places = new ClipPlaces(2, 8);
  const order: number[] = [];
  const asked = [0, 1, 2, 3].map(async (index) => {
    await places.take();
    order.push(index);
  });
  await Promise.all(asked.slice(0, 2));
  expect(order).toEqual([0, 1]);
  places.give();
  await asked[2];
  expect(order).toEqual([0, 1, 2]);
  places.give();
  await asked[3];
  expect(order).toEqual([0, 1, 2, 3]);
});

test("a line that is too long is refused, and closing turns the waiting away", async () => {
  const places = new ClipPlaces(1, 1);
  await places.take();
  const waiting = places.take();
  await expect(places.take()).rejects.toMatchObject({
    code: "encoder_failed",
    message: expect.stringContaining("try again"),
  });
  places.close(new Error("stopping"));
  await expect(waiting).rejects.toThrow("stopping");
});
