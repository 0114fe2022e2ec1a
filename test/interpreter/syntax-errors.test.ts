/**
 * What Lua 5.5.0 says about chunks that it refuses, to the letter: scripts match on these messages, and people read them.
 * Each row is a chunk named "=x" and the reference's message.
 */
import { describe, expect, test } from "bun:test";
import { SyntaxFailure } from "../../interpreter/lexer.ts";
import { parse } from "../../interpreter/parse.ts";

/** The message for a chunk, or undefined if it is valid. */
function messageFor(source: string, chunkName = "=x"): string | undefined {
  try {
    parse(source, chunkName);
  } catch (error) {
    if (error instanceof SyntaxFailure) return error.message;
    throw error;
  }
}

function refused(title: string, rows: [source: string, message: string][]): void {
  describe(title, () => {
    for (const [source, message] of rows)
      test(JSON.stringify(source), () => {
        expect(messageFor(source)).toBe(message);
      });
  });
}

refused("tokens, manual §3.1", [
  ["x = @", "x:1: unexpected symbol near '@'"],
  ["x = $1", "x:1: unexpected symbol near '$'"],
  ["a = !b", "x:1: unexpected symbol near '!'"],
  ["x = 'a\\", "x:1: unfinished string near <eof>"],
  ["x = \xe9", "x:1: unexpected symbol near '<\\233>'"],
  ["\x01", "x:1: unexpected symbol near '<\\1>'"],
  ["\0", "x:1: unexpected symbol"],
  ["#!/usr/bin/lua", "x:1: unexpected symbol near '#'"],
  ["x = 3..2", "x:1: malformed number near '3..2'"],
  ["x = 0x", "x:1: malformed number near '0x'"],
  ["x = 0xg", "x:1: malformed number near '0xg'"],
  ["x = 1e", "x:1: malformed number near '1e'"],
  ["x = 1e+", "x:1: malformed number near '1e+'"],
  ["x = 3x", "x:1: malformed number near '3x'"],
  ["x = 08.1.2", "x:1: malformed number near '08.1.2'"],
  ["x = 5and 6", "x:1: malformed number near '5an'"],
  ["x = .0x1", "x:1: malformed number near '.0x1'"],
  ["x = 0x1p", "x:1: malformed number near '0x1p'"],
  ["x = 12_3", "x:1: malformed number near '12_'"],
  ["a.1 = 2", "x:1: syntax error near '.1'"],
]);

refused("strings, manual §3.1", [
  ["x = 'abc", "x:1: unfinished string near <eof>"],
  ["x = 'abc\n'", "x:1: unfinished string near ''abc'"],
  ['x = "tab\\tthen', "x:1: unfinished string near <eof>"],
  ["x = 'a\\", "x:1: unfinished string near <eof>"],
  ["x = '\\q'", "x:1: invalid escape sequence near ''\\q'"],
  ["x = '\\x4'", "x:1: hexadecimal digit expected near ''\\x4''"],
  ["x = '\\xg0'", "x:1: hexadecimal digit expected near ''\\xg'"],
  ["x = '\\300'", "x:1: decimal escape too large near ''\\300''"],
  ["x = 'a\\9999'", "x:1: decimal escape too large near ''a\\9999'"],
  ["x = '\\u41'", "x:1: missing '{' near ''\\u4'"],
  ["x = '\\u{}'", "x:1: hexadecimal digit expected near ''\\u{}'"],
  ["x = '\\u{41'", "x:1: missing '}' near ''\\u{41''"],
  ["x = '\\u{80000000}'", "x:1: UTF-8 value too large near ''\\u{80000000'"],
  ["x = '\\z  \n  ", "x:2: unfinished string near <eof>"],
  ["x = 'nul\\0after' 'b\\0c' y", "x:1: unexpected symbol near ''b'"],
  ["x = [[abc", "x:1: unfinished long string (starting at line 1) near <eof>"],
  ["x = [==[abc]=]\n", "x:2: unfinished long string (starting at line 1) near <eof>"],
  ["x = [=", "x:1: invalid long string delimiter near '[='"],
  ["x = [==x]]", "x:1: invalid long string delimiter near '[=='"],
  ["--[[ never\nclosed", "x:2: unfinished long comment (starting at line 1) near <eof>"],
  ["--[=[ never ]]", "x:1: unfinished long comment (starting at line 1) near <eof>"],
  ["x = 'a' 'b'", "x:1: unexpected symbol near ''b''"],
  ["x = [[\nfirst]] 1", "x:2: unexpected symbol near '1'"],
  ["x = \"decoded\\n\\65\" 'as \\65 is' =", "x:1: unexpected symbol near ''as A is''"],
]);

