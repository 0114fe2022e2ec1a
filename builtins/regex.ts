/**
 * Regular expressions with RE2's syntax and its promise: time linear in the text, for every pattern and every text.
 * Text is UTF-8; positions are byte positions from 1.
 */
import { call } from "../interpreter/call.ts";
import { failure, typeName } from "../interpreter/error.ts";
import type { LuaFunction, NativeFunction } from "../interpreter/function.ts";
import { awaited, runSteps, type Steps, tick } from "../interpreter/library/steps.ts";
import { charge, reserveMemory } from "../interpreter/memory.ts";
import { custom, fn, integer, isFunction, library, optional, returns, string } from "../interpreter/native.ts";
import { formatNumber } from "../interpreter/number.ts";
import { state } from "../interpreter/state.ts";
import { LuaTable } from "../interpreter/table.ts";
import { isNumber, type Results, truthy, type Value } from "../interpreter/value.ts";
import { compilePattern, type Pattern, type Spans } from "./regex/pattern.ts";
import { invalidAt, isAscii, Subject } from "./regex/subject.ts";

/** A result grows by this much between two checks of the memory limit, in bytes. */
const RESERVE_STEP = 1024 * 1024;
/** Pieces of a result that are joined at a time; between two matches there may be any number of them. */
const PIECES = 8000;
/** Longest result of a replacement: strings cannot be much longer. */
const MAX_RESULT = 2 ** 30;

function subjectOf(what: string, pattern: Pattern, text: string): Subject {
  const ascii = isAscii(text);
  const bad = ascii ? 0 : invalidAt(text);
  if (bad > 0) throw failure(`${what}: the text is not valid UTF-8 (at byte ${bad})`);
  return new Subject(text, pattern.instructions, ascii);
}

/** Whether a pattern matches anywhere in a text: `regex.match`, for other builtins too. `what` names them in errors. */
export function matchesPattern(what: string, source: string, text: string): boolean {
  const pattern = compilePattern(what, source);
  return pattern.test(subjectOf(what, pattern, text));
}

/**
 * All matches, from left to right. An empty match right behind another match does not count, as in RE2's own `All`
 * functions (and Lua's `gsub`).
 */
function* matches(pattern: Pattern, subject: Subject, groups: boolean): Generator<Spans, void, void> {
  const end = subject.endPos();
  let from = 0;
  let lastEnd = -1;
  while (from <= end) {
    tick();
    const spans = pattern.exec(subject, from, groups);
    if (spans === undefined) return;
    const [start, finish] = spans as [number, number];
    const accepted = finish !== from || start !== lastEnd;
    if (finish === from) {
      const step = subject.step(from);
      from = step < 0 ? end + 1 : from + (step & 7);
    } else from = finish;
    lastEnd = finish;
    if (accepted) yield spans;
  }
}

/** A substring keeps the whole string alive that it was cut from: short pieces of texts this long are copied. */
const LONG_TEXT = 64 * 1024;
const SHORT_PIECE = 1024;

function piece(text: string, start: number, end: number): string {
  const cut = text.slice(start, end);
  // Single characters are the engine's own.
  if (text.length < LONG_TEXT || cut.length > SHORT_PIECE || cut.length <= 1) return cut;
  return Buffer.from(cut, "latin1").toString("latin1");
}

/** The text of a group, nil if it took no part. */
function group(text: string, spans: Spans, n: number): string | undefined {
  const start = spans[2 * n]!;
  return start < 0 ? undefined : piece(text, start, spans[2 * n + 1]!);
}

function matchTable(text: string, pattern: Pattern, spans: Spans): LuaTable {
  const { vm } = state;
  const groups = new LuaTable(vm.rootShape);
  for (let n = 1; n <= pattern.groupCount; n++) {
    const value = group(text, spans, n);
    if (value !== undefined) groups.setIndex(n, value);
  }
  const named = new LuaTable(vm.rootShape);
  for (const [name, n] of pattern.names) {
    const value = group(text, spans, n);
    if (value !== undefined) named.setString(name, value);
  }
  const found = new LuaTable(vm.rootShape);
  found.setConstant("match", group(text, spans, 0));
  found.setConstant("groups", groups);
  found.setConstant("start", spans[0]! + 1);
  found.setConstant("finish", spans[1]!);
  found.setConstant("named", named);
  charge(300);
  return found;
}

// --- replacing ------------------------------------------------------------------------------------------------------

/** Collects a result piece by piece within the memory limit. */
class Output {
  private text = "";
  /** Not joined yet: a string that grows by a few characters at a time takes many times its length. */
  private pieces: string[] = [];
  private length = 0;
  private reserved = RESERVE_STEP;

  constructor(private readonly what: string) {}

