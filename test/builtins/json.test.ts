/** JSON: accepted and refused texts in the manner of the JSONTestSuite, numbers, marks, errors, and random documents. */
import { beforeEach, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { JsonError, parseJson, placeOf } from "../../builtins/json-parser.ts";
import { encodeJson, isUtf8, writeJson } from "../../builtins/json-writer.ts";
import { createVm } from "../../interpreter/index.ts";
import { state } from "../../interpreter/state.ts";
import { LuaTable } from "../../interpreter/table.ts";
import { fromText } from "../../interpreter/text.ts";
import { isFloat, type Value } from "../../interpreter/value.ts";
import { errorOf, results } from "./script.ts";

beforeEach(() => {
  state.vm = createVm();
});

const parse = (text: string): Value => parseJson(text, undefined);
/** A text given as characters, parsed and written again. */
const again = (text: string): string => writeJson(parse(fromText(text)));

/** Texts that parse, and what they are written as; one column where that is the same. */
const ACCEPTED: readonly (readonly [text: string, written?: string])[] = [
  // arrays
  ["[]"],
  ["[[]]"],
  ["[[],[[]],{}]"],
  ["[1]"],
  ["[1,2,3]"],
  ["[ 1 , 2\n,\t3\r\n]", "[1,2,3]"],
  ["[1,null,3]"],
  ["[null,1]"],
  ["[1,null]", "[1]"],
  ["[null]", "[]"],
  ["[[[[[[[[[[1]]]]]]]]]]"],
  [`[""]`],
  ["[true,false]"],
  ["[1 ]", "[1]"],
  ["  []  ", "[]"],
  [`["a","b",{"c":[1]}]`],
  // objects
  ["{}"],
  [`{"":0}`],
  [`{"a":{}}`],
  [`{"a":[]}`],
  [`{"a":1,"b":2}`],
  [`{"a":1,"a":2}`, `{"a":2}`],
  [`{"a":1,"b":2,"a":3}`, `{"a":3,"b":2}`],
  [`{"a":1,"a":null}`, "{}"],
  [`{"a":null}`, "{}"],
  [`{"a":null,"b":1}`, `{"b":1}`],
  [`{ "a" : 1 , "b" : [ ] }`, `{"a":1,"b":[]}`],
  [`{"1":"a","2":"b"}`],
  [`{"a\\u0000b":1}`],
  [`{"__proto__":1,"constructor":2,"toString":3,"hasOwnProperty":4}`],
  [`{"a":{"__proto__":{"x":1}}}`],
  [`{"\\"":1}`],
  [`{"ä":"ö"}`],
  // strings
  [`"x"`],
  [`""`],
  [`" "`],
  [`"\\""`],
  [`"\\\\"`],
  [`"\\/"`, `"/"`],
  [`"\\b\\f\\n\\r\\t"`],
  [`"\\u0041"`, `"A"`],
  [`"\\u0000"`],
  [`"\\u001f"`],
  [`"\\u001F"`, `"\\u001f"`],
  [`"\\u007f"`, `"\x7f"`],
  [`"\x7f"`],
  [`"\\u00e9"`, `"é"`],
  [`"\\u00E9"`, `"é"`],
  [`"\\u20ac"`, `"€"`],
  [`"\\ud83d\\ude00"`, `"😀"`],
  [`"\\uD83D\\uDE00"`, `"😀"`],
  [`"\\ud834\\udd1e and \\u00e9 and é"`, `"𝄞 and é and é"`],
  [`"\\uffff"`, `"\uffff"`],
  [`"\\ufeff"`, `"\ufeff"`],
  [`"\\ufdd0"`, `"\ufdd0"`],
  [`"\\udbff\\udfff"`, `"\u{10ffff}"`],
  [`"\u2028\u2029"`],
  [`"\\u2028"`, `"\u2028"`],
  [`"new\\u000Aline"`, `"new\\nline"`],
  [`"\\"\\\\\\/\\b\\f\\n\\r\\t"`, `"\\"\\\\/\\b\\f\\n\\r\\t"`],
  [`"a\\tb😀"`],
  [`"π"`],
  [`"日本国"`],
  [`"👩‍👩‍👧"`],
  [`"asd "`],
  [`"${"x".repeat(5000)}"`],
  [`"${"é".repeat(5000)}"`],
  [`"${"\\n".repeat(5000)}"`],
  // numbers
  ["0"],
  ["1"],
  ["-1"],
  ["10"],
  ["123"],
  ["-123"],
  ["999"],
  ["1000"],
  ["1001"],
  ["-1000000"],
  ["2147483647"],
  ["2147483648"],
  ["-2147483648"],
  ["-2147483649"],
  ["4294967296"],
  ["999999999999999"],
  ["1000000000000000"],
  ["9007199254740991"],
  ["9007199254740992"],
  ["9007199254740993"],
  ["-9007199254740993"],
  ["9223372036854775807"],
  ["-9223372036854775808"],
  ["9223372036854775808", "9223372036854776000.0"],
  ["-9223372036854775809", "-9223372036854776000.0"],
  ["123456789012345678901234567890", "1.2345678901234568e+29"],
  ["0.0"],
  ["-0", "-0.0"],
  ["-0.0"],
  ["1.0"],
  ["-1.0"],
  ["1.5"],
  ["-1.5"],
  ["0.1"],
  ["0.30000000000000004"],
  ["1e5", "100000.0"],
  ["1E5", "100000.0"],
  ["1e+5", "100000.0"],
  ["1E-2", "0.01"],
  ["0e1", "0.0"],
  ["0e+1", "0.0"],
  ["0E+1", "0.0"],
  ["20e1", "200.0"],
  ["1.5e3", "1500.0"],
  ["123.456e-3", "0.123456"],
  ["1e-400", "0.0"],
  ["-1e-400", "-0.0"],
  ["5e-324"],
  ["1.7976931348623157e308", "1.7976931348623157e+308"],
  ["1e21", "1e+21"],
  ["1e20", "100000000000000000000.0"],
  ["9007199254740992.0"],
  ["0.000000000000000000000000000001", "1e-30"],
  ["-0.000000000000000000000000000000000000000000000000000000000000000000000000000001", "-1e-78"],
  ["3.141592653589793238462643383279", "3.141592653589793"],
  ["123456789.123456789", "123456789.12345679"],
  ["0.123456789012345"],
  ["1234567890.12345"],
  // literals and structure
  ["true"],
  ["false"],
  ["null"],
  [" null ", "null"],
  ["\n\r\t 1 \n\r\t", "1"],
  [`{"a":[{"b":[{"c":[]}]}]}`],
  [`${"[".repeat(1000)}${"]".repeat(1000)}`],
  [`${`{"a":`.repeat(999)}{}${"}".repeat(999)}`],
  [`{"long":${"[1,2],".repeat(0)}"${"y".repeat(300)}"}`],
  ["\ufeff[1]", "[1]"],
];

describe("Y07 (JSON): accepted", () => {
  test.each(ACCEPTED)("%.60s", (text, written = text) => {
    expect(again(text)).toBe(fromText(written));
  });
});

const V = "expected a value, got";

/** Texts that are refused, the message, and its column (line 1 unless the place is given in full). */
const REFUSED: readonly (readonly [text: string, message: string, place: number | string])[] = [
  ["", `${V} the end of the text`, 1],
  [" ", `${V} the end of the text`, 2],
  ["\n\n", `${V} the end of the text`, "line 3, column 1"],
  // arrays
  ["[", `${V} the end of the text`, 2],
  ["]", `${V} ']'`, 1],
  ["[1", "expected ',' or ']', got the end of the text", 3],
  ["[1,", `${V} the end of the text`, 4],
  ["[1,]", `${V} ']'`, 4],
  ["[,1]", `${V} ','`, 2],
  ["[1,,2]", `${V} ','`, 4],
  ["[,]", `${V} ','`, 2],
  ["[1 true]", "expected ',' or ']', got 't'", 4],
  ["[1}", "expected ',' or ']', got '}'", 3],
  ["[1:2]", "expected ',' or ']', got ':'", 3],
  ["[[1]", "expected ',' or ']', got the end of the text", 5],
  ["[1]]", "expected the end of the text, got ']'", 4],
  ["[1]x", "expected the end of the text, got 'x'", 4],
  ["[*]", `${V} '*'`, 2],
  ["['a']", `${V} '''`, 2],
  ["[a]", `${V} 'a'`, 2],
  ["[\x0c1]", `${V} byte 0x0c`, 2],
  ["[1\x0b]", "expected ',' or ']', got byte 0x0b", 3],
  ["[\u00a01]", `${V} '\u00a0'`, 2],
  ["[1\n,2\n,\n", `${V} the end of the text`, "line 4, column 1"],
  ["[1,\n1\n", "expected ',' or ']', got the end of the text", "line 3, column 1"],
  ["[1,\n  x]", `${V} 'x'`, "line 2, column 3"],
  [`["ä",x]`, `${V} 'x'`, 6],
  ["[,\u20ac]", `${V} ','`, 2],
  ["[\u20ac]", `${V} '€'`, 2],
  ["[1\0]", "expected ',' or ']', got byte 0x00", 3],
  // objects
  ["{", "expected a string as key, got the end of the text", 2],
  ["}", `${V} '}'`, 1],
  [`{"a"`, "expected ':', got the end of the text", 5],
  [`{"a":`, `${V} the end of the text`, 6],
  [`{"a":1`, "expected ',' or '}', got the end of the text", 7],
  [`{"a":1,`, "expected a string as key, got the end of the text", 8],
  [`{"a":1,}`, "expected a string as key, got '}'", 8],
  [`{,"a":1}`, "expected a string as key, got ','", 2],
  [`{"a":1,,"b":2}`, "expected a string as key, got ','", 8],
  [`{"a" 1}`, "expected ':', got '1'", 6],
  [`{"a"::1}`, `${V} ':'`, 6],
  [`{"a",1}`, "expected ':', got ','", 5],
  [`{"a":1]`, "expected ',' or '}', got ']'", 7],
  [`{"a":1 "b":2}`, "expected ',' or '}', got '\"'", 8],
  ["{a:1}", "expected a string as key, got 'a'", 2],
  ["{1:1}", "expected a string as key, got '1'", 2],
  ["{'a':1}", "expected a string as key, got '''", 2],
  ["{null:1}", "expected a string as key, got 'n'", 2],
  ["{[]:1}", "expected a string as key, got '['", 2],
  [`{"a":1}}`, "expected the end of the text, got '}'", 8],
  [`{"a":1}/**/`, "expected the end of the text, got '/'", 8],
  [`{"a":/**/1}`, `${V} '/'`, 6],
  ["// x\n1", `${V} '/'`, 1],
  ["# x", `${V} '#'`, 1],
  [`{"a":1}\n{"b":2}`, "expected the end of the text, got '{'", "line 2, column 1"],
  // strings
  [`"`, "unfinished string", 1],
  [`"abc`, "unfinished string", 1],
  [`["abc]`, "unfinished string", 2],
  [`"\\`, "invalid escape sequence", 2],
  [`"\\"`, "unfinished string", 1],
  [`"\\x41"`, "invalid escape sequence", 2],
  [`"\\a"`, "invalid escape sequence", 2],
  [`"\\0"`, "invalid escape sequence", 2],
  [`"\\'"`, "invalid escape sequence", 2],
  [`"\\U0041"`, "invalid escape sequence", 2],
  [`"\\u"`, "invalid escape sequence", 2],
  [`"\\u1"`, "invalid escape sequence", 2],
  [`"\\u12"`, "invalid escape sequence", 2],
  [`"\\u123"`, "invalid escape sequence", 2],
  [`"\\u123`, "invalid escape sequence", 2],
  [`"\\u00g1"`, "invalid escape sequence", 2],
  [`"\\u+123"`, "invalid escape sequence", 2],
  [`"ab\\ud800"`, "lone surrogate", 4],
  [`"\\udc00"`, "lone surrogate", 2],
  [`"\\ud800\\ud800"`, "lone surrogate", 2],
  [`"\\ud800\\u0041"`, "lone surrogate", 2],
  [`"\\ud800x"`, "lone surrogate", 2],
  [`"\\ud83d\\n"`, "lone surrogate", 2],
  [`"\\udbff\\ue000"`, "lone surrogate", 2],
  [`"a\nb"`, "control character in a string", 3],
  [`"a\tb"`, "control character in a string", 3],
  [`"\0"`, "control character in a string", 2],
  [`"\x1f"`, "control character in a string", 2],
  [`{"a\nb":1}`, "control character in a string", 4],
  ["'a'", `${V} '''`, 1],
  ["\u201ca\u201d", `${V} '\u201c'`, 1],
  [`\\u0022a"`, `${V} '\\'`, 1],
  // numbers
  ["-", "expected a digit, got the end of the text", 2],
  ["-x", "expected a digit, got 'x'", 2],
  ["--1", "expected a digit, got '-'", 2],
  ["- 1", "expected a digit, got ' '", 2],
  ["+1", `${V} '+'`, 1],
  [".5", `${V} '.'`, 1],
  ["-.5", "expected a digit, got '.'", 2],
  ["1.", "expected a digit, got the end of the text", 3],
  ["1.e5", "expected a digit, got 'e'", 3],
  ["0.", "expected a digit, got the end of the text", 3],
  ["01", "a number must not begin with 0", 1],
  ["00", "a number must not begin with 0", 1],
  ["-01", "a number must not begin with 0", 2],
  ["-00.5", "a number must not begin with 0", 2],
  ["1e", "expected a digit, got the end of the text", 3],
  ["1e+", "expected a digit, got the end of the text", 4],
  ["1E-x", "expected a digit, got 'x'", 4],
  ["1e1.5", "expected the end of the text, got '.'", 4],
  ["0e", "expected a digit, got the end of the text", 3],
  ["0x1", "expected the end of the text, got 'x'", 2],
  ["1a", "expected the end of the text, got 'a'", 2],
  ["1_000", "expected the end of the text, got '_'", 2],
  ["1 000", "expected the end of the text, got '0'", 3],
  ["1.2.3", "expected the end of the text, got '.'", 4],
  ["1-2", "expected the end of the text, got '-'", 2],
  ["1e400", "number out of range", 1],
  ["[-1e400]", "number out of range", 2],
  ["9".repeat(400), "number out of range", 1],
  [`[-1${"0".repeat(309)}]`, "number out of range", 2],
  ["\uff11", `${V} '\uff11'`, 1],
  ["NaN", `${V} 'N'`, 1],
  ["-NaN", "expected a digit, got 'N'", 2],
  ["Infinity", `${V} 'I'`, 1],
  ["-Infinity", "expected a digit, got 'I'", 2],
  ["nan", `${V} 'n'`, 1],
  // literals and structure
  ["tru", `${V} 't'`, 1],
  ["trux", `${V} 't'`, 1],
  ["True", `${V} 'T'`, 1],
  ["truee", "expected the end of the text, got 'e'", 5],
  ["nul", `${V} 'n'`, 1],
  ["nil", `${V} 'n'`, 1],
  ["NULL", `${V} 'N'`, 1],
  ["fals", `${V} 'f'`, 1],
  ["undefined", `${V} 'u'`, 1],
  ["[true false]", "expected ',' or ']', got 'f'", 7],
  ["<a>", `${V} '<'`, 1],
  ["1\0", "expected the end of the text, got byte 0x00", 2],
  ["\u2060[]", `${V} '\u2060'`, 1],
  ["[\ufeff1]", `${V} '\ufeff'`, 2],
  ["[".repeat(1001), "nested deeper than 1000", 1001],
  [`{"a":`.repeat(1001), "nested deeper than 1000", 5001],
  ["[".repeat(1_000_000), "nested deeper than 1000", 1001],
  [`[{"a":`.repeat(300_000), "nested deeper than 1000", 3001],
];

function refusal(text: string): { message: string; place: string } {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof JsonError) return { message: error.message, place: placeOf(text, error.at) };
    throw error;
  }
  throw new Error("accepted");
}

