import { describe, expect, test } from "vitest";
import { partsOf, readGoldenMessages, type GoldenMessage } from "../test/golden-messages.ts";
import { encodeFrame, FrameDecoder, splitParts } from "./worker-framing.ts";
import {
  SERVER_MESSAGES,
  serverMessageSchema,
  WORKER_MESSAGES,
  workerMessageSchema,
} from "./worker-messages.ts";

const golden = readGoldenMessages();
const tables = [
  {
    direction: "server to worker",
    types: Object.keys(SERVER_MESSAGES),
    schema: serverMessageSchema,
  },
  {
    direction: "worker to server",
    types: Object.keys(WORKER_MESSAGES),
    schema: workerMessageSchema,
  },
] as const;

const schemaOf = (message: GoldenMessage) =>
  tables.find((table) => table.direction === message.direction)!.schema;
const joined = (buffers: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(buffers));

describe("golden messages", () => {
  test("every message of both tables has a golden file, and every golden file a message", () => {
    expect([...golden.keys()].sort()).toEqual(tables.flatMap((table) => [...table.types]).sort());
  });

  test.each([...golden])(
    "%s parses under its direction's table and loses nothing",
    (type, message) => {
      expect(message.header.type).toBe(type);
      expect(tables.find((table) => table.types.includes(type))?.direction).toBe(message.direction);
      expect(schemaOf(message).parse(message.header)).toEqual(message.header);
      expect(Object.keys(message.parts)).toEqual(message.header.parts.map((part) => part.name));
    },
  );

  test.each([...golden])(
    "%s survives the wire, also when it arrives byte by byte",
    (_, message) => {
      const parts = partsOf(message);
      const bytes = joined(encodeFrame(message.header, parts));
      const whole = new FrameDecoder().push(bytes);
      const decoder = new FrameDecoder();
      const bytewise = [...bytes].flatMap((byte) => decoder.push(Uint8Array.of(byte)));
      for (const frames of [whole, bytewise]) {
        expect(frames).toHaveLength(1);
        expect(frames[0]!.header).toEqual(message.header);
        expect(splitParts(message.header.parts, frames[0]!.payload)).toEqual(parts);
      }
    },
  );

  test.each([...golden])("%s with a field more is refused", (_, message) => {
    expect(schemaOf(message).safeParse({ ...message.header, surprise: 1 }).success).toBe(false);
  });

  test.each([...golden].filter(([, message]) => Object.keys(message.header).length > 2))(
    "%s with a field less is refused",
    (_, message) => {
      const field = Object.keys(message.header).find(
        (name) => name !== "type" && name !== "parts",
      )!;
      const { [field]: _removed, ...rest } = message.header;
      expect(schemaOf(message).safeParse(rest).success).toBe(false);
    },
  );
});
