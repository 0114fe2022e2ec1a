import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Value } from "../../interpreter/value.ts";
import { errorOf, prepare, results } from "./script.ts";

describe("B01: base64", () => {
  test.each([
    // RFC 4648 §10
    ["", ""],
    ["f", "Zg=="],
    ["fo", "Zm8="],
    ["foo", "Zm9v"],
    ["foob", "Zm9vYg=="],
    ["fooba", "Zm9vYmE="],
    ["foobar", "Zm9vYmFy"],
    ["\0", "AA=="],
    ["\xff\xfe\xfd", "//79"],
    ["\xfb\xf0", "+/A="],
  ])("%j", async (bytes, text) => {
    const url = text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    const source = `local b, t, u = ...
      return base64.encode(b), base64.decode(t), base64.encode_url(b), base64.decode_url(u), base64.decode(" \\n" .. t:gsub(".", "%0 ") .. "\\r\\t")`;
    expect(await results(source, { args: [bytes, text, url] })).toEqual([text, bytes, url, bytes, bytes]);
  });

  test.each([
    [`base64.decode("Zg")`, "base64.decode: padding is missing"],
    [`base64.decode("Zg=")`, "base64.decode: padding is missing"],
    [`base64.decode("Zg===")`, "base64.decode: '=' at position 3 is not base64"],
    [`base64.decode("Zm9v=")`, "base64.decode: too much padding"],
    [`base64.decode("====")`, "base64.decode: '=' at position 1 is not base64"],
    [`base64.decode("=")`, "base64.decode: too much padding"],
    [`base64.decode("Zg==Zg==")`, "base64.decode: '=' at position 3 is not base64"],
    [`base64.decode("Z")`, "base64.decode: text is cut short"],
    [`base64.decode("Zm9vY")`, "base64.decode: text is cut short"],
    [`base64.decode("Zh==")`, "base64.decode: last digit has bits left over"],
    [`base64.decode("Zm9=")`, "base64.decode: last digit has bits left over"],
    [`base64.decode("Zm-v")`, "base64.decode: '-' at position 3; base64.decode_url reads this alphabet"],
    [`base64.decode("Zm9v!")`, "base64.decode: '!' at position 5 is not base64"],
    [`base64.decode("Zm\\0v")`, "base64.decode: byte 0x00 at position 3 is not base64"],
    [`base64.decode("Zm\\xc3\\xa9")`, "base64.decode: byte 0xc3 at position 3 is not base64"],
    [`base64.decode_url("Zm/v")`, "base64.decode_url: '/' at position 3; base64.decode reads this alphabet"],
    [`base64.decode_url("Zg=")`, "base64.decode_url: padding is missing"],
    [`base64.encode()`, "bad argument #1 to 'base64.encode' (string expected, got no value)"],
    [`base64.decode({})`, "bad argument #1 to 'base64.decode' (string expected, got table)"],
  ])("%s", async (source, message) => {
    expect(await errorOf(source)).toBe(`test:1: ${message}`);
  });

  test("padding is allowed in the URL alphabet", async () => {
    expect(await results(`return base64.decode_url("__4="), base64.decode_url("__4")`)).toEqual([
      "\xff\xfe",
      "\xff\xfe",
    ]);
  });

  test("any bytes come back", async () => {
    const trip = prepare(
      "local s = ... return base64.decode(base64.encode(s)), base64.decode_url(base64.encode_url(s))",
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), async (array) => {
        const bytes: Value = Buffer.from(array).toString("latin1");
        expect(await trip(bytes)).toEqual([bytes, bytes]);
      }),
      { numRuns: 300 },
    );
  }, 30_000);
});