describe("Y07 (JSON): refused", () => {
  test.each(REFUSED)("%.40s", (text, message, place) => {
    const expected = typeof place === "number" ? `line 1, column ${place}` : place;
    expect(refusal(fromText(text))).toEqual({ message: fromText(message), place: expected });
  });

  test.each([
    [`"\xff"`],
    [`"\x80"`],
    [`"a\xc3"`],
    [`"\xc3("`],
    [`"\xc0\x80"`],
    [`"\xc1\xbf"`],
    [`"\xe0\x80\x80"`],
    [`"\xe2\x82"`],
    [`"\xed\xa0\x80"`],
    [`"\xed\xbf\xbf"`],
    [`"\xf0\x80\x80\x80"`],
    [`"\xf4\x90\x80\x80"`],
    [`"\xf5\x80\x80\x80"`],
    [`"\xfc\x83\xbf\xbf\xbf\xbf"`],
    [`{"\xff":1}`],
    [`"\\u0041\xff"`],
    [`"\xff\\n"`],
  ])("invalid UTF-8 %j", (text) => {
    expect(refusal(text).message).toBe("invalid UTF-8");
  });

  test("a broken byte is shown by its code", () => {
    expect(refusal("[\xff]").message).toBe("expected a value, got byte 0xff");
    expect(refusal("[1\xe2\x82]").message).toBe("expected ',' or ']', got byte 0xe2");
  });
});