refused("statements, manual §3.3", [
  ["x", "x:1: syntax error near <eof>"],
  ["x.y", "x:1: syntax error near <eof>"],
  ["x = ", "x:1: unexpected symbol near <eof>"],
  ["x, y", "x:1: '=' expected near <eof>"],
  ["x, f() = 1", "x:1: syntax error near '='"],
  ["f() = 1", "x:1: syntax error near '='"],
  ["(x) = 1", "x:1: syntax error near '='"],
  ["(f())", "x:1: syntax error near <eof>"],
  ["x = 1 2", "x:1: unexpected symbol near '2'"],
  ["local", "x:1: <name> expected near <eof>"],
  ["local 1", "x:1: <name> expected near '1'"],
  ["local x.y", "x:1: unexpected symbol near '.'"],
  ["local function", "x:1: <name> expected near <eof>"],
  ["local function f.g() end", "x:1: '(' expected near '.'"],
  ["local x = ", "x:1: unexpected symbol near <eof>"],
  ["function", "x:1: <name> expected near <eof>"],
  ["function f", "x:1: '(' expected near <eof>"],
  ["function f.", "x:1: <name> expected near <eof>"],
  ["function f:g.h() end", "x:1: '(' expected near '.'"],
  ["function f[1]() end", "x:1: '(' expected near '['"],
  ["if", "x:1: unexpected symbol near <eof>"],
  ["if x", "x:1: 'then' expected near <eof>"],
  ["if x then", "x:1: 'end' expected near <eof>"],
  ["if x then\nelse", "x:2: 'end' expected (to close 'if' at line 1) near <eof>"],
  ["if x then\nelse\nelse end", "x:3: 'end' expected (to close 'if' at line 1) near 'else'"],
  ["if x then\nelseif y end", "x:2: 'then' expected near 'end'"],
  ["while x", "x:1: 'do' expected near <eof>"],
  ["while x do", "x:1: 'end' expected near <eof>"],
  ["while x do\n", "x:2: 'end' expected (to close 'while' at line 1) near <eof>"],
  ["repeat", "x:1: 'until' expected near <eof>"],
  ["repeat\n", "x:2: 'until' expected (to close 'repeat' at line 1) near <eof>"],
  ["repeat until", "x:1: unexpected symbol near <eof>"],
  ["for", "x:1: <name> expected near <eof>"],
  ["for x", "x:1: '=' or 'in' expected near <eof>"],
  ["for x.y = 1", "x:1: '=' or 'in' expected near '.'"],
  ["for x = 1", "x:1: ',' expected near <eof>"],
  ["for x = 1 do", "x:1: ',' expected near 'do'"],
  ["for x = 1, 2", "x:1: 'do' expected near <eof>"],
  ["for x = 1, 2 do", "x:1: 'end' expected near <eof>"],
  ["for x, y = 1", "x:1: 'in' expected near '='"],
  ["for x, in y", "x:1: <name> expected near 'in'"],
  ["for x in", "x:1: unexpected symbol near <eof>"],
  ["for x in y", "x:1: 'do' expected near <eof>"],
  ["for x in y do\n", "x:2: 'end' expected (to close 'for' at line 1) near <eof>"],
  ["do", "x:1: 'end' expected near <eof>"],
  ["do\n", "x:2: 'end' expected (to close 'do' at line 1) near <eof>"],
  ["end", "x:1: <eof> expected near 'end'"],
  ["return return", "x:1: unexpected symbol near 'return'"],
  ["return 1 2", "x:1: <eof> expected near '2'"],
  ["return; x = 1", "x:1: <eof> expected near 'x'"],
  ["return , 1", "x:1: unexpected symbol near ','"],
  ["break", "x:1: break outside loop near 'break'"],
  ["do break end", "x:1: break outside loop near 'break'"],
  ["while x do local f = function() break end end", "x:1: break outside loop near 'break'"],
  ["goto", "x:1: <name> expected near <eof>"],
  ["goto 1", "x:1: <name> expected near '1'"],
  ["goto x.y", "x:1: unexpected symbol near '.'"],
  ["::x", "x:1: '::' expected near <eof>"],
  ["::x:", "x:1: '::' expected near ':'"],
  ["::1::", "x:1: <name> expected near '1'"],
  ["; ; )", "x:1: unexpected symbol near ')'"],
  ["else", "x:1: <eof> expected near 'else'"],
  ["until x", "x:1: <eof> expected near 'until'"],
  ["x:y = 1", "x:1: function arguments expected near '='"],
  ["x:y", "x:1: function arguments expected near <eof>"],
  ["x:y.z()", "x:1: function arguments expected near '.'"],
  ["'a':f()", "x:1: unexpected symbol near ''a''"],
  ["('a')", "x:1: syntax error near <eof>"],
  ["local x <const = 1", "x:1: '>' expected near '='"],
  ["x <const> = 1", "x:1: syntax error near '<'"],
]);