  add(piece: string): void {
    this.pieces.push(piece);
    this.length += piece.length;
    if (this.length > this.reserved) {
      if (this.length > MAX_RESULT) throw failure(`${this.what}: the result is too large`);
      reserveMemory(this.length);
      this.reserved = this.length + Math.max(RESERVE_STEP, this.length >> 2);
    }
    if (this.pieces.length >= PIECES) this.join();
  }

  private join(): void {
    this.text += this.pieces.join("");
    this.pieces = [];
    state.vm.check();
  }

  finish(): string {
    this.join();
    charge(this.text.length);
    return this.text;
  }
}

/** A replacement as a list of literal texts and group numbers. `$1`, `${1}`, `${name}`, `$name`; `$$` is a dollar. */
function parseReplacement(what: string, replacement: string, pattern: Pattern): (string | number)[] {
  const parts: (string | number)[] = [];
  let literal = "";
  let at = 0;
  const refer = (n: number) => {
    if (literal !== "") parts.push(literal);
    literal = "";
    parts.push(n);
  };
  for (;;) {
    const dollar = replacement.indexOf("$", at);
    if (dollar < 0) break;
    literal += replacement.slice(at, dollar);
    const reference = /^\$(?:\$|\{([^{}]*)\}|(\d+)|([A-Za-z_]\w*))/.exec(replacement.slice(dollar, dollar + 200));
    at = dollar + (reference?.[0].length ?? 1);
    if (reference === null) literal += "$";
    else if (reference[0] === "$$") literal += "$";
    else if (reference[1] !== undefined) refer(groupOf(what, reference[1], pattern));
    else if (reference[2] !== undefined) {
      // As many digits as still make a group of the pattern: `$12` is group 1 and a 2 when there are nine groups.
      let digits = reference[2];
      while (digits.length > 1 && Number(digits) > pattern.groupCount) digits = digits.slice(0, -1);
      at = dollar + 1 + digits.length;
      refer(groupOf(what, digits, pattern));
    } else {
      const n = pattern.groupNamed(reference[3]!);
      if (n === undefined) literal += reference[0];
      else refer(n);
    }
  }
  literal += replacement.slice(at);
  if (literal !== "") parts.push(literal);
  return parts;
}

function groupOf(what: string, name: string, pattern: Pattern): number {
  if (/^\d{1,9}$/.test(name)) {
    const n = Number(name);
    if (n <= pattern.groupCount) return n;
    throw failure(
      `${what}: the replacement refers to group ${n}, but the pattern has ${pattern.groupCount} (write $$ for a dollar)`,
    );
  }
  const n = pattern.groupNamed(name);
  if (n === undefined)
    throw failure(`${what}: the replacement refers to a group '${name}' that the pattern does not have`);
  return n;
}

function replaceByText(what: string, pattern: Pattern, text: string, replacement: string): string {
  const parts = replacement.includes("$") ? parseReplacement(what, replacement, pattern) : [replacement];
  const groups = parts.some((part) => typeof part === "number" && part > 0);
  const out = new Output(what);
  let done = 0;
  for (const spans of matches(pattern, subjectOf(what, pattern, text), groups)) {
    out.add(text.slice(done, spans[0]));
    for (const part of parts) {
      if (typeof part === "string") out.add(part);
      else if (spans[2 * part]! >= 0) out.add(text.slice(spans[2 * part], spans[2 * part + 1]));
    }
    done = spans[1]!;
  }
  out.add(text.slice(done));
  return out.finish();
}

function* replaceByFunction(
  what: string,
  pattern: Pattern,
  text: string,
  replacer: LuaFunction | NativeFunction,
): Steps<Results> {
  const out = new Output(what);
  let done = 0;
  for (const spans of matches(pattern, subjectOf(what, pattern, text), true)) {
    const args: Value[] = [];
    for (let n = 0; n <= pattern.groupCount; n++) args.push(group(text, spans, n));
    const given = yield* awaited(call(replacer, args));
    out.add(text.slice(done, spans[0]));
    if (typeof given === "string") out.add(given);
    else if (isNumber(given)) out.add(formatNumber(given));
    else if (truthy(given))
      throw failure(`${what}: the function must return a string, number or nil, not a ${typeName(given)}`);
    else out.add(text.slice(spans[0], spans[1]));
    done = spans[1]!;
  }
  out.add(text.slice(done));
  return out.finish();
}

// --- the library ----------------------------------------------------------------------------------------------------

const SOURCE = "RE2 syntax, github.com/google/re2/wiki/Syntax";
const PATTERN = string("pattern", { summary: "RE2 syntax; `(?i)` and the like in front" });
const TEXT = string("s", { summary: "UTF-8" });
const RAISES = ["an error with the position for a bad or too large pattern", "an error for text that is not UTF-8"];

