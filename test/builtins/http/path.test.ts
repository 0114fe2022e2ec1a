import { expect, test } from "bun:test";
import { normalPath, queryDecode } from "../../../builtins/http/server/path.ts";

test.each([
  // hostile.md S04
  ["/", "/"],
  ["/a/b", "/a/b"],
  ["/a/b/", "/a/b/"],
  ["/../../etc/passwd", "/etc/passwd"],
  ["/%2e%2e/", "/"],
  ["/a/%2e%2E/b", "/b"],
  ["/..%2f", "/"],
  ["/..%2f..%2fetc/passwd", "/etc/passwd"],
  ["/files/..%2f..%2fx", "/x"],
  ["/%00", undefined],
  ["/a%0d%0ab", undefined],
  ["/a\x7f", undefined],
  ["//a", "/a"],
  ["/a//b///c", "/a/b/c"],
  ["/a;b", "/a;b"],
  ["/%zz", undefined],
  ["/%", undefined],
  ["/%ff", "/\xff"],
  ["/%C3%A9", "/\xc3\xa9"],
  ["/\xc3\xa9", "/\xc3\xa9"],
  ["/a/./b/.", "/a/b/"],
  ["/a/..", "/"],
  ["/a/b/..", "/a/"],
  ["/.well-known/x", "/.well-known/x"],
  ["/a..b", "/a..b"],
  ["/...", "/..."],
  ["/%252e%252e/", "/%2e%2e/"],
  ["/a+b", "/a+b"],
])("S04: normalPath(%j)", (raw, normal) => {
  expect(normalPath(raw)).toBe(normal);
});

test.each([
  ["a+b%20c", "a b c"],
  ["%zz", "%zz"],
  ["%00", "\0"],
])("queryDecode(%j)", (text, decoded) => {
  expect(queryDecode(text)).toBe(decoded);
});
