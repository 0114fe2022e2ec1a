import { test } from "bun:test";
import fc from "fast-check";
import { agree } from "./agreement.ts";
import { available } from "./reference.ts";

const size = fc.oneof(
  fc.constant(""),
  fc.integer({ min: 1, max: 8 }).map(String),
  fc.integer({ min: 0, max: 18 }).map(String),
);
const integer = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n) + 1n, max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -(2n ** 33n), max: 2n ** 33n }),
  fc.bigInt({ min: -300n, max: 300n }),
);
const bytes = fc
  .uint8Array({ maxLength: 10 })
  .map((data) => `"${[...data].map((byte) => `\\${String(byte).padStart(3, "0")}`).join("")}"`);
const text = fc.string({ unit: fc.constantFrom(..."abc 0"), maxLength: 6 }).map((s) => `"${s}"`);

/** An item of a format with the source of a value that mostly fits it, if it takes one. */
const item = fc.oneof(
  fc.tuple(fc.constantFrom("b", "B", "h", "H", "l", "L", "j", "J", "T", "i", "I"), integer),
  fc.tuple(
    fc.tuple(fc.constantFrom("i", "I"), size).map(([letter, n]) => letter + n),
    integer,
  ),
  fc.tuple(
    fc.constantFrom("f", "d", "n"),
    fc.integer({ min: -1000, max: 1000 }).map((n) => n / 8),
  ),
  fc.tuple(
    size.map((n) => `s${n}`),
    bytes,
  ),
  fc.tuple(fc.constant("z"), text),
  fc.tuple(
    fc.integer({ min: 0, max: 12 }).map((n) => `c${n}`),
    fc.oneof(bytes, text),
  ),
  fc.tuple(
    fc.constantFrom(
      "<",
      ">",
      "=",
      "!",
      "!1",
      "!2",
      "!4",
      "!8",
      "!16",
      "x",
      " ",
      "Xi2",
      "Xi4",
      "Xd",
      "X",
      "!3",
      "c",
      "q",
    ),
    fc.constant(undefined),
  ),
);
const packing = fc.array(item, { maxLength: 6 });

test.skipIf(!available)(
  "string.pack, unpack and packsize agree, and go round",
  async () => {
    const source = (items: [string, unknown][]) => {
      const format = items.map(([option]) => option).join("");
      const values = items.flatMap(([, value]) => (value === undefined ? [] : [`, ${value}`])).join("");
      return `local f = "${format}"
out(pcall(string.packsize, f))
local ok, s = pcall(string.pack, f${values})
out(ok, s)
if ok then out(pcall(string.unpack, f, s)) out(pcall(string.unpack, f, s .. "x", 2)) end`;
    };
    await agree({ cases: packing as fc.Arbitrary<[string, unknown][]>, source, runs: 800 });
  },
  600_000,
);

test.skipIf(!available)(
  "string.unpack of anything",
  async () => {
    const cases = fc.tuple(packing, fc.uint8Array({ maxLength: 24 }), fc.integer({ min: -5, max: 26 }));
    const source = ([items, data, at]: [[string, unknown][], Uint8Array, number]) =>
      `out(pcall(string.unpack, "${items.map(([option]) => option).join("")}", "${[...data]
        .map((byte) => `\\${String(byte).padStart(3, "0")}`)
        .join("")}", ${at}))`;
    await agree({ cases: cases as fc.Arbitrary<[[string, unknown][], Uint8Array, number]>, source, runs: 800 });
  },
  600_000,
);