describe("every way of cutting a document short or breaking a byte of it is one error", () => {
  const document = fromText(
    `{"a":[1,-2.5e3,true,null,"x\\n\\u00e9ä"],"b":{"c":{}},"d":[[],[0.1]],"e":9223372036854775807}`,
  );

  test("cut", () => {
    for (let end = 0; end < document.length; end++)
      expect(() => parse(document.slice(0, end))).toThrow(JsonError as never);
  });

  test("changed", () => {
    for (let at = 0; at < document.length; at++) {
      for (const byte of ["\0", '"', "\\", "{", "]", ",", "9", "x", "\xff", "\n"]) {
        const changed = document.slice(0, at) + byte + document.slice(at + 1);
        let native = true;
        try {
          JSON.parse(Buffer.from(changed, "latin1").toString("utf8"));
        } catch {
          native = false;
        }
        let own = true;
        try {
          parse(changed);
        } catch (error) {
          expect(error).toBeInstanceOf(JsonError);
          own = false;
        }
        // The engine takes invalid UTF-8 for U+FFFD.
        if (own !== native) expect([own, isUtf8(changed)]).toEqual([false, false]);
      }
    }
  });
});

describe("in Lua", () => {
  test.each([
    [
      `local t = json.parse('{"a":9223372036854775807,"c":null,"d":-0,"e":1.0}') return t.a == math.maxinteger, t.c, 1 / t.d, math.type(t.e)`,
      [true, undefined, -Infinity, "float"],
    ],
    [
      `return math.type(json.parse("1")), math.type(json.parse("1.0")), math.type(json.parse("1e2"))`,
      ["integer", "float", "float"],
    ],
    [
      `return json.parse("[1,null,3]", {null = json.null})[2] == json.null, tostring(json.null), type(json.null)`,
      [true, "null", "userdata"],
    ],
    [`return json.parse("null", {null = false})`, [false]],
    [`return json.encode({json.null, a = nil})`, ["[null]"]],
    [
      `return json.encode({}), json.encode(json.object()), json.encode(json.array()), json.encode(json.object({}))`,
      ["[]", "{}", "[]", "{}"],
    ],
    [`return json.encode(json.parse('{"a":{},"b":[]}'))`, [`{"a":{},"b":[]}`]],
    [`local t = json.parse("{}") t[1] = "x" return json.encode(t)`, [`{"1":"x"}`]],
    [`local t = json.parse("[]") t.x = 1 return json.encode(t)`, [`{"x":1}`]],
    [`local t = json.parse("[1,2]") table.insert(t, 3) return json.encode(t)`, ["[1,2,3]"]],
    [`local t = json.parse('{"a":1}') t.a = nil return json.encode(t)`, ["{}"]],
    [`return json.encode({1, 2, nil, 4})`, [`{"1":1,"2":2,"4":4}`]],
    [`return json.encode(json.array({1, 2, nil, 4}))`, ["[1,2,null,4]"]],
    [`local t = {} t[3] = 3 t[2] = 2 t[1] = 1 return json.encode(t)`, ["[1,2,3]"]],
    [
      `return json.encode({[1.5] = "a"}), json.encode({[2^53] = 1}), json.encode({[-1] = 1})`,
      [`{"1.5":"a"}`, `{"9007199254740992":1}`, `{"-1":1}`],
    ],
    [`return json.encode({1, 2, x = 3})`, [`{"1":1,"2":2,"x":3}`]],
    [
      `return json.encode(math.mininteger), json.encode(1e15), json.encode(2^63), json.encode(-0.0)`,
      ["-9223372036854775808", "1000000000000000.0", "9223372036854776000.0", "-0.0"],
    ],
    [`return json.encode("a\\0\\127\\u{20ac}\\"\\\\/")`, [fromText(`"a\\u0000\x7f€\\"\\\\/"`)]],
    [`return json.encode(nil), json.encode(true), json.encode("x")`, ["null", "true", `"x"`]],
    [`return json.encode({b = 1, a = {d = 1, c = 2}}, {sort_keys = true})`, [`{"a":{"c":2,"d":1},"b":1}`]],
    [
      `return json.encode({a = {1, {}}, b = {}}, {indent = 2, sort_keys = true})`,
      [`{\n  "a": [\n    1,\n    []\n  ],\n  "b": []\n}`],
    ],
    [`return json.encode({1}, {indent = "\\t"})`, ["[\n\t1\n]"]],
    [`return json.encode({1}, {indent = 0})`, ["[1]"]],
    [`return json.encode(setmetatable({1}, {__index = function() error("no") end, __pairs = error}))`, ["[1]"]],
    [
      `return json.parse('{"__proto__": 1}').__proto__, json.parse("{}").constructor, json.parse("{}").toString`,
      [1, undefined, undefined],
    ],
    [`return #json.parse("[" .. ("1,"):rep(99999) .. "1]")`, [100000]],
    [
      `local t = {} for i = 1, 3000 do t["k" .. i] = i end local u = json.parse(json.encode(t)) local n = 0 for k, v in pairs(u) do assert(t[k] == v) n = n + 1 end return n`,
      [3000],
    ],
    [
      `local a = json.parse('[{"a":1,"b":2},{"a":3,"b":4},{"b":5,"a":6}]') return a[1].b, a[2].a, a[3].a, next(a[3])`,
      [2, 3, 6, "b", 5],
    ],
    [`local t = json.parse('{"a":1,"b":2}') t.c = 3 t.a = nil return json.encode(t)`, [`{"b":2,"c":3}`]],
    [`return json.encode({[1/0] = 1, [-1/0] = 2})`, [`{"inf":1,"-inf":2}`]],
  ])("%s", async (source, expected) => {
    expect(await results(source)).toEqual(expected as Value[]);
  });

  test.each([
    [`json.parse("{")`, `json.parse: expected a string as key, got the end of the text at line 1, column 2`],
    [`json.parse("[1,\\n2,\\n  x]")`, `json.parse: expected a value, got 'x' at line 3, column 3`],
    [`json.parse()`, `bad argument #1 to 'json.parse' (string expected, got no value)`],
    [`json.parse({})`, `bad argument #1 to 'json.parse' (string expected, got table)`],
    [`json.encode()`, `bad argument #1 to 'json.encode' (value expected)`],
    [`json.encode(print)`, `json.encode: $: a function cannot be written`],
    [`json.encode({spec = {ports = {1, print}}})`, `json.encode: $.spec.ports[2]: a function cannot be written`],
    [`json.encode({["a b"] = {coroutine.create(print)}})`, `json.encode: $["a b"][1]: a thread cannot be written`],
    [`json.encode({x = 0/0})`, `json.encode: $.x: nan is not a JSON number`],
    [`json.encode({1, 1/0})`, `json.encode: $[2]: inf is not a JSON number`],
    [`json.encode({-1/0})`, `json.encode: $[1]: -inf is not a JSON number`],
    [`json.encode({a = "\\xff"})`, `json.encode: $.a: invalid UTF-8`],
    [`json.encode({["\\xff"] = 1})`, `json.encode: $["\xff"]: invalid UTF-8`],
    [`json.encode({a = {[true] = 1}})`, `json.encode: $.a: a boolean as key`],
    [`json.encode({[{}] = 1})`, `json.encode: $: a table as key`],
    [`json.encode({[1.5] = 1, ["1.5"] = 2})`, `json.encode: $: two keys that are both written as "1.5"`],
    [`json.encode({"x", ["1"] = 2})`, `json.encode: $: two keys that are both written as "1"`],
    [`local t = {} t.x = {t} json.encode(t)`, `json.encode: $.x[1]: a table inside itself`],
    [`local t = {} t[1] = t json.encode(t)`, `json.encode: $[1]: a table inside itself`],
    [`local t = {} t[1] = t json.encode({a = t}, {indent = 1})`, `json.encode: $.a[1]: a table inside itself`],
    [
      `local t = json.array() t[1] = 1 t[1000000] = 2 json.encode(t)`,
      `json.encode: $: list too sparse: 2 elements up to index 1000000`,
    ],
    [`json.encode({a = json.array({[100] = 1})})`, `json.encode: $.a: list too sparse: 1 elements up to index 100`],
    [
      `json.encode(1, {indent = 17})`,
      `bad argument #2 to 'json.encode' (field 'indent': value out of range: 17 is not in 0..16)`,
    ],
    [
      `json.encode(1, {indent = "x"})`,
      `bad argument #2 to 'json.encode' (field 'indent': indent must be up to 16 spaces and tabs)`,
    ],
    [
      `json.encode(1, {indent = {}})`,
      `bad argument #2 to 'json.encode' (field 'indent': integer or string expected, got table)`,
    ],
    [
      `json.encode(1, {sort_keys = 1})`,
      `bad argument #2 to 'json.encode' (field 'sort_keys': boolean expected, got number)`,
    ],
    [`json.object(1)`, `bad argument #1 to 'json.object' (table expected, got number)`],
  ])("%s", async (source, message) => {
    expect(await errorOf(source)).toBe(`test:1: ${message}`);
  });

  test("a table nested a million deep is refused with the ends of its path", async () => {
    const message = await errorOf(`local t = {} for i = 1, 1000000 do t = {a = t} end json.encode(t)`);
    expect(message).toBe(`test:1: json.encode: $${".a".repeat(10)}...${".a".repeat(10)}: nested deeper than 1000`);
  });

  test("deep nesting deep inside Lua calls", async () => {
    const source = `
      local text = ("["):rep(1000) .. ("]"):rep(1000)
      local function deep(n) if n == 0 then return json.encode(json.parse(text)) == text end return (deep(n - 1)) end
      return deep(10), deep(150), deep(5000), deep(100000)`;
    expect(await results(source)).toEqual([true, true, true, true]);
  });
});

