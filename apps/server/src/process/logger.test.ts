import { expect, it } from "vitest";
import { createLogger } from "./logger.ts";

it("writes JSON lines with the fields, at or above its level", () => {
  const lines: string[] = [];
  const logger = createLogger({
    level: "info",
    pretty: false,
    write: (line) => lines.push(line),
    secrets: [],
  });
  logger.debug("not this");
  logger.info("this", { request_id: "r1" });
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    expect.objectContaining({ level: "info", msg: "this", request_id: "r1" }),
  ]);
});

it("never writes a secret", () => {
  const lines: string[] = [];
  const logger = createLogger({
    level: "info",
    pretty: true,
    write: (line) => lines.push(line),
    secrets: ["hunter2"],
  });
  logger.error("bad token hunter2", { header: "Bearer hunter2" });
  expect(lines.join("")).not.toContain("hunter2");
});
