import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { nativeForm } from "../../builtins/regex/native.ts";
import { MAX_INSTRUCTIONS, measure, Pattern } from "../../builtins/regex/pattern.ts";
import { invalidAt, Subject } from "../../builtins/regex/subject.ts";
import { createVm } from "../../interpreter/index.ts";
import { state } from "../../interpreter/state.ts";
import { fromText } from "../../interpreter/text.ts";
import { errorOf, prepare, results } from "./script.ts";

const SHOW = `
local function show(v)
  if type(v) ~= "table" then return tostring(v) end
  local out = {}
  for i = 1, #v do out[i] = tostring(v[i]) end
  return "[" .. table.concat(out, "|") .. "]"
end
`;

const rows: [expression: string, shown: string][] = [
  // match
  [`regex.match("b+", "abbbc")`, "true"],
  [`regex.match("^b", "abc")`, "false"],
  [`regex.match("", "")`, "true"],
  [`regex.match("(?i)STRASSE", "strasse")`, "true"],
  [`regex.match([[\\bfoo\\b]], "a foo b")`, "true"],
  [`regex.match([[\\bfoo\\b]], "afoo b")`, "false"],
  [`regex.match("(?m)^b$", "a\\nb\\nc")`, "true"],
  [`regex.match("a.c", "a\\nc")`, "false"],
  [`regex.match("(?s)a.c", "a\\nc")`, "true"],
  [`regex.match([[^\\p{Greek}+$]], "αβγ")`, "true"],
  [`regex.match("^.$", "é")`, "true"],
  [`regex.match("^.$", "😀")`, "true"],
  [`regex.match("a\\0b", "xa\\0by")`, "true"],
  [`regex.match([[\\x00]], "a\\0")`, "true"],
  // RE2 has no lookahead, but `a{,3}` is literal text
  [`regex.match("^a{,3}$", "a{,3}")`, "true"],
  // find
  [`regex.find("x", "abc")`, "nil"],
  [`regex.find("b+", "abbbc").match`, "bbb"],
  [`regex.find("b+", "abbbc").start`, "2"],
  [`regex.find("b+", "abbbc").finish`, "4"],
  [`regex.find("", "abc").start`, "1"],
  [`regex.find("", "abc").finish`, "0"],
  [`regex.find("é", "caféé").start`, "4"],
  [`regex.find("é", "caféé").finish`, "5"],
  [`regex.find("(a)(b)?(c)", "ac").groups[2]`, "nil"],
  [`regex.find("(a)(b)?(c)", "ac").groups[3]`, "c"],
  [`regex.find("(?P<k>\\\\w+)=(?<v>\\\\w+)", "x a=b").named.v`, "b"],
  [`regex.find("(?P<__proto__>a)", "a").named.__proto__`, "a"],
  [`regex.find("(a)", "a").named.constructor`, "nil"],
  // leftmost-first, not longest
  [`regex.find("a|ab", "ab").match`, "a"],
  [`regex.find("a+?", "aaa").match`, "a"],
  // find_all: an empty match behind another does not count
  [`regex.find_all("a*", "baaac")`, "[|aaa|]"],
  [`regex.find_all("\\\\d+", "1 22 333")`, "[1|22|333]"],
  [`regex.find_all("x", "abc")`, "[]"],
  [`regex.find_all("", "é1")`, "[||]"],
  [`regex.find_all("(a)(b)", "abab")`, "[ab|ab]"],
  // replace
  [`regex.replace("b", "abcb", "x")`, "axcx"],
  [`regex.replace("(\\\\w+) (\\\\w+)", "hello world", "$2 $1")`, "world hello"],
  [`regex.replace("(?P<a>\\\\w+)@", "me@home", "\${a} at ")`, "me at home"],
  [`regex.replace("(?P<a>\\\\w+)@", "me@home", "$a at ")`, "me at home"],
  [`regex.replace("a", "banana", "$$")`, "b$n$n$"],
  [`regex.replace("a", "banana", "$x ")`, "b$x n$x n$x "],
  [`regex.replace("(a)", "ba", "$10")`, "ba0"],
  [`regex.replace("(a)(x)?", "ba", "[$2]")`, "b[]"],
  [`regex.replace("", "abc", "-")`, "-a-b-c-"],
  [`regex.replace("a*", "baac", "-")`, "-b-c-"],
  [`regex.replace("\\\\d", "a1b2", function(d) return d * 2 end)`, "a2b4"],
  [`regex.replace("\\\\d", "a1b2", function(d) if d == "1" then return nil end return "x" end)`, "a1bx"],
  [`regex.replace("(\\\\w)=(\\\\w)?", "a=1 b=", function(m, k, v) return k .. ":" .. tostring(v) end)`, "a:1 b:nil"],
  [`regex.replace("é", "é", "e")`, "e"],
  [`regex.replace("b", "abc", 7)`, "a7c"],
  // split
  [`regex.split(",", "a,b,,c")`, "[a|b||c]"],
  [`regex.split(",", ",a,")`, "[|a|]"],
  [`regex.split(",", "")`, "[]"],
  [`#regex.split(",", "")`, "1"],
  [`regex.split("", "añb")`, "[a|ñ|b]"],
  [`regex.split(",", "a,b,c", 2)`, "[a|b,c]"],
  [`regex.split("\\\\s+", "a b  c")`, "[a|b|c]"],
];