// --- random documents -------------------------------------------------------------------------------------------------

/** A JavaScript value as JSON.parse gives it, in Lua. */
function toLua(value: unknown): Value {
  if (value === null) return undefined;
  if (typeof value === "string") return fromText(value);
  if (typeof value !== "object") return value as Value;
  return undefined;
}

/** Compares what was parsed with what the engine made of the same text. */
function same(own: Value, native: unknown): void {
  if (native === null || typeof native !== "object") {
    if (typeof native === "number")
      expect(Object.is(Number(isFloat(own) && typeof own === "object" ? own.n : own), native)).toBe(true);
    else expect(own).toBe(toLua(native));
    return;
  }
  expect(own).toBeInstanceOf(LuaTable);
  const table = own as LuaTable;
  if (Array.isArray(native)) for (const [i, element] of native.entries()) same(table.getIndex(i + 1), element);
  else
    for (const key of Object.keys(native))
      same(table.getString(fromText(key)), (native as Record<string, unknown>)[key]);
}

describe("random", () => {
  test("documents parse as the engine parses them, and survive a round trip", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6, stringUnit: "binary" }), fc.integer({ min: 0, max: 4 }), (compact, indent) => {
        // Lone surrogates are refused; see above.
        if (!JSON.stringify(JSON.parse(compact)).isWellFormed() || /\\ud[89a-f]/i.test(compact)) return;
        const text = fromText(JSON.stringify(JSON.parse(compact), null, indent));
        const value = parse(text);
        same(value, JSON.parse(compact));
        const written = writeJson(value);
        expect(writeJson(parse(written))).toBe(written);
        expect(writeJson(parse(writeJson(value, { indent: "  " })))).toBe(written);
      }),
      { numRuns: 400 },
    );
  }, 30_000);

  test("any double is read back", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (n) => {
        const read = parse(JSON.stringify(n) === "0" ? "0.0" : JSON.stringify(n));
        expect(typeof read === "object" ? (read as { n: number }).n : Number(read)).toBe(n === 0 ? 0 : n);
      }),
      { numRuns: 1000 },
    );
  }, 30_000);

  test("any 64-bit integer is read back", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (n) => {
        expect(writeJson(parse(String(n)))).toBe(String(n));
      }),
      { numRuns: 500 },
    );
  }, 30_000);

  test("any text is written so that it reads back", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
        const bytes = fromText(text);
        expect(parse(writeJson(bytes))).toBe(bytes);
      }),
      { numRuns: 500 },
    );
  }, 30_000);

  test("any bytes parse or raise one error", () => {
    const pieces = [
      "{",
      "}",
      "[",
      "]",
      ":",
      ",",
      '"',
      "\\",
      "u00e9",
      "ud800",
      "tru",
      "e",
      "null",
      "1",
      "-",
      ".5",
      "e9",
      " ",
      "\n",
      "\xc3\xa9",
      "\xff",
      "\0",
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 40 }), (parts) => {
        try {
          parse(parts.join(""));
        } catch (error) {
          expect(error).toBeInstanceOf(JsonError);
        }
      }),
      { numRuns: 3000 },
    );
  }, 30_000);
});

