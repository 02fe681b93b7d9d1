import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SseParser, type SseMessage } from "./sse-parser.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function parseInPieces(text: string, cuts: readonly number[]): SseMessage[] {
  const whole = bytes(text);
  const parser = new SseParser();
  const edges = [0, ...cuts.map((cut) => cut % (whole.byteLength + 1)), whole.byteLength].sort(
    (a, b) => a - b,
  );
  return edges.slice(1).flatMap((edge, i) => parser.push(whole.subarray(edges[i], edge)));
}

describe("SseParser", () => {
  test("an event keeps id, name and several data lines, whatever the line ending", () => {
    for (const end of ["\n", "\r", "\r\n"]) {
      const text = ["id: 4", "event: step", "data: one", "data:two", "", ""].join(end);
      expect(parseInPieces(text, [])).toEqual([
        { type: "event", id: "4", name: "step", data: "one\ntwo" },
      ]);
    }
  });

  test("the id stays for events that bring none", () => {
    expect(
      parseInPieces("id: 4\ndata: a\n\ndata: b\n\n", []).map(
        (message) => "id" in message && message.id,
      ),
    ).toEqual(["4", "4"]);
  });

  test("an id without data tells the position of the stream", () => {
    expect(parseInPieces("id: 12\n\n", [])).toEqual([{ type: "position", id: "12" }]);
  });

  test("comments are skipped and retry is reported, but only as whole milliseconds", () => {
    expect(parseInPieces(": heartbeat\n\nretry: 250\nretry: soon\n\n", [])).toEqual([
      { type: "retry", ms: 250 },
    ]);
  });

  test("an event that is not ended is not delivered", () => {
    expect(parseInPieces("id: 1\ndata: a\n\nid: 2\ndata: b\n", [])).toHaveLength(1);
  });

  test("an event without an end is refused before it fills the memory", () => {
    const parser = new SseParser();
    const megabyte = bytes(`data: ${"x".repeat(1 << 20)}\n`);
    expect(() => {
      for (let i = 0; i < 10; i++) parser.push(megabyte);
    }).toThrow("without ending an event");
  });

  test("where the bytes are cut changes nothing", () => {
    const line = fc
      .string({ unit: "grapheme", maxLength: 20 })
      .map((text) => text.replace(/[\r\n]/g, ""));
    const end = fc.constantFrom("\n", "\r", "\r\n");
    const event = fc.record({
      id: fc.nat(),
      data: fc.array(line, { minLength: 1, maxLength: 3 }),
      end,
    });
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 30 }),
        (events, cuts) => {
          const text = events
            .map((e) =>
              [`id: ${e.id}`, ...e.data.map((data) => `data: ${data}`), "", ""].join(e.end),
            )
            .join("");
          const expected = events.map((e) => ({
            type: "event",
            id: String(e.id),
            name: "message",
            data: e.data.join("\n"),
          }));
          expect(parseInPieces(text, cuts)).toEqual(expected);
        },
      ),
    );
  });
});
