/**
 * A Lua string as the input of re2js's matching machines (its `MachineInput`): bytes are decoded where they lie, so
 * positions are byte positions and nothing is copied. Steps are counted, so that long searches obey the limits.
 */
import { isUtf8 } from "node:buffer";
import { state } from "../../interpreter/state.ts";
import { fromText } from "../../interpreter/text.ts";

/** What re2js's machines expect at the end of the text. */
const END = -8;

// Conditions between two characters, as re2js numbers them (RE2's EmptyOp).
const BEGIN_LINE = 1;
const END_LINE = 2;
const BEGIN_TEXT = 4;
const END_TEXT = 8;
const WORD_BOUNDARY = 16;
const NO_WORD_BOUNDARY = 32;

const NEWLINE = 10;
const WORD = new Uint8Array(256);
for (const c of "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz") WORD[c.charCodeAt(0)] = 1;

const ASCII = /^[\x00-\x7f]*$/;

/** Work of the machines (steps times instructions) between two looks at the clock and at stop requests. */
const WORK_BETWEEN_CHECKS = 2_000_000;

/** What `hasString` gets: a literal that every match contains. */
interface Required {
  readonly str: string;
}
/** What `index` gets: a compiled expression that begins with a literal. */
interface Prefixed {
  readonly prefix: string;
}

export class Subject {
  private stepsLeft: number;
  private readonly stepsBetweenChecks: number;
  /** Where a required literal was found last, as from where it was looked for: spares rescanning at each match. */
  private readonly found = new Map<Required, { from: number; at: number }>();
  private prefixOwner: Prefixed | undefined = undefined;
  private prefixBytes = "";

  /** @param bytes valid UTF-8; @param instructions the size of the program that will run over it */
  constructor(
    readonly bytes: string,
    instructions: number,
    /** Whether every byte is a character. */
    readonly isAscii: boolean,
  ) {
    this.stepsBetweenChecks = Math.max(50, Math.floor(WORK_BETWEEN_CHECKS / (instructions + 20)));
    this.stepsLeft = this.stepsBetweenChecks;
  }

  /** The character at a position (from 0) and its width, as `rune << 3 | width`. */
  step(at: number): number {
    const { bytes } = this;
    if (at >= bytes.length) return END;
    if (--this.stepsLeft < 0) {
      this.stepsLeft = this.stepsBetweenChecks;
      state.vm.check();
    }
    const c = bytes.charCodeAt(at);
    return c < 0x80 ? (c << 3) | 1 : decode(bytes, at, c);
  }

  /** The conditions that hold at a position. Characters beyond ASCII are never part of a word, so bytes will do. */
  context(at: number): number {
    const { bytes } = this;
    let flags = 0;
    let before = 0;
    let after = 0;
    if (at === 0) flags |= BEGIN_TEXT | BEGIN_LINE;
    else {
      const c = bytes.charCodeAt(at - 1);
      before = WORD[c]!;
      if (c === NEWLINE) flags |= BEGIN_LINE;
    }
    if (at >= bytes.length) flags |= END_TEXT | END_LINE;
    else {
      const c = bytes.charCodeAt(at);
      after = WORD[c]!;
      if (c === NEWLINE) flags |= END_LINE;
    }
    return flags | (before !== after ? WORD_BOUNDARY : NO_WORD_BOUNDARY);
  }

  endPos(): number {
    return this.bytes.length;
  }

  canCheckPrefix(): boolean {
    return true;
  }

  /** How far from `from` the next occurrence of the expression's literal prefix is, -1 if there is none. */
  index(expression: Prefixed, from: number): number {
    const at = this.bytes.indexOf(this.prefixOf(expression), from);
    return at < 0 ? -1 : at - from;
  }

  prefixLength(expression: Prefixed): number {
    return this.prefixOf(expression).length;
  }

  private prefixOf(expression: Prefixed): string {
    if (this.prefixOwner !== expression) {
      this.prefixOwner = expression;
      this.prefixBytes = fromText(expression.prefix);
    }
    return this.prefixBytes;
  }

  /** Whether a literal that every match contains occurs from `from` on. */
  hasString(required: Required, from: number): boolean {
    const known = this.found.get(required);
    if (known !== undefined && from >= known.from && (known.at < 0 || from <= known.at)) return known.at >= 0;
    const at = this.bytes.indexOf(fromText(required.str), from);
    this.found.set(required, { from, at });
    return at >= 0;
  }

  /** Whether one of several literals occurs: left to the machine. */
  hasAnyString(): boolean {
    return true;
  }
}

/** The character of two bytes and more at `at`, as `rune << 3 | width`; `lead` is its first byte. */
function decode(bytes: string, at: number, lead: number): number {
  const second = bytes.charCodeAt(at + 1) & 0x3f;
  if (lead < 0xe0) return ((((lead & 0x1f) << 6) | second) << 3) | 2;
  const third = bytes.charCodeAt(at + 2) & 0x3f;
  if (lead < 0xf0) return ((((lead & 0x0f) << 12) | (second << 6) | third) << 3) | 3;
  const fourth = bytes.charCodeAt(at + 3) & 0x3f;
  return ((((lead & 0x07) << 18) | (second << 12) | (third << 6) | fourth) << 3) | 4;
}

const lossy = new TextDecoder("utf-8", { ignoreBOM: true });

export function isAscii(bytes: string): boolean {
  return ASCII.test(bytes);
}

/** Position (from 1) of the first byte that does not belong to valid UTF-8; 0 when all do. */
export function invalidAt(bytes: string): number {
  if (ASCII.test(bytes)) return 0;
  const buffer = Buffer.from(bytes, "latin1");
  if (isUtf8(buffer)) return 0;
  // The first replacement character that the text did not have itself.
  const text = lossy.decode(buffer);
  let at = 0;
  let from = 0;
  for (let i = text.indexOf("\ufffd"); i >= 0; i = text.indexOf("\ufffd", from)) {
    at += Buffer.byteLength(text.slice(from, i));
    if (buffer[at] !== 0xef || buffer[at + 1] !== 0xbf || buffer[at + 2] !== 0xbd) return at + 1;
    at += 3;
    from = i + 1;
  }
  return buffer.length;
}
