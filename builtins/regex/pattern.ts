/** Compiled patterns: re2js programs, limited in size, their errors placed and worded, kept for reuse per machine. */
import type { RE2JS } from "re2js";
import { failure, type LuaError } from "../../interpreter/error.ts";
import { state } from "../../interpreter/state.ts";
import { fromText, toText } from "../../interpreter/text.ts";
import type { VirtualMachine } from "../../interpreter/vm.ts";
import { type NativeForm, nativeForm } from "./native.ts";
import type { Subject } from "./subject.ts";

/** Longest pattern, in bytes. */
export const MAX_PATTERN = 32 * 1024;
/** Most instructions of a compiled pattern: what `{n}` expands to. */
export const MAX_INSTRUCTIONS = 50_000;
/** Patterns kept compiled per machine, and their instructions together. */
const CACHED_PATTERNS = 128;
const CACHED_INSTRUCTIONS = 200_000;
/** What the automaton of one pattern may remember (re2js would take 8 MiB), in bytes. */
const AUTOMATON_MEMORY = 1024 * 1024;
/** Steps that a search by the engine may take: it cannot be interrupted. */
const MAX_NATIVE_STEPS = 50_000_000;
/** re2js's flag for a search that may begin anywhere. */
const UNANCHORED = 0;

/** Where a match and its groups lie: pairs of start and end, from 0; -1 for a group that took no part. */
export type Spans = readonly number[];

export class Pattern {
  readonly groupCount: number;
  readonly instructions: number;
  /** Group numbers by name, in the order of the groups. */
  readonly names: readonly (readonly [name: string, group: number])[];
  private readonly re2: ReturnType<RE2JS["re2"]>;
  /** What the engine may run in its place on ASCII, if anything; made when first wanted. */
  private native: NativeForm | undefined | null = null;
  private searcher: RegExp | undefined = undefined;
  private grouper: RegExp | undefined = undefined;

  constructor(
    compiled: RE2JS,
    private readonly text: string,
  ) {
    this.re2 = compiled.re2();
    this.groupCount = compiled.groupCount();
    this.instructions = compiled.programSize();
    const groups = compiled.namedGroups();
    this.names = Object.keys(groups).map((name) => [fromText(name), groups[name]!] as const);
  }

  /** Whether the pattern matches anywhere. */
  test(subject: Subject): boolean {
    const { re2 } = this;
    if (this.isNative(subject)) return this.exec(subject, 0, false) !== undefined;
    if (re2.lazyDFA === null) re2.dfa.stateBudget = re2.dfa.memBudget = AUTOMATON_MEMORY;
    return re2.executeEngine(subject, 0, UNANCHORED, 0) !== null;
  }

  /** The first match at or after `from` (from 0), with the spans of its groups if `groups`. */
  exec(subject: Subject, from: number, groups: boolean): Spans | undefined {
    if (this.isNative(subject)) return this.execNative(subject.bytes, from, groups);
    const wanted = groups ? 2 * (this.groupCount + 1) : 2;
    const spans: number[] | null = this.re2.executeEngine(subject, from, UNANCHORED, wanted);
    if (spans === null) return undefined;
    // A pattern that is all literal answers with the whole match only.
    while (spans.length < wanted) spans.push(-1);
    return spans;
  }

  /** Whether the engine's own regular expressions are as good on this subject. */
  private isNative(subject: Subject): boolean {
    if (!subject.isAscii) return false;
    if (this.native === null) this.native = nativeForm(this.text);
    return this.native !== undefined && subject.bytes.length * this.native.cost <= MAX_NATIVE_STEPS;
  }

  private execNative(text: string, from: number, groups: boolean): Spans | undefined {
    const { source } = this.native!;
    if (!groups || this.groupCount === 0) {
      this.searcher ??= new RegExp(source, "g");
      this.searcher.lastIndex = from;
      const found = this.searcher.exec(text);
      return found === null ? undefined : [found.index, found.index + found[0].length];
    }
    this.grouper ??= new RegExp(source, "dg");
    this.grouper.lastIndex = from;
    const indices = this.grouper.exec(text)?.indices;
    if (indices === undefined) return undefined;
    const spans: number[] = [];
    for (let n = 0; n <= this.groupCount; n++) {
      const span = indices[n];
      spans.push(span === undefined ? -1 : span[0], span === undefined ? -1 : span[1]);
    }
    return spans;
  }

