import { expect, test } from "vitest";
import { SendWindow } from "./send-window.ts";

test("one answer may be under way while the next is computed; the second waits until the first has left", async () => {
  const window = new SendWindow();
  await window.sent();
  let mayGoOn = false;
  const second = window.sent().then(() => (mayGoOn = true));
  await Promise.resolve();
  expect(mayGoOn).toBe(false);
  window.delivered();
  await second;
  expect(mayGoOn).toBe(true);
});
