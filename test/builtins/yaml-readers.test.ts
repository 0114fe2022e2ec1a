/** The two readers of YAML: whatever the quick one reads, the library reads as the same values. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readFully } from "../../builtins/yaml/full.ts";
import { readQuickly } from "../../builtins/yaml/quick.ts";
import { createVm } from "../../interpreter/index.ts";
import { state } from "../../interpreter/state.ts";
import { LuaTable } from "../../interpreter/table.ts";
import { fromText } from "../../interpreter/text.ts";
import { LuaFloat, type Value } from "../../interpreter/value.ts";

/** A value with its types, marks and the order of its keys. */
function shown(value: Value): string {
  if (value instanceof LuaTable) {
    const entries: string[] = [];
    value.forEach((key, element) => {
      entries.push(`${shown(key)}: ${shown(element)}`);
    });
    return `${value.mark}{${entries.join(", ")}}`;
  }
  if (value instanceof LuaFloat) return `float ${Object.is(value.n, -0) ? "-0" : value.n}`;
  return typeof value === "string" ? JSON.stringify(value) : `${typeof value} ${String(value)}`;
}

/** What a reader makes of a text; undefined when it gives up or raises an error. */
function attempt(read: () => Value[] | undefined): string | undefined {
  state.vm = createVm();
  state.ticks = Infinity;
  try {
    return read()?.map(shown).join("; ");
  } catch {
    return undefined;
  }
}

const quickly = (text: string) => attempt(() => readQuickly("yaml.parse", fromText(text), undefined).documents);
const fully = (text: string) => attempt(() => readFully("yaml.parse", text, undefined));

describe("read by both", () => {
  test.each([
    "",
    "# nothing",
    "a",
    "  a: 1\n  b: 2",
    "a:\n  b:\n    - c\n    - - d\n      - e\n  f: 1\n",
    "a:\n- b: 1\n  c: 2\n- d\n-\n- # empty\nz: 1",
    "-\n  a: 1\n-\n  - b\n",
    "a: # comment\n  # another\n  b: 1 # more\n\n# end\n",
    "a: plain\n  over lines\n\n  and paragraphs # comment\nb: x#y:z\n",
    "'it''s': 'a\n\n  b'\n\"q\\n\\x41\\u00e9\\ud83d\\ude00\\_\": \"a \\\n   b\n  c\\\n\n  d\"\n",
    '"a\\0\\a\\b\\t\\n\\v\\f\\r\\e\\ \\/\\\\\\N"',
    "a: |\n  x\n   y\n\n  z\nb: |-\n  x\n\nc: |+\n  x\n\n\nd: >\n  a\n  b\n\n  c\n   d\n  e\nf: >+\n\n  a\n\n",
    "- |\n a\n- >-\n\n\n a\n b",
    "a: |\n  x",
    "[a, 'b', \"c\", [], {}, [1, 2.5], {x: , y, 'z':1, \"w\": [1]}, ]",
    '{"a": {"b": [1, true, null]}, "c": "d"}',
    "a: [\n  b, # comment\n  c\n]\nd: {\n  e: 1\n}\n",
    "a: &x [1, &y 2]\nb: *x\nc: [*x, *y, &z {k: v}]\nd: *z\n",
    "base: &b {p: 1, q: 2}\none: {<<: *b, q: 3}\ntwo:\n  <<: [*b, {r: 4}]\n  p: 0\n",
    "- &a\n- *a\n- &b\n  k: *a\n",
    "1: a\n2: b\n2.5: c\ntrue: d\n-1: e\nk: f\n9007199254740993: g\n",
    "- 9223372036854775807\n- 9223372036854775808\n- 0x7fffffffffffffff\n- 0o17\n- -0\n- -0.0\n- 1e3\n- .inf\n- -.inf\n",
    "---\na: 1\n---\n- 2\n...\n# c\n--- x\n--- |\n y\n---\n---\n",
    "a\n...\nb\n...\n",
    "a: 1\r\nb: |\r\n  x\r\n  y\r\nc: 'd\r\n  e'\r\n",
    "http://x/y: a:b\n-a: ?b\n:c: -1\n",
    "a : 1\n'b' : 2\nc d  :  3\n",
    "grün: 😀\n",
  ])("%j", (text) => {
    const values = quickly(text);
    expect(values).toBeDefined();
    expect(values).toBe(fully(text)!);
  });

  test.each([
    "a: !!str 1",
    "%YAML 1.2\n---\na",
    "? a\n: b",
    "[a]: b",
    "a:\tb",
    "[a: b]",
    "&a k: v",
    "- a\n b: c",
    "a: b: c",
    "a: 'b",
    "a: |2\n    x",
    "a: @b",
    "key: [a\nb]",
    "a: *x:",
    "a: &x{}",
    '"\\ud800"',
    '"\\q"',
    "a\n  # c\n b",
  ])("%j is left to the library", (text) => {
    expect(quickly(text)).toBeUndefined();
  });
});