describe("regex", () => {
  test.each(rows)("%s", async (expression, shown) => {
    expect(await results(`${SHOW} return show(${expression})`)).toEqual([fromText(shown)]);
  });

  test.each([
    ["a**", "bad pattern at position 2: invalid nested repetition operator '**'"],
    ["*a", "bad pattern at position 1: missing argument to repetition operator '*'"],
    ["ab(c", "bad pattern at position 3: missing closing )"],
    ["ab)", "bad pattern at position 3: unexpected )"],
    ["(a|b]", "bad pattern at position 1: missing closing )"],
    ["x[a", "bad pattern at position 2: missing closing ]"],
    ["a\\", "bad pattern at position 2: trailing backslash at end of expression"],
    ["é(", "bad pattern at position 3: missing closing )"],
    ["a|*", "bad pattern at position 3: missing argument to repetition operator '*'"],
    ["a*|*b", "bad pattern at position 4: missing argument to repetition operator '*'"],
    ["[b-a]", "bad pattern at position 2: invalid character class range 'b-a'"],
    ["(?=a)b", "bad pattern at position 1: look-around assertions are not supported"],
    ["(?!a)b", "bad pattern at position 1: look-around assertions are not supported"],
    ["x(?<=a)b", "bad pattern at position 2: look-around assertions are not supported"],
    ["x(?<!a)b", "bad pattern at position 2: look-around assertions are not supported"],
    ["(a)\\1", "bad pattern at position 4: backreferences are not supported"],
    ["(?P<n>a)(?P=n)", "bad pattern at position 9: backreferences are not supported"],
    ["(?>a)", "bad pattern at position 1: atomic groups are not supported"],
    ["a{1000}{1000}{1000}", "pattern too large (its repetitions expand too far)"],
    ["(a{1000}){1000}", "pattern too large (its repetitions expand too far)"],
    ["x".repeat(1_000_000), "pattern too large (1000000 bytes, at most 32768)"],
  ])("bad pattern %#: %s", async (pattern, message) => {
    const error = await errorOf("regex.match(..., 'a')", { args: [fromText(pattern)] });
    expect(error).toBe(`test:1: regex.match: ${message}`);
  });

  test.each([
    [`regex.match("a", "\\xff")`, "regex.match: the text is not valid UTF-8 (at byte 1)"],
    [`regex.match("\\xff", "a")`, "regex.match: the pattern is not valid UTF-8"],
    [`regex.match("a")`, "bad argument #2 to 'regex.match' (string expected, got no value)"],
    [`regex.match({}, "a")`, "bad argument #1 to 'regex.match' (string expected, got table)"],
    [`regex.replace("a", "a", true)`, "bad argument #3 to 'regex.replace' (string or function expected, got boolean)"],
    [
      `regex.replace("a", "a", function() return {} end)`,
      "regex.replace: the function must return a string, number or nil, not a table",
    ],
    [
      `regex.replace("(a)", "a", "$2")`,
      "regex.replace: the replacement refers to group 2, but the pattern has 1 (write $$ for a dollar)",
    ],
    [
      `regex.replace("(a)", "a", "\${b}")`,
      "regex.replace: the replacement refers to a group 'b' that the pattern does not have",
    ],
    [`regex.split("a", "a", 0)`, "bad argument #3 to 'regex.split' (value out of range: 0 is below 1)"],
  ])("%s fails", async (expression, message) => {
    expect(await errorOf(`return ${expression}`)).toBe(`test:1: ${message}`);
  });

  test("linear on what makes backtracking engines hang", async () => {
    expect(await results(`return regex.match("^(?:a|b)+$", ("a"):rep(3000000))`)).toEqual([true]);
    expect(await results(`return regex.match("(a+)+$", ("a"):rep(100000) .. "b")`)).toEqual([false]);
    expect(await results(`return regex.find("(a*)*(b*)*c", ("ab"):rep(20000))`)).toEqual([undefined]);
    expect(await results(`return regex.match(("a?"):rep(200) .. ("a"):rep(200), ("a"):rep(200))`)).toEqual([true]);
  });

  test("a search obeys the deadline", async () => {
    const begun = performance.now();
    const source = `return regex.find_all("[ab]*[ac]*[ad]{300}z|a", ("a"):rep(300000))`;
    const error = await errorOf(source, { limits: { memoryBytes: 64 << 20, timeoutMs: 200 } });
    expect(error).toBe("timeout of 0.2s exceeded");
    expect(performance.now() - begun).toBeLessThan(1200);
  });

  test("a replacement function may wait and may raise", async () => {
    const source = `
      local s = regex.replace("[a-c]", "abc", function(c) sleep(0.001) return c:upper() end)
      local ok, err = pcall(regex.replace, "a", "a", function() sleep(0) error("no", 0) end)
      return s, ok, err`;
    expect(await results(source)).toEqual(["ABC", false, "no"]);
    expect(await results(source, { pauseEvery: 1 })).toEqual(["ABC", false, "no"]);
  });

  test("a result that grows too large", async () => {
    const source = `return pcall(regex.replace, "a", ("a"):rep(100000), ("b"):rep(100000))`;
    const [ok, error] = await results(source, { limits: { memoryBytes: 64 << 20, timeoutMs: 60_000 } });
    expect(ok).toBe(false);
    expect(error).toMatch(/not enough memory|too large/);
  });

  test("the size of a program is never underestimated by much", () => {
    const atom = fc.constantFrom("a", ".", "\\d", "[a-z]", "[^]x]", "\\x{41}", "\\pL", "\\Q(\\E", "^", "\\b", "é");
    const pattern = fc.letrec((tie) => ({
      node: fc.oneof(
        { depthSize: "small", withCrossShrink: true },
        atom,
        fc.tuple(tie("node"), tie("node")).map(([a, b]) => `${a}${b}`),
        fc.tuple(tie("node"), tie("node")).map(([a, b]) => `(?:${a}|${b})`),
        fc.tuple(tie("node"), fc.constantFrom("*", "+?", "?", "{3}", "{2,5}", "{4,}")).map(([a, q]) => `(${a})${q}`),
      ),
    })).node as fc.Arbitrary<string>;
    const { RE2JS } = require("re2js") as typeof import("re2js");
    fc.assert(
      fc.property(pattern, (source) => {
        let size: number;
        try {
          size = RE2JS.compile(source).programSize();
        } catch {
          return true; // repetitions that nest too far
        }
        return measure(source).instructions >= size;
      }),
      { numRuns: 500 },
    );
  }, 30_000);

  test("any pattern on any text: an answer or a clear error", async () => {
    const check = prepare(`
      local pattern, s = ...
      local ok, r = pcall(regex.find, pattern, s)
      if not ok then return r end
      if r then assert(s:sub(r.start, r.finish) == r.match) end
      assert(regex.match(pattern, s) == (r ~= nil))
      assert(regex.replace(pattern, s, function() end) == s)
      local n = 0
      for _, m in ipairs(regex.find_all(pattern, s)) do n = n + #m end
      assert(n <= #s)
      assert(#table.concat(regex.split(pattern, s)) == #s - n)`);
    const piece = fc.constantFrom(
      ..."abc.*+?|()[]{}^$\\-,012dwsbDWQEpPLx<>:=!iP",
      "é",
      "(?",
      "(?:",
      "[[:alpha:]]",
      "{2}",
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 20 }),
        fc.string({ unit: "binary", maxLength: 30 }),
        async (parts, text) => {
          const [error] = await check(fromText(parts.join("")), fromText(text.toWellFormed()));
          if (error !== undefined)
            expect(String(error)).toMatch(/regex\.find: (?:bad pattern at position \d+: |pattern too )/);
        },
      ),
      { numRuns: 2000 },
    );
    expect(MAX_INSTRUCTIONS).toBeGreaterThan(1000);
  });
});

