/** YAML: values of the core schema, anchors and their limits, refusals with their place, and what is written reads back. */
import { describe, expect, spyOn, test } from "bun:test";
import fc from "fast-check";
import { fromText, toText } from "../../interpreter/text.ts";
import type { Value } from "../../interpreter/value.ts";
import { errorOf, prepare, results } from "./script.ts";

const toJson = prepare("return json.encode(yaml.parse(...))");

async function parsed(text: string): Promise<string> {
  return toText((await toJson(fromText(text)))[0] as string)!;
}

describe("Y03: parse", () => {
  test.each([
    // scalars of the core schema (YAML 1.2.2 §10.3)
    ["1", "1"],
    ["-1", "-1"],
    ["+1", "1"],
    ["017", "17"],
    ["0o17", "15"],
    ["0x1F", "31"],
    ["9223372036854775807", "9223372036854775807"],
    ["-9223372036854775808", "-9223372036854775808"],
    ["9007199254740993", "9007199254740993"],
    ["9223372036854775808", "9223372036854776000.0"],
    ["0xffffffffffffffffff", "4.722366482869645e+21"],
    ["1.0", "1.0"],
    ["1.", "1.0"],
    [".5", "0.5"],
    ["-0.0", "-0.0"],
    ["1e3", "1000.0"],
    ["1E-2", "0.01"],
    ["true", "true"],
    ["False", "false"],
    ["TRUE", "true"],
    ["null", "null"],
    ["~", "null"],
    ["Null", "null"],
    ["", "null"],
    ["# only a comment", "null"],
    ["---", "null"],
    ["yes", `"yes"`],
    ["[yes, No, on, OFF, y, n]", `["yes","No","on","OFF","y","n"]`],
    ["[nil, tRue, 1_000, 12:30, 0b1, 1e, 2001-01-01, =]", `["nil","tRue","1_000","12:30","0b1","1e","2001-01-01","="]`],
    [`"1"`, `"1"`],
    ["'true'", `"true"`],
    [`"\\ud83d\\ude00"`, `"😀"`],
    [`"a\\tb\\u00e9\\x41\\0"`, `"a\\tbéA\\u0000"`],
    ["'it''s'", `"it's"`],
    ["a b c", `"a b c"`],
    ["a\n b\n\n c", `"a b\\nc"`],
    ["|\n  a\n   b\n", `"a\\n b\\n"`],
    ["|-\n  a\n\n", `"a"`],
    ["|+\n  a\n\n", `"a\\n\\n"`],
    [">\n  a\n  b\n", `"a b\\n"`],
    ["grün 😀", `"grün 😀"`],
    // collections
    ["[]", "[]"],
    ["{}", "{}"],
    ["a:", "{}"],
    ["- a\n- b", `["a","b"]`],
    ["- - a\n  - b\n- []", `[["a","b"],[]]`],
    ["a: 1\nb:\n  c: [1, {d: 2}]\n", `{"a":1,"b":{"c":[1,{"d":2}]}}`],
    ["a:\n- 1\n- 2", `{"a":[1,2]}`],
    ["? a\n: b", `{"a":"b"}`],
    [`{"a":[1,2.5,null,true]}`, `{"a":[1,2.5,null,true]}`],
    ["[1, null, 3]", "[1,null,3]"],
    ["1: a\n2: b", `{"1":"a","2":"b"}`],
    ["2.5: a", `{"2.5":"a"}`],
    [
      "__proto__: 1\nconstructor: 2\ntoString: 3\nhasOwnProperty: 4",
      `{"__proto__":1,"constructor":2,"toString":3,"hasOwnProperty":4}`,
    ],
    ["\ufeffa: 1", `{"a":1}`],
    ["%YAML 1.2\n---\na: 1", `{"a":1}`],
    ["%YAML 1.1\n---\na: yes", `{"a":"yes"}`],
    ["a: 1\r\nb: 2\r\n", `{"a":1,"b":2}`],
    // tags of the core schema
    ["!!str 12", `"12"`],
    ["!!int '12'", "12"],
    ["!!float 3", "3.0"],
    ["!!float 3.5", "3.5"],
    ["!!null ''", "null"],
    ["!!bool 'true'", "true"],
    ["!!map {a: !!seq [1]}", `{"a":[1]}`],
    ["! 12", `"12"`],
    // anchors
    ["a: &x {b: 1}\nc: *x", `{"a":{"b":1},"c":{"b":1}}`],
    ["- &a 1\n- &b [*a]\n- &a 2\n- *b\n- *a", "[1,[1],2,[1],2]"],
    ["&a a: *a", `{"a":"a"}`],
    ["a: &k b\n*k : c", `{"a":"b","b":"c"}`],
    ["<<: {a: 1, b: 2}\nb: 3", `{"b":3,"a":1}`],
    ["x: &a {p: 1, q: 1}\ny: {<<: *a, q: 2}", `{"x":{"p":1,"q":1},"y":{"q":2,"p":1}}`],
    ["a: {<<: [{p: 1}, {p: 2, q: 2}]}", `{"a":{"p":1,"q":2}}`],
    [`"<<": {a: 1}`, `{"<<":{"a":1}}`],
  ])("%j", async (text, json) => {
    expect(await parsed(text)).toBe(json);
  });

  test.each([
    ["a: 1\na: 2", `key "a" given twice at line 2, column 1`],
    [`"a": 1\n'a': 2`, `key "a" given twice at line 2, column 1`],
    ["1: a\n1.0: b", "key 1 given twice at line 2, column 1"],
    ["{a: 1, b: {c: 1, c: 2}}", `key "c" given twice at line 1, column 18`],
    ["a: &x [*x]", "alias x inside what it stands for at line 1, column 8"],
    ["&x a: {b: {c: *x}, d: &y {e: *y}}", "alias y inside what it stands for at line 1, column 30"],
    ["a: *nope", "unknown alias nope at line 1, column 4"],
    ["- *a\n- &a 1", "unknown alias a at line 1, column 3"],
    [`a: !!js/function "x"`, "unknown tag !!js/function at line 1, column 18"],
    ["!!python/object:os.system x", "unknown tag !!python/object:os.system at line 1, column 27"],
    ["a: !custom x", "unknown tag !custom at line 1, column 12"],
    ["a: !custom {b: 1}", "unknown tag !custom at line 1, column 12"],
    ["!!set {a, b}", "unknown tag !!set at line 1, column 7"],
    ["!!binary aGk=", "unknown tag !!binary at line 1, column 10"],
    ["!!timestamp 2001-01-01", "unknown tag !!timestamp at line 1, column 13"],
    ["!!int x", "!!int does not fit the value at line 1, column 7"],
    ["!!float x", "!!float needs a number at line 1, column 9"],
    ["!!map [1]", "!!map does not fit the value at line 1, column 7"],
    ["a:\n\tb: 1", "tabs are not allowed as indentation at line 2, column 1"],
    ["%YAML 9.9\n---\na", "unsupported YAML version 9.9 at line 1, column 7"],
    ["a\n---\nb", "2 documents, use yaml.parse_all"],
    ["a: \0", "control character U+0000 at line 1, column 4"],
    ["a: 1\nb: '\x07'", "control character U+0007 at line 2, column 5"],
    [`a: "\\ud800"`, "lone surrogate at line 1, column 4"],
    [`"\\udc00\\ud800"`, "lone surrogate at line 1, column 1"],
    ["a: b: c", "nested mappings are not allowed in compact mappings at line 1, column 4"],
    ["[1, 2", "flow sequence must end with a ] at line 1, column 6"],
    ["- a\nb: c", "unexpected scalar at node end at line 2, column 1"],
    ["? [a]\n: b", "a collection as key at line 1, column 3"],
    ["~: 1", "null as key at line 1, column 1"],
    [".nan: 1", "nan as key at line 1, column 1"],
    ["<<: 1", "<< needs a map or a list of maps at line 1, column 5"],
    ["<<: [{a: 1}, 2]", "<< needs a map or a list of maps at line 1, column 5"],
    ["[".repeat(1_000_000), "nested deeper than 1000 at line 1, column 1002"],
    ["- ".repeat(100_000), "nested deeper than 1000 at line 1, column 2002"],
    ["{a: ".repeat(100_000), "nested deeper than 1000 at line 1, column 4002"],
  ])("Y01 Y02 Y04: %.40j is refused", async (text, message) => {
    const error = await errorOf("yaml.parse(...)", { args: [fromText(text)] });
    expect(error).toBe(`test:1: yaml.parse: ${fromText(message)}`);
  });

  test("Y01: an alias bomb and a chain of merges meet the limit", async () => {
    const bomb = [..."bcdefghi"].map((name, i) => `${name}: &${name} [${Array(10).fill(`*${"abcdefgh"[i]}`).join()}]`);
    const chain = Array.from({ length: 4000 }, (_, i) => `m${i + 1}: &m${i + 1} {<<: *m${i}, k${i}: 1}`);
    for (const text of [`a: &a [${"x,".repeat(10)}]\n${bomb.join("\n")}`, `m0: &m0 {a: 1}\n${chain.join("\n")}`]) {
      expect(await errorOf("yaml.parse(...)", { args: [text] })).toContain(
        "aliases add more than 250000 values at line",
      );
    }
  });

  test.each([
    ["that is read straight from its bytes", ""],
    ["that is left to the library", "z: !!str z\n"],
  ])("a deadline stops the reading of a large text %s", async (_, last) => {
    const text = Array.from({ length: 400_000 }, (_, i) => `key${i}: [a, b]\n`).join("") + last;
    const start = performance.now();
    const error = await errorOf("yaml.parse(...)", { args: [text], limits: { memoryBytes: Infinity, timeoutMs: 20 } });
    expect(error).toContain("timeout");
    expect(performance.now() - start).toBeLessThan(2000);
  });

  test("large texts fit the default limit; what only the library reads is refused early, with its place", async () => {
    const item = "- name: web\n  image: registry/web:1\n  labels:\n    app: web\n  ports: [80, 443]\n";
    const text = item.repeat(18_000);
    const limits = { memoryBytes: 64 << 20, timeoutMs: Infinity };
    expect(await results("return #yaml.parse(...)", { args: [text], limits })).toEqual([18_000]);
    expect(await errorOf("yaml.parse(...)", { args: [`${text}- !!str x\n`], limits })).toBe(
      "test:1: yaml.parse: not enough memory to read what begins at line 90001, column 3",
    );
  });

  test("the library does not print what it reads", async () => {
    const print = spyOn(console, "log").mockImplementation(() => {});
    const dir = spyOn(console, "dir").mockImplementation(() => {});
    process.env.LOG_TOKENS = process.env.LOG_STREAM = "1";
    try {
      expect(await parsed("!!map {a: 1}")).toBe(`{"a":1}`);
      expect(print).not.toHaveBeenCalled();
      expect(dir).not.toHaveBeenCalled();
      expect(process.env.LOG_TOKENS).toBe("1");
    } finally {
      delete process.env.LOG_TOKENS;
      delete process.env.LOG_STREAM;
      print.mockRestore();
      dir.mockRestore();
    }
  });

  test.each([
    [`return #yaml.parse_all("a: 1\\n---\\nb: 2\\n---\\n---\\n- 3\\n...\\n")`, [3]],
    [`return yaml.parse_all("")[1], #yaml.parse_all("# nothing")`, [undefined, 0]],
    [`return yaml.parse("a: ~", {null = json.null}).a == json.null`, [true]],
    [`return yaml.parse("1: a")[1], yaml.parse("'1': a")["1"], yaml.parse("true: a")[true]`, ["a", "a", "a"]],
    [
      `return yaml.parse(".inf"), yaml.parse("-.Inf"), math.type(yaml.parse("1.0")), math.type(yaml.parse("1"))`,
      [Infinity, -Infinity, "float", "integer"],
    ],
    [`local t = yaml.parse("a: &x {n: 1}\\nb: *x") t.a.n = 2 return t.b.n`, [1]],
    [`return json.encode(yaml.parse("a: {}\\nb: []"))`, [`{"a":{},"b":[]}`]],
    [`return pcall(yaml.parse, "a: 1", {max_size = 3})`, [false, "yaml.parse: text longer than 3 bytes"]],
    [`return pcall(yaml.parse, "a: \\xff")`, [false, "yaml.parse: invalid UTF-8"]],
    [
      `return pcall(yaml.parse_all, "a: 1\\n---\\nb: [")`,
      [
        false,
        "yaml.parse_all: flow sequence in block collection must be sufficiently indented and end with a ] at line 3, column 5",
      ],
    ],
    [`return pcall(yaml.parse)`, [false, "bad argument #1 to 'yaml.parse' (string expected, got no value)"]],
  ])("%s", async (source, expected) => {
    expect(await results(source)).toEqual(expected as Value[]);
  });
});

