import { expect, test } from "bun:test";
import { MAX_WAIT, parseRetryAfter, retryDelay } from "../../../builtins/http/client/retry.ts";

const NOW = Date.parse("2025-11-22T10:00:00Z");

test.each([
  // hostile.md H20
  ["1", 1],
  ["0", 0],
  ["1000000000", 1e9],
  ["-1", undefined],
  ["1.5", undefined],
  ["garbage", undefined],
  ["", undefined],
  ["2025", 2025],
  ["Sat, 22 Nov 2025 10:00:30 GMT", 30],
  ["Sat, 22 Nov 2025 09:00:00 GMT", 0],
  ["Sat, 99 Foo 2025", undefined],
])("H20: Retry-After: %s", (value, seconds) => {
  expect(parseRetryAfter(value, NOW)).toBe(seconds);
});

test("waits double, and nobody makes us wait for long", () => {
  const plan = { count: 9, backoff: 0.5, statuses: new Set<number>(), unsafe: false };
  expect([1, 2, 3, 20].map((n) => retryDelay(plan, n, undefined, NOW))).toEqual([0.5, 1, 2, MAX_WAIT]);
  expect(retryDelay(plan, 1, "1000000000", NOW)).toBe(MAX_WAIT);
  expect(retryDelay(plan, 2, "garbage", NOW)).toBe(1);
});