describe("patterns that the engine runs itself", () => {
  test.each([
    ["GET", true],
    ["\\w+", true],
    ["(\\w)(\\w+)", true],
    ["fox|dog", true],
    ['"(GET|POST) ([^ ]+)', true],
    ["\\d{1,3}\\.\\d{1,3}", true],
    ["^v\\d+\\.\\d+$", true],
    ["^(?P<k>\\w+)=(\\d*)$", true],
    ["a.c", true],
    ["", true],
    // An unbounded repetition with something behind it, tried at each start.
    ["\\w+@", false],
    ["\\d+\\.\\d+", false],
    ["a*$", false],
    ["[ab]+$", false],
    // Not deterministic.
    ["^\\w+a$", false],
    ["^a*ab$", false],
    ["^a?a*b$", false],
    // Repeated groups, look-around by another name, flags, other alphabets.
    ["(?:a|b)+", false],
    ["^(?:a|b)+$", false],
    ["(a+)+", false],
    ["(ab)?", false],
    ["\\bfoo", false],
    ["(?i)foo", false],
    ["(?m)^foo", false],
    ["é", false],
    ["\\pL", false],
    ["[[:alpha:]]", false],
    ["^a|b", false],
    ["a|b$", false],
    ["a|b+", false],
    ["\\Aa", false],
    ["\\Qa+\\E", false],
    ["a{1000}", false],
    ["a{0,60}b{0,60}", false],
  ])("%s: %p", (pattern, isSafe) => {
    expect(nativeForm(pattern) !== undefined).toBe(isSafe);
  });

  test("find the same as re2js", () => {
    const vm = createVm();
    state.vm = vm;
    const { RE2JS } = require("re2js") as typeof import("re2js");
    const atom = fc.constantFrom(
      "a",
      "b",
      "c",
      ".",
      "\\d",
      "\\w",
      "\\s",
      "\\W",
      "[ab]",
      "[^a]",
      "[b-d]",
      "\\.",
      "-",
      "[\\d-]",
      "[]a]",
      "\n",
    );
    const quantified = fc
      .tuple(atom, fc.constantFrom("", "", "", "?", "*", "+", "{2}", "{1,3}", "{2,}", "+?", "*?", "??"))
      .map((pair) => pair.join(""));
    const sequence = fc.array(quantified, { maxLength: 4 }).map((list) => list.join(""));
    const grouped = fc.oneof(
      sequence,
      fc.tuple(sequence, sequence, sequence).map(([a, b, c]) => `${a}(${b})${c}`),
      fc.tuple(sequence, sequence, sequence).map(([a, b, c]) => `${a}(${b}|${c})`),
      fc.tuple(sequence, sequence).map(([a, b]) => `${a}|${b}`),
    );
    const pattern = fc
      .tuple(fc.constantFrom("", "", "^"), grouped, fc.constantFrom("", "", "$"))
      .map((parts) => parts.join(""));
    let native = 0;
    fc.assert(
      fc.property(pattern, fc.string({ unit: fc.constantFrom(..."aabbcd1 .-\n"), maxLength: 20 }), (source, text) => {
        const form = nativeForm(source);
        if (form === undefined) return true;
        native++;
        const compiled = new Pattern(RE2JS.compile(source), source);
        const all = (subject: Subject) => {
          const found: unknown[] = [];
          for (let from = 0; from <= text.length; ) {
            const spans = compiled.exec(subject, from, true);
            if (spans === undefined) break;
            found.push([...spans]);
            from = spans[1] === from ? from + 1 : spans[1]!;
          }
          return JSON.stringify(found);
        };
        return all(new Subject(text, 1, true)) === all(new Subject(text, 1, false));
      }),
      { numRuns: 5000 },
    );
    expect(native).toBeGreaterThan(1000);
  });

  test("take a time that grows with the text only", () => {
    const text = `${"a".repeat(200_000)}!`;
    for (const pattern of ["a{1,60}b", "^a+b", "[ab]{1,20}c", "^\\w*-$", "(a|aa|aaa)(a|aa|aaa)b"]) {
      const form = nativeForm(pattern);
      expect(form).toBeDefined();
      const begun = performance.now();
      new RegExp(form!.source).test(text);
      expect(performance.now() - begun).toBeLessThan(500);
    }
  });
});

describe("subjects", () => {
  test.each([
    ["", 0],
    ["abc", 0],
    ["\xc3\xa9", 0],
    ["\xef\xbf\xbd", 0],
    ["a\xff", 2],
    ["\xc3", 1],
    ["\xef\xbf\xbd\xff", 4],
    ["\xc3\xa9\xc3", 3],
    ["\xed\xa0\x80", 1],
    ["\xf4\x90\x80\x80", 1],
  ])("first invalid byte of %j is at %d", (bytes, at) => {
    expect(invalidAt(bytes)).toBe(at);
  });

  test("characters are decoded where they lie", () => {
    state.vm = createVm();
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 20 }), (given) => {
        const text = given.toWellFormed();
        const subject = new Subject(fromText(text), 1, false);
        let read = "";
        for (let at = 0, step = subject.step(0); step >= 0; step = subject.step(at)) {
          read += String.fromCodePoint(step >> 3);
          at += step & 7;
        }
        return read === text;
      }),
    );
  });
});