describe("encode", () => {
  test.each([
    [`"x"`, "x\n"],
    [`""`, `""\n`],
    ["nil", "null\n"],
    ["1", "1\n"],
    ["1.0", "1.0\n"],
    ["2^53", "9007199254740992.0\n"],
    ["-0.0", "-0.0\n"],
    ["1e100", "1e+100\n"],
    ["1/0", ".inf\n"],
    ["-1/0", "-.inf\n"],
    ["0/0", ".nan\n"],
    ["math.mininteger", "-9223372036854775808\n"],
    ["true", "true\n"],
    ["json.null", "null\n"],
    ["{}", "[]\n"],
    ["json.object()", "{}\n"],
    ["{1, 2}", "- 1\n- 2\n"],
    ["{{1, 2}, {}, {{3}}}", "- - 1\n  - 2\n- []\n- - - 3\n"],
    ["{a = {b = {1, {c = 2}}}}", "a:\n  b:\n    - 1\n    - c: 2\n"],
    ["{a = {}, }", "a: []\n"],
    ["{a = json.object()}", "a: {}\n"],
    ["{[1] = 'a', x = 'b'}", "1: a\nx: b\n"],
    ["{['1'] = 'a'}", `"1": a\n`],
    ["{[true] = 'a', }", "true: a\n"],
    ["{[1.5] = 'a'}", "1.5: a\n"],
    ["{a = 'x\\ny\\n'}", "a: |\n  x\n  y\n"],
    ["{a = 'x\\ny'}", "a: |-\n  x\n  y\n"],
    ["{a = 'x\\n\\n'}", "a: |+\n  x\n\n"],
    ["{{a = 'x\\ny', }}", "- a: |-\n    x\n    y\n"],
    ["'x\\ny'", "|-\n  x\n  y\n"],
    ["{' x\\ny'}", `- " x\\ny"\n`],
    ["{['a b'] = 1}", "a b: 1\n"],
    ["{['a: b'] = 1}", `"a: b": 1\n`],
    ["{['a\\nb'] = 1}", `"a\\nb": 1\n`],
    ["json.array({1, nil, 3})", "- 1\n- null\n- 3\n"],
    ["'grün'", "grün\n"],
  ])("%s", async (expression, text) => {
    expect(toText((await results(`return yaml.encode(${expression})`))[0] as string)).toBe(text);
  });

  test("keys in order", async () => {
    const source = "return yaml.encode({b = 1, a = {d = 1, c = 2}, c = 3}, {sort_keys = true})";
    expect(await results(source)).toEqual(["a:\n  c: 2\n  d: 1\nb: 1\nc: 3\n"]);
  });

  const plain = [
    "a",
    "a b",
    "a-b",
    "-a",
    "?a",
    ":a",
    "a:b",
    "a#b",
    "http://x/y?z#w",
    "1a",
    "a,b",
    "a]b",
    "no-thing",
    "x=y",
    "é",
    "ja",
    "1.2.3.4x",
    "10.0.0.1/8",
    "a'b",
    'a"b',
    "*".padStart(2, "a"),
    "v1.2.3",
    "1.2.3",
    "10.0.0.1",
    "1,000",
    "1.2.3e4",
  ];
  const quoted = [
    "no",
    "No",
    "NO",
    "yes",
    "on",
    "off",
    "y",
    "n",
    "true",
    "null",
    "~",
    "1",
    "1.0",
    "1e3",
    "0x1",
    "0o1",
    "0b1",
    "1_000",
    "12:30",
    ".5",
    ".inf",
    "-.inf",
    ".nan",
    "+1",
    "2001-01-01",
    "2001-01-01T00:00:00Z",
    "",
    " x",
    "x ",
    "- a",
    "a: b",
    "a:",
    "#",
    "a #b",
    "[",
    "]",
    "{",
    "}",
    "&a",
    "*a",
    "!a",
    "|",
    ">",
    "@",
    "`",
    "%",
    "'",
    '"',
    ",",
    "?",
    "-",
    ":",
    "---",
    "--- a",
    "...",
    "=",
    "<<",
    "a\tb\0",
    "\x85",
    "a\u2028b",
    "\ufeff",
    "\x7f",
    "- ",
    "\t",
    "\n",
    "\n\n",
    "a\r\nb",
  ];

  test.each(plain)("%j stays plain", async (text) => {
    expect(await results("return yaml.encode(...)", { args: [fromText(text)] })).toEqual([fromText(`${text}\n`)]);
  });

  test.each(quoted)("Y05: %j is quoted and reads back", async (text) => {
    const bytes = fromText(text);
    const [written, read, inList, asKey] = await results(
      `local s = ... local w = yaml.encode(s)
       return w, yaml.parse(w), yaml.parse(yaml.encode({s, {s}}))[2][1], next(yaml.parse(yaml.encode({[s] = 1})))`,
      { args: [bytes] },
    );
    expect(String(written).startsWith('"')).toBe(true);
    expect([read, inList, asKey]).toEqual([bytes, bytes, bytes]);
  });

  test.each([
    ["{spec = {ports = {1, print}}}", "$.spec.ports[2]: a function cannot be written"],
    ["{a = '\\xff'}", "$.a: invalid UTF-8"],
    ["{['\\xff'] = 1}", "$: invalid UTF-8"],
    ["{[{}] = 1}", "$: a table as key"],
    ["(function() local t = {} t.x = {t} return t end)()", "$.x[1]: a table inside itself"],
    [
      "(function() local t = {} for i = 1, 1e6 do t = {t} end return t end)()",
      `$${"[1]".repeat(10)}...${"[1]".repeat(10)}: nested deeper than 1000`,
    ],
  ])("%s is refused", async (expression, message) => {
    expect(await errorOf(`yaml.encode(${expression})`)).toBe(`test:1: yaml.encode: ${message}`);
  });
});

