import { expect, test } from "bun:test";
import { Failure } from "../../../builtins/http/failure.ts";
import { headerTable, isHostHeader, overlay, readHeaders } from "../../../builtins/http/headers.ts";
import { LuaTable } from "../../../interpreter/table.ts";
import type { Value } from "../../../interpreter/value.ts";

const table = (fields: Record<string, Value>) => LuaTable.fromObject(fields);

function words(fields: Record<string, Value>): string {
  try {
    readHeaders(table(fields), "request");
  } catch (error) {
    if (error instanceof Failure) return error.words;
    throw error;
  }
  throw new Error("expected a Failure");
}

test("values are strings, numbers or lists of them, in order", () => {
  const list = readHeaders(table({ A: "x", B: 2, C: LuaTable.fromArray(["1", "2"]), D: " padded " }), "request");
  expect(list).toEqual(["A", "x", "B", "2", "C", "1", "C", "2", "D", "padded"]);
  expect(readHeaders(table({ X: "\xc3\xa9\tb" }), "request")).toEqual(["X", "\xc3\xa9\tb"]);
});

test.each([
  // hostile.md H01, H05
  [{ A: "a\r\nX: y" }, 'invalid character in the value of header "A"'],
  [{ A: "a\nb" }, 'invalid character in the value of header "A"'],
  [{ A: "a\0b" }, 'invalid character in the value of header "A"'],
  [{ A: LuaTable.fromArray(["ok", "a\r"]) }, 'invalid character in the value of header "A"'],
  [{ "X: y": "1" }, 'invalid header name "X: y"'],
  [{ "": "1" }, 'invalid header name ""'],
  [{ "X\r\n": "1" }, 'invalid header name "X\\x0d\\x0a"'],
  [{ "\xc3\xa9": "1" }, 'invalid header name "\xc3\xa9"'],
  [{ "Content-Length": "1" }, 'header "Content-Length" cannot be set: it follows from the request'],
  [{ "transfer-encoding": "chunked" }, 'header "transfer-encoding" cannot be set: it follows from the request'],
  [{ Connection: "upgrade" }, 'header "Connection" may only be "close" or "keep-alive"'],
  [{ Host: "a b" }, 'invalid value of header "Host"'],
  [{ Host: "a@b" }, 'invalid value of header "Host"'],
  [{ Host: "a", host: "b" }, 'header "host" can only be set once'],
  [{ "Content-Type": LuaTable.fromArray(["a/b", "c/d"]) }, 'header "Content-Type" can only be set once'],
  [{ A: true }, 'value of header "A" must be a string, a number or a list of them'],
] as [Record<string, Value>, string][])("H01, H05: refuses %j", (fields, message) => {
  expect(words(fields)).toBe(message);
});

test.each([
  ["host", true],
  ["host:80", true],
  ["[::1]:80", true],
  ["", false],
  ["a b", false],
  ["a@b", false],
  ["a,b", false],
  ["a:80:80", false],
])("S02: isHostHeader(%j)", (value, valid) => {
  expect(isHostHeader(value)).toBe(valid);
});

test("the table joins repeated fields and has lower-case names", () => {
  const made = headerTable(["A", "1", "a", "2", "Cookie", "x=1", "cookie", "y=2", "__proto__", "z"], new LuaTable());
  expect(made.getString("a")).toBe("1, 2");
  expect(made.getString("cookie")).toBe("x=1; y=2");
  expect(made.getString("__proto__")).toBe("z");
  expect(made.getString("constructor")).toBeUndefined();
});

test("overlay replaces by name, whatever its case", () => {
  expect(overlay(["A", "1", "B", "2"], ["a", "3"])).toEqual(["B", "2", "a", "3"]);
});
