/**
 * Lua patterns (manual §6.5.1), parsed into a chain of items for match.ts. A malformed pattern is an error only
 * when the matcher comes to the malformed part, so errors are items too.
 */

import { type ByteSet, Item, MAX_CAPTURES, MAX_DEPTH, Op, type Pattern } from "./match.ts";
import { reserveParts } from "./size.ts";

// --- sets of bytes ----------------------------------------------------------------------------------------------------

function setOf(holds: (code: number) => boolean): ByteSet {
  const set = new Uint8Array(256);
  for (let code = 0; code < 256; code++) if (holds(code)) set[code] = 1;
  return set;
}

const between = (code: number, low: string, high: string) => code >= low.charCodeAt(0) && code <= high.charCodeAt(0);
const isLower = (code: number) => between(code, "a", "z");
const isUpper = (code: number) => between(code, "A", "Z");
const isDigit = (code: number) => between(code, "0", "9");
const isAlpha = (code: number) => isLower(code) || isUpper(code);
const isGraph = (code: number) => code > 32 && code < 127;

/** The classes of the C locale. `%z` is deprecated, but the reference still knows it. */
const CLASSES: Record<string, (code: number) => boolean> = {
  a: isAlpha,
  c: (code) => code < 32 || code === 127,
  d: isDigit,
  g: isGraph,
  l: isLower,
  p: (code) => isGraph(code) && !isAlpha(code) && !isDigit(code),
  s: (code) => code === 32 || (code >= 9 && code <= 13),
  u: isUpper,
  w: (code) => isAlpha(code) || isDigit(code),
  x: (code) => isDigit(code) || between(code, "a", "f") || between(code, "A", "F"),
  z: (code) => code === 0,
};

const classSets: ByteSet[] = [];
const charSets: ByteSet[] = [];

/** The set of one byte. Sets are made when they are first needed: all of them would cost every start 3 ms. */
function charSet(code: number): ByteSet {
  charSets[code] ??= setOf((c) => c === code);
  return charSets[code];
}

/** The set of what `%` and a character stand for. */
function classSet(code: number): ByteSet {
  classSets[code] ??= makeClassSet(code);
  return classSets[code];
}

function makeClassSet(code: number): ByteSet {
  const letter = String.fromCharCode(code).toLowerCase();
  const holds = Object.hasOwn(CLASSES, letter) && code < 128 ? CLASSES[letter] : undefined;
  if (holds === undefined) return charSet(code);
  return isUpper(code) ? setOf((c) => !holds(c)) : setOf(holds);
}

const ALL: ByteSet = new Uint8Array(256).fill(1);
const NONE: ByteSet = new Uint8Array(256);

function union(a: ByteSet, b: ByteSet): ByteSet {
  return setOf((code) => a[code] === 1 || b[code] === 1);
}

function disjoint(a: ByteSet, b: ByteSet): boolean {
  for (let code = 0; code < 256; code++) if (a[code] === 1 && b[code] === 1) return false;
  return true;
}

/** The only member of a set, -1 if it has several or none. */
function onlyMember(set: ByteSet): number {
  const code = set.indexOf(1);
  return code >= 0 && set.indexOf(1, code + 1) < 0 ? code : -1;
}

/** The set that `[…]` stands for; `from` is after `[`, `end` is where `]` stands. */
function bracketSet(text: string, from: number, end: number): ByteSet {
  const complement = text[from] === "^";
  const set = new Uint8Array(256);
  for (let at = complement ? from + 1 : from; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code === 37 /* % */) {
      at++;
      const members = classSet(text.charCodeAt(at));
      for (let c = 0; c < 256; c++) if (members[c] === 1) set[c] = 1;
    } else if (text.charCodeAt(at + 1) === 45 /* - */ && at + 2 < end) {
      at += 2;
      for (let c = code; c <= text.charCodeAt(at); c++) set[c] = 1;
    } else set[code] = 1;
  }
  return complement ? setOf((code) => set[code] === 0) : set;
}

// --- parsing ----------------------------------------------------------------------------------------------------------

/** What an item takes with its set, roughly. */
const ITEM_BYTES = 400;

/** Items in order, and what is known about captures at the point reached. */
class Parser {
  readonly items: Item[] = [];
  captures = 0;
  unfinished = 0;
  positions = 0;
  /** Items that nest a call in the reference: captures and quantifiers. */
  nesting = 0;
  /** Bytes without quantifiers that stand side by side: they become one item. */
  private literal = "";

  constructor(
    private readonly text: string,
    private at: number,
  ) {}