describe("random", () => {
  const trip = prepare(
    "local s = ... return yaml.parse(yaml.encode(s)), yaml.parse(yaml.encode({{[s] = {s, s}}}))[1][s][2]",
  );

  test("Y05: every string reads back, as value and as key", async () => {
    const pieces = [
      "a",
      "b",
      " ",
      "\n",
      "\t",
      ":",
      "-",
      "#",
      "'",
      '"',
      "[",
      "]",
      "{",
      "}",
      ",",
      "&",
      "*",
      "!",
      "|",
      ">",
      "%",
      "@",
      "?",
      "1",
      ".",
      "e",
      "\\",
      "é",
      "😀",
      "\x85",
      "\u2028",
      "\ufeff",
      "\x7f",
      "\0",
      "~",
      "---",
      "...",
      "true",
      "0x",
      "<<",
    ];
    const strings = fc.oneof(
      fc.array(fc.constantFrom(...pieces), { maxLength: 8 }).map((parts) => parts.join("")),
      fc.string({ unit: "binary", maxLength: 30 }).filter((text) => text.isWellFormed()),
    );
    await fc.assert(
      fc.asyncProperty(strings, async (text) => {
        const bytes = fromText(text);
        expect(await trip(bytes)).toEqual([bytes, bytes]);
      }),
      { numRuns: 1500 },
    );
  }, 30_000);

  const again = prepare("local t = json.parse(...) return json.encode(t), json.encode(yaml.parse(yaml.encode(t)))");

  test("every document reads back", async () => {
    await fc.assert(
      fc.asyncProperty(fc.json({ maxDepth: 5, noUnicodeString: false }), async (json) => {
        if (/\\ud[89a-f]/i.test(json) || !json.isWellFormed()) return;
        // Keys and strings as they come; holes at the end of a list are lost in the first reading already.
        const [before, after] = await again(fromText(json));
        expect(after).toBe(before!);
      }),
      { numRuns: 300 },
    );
  }, 30_000);

  const attempt = prepare("local ok, e = pcall(yaml.parse, ...) return ok, e");

  test("any text parses or raises one line", async () => {
    const pieces = [
      "a",
      ": ",
      "- ",
      "\n",
      "  ",
      "[",
      "]",
      "{",
      "}",
      ",",
      "&x ",
      "*x",
      "!t ",
      "|",
      ">",
      "'",
      '"',
      "#",
      "%",
      "---\n",
      "...\n",
      "? ",
      "<<",
      "\t",
      "1",
      "\0",
      "é",
      "~",
    ];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...pieces), { maxLength: 25 }), async (parts) => {
        const [ok, error] = await attempt(fromText(parts.join("")));
        if (ok === false) {
          expect(String(error)).toMatch(/^yaml\.parse: [^\n]*( at line \d+, column \d+|, use yaml\.parse_all)$/);
          expect(String(error)).not.toMatch(/undefined|\[object|TypeError|not a function/);
        }
      }),
      { numRuns: 2000 },
    );
  }, 30_000);
});