  groupNamed(name: string): number | undefined {
    return this.names.find(([known]) => known === name)?.[1];
  }
}

// --- the cache ------------------------------------------------------------------------------------------------------

class Cache {
  /** Patterns by their source, the one used longest ago first. */
  private readonly patterns = new Map<string, Pattern>();
  private instructions = 0;

  get(source: string): Pattern | undefined {
    const known = this.patterns.get(source);
    if (known === undefined) return undefined;
    if (this.patterns.size > 1) {
      this.patterns.delete(source);
      this.patterns.set(source, known);
    }
    return known;
  }

  add(source: string, pattern: Pattern): void {
    this.patterns.set(source, pattern);
    this.instructions += pattern.instructions;
    for (const [oldest, old] of this.patterns) {
      if (this.patterns.size <= CACHED_PATTERNS && this.instructions <= CACHED_INSTRUCTIONS) return;
      this.patterns.delete(oldest);
      this.instructions -= old.instructions;
    }
  }
}

const caches = new WeakMap<VirtualMachine, Cache>();

/** The compiled form of a pattern for the running machine. `what` names the function in errors. */
export function compilePattern(what: string, source: string): Pattern {
  let cache = caches.get(state.vm);
  if (cache === undefined) caches.set(state.vm, (cache = new Cache()));
  const known = cache.get(source);
  if (known !== undefined) return known;
  if (source.length > MAX_PATTERN) {
    throw failure(`${what}: pattern too large (${source.length} bytes, at most ${MAX_PATTERN})`);
  }
  const text = toText(source);
  if (text === undefined) throw failure(`${what}: the pattern is not valid UTF-8`);
  const { instructions, unclosed } = measure(text);
  if (instructions > MAX_INSTRUCTIONS) throw failure(`${what}: pattern too large (its repetitions expand too far)`);
  // Loaded at the first use: a script without patterns does not pay for it.
  const { RE2JS: compiler } = require("re2js") as typeof import("re2js");
  let pattern: Pattern;
  try {
    pattern = new Pattern(compiler.compile(text), text);
  } catch (error) {
    throw patternError(what, text, unclosed, error, (part) => compiler.compile(part));
  }
  cache.add(source, pattern);
  return pattern;
}

// --- errors ---------------------------------------------------------------------------------------------------------

/** What re2js says about a pattern: a description and the part of the pattern it is about. */
interface SyntaxReport {
  readonly error: string;
  readonly input: string | null;
}

function reportOf(error: unknown): SyntaxReport | undefined {
  const { error: description, input } = error as Partial<SyntaxReport>;
  return typeof description === "string" ? { error: description, input: input ?? null } : undefined;
}