/** A replacement: text with `$1` and `${name}`, or a function. */
const REPLACEMENT = custom(
  "replacement",
  "string|fun(match: string, ...: string?): string?",
  "string or function",
  (value): string | LuaFunction | NativeFunction | undefined => {
    if (typeof value === "string" || isFunction(value)) return value;
    return isNumber(value) ? formatNumber(value) : undefined;
  },
  {
    summary: "text with `$1`, `$name` and `$$`, or a function of the match and its groups; nil from it keeps the match",
  },
);

export const regexLibrary = library(
  "regex",
  "Regular expressions in RE2 syntax, in linear time. Positions are byte positions from 1.",
  [
    fn("match", {
      summary: "Whether a pattern matches anywhere in a text.",
      params: [PATTERN, TEXT],
      returns: [returns("matches", "boolean")],
      raises: RAISES,
      source: SOURCE,
      example: `assert(regex.match([[^v\\d+\\.\\d+]], "v1.22"))`,
      run: (source, text) => matchesPattern("regex.match", source, text),
    }),
    fn("find", {
      summary: "The first match: its text, groups, named groups and where it lies.",
      params: [PATTERN, TEXT],
      returns: [
        returns(
          "found",
          "{ match: string, groups: string[], named: table<string, string>, start: integer, finish: integer }?",
          "nil when nothing matches; a group that took no part is absent",
        ),
      ],
      raises: RAISES,
      source: SOURCE,
      example: `local m = regex.find([[(?P<name>\\w+)=(\\d+)]], "a=1")\nassert(m.named.name == "a" and m.groups[2] == "1" and m.start == 1)`,
      run: (source, text) => {
        const pattern = compilePattern("regex.find", source);
        const spans = pattern.exec(subjectOf("regex.find", pattern, text), 0, true);
        return spans === undefined ? undefined : matchTable(text, pattern, spans);
      },
    }),
    fn("find_all", {
      summary: "The texts of all matches, from left to right.",
      params: [PATTERN, TEXT],
      returns: [returns("matches", "string[]")],
      raises: RAISES,
      source: SOURCE,
      example: `assert.eq(regex.find_all([[\\d+]], "10 and 20"), { "10", "20" })`,
      run: (source, text) => {
        const pattern = compilePattern("regex.find_all", source);
        const found = new LuaTable(state.vm.rootShape);
        let n = 0;
        for (const spans of matches(pattern, subjectOf("regex.find_all", pattern, text), false)) {
          const match = piece(text, spans[0]!, spans[1]!);
          found.setIndex(++n, match);
          charge(24 + match.length);
        }
        return found;
      },
    }),
    fn("replace", {
      summary: "The text with every match replaced.",
      params: [PATTERN, TEXT, REPLACEMENT],
      returns: [returns("replaced", "string")],
      raises: [...RAISES, "an error when the replacement refers to a group that the pattern does not have"],
      source: SOURCE,
      example: `assert(regex.replace([[(\\w+)@(\\w+)]], "me@home", "\${2}:$1") == "home:me")`,
      run: (source, text, replacement) => {
        const what = "regex.replace";
        const pattern = compilePattern(what, source);
        if (typeof replacement === "string") return replaceByText(what, pattern, text, replacement);
        return runSteps(replaceByFunction(what, pattern, text, replacement), text, replacement);
      },
    }),
    fn("split", {
      summary: "The pieces of a text between the matches.",
      params: [
        PATTERN,
        TEXT,
        optional(integer("limit", { min: 1, summary: "most pieces; the last is the rest of the text" })),
      ],
      returns: [returns("pieces", "string[]")],
      raises: RAISES,
      source: SOURCE,
      example: `assert.eq(regex.split([[\\s*,\\s*]], "a , b,c"), { "a", "b", "c" })`,
      run: (source, text, limit = Infinity) => {
        const pattern = compilePattern("regex.split", source);
        const pieces = new LuaTable(state.vm.rootShape);
        let n = 0;
        const add = (start: number, end: number) => {
          pieces.setIndex(++n, piece(text, start, end));
          charge(24 + end - start);
        };
        let begin = 0;
        let end = 0;
        for (const spans of matches(pattern, subjectOf("regex.split", pattern, text), false)) {
          if (n + 1 >= limit) break;
          end = spans[0]!;
          // An empty match at the very start or end does not cut anything off.
          if (spans[1] !== 0 && (spans[0] !== spans[1] || end !== text.length)) {
            add(begin, end);
            begin = spans[1]!;
          }
        }
        add(begin, text.length);
        return pieces;
      },
    }),
  ],
);