refused("declarations, manual §3.3.7 and §3.3.8", [
  ["local x <foo> = 1", "x:1: unknown attribute 'foo'"],
  ["local <foo> x = 1", "x:1: unknown attribute 'foo'"],
  ["local x <\nfoo\n> = 1", "x:3: unknown attribute 'foo'"],
  ["local x <close>, y <close>", "x:1: multiple to-be-closed variables in local list"],
  ["local <close> x, y", "x:1: multiple to-be-closed variables in local list"],
  ["local x <1>", "x:1: <name> expected near '1'"],
  ["local x <const", "x:1: '>' expected near <eof>"],
  ["local <const>", "x:1: <name> expected near <eof>"],
  ["local <const> function f() end", "x:1: <name> expected near 'function'"],
  ["global x <close>", "x:1: global variables cannot be to-be-closed"],
  ["global <close> x", "x:1: global variables cannot be to-be-closed"],
  ["global <close> *", "x:1: global variables cannot be to-be-closed"],
  ["global", "x:1: syntax error near <eof>"],
  ["global 1", "x:1: syntax error near '1'"],
  ["global = ", "x:1: unexpected symbol near <eof>"],
  ["global *, x", "x:1: unexpected symbol near ','"],
  ["global <const> function f() end", "x:1: <name> expected near 'function'"],
  ["global function", "x:1: <name> expected near <eof>"],
  ["global function f.g() end", "x:1: '(' expected near '.'"],
  ["global x = ", "x:1: unexpected symbol near <eof>"],
  ["global x.y = 1", "x:1: unexpected symbol near '.'"],
  ["global x, *", "x:1: <name> expected near '*'"],
  ["function f(... <const>) end", "x:1: ')' expected near '<'"],
]);