test("long documents: pieces, dictionaries, shapes that run out", () => {
  const rows: string[] = [];
  for (let i = 0; i < 5000; i++)
    rows.push(`{"id":${i},"key${i % 200}":"${"x".repeat(i % 90)}","list":[${i},${i}.5,"é\\n"],"none":{}}`);
  const text = fromText(`[${rows.join(",")}]`);
  const written = writeJson(parse(text));
  expect(JSON.parse(Buffer.from(written, "latin1").toString())).toEqual(
    JSON.parse(Buffer.from(text, "latin1").toString()),
  );
  expect(encodeJson("x", parse(text))).toBe(written);
});

test("V17: integers exact, floats floats, -0.0 and null kept, what no number holds refused", async () => {
  const [text] = await results(`
    local t = json.parse('{"a":9223372036854775807,"c":null,"d":-0,"e":1.0}', { null = json.null })
    assert(t.a == math.maxinteger and math.type(t.a) == "integer" and t.c == json.null)
    assert(1 / t.d == -math.huge and math.type(t.e) == "float")
    assert(not pcall(json.parse, '{"b":1e400}'))
    return json.encode(t, { sort_keys = true })`);
  expect(text).toBe('{"a":9223372036854775807,"c":null,"d":-0.0,"e":1.0}');
});

describe("limits", () => {
  const limits = { memoryBytes: 32 << 20, timeoutMs: 20_000 };
  const shared = "local t = {} for i = 1, 40 do t = {t, t} end";

  test.each([
    ["parse", `return json.parse("[" .. ("[1,2],"):rep(2000000) .. "1]")`],
    ["encode", `${shared} return json.encode(t)`],
    ["encode with indentation", `${shared} return json.encode(t, {indent = 1})`],
    ["yaml.encode", `${shared} return yaml.encode(t)`],
    ["toml.encode", `${shared} return toml.encode({t = t})`],
  ])(
    "%s ends at the memory limit",
    async (_, source) => {
      expect(await errorOf(source, { limits })).toMatch(/^(test:1: )?not enough memory$/);
    },
    30_000,
  );

  test("a deadline stops encoding", async () => {
    const time = { memoryBytes: Infinity, timeoutMs: 100 };
    expect(await errorOf(`${shared} return json.encode(t)`, { limits: time })).toContain("timeout");
  });
});
