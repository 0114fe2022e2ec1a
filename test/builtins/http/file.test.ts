import { expect, test } from "bun:test";
import { contentType, parseRange } from "../../../builtins/http/server/file.ts";

test.each([
  [undefined, undefined],
  ["bytes=0-0", [0, 0]],
  ["bytes=2-", [2, 9]],
  ["bytes=2-100", [2, 9]],
  ["bytes=-3", [7, 9]],
  ["bytes=-100", [0, 9]],
  ["bytes=-0", "unsatisfiable"],
  ["bytes=10-", "unsatisfiable"],
  ["bytes=5-2", undefined],
  ["bytes=0-1,3-4", undefined],
  ["bytes=-", undefined],
  ["bytes=a-b", undefined],
  ["items=0-1", undefined],
] as [string | undefined, [number, number] | "unsatisfiable" | undefined][])(
  "S13: range %s of ten bytes",
  (value, range) => {
    expect(parseRange(value, 10)).toEqual(Array.isArray(range) ? { first: range[0], last: range[1] } : range);
  },
);

test.each([
  ["/x/a.html", "text/html; charset=utf-8"],
  ["a.JSON", "application/json"],
  ["a", "application/octet-stream"],
  ["a.constructor", "application/octet-stream"],
])("content type of %s", (path, type) => {
  expect(contentType(path)).toBe(type);
});