/** Syntax of other engines that RE2 leaves out to keep its promise of linear time. */
const UNSUPPORTED: readonly [RegExp, string][] = [
  [/^\(\?<?[=!]/, "look-around assertions are not supported"],
  [/^\(\?>/, "atomic groups are not supported"],
  [/^\\(?:[1-9]|k<|k\{|g)|^\(\?P=/, "backreferences are not supported"],
  [/^[*+?}]\+/, "possessive quantifiers are not supported"],
];

function patternError(
  what: string,
  pattern: string,
  unclosed: number,
  error: unknown,
  compile: (part: string) => unknown,
): LuaError {
  const report = reportOf(error);
  if (report === undefined) return failure(`${what}: pattern too complex`);
  const at = locate(pattern, unclosed, report, compile);
  const position = fromText(pattern.slice(0, at)).length + 1;
  const rest = pattern.slice(at);
  const hint = UNSUPPORTED.find(([syntax]) => syntax.test(rest))?.[1];
  const { input } = report;
  // What is missing is not in the part that is reported.
  const shown =
    input !== null && input.length <= 40 && !report.error.startsWith("missing closing") && input !== pattern;
  const part = shown ? ` '${input}'` : "";
  return failure(fromText(`${what}: bad pattern at position ${position}: ${hint ?? `${report.error}${part}`}`));
}

/**
 * Where the part lies that the compiler complains about (it does not tell): at the first of its occurrences with which
 * the pattern, ended before the next one, fails in the same way.
 */
function locate(pattern: string, unclosed: number, report: SyntaxReport, compile: (part: string) => unknown): number {
  const { error, input } = report;
  if (input === null) return error.startsWith("trailing backslash") ? pattern.length - 1 : 0;
  if (error === "missing closing )") return unclosed;
  const part = error === "unexpected )" ? ")" : input;
  const starts: number[] = [];
  for (let at = pattern.indexOf(part); at >= 0; at = pattern.indexOf(part, at + 1)) starts.push(at);
  const failsAt = (index: number) => {
    const ended = pattern.slice(0, starts[index + 1]);
    try {
      compile(ended);
      return false;
    } catch (again) {
      const other = reportOf(again);
      return other?.error === error && (other.input === input || other.input === ended);
    }
  };
  // Whatever comes after a mistake does not undo it: the occurrences divide into harmless ones and then failing ones.
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (failsAt(middle)) high = middle;
    else low = middle + 1;
  }
  return starts[low] ?? 0;
}

// --- size -----------------------------------------------------------------------------------------------------------

/** An upper estimate of the instructions a pattern compiles to, and where its innermost unclosed group begins (or 0). */
export function measure(pattern: string): { instructions: number; unclosed: number } {
  interface Group {
    start: number;
    size: number;
    /** Size of the last element: what a quantifier repeats. */
    last: number;
  }
  const groups: Group[] = [{ start: 0, size: 2, last: 0 }];
  let group = groups[0]!;
  const element = (size: number) => {
    group.last = size;
    group.size += size;
  };
  const length = pattern.length;
  for (let at = 0; at < length; ) {
    const c = pattern[at]!;
    if (c === "\\") {
      if (pattern.startsWith("\\Q", at)) {
        const end = pattern.indexOf("\\E", at + 2);
        const until = end < 0 ? length : end;
        for (let i = at + 2; i < until; i++) element(1);
        at = end < 0 ? length : end + 2;
        continue;
      }
      at += 2;
      const brace = /[xpP]/.test(pattern[at - 1] ?? "") && pattern[at] === "{" ? pattern.indexOf("}", at) : -1;
      if (brace >= 0) at = brace + 1;
      element(1);
    } else if (c === "[") {
      at = classEnd(pattern, at);
      element(1);
    } else if (c === "(") {
      group = { start: at, size: 0, last: 0 };
      groups.push(group);
      at++;
      // `(?` is no quantifier; what follows up to `:` or `>` is counted as characters, which only adds to the estimate.
      if (pattern[at] === "?") at++;
    } else if (c === ")") {
      if (groups.length > 1) {
        const { size } = groups.pop()!;
        group = groups[groups.length - 1]!;
        element(size + 2);
      }
      at++;
    } else if (c === "*" || c === "+" || c === "?") {
      group.size += 2;
      at++;
    } else if (c === "{") {
      const repeat = /^\{(\d{1,9})(,(\d{0,9}))?\}/.exec(pattern.slice(at, at + 24));
      if (repeat === null) {
        element(1);
        at++;
      } else {
        const times = Math.max(1, Number(repeat[1]), Number(repeat[3] ?? 0));
        const repeated = group.last * times + times + 1;
        group.size += repeated - group.last;
        group.last = repeated;
        at += repeat[0].length;
      }
    } else {
      if (c === "|") {
        group.size += 1;
        group.last = 0;
      } else element(1);
      at++;
    }
  }
  let instructions = 0;
  for (const { size } of groups) instructions += size;
  return { instructions, unclosed: group.start };
}

/** Position behind a character class that begins at `start`. */
function classEnd(pattern: string, start: number): number {
  let at = start + 1;
  if (pattern[at] === "^") at++;
  if (pattern[at] === "]") at++; // first in its class, a bracket is an ordinary character
  for (; at < pattern.length; at++) {
    const c = pattern[at];
    if (c === "]") return at + 1;
    if (c === "\\") at++;
    else if (c === "[" && pattern[at + 1] === ":") {
      const end = pattern.indexOf(":]", at + 2);
      if (end >= 0) at = end + 1;
    }
  }
  return pattern.length;
}
