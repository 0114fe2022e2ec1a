import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createFullVm } from "../../interpreter/full.ts";
import { LuaFloat, type Value } from "../../interpreter/value.ts";
import { agree } from "./agreement.ts";
import { available, lenient } from "./reference.ts";

/** Source of keys; several are the same key. */
const key = fc.oneof(
  fc.integer({ min: -1, max: 9 }).map(String),
  fc.constantFrom(
    '"a"',
    '"b"',
    '"1"',
    "1.0",
    "2.0",
    "0.5",
    "true",
    "false",
    "2^53",
    "(2^53 | 0)",
    "math.maxinteger",
    "-0.0",
    "1e300",
  ),
  fc.constantFrom("nil", "0/0", "print", '("ab"):sub(2)'),
);
const value = fc.oneof(fc.integer({ min: 0, max: 99 }).map(String), fc.constantFrom('"v"', "nil", "false", "1.5"));
const index = fc.integer({ min: -1, max: 8 });

/** One change of `t`, a table with a sequence and other keys; `list` is a sequence. */
const operation = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(key, value).map(([k, v]) => `t[${k}] = ${v}`) },
  { weight: 2, arbitrary: fc.tuple(index, value).map(([k, v]) => `t[${k}] = ${v}`) },
  { weight: 1, arbitrary: fc.tuple(key, value).map(([k, v]) => `rawset(t, ${k}, ${v})`) },
  { weight: 3, arbitrary: value.map((v) => `table.insert(list, ${v === "nil" ? "0" : v})`) },
  {
    weight: 2,
    arbitrary: fc.tuple(index, value).map(([i, v]) => `table.insert(list, ${i}, ${v === "nil" ? "0" : v})`),
  },
  { weight: 2, arbitrary: fc.constant("out(table.remove(list))") },
  { weight: 2, arbitrary: index.map((i) => `out(table.remove(list, ${i}))`) },
  { weight: 1, arbitrary: fc.tuple(index, index, index).map(([f, e, to]) => `table.move(list, ${f}, ${e}, ${to}, t)`) },
  {
    weight: 1,
    arbitrary: fc.tuple(index, index, index).map(([f, e, to]) => `list = dense(table.move(list, ${f}, ${e}, ${to}))`),
  },
  { weight: 1, arbitrary: fc.tuple(index, index).map(([i, j]) => `out(table.unpack(list, ${i}, ${j}))`) },
  { weight: 1, arbitrary: fc.tuple(index, index).map(([i, j]) => `out(table.concat(list, "-", ${i}, ${j}))`) },
  { weight: 1, arbitrary: fc.constant("table.sort(list, function(a, b) return str(a) < str(b) end)") },
  { weight: 1, arbitrary: fc.constant("table.sort(list)") },
  { weight: 1, arbitrary: fc.constant("for k in next, t do t[k] = nil end") },
  { weight: 1, arbitrary: fc.constant("for k, v in pairs(t) do if v == 'v' then t[k] = nil else t[k] = 'v' end end") },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "t = {1, 2, 3, a = 1}",
      "t = {n = 1, [1] = 2}",
      "list = {table.unpack(list)}",
      "t = table.pack(table.unpack(list))",
    ),
  },
  { weight: 1, arbitrary: fc.constant("list = dense(list) for i = #list, 1, -1 do list[i] = nil end") },
);

/** Prints all of a table in an order of its own. */
const DUMP = `
local function dump(t)
  local lines = {}
  for k, v in next, t do lines[#lines + 1] = math.type(k) == "float" and ("%.14g"):format(k) .. "=" .. str(v) or str(k) .. "=" .. str(v) end
  table.sort(lines)
  out(table.concat(lines, " "))
end`;

test.skipIf(!available)(
  "table operations",
  async () => {
    await agree({
      cases: fc.array(operation, { maxLength: 16 }),
      source: (operations) => `${DUMP}
local t, list = {}, {}
${operations.map((text) => `out(pcall(function() ${text} end))\nlist = dense(list)`).join("\n")}
dump(t) dump(list) out(#list, #dense(t))
for _, k in ipairs({1, 2, "a", "b", 2^53, 0.5, true}) do out(t[k]) end`,
      normal: lenient,
      runs: 600,
    });
  },
  600_000,
);

test.skipIf(!available)(
  "sorting, with orders of all kinds",
  async () => {
    const number = fc.oneof(
      fc.integer({ min: -5, max: 5 }).map(String),
      fc.constantFrom("0.5", "-1/0", "2^53", "math.maxinteger"),
    );
    const word = fc.constantFrom('"a"', '"B"', '"aa"', '""', '"a\\0b"', '"\\200"', '"10"', '"9"');
    // Equal elements that can be told apart are left out: where they end up is not said.
    const order = fc.constantFrom("", ", function(a, b) return a > b end", ", function(a, b) return b < a end");
    const bad = fc.constantFrom(
      ", function(a, b) return true end",
      ", function() error('no') end",
      ", 5",
      ", function(a, b) return nil end",
    );
    await agree({
      cases: fc.tuple(
        fc.oneof(
          fc.array(number, { maxLength: 40 }),
          fc.array(word, { maxLength: 30 }),
          fc.array(fc.oneof(number, word), { maxLength: 6 }),
        ),
        fc.oneof({ weight: 9, arbitrary: order }, { weight: 1, arbitrary: bad }),
      ),
      source: ([values, compare]) => `local t = {${values.join(", ")}}
local ok, message = pcall(table.sort, t${compare})
out(ok, message)
if ok then out(table.unpack(t)) end`,
      normal: lenient,
      runs: 400,
    });
  },
  600_000,
);

describe("LuaTable and a Map", () => {
  const keys: Value[] = [
    ...Array.from({ length: 12 }, (_, i) => i - 1),
    "a",
    "b",
    "c",
    0.5,
    true,
    2n ** 60n,
    new LuaFloat(3),
  ];
  const same = (k: Value) => (k instanceof LuaFloat ? k.n : k);
  const step = fc.tuple(fc.nat(keys.length - 1), fc.option(fc.nat(9), { nil: undefined, freq: 2 }));

  test("get, set, next and length", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const table = createFullVm(() => undefined).newTable();
        const model = new Map<Value, Value>();
        for (const [k, v] of steps) {
          const key = keys[k]!;
          table.set(key, v);
          if (v === undefined) model.delete(same(key));
          else model.set(same(key), v);
          const border = table.length();
          expect(border === 0 || model.has(border)).toBe(true);
          expect(model.has(border + 1)).toBe(false);
        }
        for (const key of keys) expect(table.get(key)).toBe(model.get(same(key)));
        const seen = new Map<Value, Value>();
        for (let at = table.nextPosition(0); at !== 0; at = table.nextPosition(at)) {
          seen.set(table.keyAt(at), table.valueAt(at));
        }
        expect(seen).toEqual(model);
      }),
      { numRuns: 300 },
    );
  });
});