  private add(op: Op, set: ByteSet = NONE, code = 0, other = 0, text = ""): Item {
    if (this.literal !== "") this.endLiteral();
    const item = new Item(op, code, other, set, text);
    this.items.push(item);
    reserveParts(this.items.length, ITEM_BYTES);
    return item;
  }

  /** Makes an item of the literal bytes that have been collected. */
  private endLiteral(): void {
    const text = this.literal;
    this.literal = "";
    const code = text.charCodeAt(0);
    this.add(text.length === 1 ? Op.Char : Op.Literal, charSets[code], code, 0, text);
  }

  /** Ends the pattern in an error; nothing behind it can be reached. */
  private fail(message: string): void {
    this.add(Op.Error, NONE, 0, 0, message);
    this.at = this.text.length + 1;
  }

  parse(): void {
    const { text } = this;
    while (this.at < text.length) {
      const char = text[this.at]!;
      if (char === "(") this.open();
      else if (char === ")") this.close();
      else if (char === "$" && this.at + 1 === text.length) {
        this.add(Op.Finish);
        this.at++;
      } else if (char === "%") this.escape();
      else this.single();
    }
    this.add(Op.End);
  }

  private open(): void {
    const isPosition = this.text[this.at + 1] === ")";
    if (this.captures >= MAX_CAPTURES) {
      this.fail("too many captures");
      return;
    }
    const index = this.captures++;
    this.nesting++;
    this.add(isPosition ? Op.Position : Op.Open, NONE, index);
    if (isPosition) this.positions |= 1 << index;
    else this.unfinished |= 1 << index;
    this.at += isPosition ? 2 : 1;
  }

  private close(): void {
    // The innermost capture that is still open; bit 31 makes the mask negative.
    const index = 31 - Math.clz32(this.unfinished);
    if (index < 0) {
      this.fail("invalid pattern capture");
      return;
    }
    this.nesting++;
    this.unfinished &= ~(1 << index);
    this.add(Op.Close, NONE, index);
    this.at++;
  }

  private escape(): void {
    const { text, at } = this;
    const letter = text[at + 1] ?? "";
    if (letter === "b") {
      if (at + 3 >= text.length) {
        this.fail("malformed pattern (missing arguments to '%b')");
        return;
      }
      this.add(Op.Balance, NONE, text.charCodeAt(at + 2), text.charCodeAt(at + 3));
      this.at += 4;
    } else if (letter === "f") {
      if (text[at + 2] !== "[") {
        this.fail("missing '[' after '%f' in pattern");
        return;
      }
      const end = this.bracketEnd(at + 2);
      if (end < 0) return;
      this.add(Op.Frontier, bracketSet(text, at + 3, end - 1));
      this.at = end;
    } else if (letter >= "0" && letter <= "9") {
      const index = text.charCodeAt(at + 1) - 49;
      if (index < 0 || index >= this.captures || (this.unfinished & (1 << index)) !== 0) {
        this.fail(`invalid capture index %${index + 1}`);
        return;
      }
      this.add(Op.Back, NONE, index);
      this.at += 2;
    } else this.single();
  }

  /** Where the class that begins with `[` at `from` ends; -1 after an error. */
  private bracketEnd(from: number): number {
    const { text } = this;
    let at = from + 1;
    if (text[at] === "^") at++;
    do {
      if (at >= text.length) {
        this.fail("malformed pattern (missing ']')");
        return -1;
      }
      if (text[at++] === "%") at++; // skips escapes such as `%]`
    } while (text[at] !== "]");
    return at + 1;
  }

  /** One byte or class of bytes, with a quantifier or without. */
  private single(): void {
    const { text, at } = this;
    const char = text[at]!;
    let op = Op.Set;
    let set: ByteSet;
    let end = at + 1;
    if (char === "%") {
      if (end >= text.length) {
        this.fail("malformed pattern (ends with '%')");
        return;
      }
      set = classSet(text.charCodeAt(end));
      end++;
    } else if (char === "[") {
      end = this.bracketEnd(at);
      if (end < 0) return;
      set = bracketSet(text, at + 1, end - 1);
    } else if (char === ".") {
      set = ALL;
      op = Op.Any;
    } else set = charSet(text.charCodeAt(at));
    this.at = end + 1;
    switch (text[end]) {
      case "*":
      case "+":
        this.quantifier(Op.Greedy, set).least = text[end] === "+" ? 1 : 0;
        break;
      case "-":
        this.quantifier(Op.Lazy, set);
        break;
      case "?":
        this.quantifier(Op.Option, set);
        break;
      default: {
        const code = onlyMember(set);
        if (code >= 0) this.literal += String.fromCharCode(code);
        else this.add(op, set);
        this.at = end;
      }
    }
  }

