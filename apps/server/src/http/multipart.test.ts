import { describe, expect, it } from "vitest";
import { fileNameOf, parseMultipart } from "./multipart.ts";

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

  it("give their files as bytes that remember their name, and bracketed fields inside their field", async () => {
    const form = await parse(
      `${part("file", "bytes", '; filename="a b.png"')}${part("video[id]", "take_1")}${part("video[kind]", "x")}--B--\r\n`,
    );
    expect(form["video"]).toEqual({ id: "take_1", kind: "x" });
    const file = form["file"] as Uint8Array;
    expect([new TextDecoder().decode(file), fileNameOf(file)]).toEqual(["bytes", "a b.png"]);
    expect(fileNameOf(new Uint8Array(5))).toBeUndefined();
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

  it.each(["area[points][0]", "takes[]", "[a]", "a[b", "a]b"])(
    "refuse brackets that mean nothing here: %s",
    async (name) => {
      await expect(parse(`${part(name, "x")}--B--\r\n`)).rejects.toMatchObject({
        code: "unknown_field",
      });
    },
  );

  it("keep a field called like an object's own property a field", async () => {
    const form = await parse(`${part("video[__proto__]", "x")}${part("__proto__", "y")}--B--\r\n`);
    expect(Object.keys(form)).toEqual(["video", "__proto__"]);
    expect(Object.keys(form["video"] as object)).toEqual(["__proto__"]);
  });

  it("refuse a field that comes twice, and endless fields", async () => {
    for (const names of [
      ["seed", "seed"],
      ["video[id]", "video[id]"],
      ["video", "video[id]"],
      ["video[id]", "video"],
    ])
      await expect(
        parse(`${names.map((name) => part(name, "1")).join("")}--B--\r\n`),
      ).rejects.toMatchObject({ code: "invalid_request" });
    const many = Array.from({ length: 65 }, (_, i) => part(`f${i}`, "x")).join("");
    await expect(parse(`${many}--B--\r\n`)).rejects.toMatchObject({ code: "invalid_multipart" });
  });
});
