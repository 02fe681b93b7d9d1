import { describe, expect, it } from "vitest";
import { parseMultipart } from "./multipart.ts";

const TYPE = "multipart/form-data; boundary=B";
const part = (name: string, value: string, extra = "") =>
  `--B\r\nContent-Disposition: form-data; name="${name}"${extra}\r\n\r\n${value}\r\n`;
const parse = (text: string, type = TYPE) => parseMultipart(new TextEncoder().encode(text), type);

describe("multipart forms", () => {
  it("give their text fields", async () => {
    await expect(
      parse(`${part("prompt", "a red\r\nball")}${part("seed", "7")}--B--\r\n`),
    ).resolves.toEqual({ prompt: "a red\r\nball", seed: "7" });
  });

  it.each([
    ["", TYPE],
    [part("prompt", "x"), TYPE],
    [`${part("prompt", "x")}--B--\r\n`, "multipart/form-data"],
    [`${part("prompt", "x")}--B--\r\n`, "multipart/form-data; boundary=C"],
    ["--B\r\nno header here\r\n--B--\r\n", TYPE],
  ])("that are torn are refused (%#)", async (text, type) => {
    await expect(parse(text, type)).rejects.toMatchObject({ code: "invalid_multipart" });
  });

  it("refuse files and bracketed fields by the field's name", async () => {
    await expect(
      parse(`${part("input_reference", "bytes", '; filename="a.png"')}--B--\r\n`),
    ).rejects.toMatchObject({
      code: "unknown_field",
      details: { field: "input_reference" },
    });
    await expect(
      parse(`${part("input_reference[image_url]", "http://x")}--B--\r\n`),
    ).rejects.toMatchObject({ details: { field: "input_reference" } });
  });

  it("refuse a field that comes twice, and endless fields", async () => {
    await expect(parse(`${part("seed", "1")}${part("seed", "2")}--B--\r\n`)).rejects.toMatchObject({
      code: "invalid_request",
      details: { field: "seed" },
    });
    const many = Array.from({ length: 65 }, (_, i) => part(`f${i}`, "x")).join("");
    await expect(parse(`${many}--B--\r\n`)).rejects.toMatchObject({ code: "invalid_multipart" });
  });
});
