import { heapSize } from "bun:jsc";
import { expect, test } from "bun:test";
import { Pieces } from "../../../builtins/http/server/pieces.ts";

test.each([0, 1, 2, 1023, 1024, 1025, 5000])("%d pieces are put together in order", (count) => {
  const pieces = new Pieces();
  const all = Array.from({ length: count }, (_, i) => `${i},`);
  for (const piece of all) pieces.add(piece);
  expect(pieces.take()).toBe(all.join(""));
  expect(pieces.take()).toBe("");
});

test("S07: a body in small pieces takes little more than its size", () => {
  const pieces = new Pieces();
  const read = "xy".repeat(1000);
  Bun.gc(true);
  const before = heapSize();
  for (let i = 0; i < 200_000; i++) pieces.add(read.slice(i % 500, (i % 500) + 2));
  Bun.gc(true);
  expect(heapSize() - before).toBeLessThan(3 << 20);
  expect(pieces.take().length).toBe(400_000);
});
