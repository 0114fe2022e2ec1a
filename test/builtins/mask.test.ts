import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Masker } from "../../builtins/mask.ts";

const KEY = "-----BEGIN PRIVATE KEY-----\nMIIBVgIBADANBgkqhkiG\nAAAABBBB\n-----END PRIVATE KEY-----\n";

const rows: [name: string, secrets: string[], text: string, masked: string][] = [
  ["the value", ["hunter2"], "password=hunter2!", "password=***!"],
  ["every occurrence", ["ab12"], "ab12 ab12ab12", "*** ***"],
  ["no secrets", [], "hunter2", "hunter2"],
  ["an empty secret is none", [""], "hunter2", "hunter2"],
  ["the longer of two nested ones", ["pass", "password"], "my password", "my ***"],
  ["overlapping ones", ["abcdef", "defghi"], "xabcdefghix", "x***x"],
  ["at the very start", ["s3cret"], "s3cret", "***"],
  ["base64", ["s3cr3t?>value"], Buffer.from("s3cr3t?>value").toString("base64"), "***"],
  ["base64url", ["s3cr3t?>value"], Buffer.from("s3cr3t?>value").toString("base64url"), "***"],
  [
    "base64 of user:secret",
    ["hunter2hunter2"],
    `Basic ${Buffer.from("me:hunter2hunter2").toString("base64")}`,
    "Basic bWU6***",
  ],
  ["URL-encoded", ["p@ss w/ord"], "?p=p%40ss%20w%2Ford&x", "?p=***&x"],
  ["URL-encoded, lower case", ["p@ss w/ord"], "?p=p%40ss%20w%2ford", "?p=***"],
  ["form-encoded", ["p@ss w/ord"], "p=p%40ss+w%2Ford", "p=***"],
  ["JSON-escaped", ['a"b\nc'], JSON.stringify({ x: 'a"b\nc' }), '{"x":"***"}'],
  ["a line of a key", [KEY], "at MIIBVgIBADANBgkqhkiG", "at ***"],
  ["not the header of a key", [KEY], "-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----"],
  ["not ASCII", ["pässwörd"], "x pässwörd y", "x *** y"],
  ["regular expression characters", ["a.c*"], "abc a.c*", "abc ***"],
];

describe("masking", () => {
  test.each(rows)("%s", (_name, secrets, text, masked) => {
    expect(new Masker(secrets).mask(text)).toBe(masked);
  });

  test("byte strings", () => {
    const bytes = Buffer.from("x pässwörd y", "utf8").toString("latin1");
    expect(new Masker(["pässwörd"]).maskBytes(bytes)).toBe("x *** y");
  });

  test("no secret survives in any of its forms, whatever is around it", () => {
    const secret = fc.string({ minLength: 6, maxLength: 20 }).filter((s) => !"***".includes(s));
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (value, before, after) => {
        const masker = new Masker([value]);
        const forms = [value, encodeURIComponent(value), Buffer.from(value).toString("base64").replace(/=+$/, "")];
        for (const form of forms) {
          const masked = masker.mask(`${before}|${form}|${after}`);
          if (masked.includes(form)) return before.includes(form) || after.includes(form);
        }
        return true;
      }),
      { numRuns: 300 },
    );
  });
});