refused("expressions, manual §3.4", [
  ["x = +1", "x:1: unexpected symbol near '+'"],
  ["x = 1 +", "x:1: unexpected symbol near <eof>"],
  ["x = 1 + * 2", "x:1: unexpected symbol near '*'"],
  ["x = not", "x:1: unexpected symbol near <eof>"],
  ["x = (1", "x:1: ')' expected near <eof>"],
  ["x = (1\n", "x:2: ')' expected (to close '(' at line 1) near <eof>"],
  ["x = ()", "x:1: unexpected symbol near ')'"],
  ["x = a.", "x:1: <name> expected near <eof>"],
  ["x = a.1", "x:1: unexpected symbol near '.1'"],
  ["x = a[", "x:1: unexpected symbol near <eof>"],
  ["x = a[1", "x:1: ']' expected near <eof>"],
  ["x = a[]", "x:1: unexpected symbol near ']'"],
  ["x = a:", "x:1: <name> expected near <eof>"],
  ["x = a:b", "x:1: function arguments expected near <eof>"],
  ["x = a:b.c", "x:1: function arguments expected near '.'"],
  ["f(", "x:1: unexpected symbol near <eof>"],
  ["f(1", "x:1: ')' expected near <eof>"],
  ["f(\n1\n", "x:3: ')' expected (to close '(' at line 1) near <eof>"],
  ["f(,1)", "x:1: unexpected symbol near ','"],
  ["f(1,)", "x:1: unexpected symbol near ')'"],
  ["f{", "x:1: unexpected symbol near <eof>"],
  ["f{\n", "x:2: unexpected symbol near <eof>"],
  ["x = {", "x:1: unexpected symbol near <eof>"],
  ["x = {\n1\n", "x:3: '}' expected (to close '{' at line 1) near <eof>"],
  ["x = {,}", "x:1: unexpected symbol near ','"],
  ["x = {1,,2}", "x:1: unexpected symbol near ','"],
  ["x = {1 2}", "x:1: '}' expected near '2'"],
  ["x = {[1]}", "x:1: '=' expected near '}'"],
  ["x = {[1] 2}", "x:1: '=' expected near '2'"],
  ["x = {[1=2}", "x:1: ']' expected near '='"],
  ["x = {a=}", "x:1: unexpected symbol near '}'"],
  ["x = {a b}", "x:1: '}' expected near 'b'"],
  ["x = function", "x:1: '(' expected near <eof>"],
  ["x = function f() end", "x:1: '(' expected near 'f'"],
  ["x = function(", "x:1: <name> or '...' expected near <eof>"],
  ["x = function(a", "x:1: ')' expected near <eof>"],
  ["x = function(a,)", "x:1: <name> or '...' expected near ')'"],
  ["x = function(1)", "x:1: <name> or '...' expected near '1'"],
  ["x = function(..., a) end", "x:1: ')' expected near ','"],
  ["x = function(a b) end", "x:1: ')' expected near 'b'"],
  ["x = function()\n", "x:2: 'end' expected (to close 'function' at line 1) near <eof>"],
  ["x = function(...t\n) =", "x:2: unexpected symbol near '='"],
  ["function f() return ... end", "x:1: cannot use '...' outside a vararg function near '...'"],
  [
    "function f(...) return function() return ... end end",
    "x:1: cannot use '...' outside a vararg function near '...'",
  ],
  ["x = a b", "x:1: syntax error near <eof>"],
  ["x = 1 = 2", "x:1: unexpected symbol near '='"],
  ["x = a == = b", "x:1: unexpected symbol near '='"],
  ["x = a ~ = b", "x:1: unexpected symbol near '='"],
  ["x = a.end", "x:1: <name> expected near 'end'"],
  ["x = nil.x", "x:1: unexpected symbol near '.'"],
  ["x = 1.x", "x:1: malformed number near '1.x'"],
  ["x = #", "x:1: unexpected symbol near <eof>"],
  ["x = a..", "x:1: unexpected symbol near <eof>"],
  ["x = a....b", "x:1: unexpected symbol near '...'"],
]);

