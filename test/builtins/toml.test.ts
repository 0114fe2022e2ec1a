/** TOML 1.0: values, what may be defined when, refusals with their place, and what is written reads back. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { fromText, toText } from "../../interpreter/text.ts";
import type { Value } from "../../interpreter/value.ts";
import { errorOf, prepare, results } from "./script.ts";

const toJson = prepare("return json.encode(toml.parse(...))");

describe("Y06 (TOML): parse", () => {
  test.each([
    ["", "{}"],
    ["# comment\n\n  # more\r\n", "{}"],
    ["\ufeffa = 1", `{"a":1}`],
    // keys
    ["a=1", `{"a":1}`],
    ["a-b_1 = 1\n1234 = 2", `{"a-b_1":1,"1234":2}`],
    [`"a b" = 1\n'c"d' = 2\n"" = 3`, `{"a b":1,"c\\"d":2,"":3}`],
    ["a.b.c = 1\na . b . d = 2", `{"a":{"b":{"c":1,"d":2}}}`],
    [`a."b.c" = 1`, `{"a":{"b.c":1}}`],
    ["3.14 = 1", `{"3":{"14":1}}`],
    [
      "constructor.x = 1\n__proto__.y = 2\n[toString]\nz = 3",
      `{"constructor":{"x":1},"__proto__":{"y":2},"toString":{"z":3}}`,
    ],
    // strings
    [`a = "x\\ty\\n\\u00e9\\U0001F600\\"\\\\"`, `{"a":"x\\ty\\né😀\\"\\\\"}`],
    [`a = 'C:\\x'`, `{"a":"C:\\\\x"}`],
    [`a = """\nx\ny"""`, `{"a":"x\\ny"}`],
    [`a = """x \\\n   y"""`, `{"a":"x y"}`],
    [`a = """"quoted""""`, `{"a":"\\"quoted\\""}`],
    [`a = '''\nx'y''z'''`, `{"a":"x'y''z"}`],
    [`a = """x\r\ny"""`, `{"a":"x\\ny"}`],
    [`a = ""`, `{"a":""}`],
    [`a = "grün 😀"`, `{"a":"grün 😀"}`],
    // integers
    ["a = 0\nb = +1\nc = -1\nd = 1_000", `{"a":0,"b":1,"c":-1,"d":1000}`],
    ["a = 0xDEAD_beef\nb = 0o755\nc = 0b1101", `{"a":3735928559,"b":493,"c":13}`],
    ["a = 9223372036854775807\nb = -9223372036854775808", `{"a":9223372036854775807,"b":-9223372036854775808}`],
    ["a = 0x7fff_ffff_ffff_ffff\nb = 9007199254740993", `{"a":9223372036854775807,"b":9007199254740993}`],
    // floats
    [
      "a = 1.0\nb = -0.0\nc = 3.1415\nd = 1e3\ne = 6.626e-34\nf = 9_224.5_1",
      `{"a":1.0,"b":-0.0,"c":3.1415,"d":1000.0,"e":6.626e-34,"f":9224.51}`,
    ],
    ["a = 1E+2\nb = 0e0", `{"a":100.0,"b":0.0}`],
    // booleans, dates and times
    ["a = true\nb = false", `{"a":true,"b":false}`],
    [
      "a = 1979-05-27T07:32:00Z\nb = 1979-05-27 00:32:00.999999-07:00",
      `{"a":"1979-05-27T07:32:00Z","b":"1979-05-27T00:32:00.999999-07:00"}`,
    ],
    ["a = 1979-05-27t07:32:00z", `{"a":"1979-05-27T07:32:00Z"}`],
    [
      "a = 1979-05-27T07:32:00.5\nb = 1979-05-27\nc = 07:32:00.25",
      `{"a":"1979-05-27T07:32:00.5","b":"1979-05-27","c":"07:32:00.25"}`,
    ],
    ["a = 2000-02-29\nb = 1979-05-27 # x", `{"a":"2000-02-29","b":"1979-05-27"}`],
    ["a = [1979-05-27 07:32:00,1979-05-27]", `{"a":["1979-05-27T07:32:00","1979-05-27"]}`],
    // arrays and inline tables
    ["a = []\nb = {}", `{"a":[],"b":{}}`],
    ["a = [1, 'x', [true], {b = 1},]", `{"a":[1,"x",[true],{"b":1}]}`],
    ["a = [\n  1, # one\n  2\n  ,\n]", `{"a":[1,2]}`],
    ["a = { b = 1, c.d = 2, 'e f' = [ ] }", `{"a":{"b":1,"c":{"d":2},"e f":[]}}`],
    // tables
    ["[a]\nb = 1\n[a.c]\nd = 2\n[e]", `{"a":{"b":1,"c":{"d":2}},"e":{}}`],
    ["[a.b]\nc = 1\n[a]\nd = 2", `{"a":{"b":{"c":1},"d":2}}`],
    ["[ a . 'b' ]\nc = 1", `{"a":{"b":{"c":1}}}`],
    ["[[a]]\nb = 1\n[[a]]\n[[a]]\nb = 3\n[a.c]\nd = 4", `{"a":[{"b":1},{},{"b":3,"c":{"d":4}}]}`],
    ["[[a.b]]\nc = 1\n[[a.b.d]]\n[[a.b.d]]\ne = 2", `{"a":{"b":[{"c":1,"d":[{},{"e":2}]}]}}`],
    ["[a]\nb.c = 1\n[a.b.d]\ne = 2", `{"a":{"b":{"c":1,"d":{"e":2}}}}`],
  ])("%j", async (text, json) => {
    expect(toText((await toJson(fromText(text)))[0] as string)).toBe(json);
  });

  test.each([
    [`a = ${"9".repeat(1000)}`, `integer ${"9".repeat(80)} does not fit 64 bits at line 1, column 5`],
    [`a = 0x${"f".repeat(1000)}`, `integer 0x${"f".repeat(78)} does not fit 64 bits at line 1, column 5`],
    ["a = 1\na = 2", "key a given twice at line 2, column 1"],
    ["a.b = 1\na.b = 2", "key a.b given twice at line 2, column 1"],
    ["a = {b = 1, b = 2}", "key b given twice at line 1, column 13"],
    ["a = 1\na.b = 2", "a cannot be extended at line 2, column 1"],
    ["[a]\n[a]", "table a defined twice at line 2, column 2"],
    ["[a]\nb.c = 1\n[a.b]", "table a.b defined twice at line 3, column 2"],
    ["a.b = 1\n[a]", "table a defined twice at line 2, column 2"],
    ["[a.b.c]\nz = 9\n[a]\nb.c.t = 'x'", "b cannot be extended at line 4, column 1"],
    ["a = {}\n[a.b]", "a cannot be extended at line 2, column 2"],
    ["a = {b.c = 1}\n[a.b.d]", "a cannot be extended at line 2, column 2"],
    ["a = [{}]\n[[a]]", "a is not an array of tables at line 2, column 3"],
    ["[[a]]\n[a]", "table a defined twice at line 2, column 2"],
    ["[a]\n[[a]]", "a is not an array of tables at line 2, column 3"],
    ["a = []\na.b = 1", "a cannot be extended at line 2, column 1"],
    ["a = ", "expected a value at line 1, column 5"],
    ["a = @", "expected a value, got '@' at line 1, column 5"],
    ["a = x", `"x" is not a value at line 1, column 5`],
    ["a = 01", `"01" is not a value at line 1, column 5`],
    ["a = 1__0", `"1__0" is not a value at line 1, column 5`],
    ["a = 1_", `"1_" is not a value at line 1, column 5`],
    ["a = .5", `".5" is not a value at line 1, column 5`],
    ["a = 5.", `"5." is not a value at line 1, column 5`],
    ["a = +0x1", `"+0x1" is not a value at line 1, column 5`],
    ["a = 0X1", `"0X1" is not a value at line 1, column 5`],
    ["a = Inf", `"Inf" is not a value at line 1, column 5`],
    ["a = 9223372036854775808", "integer 9223372036854775808 does not fit 64 bits at line 1, column 5"],
    ["a = 0x8000000000000000", "integer 0x8000000000000000 does not fit 64 bits at line 1, column 5"],
    ["a = 1e400", "1e400 is out of range at line 1, column 5"],
    ["a = 2021-02-29", `"2021-02-29" is not a value at line 1, column 5`],
    ["a = 2021-13-01", `"2021-13-01" is not a value at line 1, column 5`],
    ["a = 24:00:00", `"24:00:00" is not a value at line 1, column 5`],
    ["a = 07:32", `"07:32" is not a value at line 1, column 5`],
    ["a = 07:32:00Z", `"07:32:00Z" is not a value at line 1, column 5`],
    ["a = 2021-01-01T00:00:00+24:00", `"2021-01-01T00:00:00+24:00" is not a value at line 1, column 5`],
    ["a = 1 b = 2", "unexpected character, expected only whitespace or comments till end of line at line 1, column 7"],
    [`a = "x`, "unterminated string at line 1, column 7"],
    [`a = "x\ny"`, "unterminated string at line 1, column 7"],
    [`a = "\\x"`, "unexpected 'x' at line 1, column 7"],
    [`a = "\\ud800"`, "invalid unicode, character in range 0xD800 - 0xDFFF is reserved at line 1, column 12"],
    [`a = "\\U00110000"`, "escape sequence beyond U+10FFFF at line 1, column 16"],
    ["a = [1", "unexpected end of the text, expected whitespace, comma (,) or close bracket (]) at line 1, column 7"],
    ["a = {b = 1,}", "trailing commas in inline tables are not permitted at line 1, column 12"],
    ["a = {\nb = 1}", "inline tables stand on one line, arrays end with ] at line 1, column 6"],
    ["= 1", "unexpected '=' at line 1, column 1"],
    ["é = 1", "unexpected 'é' at line 1, column 1"],
    ["a = é", "expected a value, got 'é' at line 1, column 5"],
    ["'é' = x", `"x" is not a value at line 1, column 7`],
    ["[a", "key ended without value at line 1, column 3"],
    ["[]", "empty bare keys are not allowed at line 1, column 2"],
    ["a = 1\rb = 2", "carriage return without a line feed at line 1, column 6"],
    [
      "a = '\0'",
      "control characters (codes < 0x1f and 0x7f) are not allowed in strings, use \\u0000 instead at line 1, column 6",
    ],
    [`a = ${"[".repeat(1_000_000)}`, "nested deeper than 1000 at line 1, column 1005"],
    [`a = ${"{a=".repeat(300_000)}`, "nested deeper than 1000 at line 1, column 3005"],
    [`${"a.".repeat(100_000)}b = 1`, "nested deeper than 1000 at line 1, column 1"],
    [`[${"a.".repeat(100_000)}b]`, "nested deeper than 1000 at line 1, column 2003"],
  ])("%.40j is refused", async (text, message) => {
    expect(await errorOf("toml.parse(...)", { args: [fromText(text)] })).toBe(
      `test:1: toml.parse: ${fromText(message)}`,
    );
  });

  test.each([
    [
      `local t = toml.parse("a = 1\\nb = 1.0\\nc = 2024-01-01") return math.type(t.a), math.type(t.b), type(t.c)`,
      ["integer", "float", "string"],
    ],
    [
      `local t = toml.parse("a = inf\\nb = -inf\\nc = nan\\nd = +inf") return t.a, t.b, t.c ~= t.c, t.d`,
      [Infinity, -Infinity, true, Infinity],
    ],
    [`return pcall(toml.parse, "a = '\\xff'")`, [false, "toml.parse: invalid UTF-8"]],
    [`return pcall(toml.parse)`, [false, "bad argument #1 to 'toml.parse' (string expected, got no value)"]],
    [`return ({}).foo, toml.parse("[constructor]\\nfoo = 1").constructor.foo`, [undefined, 1]],
  ])("%s", async (source, expected) => {
    expect(await results(source)).toEqual(expected as Value[]);
  });

  test("prototypes stay as they are", async () => {
    await results(`toml.parse("a.constructor.polluted = 1\\n__proto__.polluted = 1\\n[toString]\\npolluted = 1")`);
    expect((Object as unknown as { polluted?: unknown }).polluted).toBeUndefined();
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect((Object.prototype.toString as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test("a deadline stops the reading of a large text", async () => {
    const text = Array.from({ length: 200_000 }, (_, i) => `key${i} = "value ${i}"`).join("\n");
    const error = await errorOf("toml.parse(...)", { args: [text], limits: { memoryBytes: Infinity, timeoutMs: 50 } });
    expect(error).toContain("timeout");
  });
});

describe("encode", () => {
  test.each([
    ["{}", ""],
    ["{a = 1, }", "a = 1\n"],
    ["{a = 1.0}", "a = 1.0\n"],
    ["{a = 1e100}", "a = 1e+100\n"],
    ["{a = 1/0}", "a = inf\n"],
    ["{a = -1/0}", "a = -inf\n"],
    ["{a = 0/0}", "a = nan\n"],
    ["{a = math.mininteger}", "a = -9223372036854775808\n"],
    [`{a = "x\\n\\"\\\\\\127\\0"}`, `a = "x\\n\\"\\\\\\u007f\\u0000"\n`],
    [`{["a b"] = 1}`, `"a b" = 1\n`],
    [`{[""] = 1}`, `"" = 1\n`],
    ["{[5] = 1}", "5 = 1\n"],
    ["{a = {1, 'x', {true}}}", `a = [1, "x", [true]]\n`],
    ["{a = {}}", "a = []\n"],
    ["{a = json.object()}", "[a]\n"],
    ["{a = {b = 1}}", "[a]\nb = 1\n"],
    ["{a = {b = {c = {d = 1}}}}", "[a.b.c]\nd = 1\n"],
    ["{t = {x = 1}, }", "[t]\nx = 1\n"],
    ["{a = {{b = 1}, {b = 2}}}", "[[a]]\nb = 1\n\n[[a]]\nb = 2\n"],
    ["{a = {{b = {{c = 1}}}}}", "[[a]]\n\n[[a.b]]\nc = 1\n"],
    ["{a = {1, {b = {c = 2}}}}", "a = [1, { b = { c = 2 } }]\n"],
    ["{a = {json.object()}}", "[[a]]\n"],
  ])("%s", async (expression, text) => {
    expect(await results(`return toml.encode(${expression})`)).toEqual([text]);
  });

  test("entries before tables, keys in order", async () => {
    const source =
      "return toml.encode({z = {y = 1, x = {w = 2}}, b = 2, a = 1, l = {{n = 1, m = 2}}}, {sort_keys = true})";
    expect(await results(source)).toEqual(["a = 1\nb = 2\n\n[[l]]\nm = 2\nn = 1\n\n[z]\ny = 1\n\n[z.x]\nw = 2\n"]);
  });

  test.each([
    ["{1, 2}", "$: a list cannot be a document"],
    ["{a = print}", "$.a: a function cannot be written"],
    ["{a = {b = {1, {c = print}}}}", "$.a.b[2].c: a function cannot be written"],
    ["{a = {{b = 1}, {b = print}}}", "$.a[2].b: a function cannot be written"],
    ["{a = json.null}", "$.a: a userdata cannot be written"],
    ["{a = json.array({1, nil, 3})}", "$.a[2]: a nil cannot be written"],
    ["{a = '\\xff'}", "$.a: invalid UTF-8"],
    ["{a = {[true] = 1}}", "$.a: a boolean as key"],
    ["(function() local t = {} t.x = {t} return t end)()", "$.x[1]: a table inside itself"],
    ["(function() local t = {} t.x = {y = t} return t end)()", "$.x.y: a table inside itself"],
    [
      "(function() local t = {} for i = 1, 1e5 do t = {a = t} end return t end)()",
      `$${".a".repeat(10)}...${".a".repeat(10)}: nested deeper than 1000`,
    ],
  ])("%s is refused", async (expression, message) => {
    expect(await errorOf(`toml.encode(${expression})`)).toBe(`test:1: toml.encode: ${message}`);
  });

  test("arguments", async () => {
    expect(await errorOf("toml.encode(1)")).toBe(
      "test:1: bad argument #1 to 'toml.encode' (table expected, got number)",
    );
  });
});

describe("random", () => {
  const again = prepare(
    "local t = json.parse(...) return json.encode(t, {sort_keys = true}), json.encode(toml.parse(toml.encode(t)), {sort_keys = true})",
  );
  const attempt = prepare("local ok, e = pcall(toml.parse, ...) return ok, e");

  test("documents without null read back", async () => {
    const scalar = fc.oneof(
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.string({ unit: "grapheme" }),
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 5 }, scalar, fc.array(tie("value"), { maxLength: 4 }), tie("table")),
      table: fc.dictionary(fc.string({ unit: "grapheme", maxLength: 5 }), tie("value"), { maxKeys: 4 }),
    }));
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string({ maxLength: 5 }), value), async (document) => {
        const [before, after] = await again(fromText(JSON.stringify(document)));
        expect(after).toBe(before!);
      }),
      { numRuns: 300 },
    );
  }, 30_000);

  test("any text parses or raises one line", async () => {
    const pieces = [
      "a",
      "b",
      ".",
      " = ",
      "=",
      "1",
      "0x",
      "_",
      "-",
      ":",
      "2021-01-01",
      "T",
      "12:00:00",
      "Z",
      '"',
      "'",
      '"""',
      "'''",
      "[",
      "]",
      "[[",
      "]]",
      "{",
      "}",
      ",",
      "\n",
      "\r",
      "#",
      "\\",
      "u00e9",
      "é",
      "\0",
      "true",
      "inf",
      "nan",
      "e",
      "+",
    ];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...pieces), { maxLength: 25 }), async (parts) => {
        const [ok, error] = await attempt(fromText(parts.join("")));
        if (ok === false) {
          expect(String(error)).toMatch(/^toml\.parse: [^\n]* at line \d+, column \d+$/);
          expect(String(error)).not.toMatch(/undefined|\[object|TypeError|not a function|Cannot|null is not/);
        }
      }),
      { numRuns: 3000 },
    );
  }, 30_000);
});