/** Documents of blocks, with every kind of scalar, and what may go wrong in between. */
const scalars = fc.constantFrom(
  ..."a|b c|x:y|a#b|-1|1.0|true|~||é|'q'|\"d\\n\"|'it''s'|[]|{}|[a, b]|{a: 1, b: [2]}|{a}|*x|&x v|!!str 1|@|\ta".split(
    "|",
  ),
  '"a b\n   c"',
  "'a\n\n   b'",
  '"x\\\n   y"',
  "plain\n   more",
  "[a,\n   b]",
  "|\n     t\n     u\n",
  ">\n     t\n     u\n\n      w\n     v\n",
  "|+\n     t\n\n",
);
const keys = fc.constantFrom("a", "b", "c", "'q'", '"r"', "1", "x y", "true", "<<", "&x z", "*x", "? e");
const ends = fc.constantFrom("\n", "\n", "\n", "\n\n", "\n# c\n", " # c\n", "\r\n", " \n");
const { block } = fc.letrec<{ block: (indent: string) => string }>((tie) => ({
  block: fc.oneof(
    { maxDepth: 3 },
    fc.tuple(scalars, ends).map(
      ([scalar, end]) =>
        () =>
          ` ${scalar}${end}`,
    ),
    fc.tuple(fc.array(tie("block"), { minLength: 1, maxLength: 4 }), ends, fc.constantFrom("", " ", "  ")).map(
      ([items, end, deeper]) =>
        (indent: string) =>
          end + items.map((item) => `${indent}${deeper}-${item(indent + deeper)}`).join(""),
    ),
    fc
      .tuple(
        fc.array(fc.tuple(keys, tie("block")), { minLength: 1, maxLength: 4 }),
        ends,
        fc.constantFrom("", " ", "  "),
      )
      .map(
        ([entries, end, deeper]) =>
          (indent: string) =>
            end + entries.map(([key, value]) => `${indent}${deeper}${key}:${value(indent + deeper)}`).join(""),
      ),
  ),
}));
const pieces = fc.array(
  fc.constantFrom(
    ..."a|b|: |:|- |-|\n|\n  |\n |  | |[|]|{|}|,|&x |*x|!t ||||>|'|\"|''|\\|#| # c|%|---\n|--- |...\n|? |<<: |\t|1|~|é".split(
      "|",
    ),
    "|",
    "|\n  ",
    "\n\n",
    "k:\n  ",
  ),
  { maxLength: 25 },
);

describe("random", () => {
  test.each([
    ["blocks", block.map((write) => write("").replace(/^[\r\n ]+/, ""))],
    ["pieces", pieces.map((parts) => parts.join(""))],
  ])(
    "%s",
    (_, texts: fc.Arbitrary<string>) => {
      fc.assert(
        fc.property(texts, (text) => {
          const values = quickly(text);
          if (values !== undefined) expect(values).toBe(fully(text)!);
        }),
        { numRuns: 600 },
      );
    },
    30_000,
  );
});