refused("lines, manual §3.1", [
  ["\n\n)", "x:3: unexpected symbol near ')'"],
  ["\r\n\r\n)", "x:3: unexpected symbol near ')'"],
  ["\n\r\n\r)", "x:3: unexpected symbol near ')'"],
  ["\r\r)", "x:3: unexpected symbol near ')'"],
  ["\n\r\r\n)", "x:3: unexpected symbol near ')'"],
  ["--[[\n\n]] )", "x:3: unexpected symbol near ')'"],
  ["x = [[\r\n\r\n]] )", "x:3: unexpected symbol near ')'"],
  ["x = '\\\n\\\r\n' )", "x:3: unexpected symbol near ')'"],
  ["x = '\\z\n\n' )", "x:3: unexpected symbol near ')'"],
  ["f(\n)\n(\n", "x:4: unexpected symbol near <eof>"],
  ["if x then\nwhile y do\nend", "x:3: 'end' expected (to close 'if' at line 1) near <eof>"],
  ["do\nlocal f = function\n()\n", "x:4: 'end' expected (to close 'function' at line 3) near <eof>"],
  ["local function\nf()\n", "x:3: 'end' expected (to close 'function' at line 2) near <eof>"],
  ["function\nf()\n", "x:3: 'end' expected (to close 'function' at line 1) near <eof>"],
]);

describe("names of chunks, manual §4.6", () => {
  for (const [chunkName, message] of [
    ["@script.lua", "script.lua:1: unexpected symbol near ')'"],
    ["=stdin", "stdin:1: unexpected symbol near ')'"],
    [")", "[string \")\"]:1: unexpected symbol near ')'"],
    [")\nx", "[string \")...\"]:1: unexpected symbol near ')'"],
  ] as const)
    test(JSON.stringify(chunkName), () => {
      expect(messageFor(")", chunkName)).toBe(message);
    });
});

describe("nesting", () => {
  // Before, middle and after of a construct, and how many of it the reference refuses in a chunk given to `load`.
  for (const [before, middle, after, refusedAt] of [
    ["return (", "1", ")", 196],
    ["return {", "", "}", 197],
    ["return - ", "1", "", 196],
    ["return not ", "1", "", 196],
    ["return 1 .. ", "1", "", 196],
    ["return 1 ^ ", "1", "", 196],
    ["return function() return ", "1", " end", 98],
    ["do ", "", "end ", 198],
    ["if x then ", "", "end ", 197],
    ["function f() ", "", "end ", 198],
    ["x, ", "x = 1", "", 196],
  ] as const) {
    const open = before.replace(/^return /, "");
    const prefix = before.slice(0, before.length - open.length);
    const chunk = (n: number) => prefix + open.repeat(n) + middle + after.repeat(n);
    test(`${before}… fits ${refusedAt - 1} times`, () => {
      expect(messageFor(chunk(refusedAt - 1))).toBeUndefined();
      expect(messageFor(chunk(refusedAt))).toBe("C stack overflow");
      expect(messageFor(chunk(100_000))).toBe("C stack overflow");
      expect(messageFor(prefix + open.repeat(100_000))).toBe("C stack overflow");
    });
  }

  const names = (n: number) => Array.from({ length: n }, (_, i) => `x${i}`);
  test("labels in a row", () => {
    const labels = (n: number) =>
      names(n)
        .map((name) => `::${name}::`)
        .join(" ");
    expect(messageFor(labels(197))).toBeUndefined();
    expect(messageFor(labels(198))).toBe("C stack overflow");
  });
  test("global variables initialised together", () => {
    expect(messageFor(`global ${names(195)} = 1`)).toBeUndefined();
    expect(messageFor(`global ${names(196)} = 1`)).toBe("C stack overflow");
    expect(messageFor(`global ${names(10_000)}`)).toBeUndefined();
  });
  test("an error further in is not reached", () => {
    expect(messageFor(`return ${"(".repeat(300)})`)).toBe("C stack overflow");
    expect(messageFor(`return ${"(".repeat(100)})`)).toBe("x:1: unexpected symbol near ')'");
  });
  test("little JavaScript stack left", () => {
    const chunk = "do ".repeat(190) + "end ".repeat(190);
    const outcomes = new Set<unknown>();
    // Parses at ever shallower depths on the way out, until it works.
    const dive = (): boolean => {
      let parsed = false;
      try {
        parsed = dive();
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
      }
      if (parsed) return true;
      const outcome = messageFor(chunk);
      outcomes.add(outcome);
      return outcome === undefined;
    };
    expect(dive()).toBe(true);
    expect([...outcomes]).toEqual(["C stack overflow", undefined]);
  });
});