  private quantifier(op: Op, set: ByteSet): Item {
    this.nesting++;
    const item = this.add(op, set);
    item.any = set === ALL;
    return item;
  }
}

/**
 * Links the items and works out, from the end, what the rest of the pattern can begin with. Returns the same for the
 * whole pattern.
 */
function link(items: readonly Item[], shortcuts: boolean): ByteSet | undefined {
  /** Bytes the rest can begin with; undefined when it may match without consuming, or raise an error. */
  let first: ByteSet | undefined;
  /** Whether the rest matches anywhere. */
  let always = false;
  for (let i = items.length - 1; i >= 0; i--) {
    const item = items[i]!;
    item.next = items[i + 1] ?? item;
    if (shortcuts && (item.op === Op.Greedy || item.op === Op.Lazy || item.op === Op.Option)) {
      item.follow = first;
      item.followCode = first === undefined ? -1 : onlyMember(first);
      item.direct = always || (item.op !== Op.Lazy && first !== undefined && disjoint(item.set, first));
    }
    switch (item.op) {
      case Op.End:
        always = true;
        first = undefined;
        break;
      case Op.Open:
      case Op.Position:
      case Op.Close:
        break;
      case Op.Lazy:
      case Op.Option:
        if (first !== undefined) first = union(item.set, first);
        break;
      case Op.Greedy:
        if (item.least > 0) {
          first = item.set;
          always = false;
        } else if (first !== undefined) first = union(item.set, first);
        break;
      case Op.Error:
      case Op.Back:
        first = undefined;
        always = false;
        break;
      case Op.Balance:
        first = charSet(item.code);
        always = false;
        break;
      default: // Char, Set, Any, Frontier: one byte of the set; Finish: none
        first = item.set;
        always = false;
    }
  }
  return shortcuts ? first : undefined;
}

/** Whether a text has none of the characters that make `string.find` take it for a pattern. */
export function isPlain(text: string): boolean {
  return !/[$^*+?.([%-]/.test(text);
}

/** Parses a pattern. In `gmatch`, `^` has no special meaning: `anchors` is false. */
function parse(text: string, anchors: boolean): Pattern {
  const anchored = anchors && text[0] === "^";
  const parser = new Parser(text, anchored ? 1 : 0);
  parser.parse();
  const { items } = parser;
  // With so many items the depth limit might strike in what a shortcut would skip.
  const shortcuts = parser.nesting < MAX_DEPTH - 2;
  const first = link(items, shortcuts);
  const lone = items.length === 2 && !anchored ? items[0]! : undefined;
  const isSimple = lone?.op === Op.Set || lone?.op === Op.Any || (lone?.op === Op.Greedy && lone.least === 1);
  const head = items[0]!;
  const prefix = head.op === Op.Char || head.op === Op.Literal ? head.text : "";
  const afterPrefix = prefix === "" ? head : head.next;
  return {
    head,
    captures: parser.captures,
    unfinished: parser.unfinished,
    positions: parser.positions,
    anchored,
    first,
    prefix,
    afterPrefix,
    simple: isSimple ? lone : undefined,
    literal: afterPrefix.op === Op.End && !anchored ? prefix : undefined,
    plain: isPlain(text),
  };
}

// --- the cache --------------------------------------------------------------------------------------------------------

/** Patterns longer than this are not remembered. */
const MAX_REMEMBERED = 1000;
/** How many patterns are remembered before all are forgotten. */
const MAX_PATTERNS = 500;

class Cache {
  private readonly patterns = new Map<string, Pattern>();
  private lastText: string | undefined = undefined;
  private last: Pattern | undefined = undefined;

  constructor(private readonly anchors: boolean) {}

  get(text: string): Pattern {
    if (text === this.lastText) return this.last!;
    let pattern = this.patterns.get(text);
    if (pattern === undefined) {
      pattern = parse(text, this.anchors);
      if (text.length > MAX_REMEMBERED) return pattern;
      if (this.patterns.size >= MAX_PATTERNS) this.patterns.clear();
      this.patterns.set(text, pattern);
    }
    this.lastText = text;
    this.last = pattern;
    return pattern;
  }
}

const anchoring = new Cache(true);
const unanchored = new Cache(false);

/** The pattern of a text, where `^` at its beginning anchors it. */
export function patternOf(text: string): Pattern {
  return anchoring.get(text);
}

/** The pattern of a text for `gmatch`, where `^` is a character like others. */
export function unanchoredPatternOf(text: string): Pattern {
  return unanchored.get(text);
}
