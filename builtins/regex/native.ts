/**
 * The patterns that the engine's own regular expressions may run, which are up to fifty times faster than re2js: those
 * for which a backtracking search provably takes linear time and finds the same match. Everything else is re2js's.
 *
 * Subjects are ASCII here, and a pattern is a sequence of characters, classes, groups and alternatives in which only
 * single characters are repeated. It is accepted in two cases.
 *
 * 1. At each start the search can take only so many steps: all repetitions are bounded, the ways through them are few
 *    (`paths`), and at most the very last element repeats without bound. That one never fails once its minimum is
 *    there, and what it takes is part of the match, so no other attempt sees it again.
 * 2. The pattern begins with `^` and is deterministic: what a repetition can take, nothing that may follow can begin
 *    with. Giving a character back never helps then, and each is given back at most once by each repetition.
 *
 * What differs between the dialects (`.`, `\s`, flags, `$`, names) is written out as sets of characters. Repeated
 * groups are left to re2js: the engine runs out of stack on long ones and then answers wrongly.
 */

/** Ways through a pattern, and characters on the longest of them. */
const MAX_PATHS = 64;
const MAX_WIDTH = 200;

export interface NativeForm {
  /** For `new RegExp`, with the groups numbered as in the pattern. */
  readonly source: string;
  /** Steps for each character of the subject, at most. */
  readonly cost: number;
}

/** The characters that an element accepts: 128 flags. */
type Characters = Uint8Array;

interface Atom {
  readonly set: Characters;
  readonly min: number;
  readonly max: number;
}

/** A part of the pattern: its source, its elements in a row if it has no alternatives, and its measures. */
interface Part {
  source: string;
  atoms: Atom[] | undefined;
  paths: number;
  width: number;
  /** Its last element repeats without bound. */
  open: boolean;
}

class Unfit {}

/** What the engine can run in place of a pattern that re2js has accepted; undefined if that is not safe. */
export function nativeForm(pattern: string): NativeForm | undefined {
  if (pattern.length > 1000 || !/^[\x20-\x7e\t\n]*$/.test(pattern)) return undefined;
  try {
    return new Analyser(pattern).form();
  } catch (error) {
    if (error instanceof Unfit) return undefined;
    throw error;
  }
}

class Analyser {
  private at = 0;
  constructor(private readonly pattern: string) {}

  form(): NativeForm | undefined {
    const anchored = this.skip("^");
    const part = this.alternatives(anchored);
    const ended = this.skip("$");
    if (this.at < this.pattern.length) throw new Unfit();
    // `^a|b` anchors the first alternative only.
    if ((anchored || ended) && part.atoms === undefined) throw new Unfit();
    const source = (anchored ? "^" : "") + part.source + (ended ? "$" : "");
    const isBounded = part.paths <= MAX_PATHS && part.width <= MAX_WIDTH && !(part.open && ended);
    if (isBounded) return { source, cost: part.paths * (part.width + 1) };
    if (anchored && part.atoms !== undefined && isDeterministic(part.atoms))
      return { source, cost: part.atoms.length + 1 };
    return undefined;
  }

  private skip(text: string): boolean {
    if (!this.pattern.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  private alternatives(sequenceOnly: boolean): Part {
    const first = this.sequence();
    if (this.pattern[this.at] !== "|") return first;
    if (sequenceOnly || first.open) throw new Unfit();
    const all = { ...first, atoms: undefined };
    while (this.skip("|")) {
      const next = this.sequence();
      if (next.open) throw new Unfit();
      all.source += `|${next.source}`;
      all.paths += next.paths;
      all.width = Math.max(all.width, next.width);
    }
    return all;
  }

  private sequence(): Part {
    const whole: Part = { source: "", atoms: [], paths: 1, width: 0, open: false };
    for (;;) {
      const c = this.pattern[this.at];
      if (c === undefined || c === "|" || c === ")") return whole;
      if (c === "$") return whole;
      const part = c === "(" ? this.group() : this.repeated();
      // Something follows what was open: it is not bounded any more.
      if (whole.open) whole.width = Infinity;
      whole.source += part.source;
      whole.atoms = whole.atoms === undefined || part.atoms === undefined ? undefined : whole.atoms.concat(part.atoms);
      whole.paths *= part.paths;
      whole.width += part.width;
      whole.open = part.open;
    }
  }

  private group(): Part {
    const opening = /^\((?:\?:|\?P?<\w+>)?/.exec(this.pattern.slice(this.at))![0];
    this.at += opening.length;
    if (this.pattern[this.at] === "?") throw new Unfit();
    const inside = this.alternatives(false);
    if (!this.skip(")") || this.quantifier() !== undefined) throw new Unfit();
    return { ...inside, source: `${opening === "(?:" ? "(?:" : "("}${inside.source})` };
  }

  private repeated(): Part {
    const set = this.character();
    const quantifier = this.quantifier();
    const { min, max, text } = quantifier ?? { min: 1, max: 1, text: "" };
    const open = max === Infinity;
    return {
      source: sourceOf(set) + text,
      atoms: [{ set, min, max }],
      paths: open ? 1 : max - min + 1,
      width: open ? min : max,
      open,
    };
  }

  private quantifier(): { min: number; max: number; text: string } | undefined {
    const found = /^(?:([*+?])|\{(\d{1,4})(?:(,)(\d{0,4}))?\})(\??)/.exec(this.pattern.slice(this.at, this.at + 20));
    if (found === null) return undefined;
    this.at += found[0].length;
    const [text, sign, from, comma, to] = found;
    if (sign !== undefined) return { min: sign === "+" ? 1 : 0, max: sign === "?" ? 1 : Infinity, text };
    const min = Number(from);
    return { min, max: comma === undefined ? min : to === "" ? Infinity : Number(to), text };
  }

  private character(): Characters {
    const c = this.pattern[this.at]!;
    if (c === "[") return this.characterClass();
    if (c === "\\") return this.escape();
    if ("*+?{}^]".includes(c)) throw new Unfit();
    this.at++;
    return c === "." ? without(single("\n")) : single(c);
  }

  private escape(): Characters {
    const c = this.pattern[this.at + 1] ?? "";
    this.at += 2;
    const named = CLASSES[c];
    if (named !== undefined) return named;
    const control = { n: "\n", t: "\t", r: "\r", f: "\f", v: "\v" }[c];
    if (control !== undefined) return single(control);
    if (/^[a-zA-Z0-9]?$/.test(c)) throw new Unfit();
    return single(c);
  }

  private characterClass(): Characters {
    this.at++;
    const negated = this.skip("^");
    const set = new Uint8Array(128);
    for (let isFirst = true; isFirst || this.pattern[this.at] !== "]"; isFirst = false) {
      const c = this.pattern[this.at];
      if (c === undefined || c === "[") throw new Unfit();
      const low = c === "\\" ? this.escape() : single(c);
      if (c !== "\\") this.at++;
      if (this.pattern[this.at] === "-" && this.pattern[this.at + 1] !== "]") {
        // A range between two plain characters; re2js has seen to it that it is one.
        this.at++;
        const end = this.pattern[this.at];
        if (end === undefined || end === "[" || end === "\\" || c === "\\") throw new Unfit();
        this.at++;
        for (let code = c.charCodeAt(0); code <= end.charCodeAt(0); code++) set[code] = 1;
      } else for (let code = 0; code < 128; code++) set[code]! |= low[code]!;
    }
    this.at++;
    return negated ? without(set) : set;
  }
}

function single(c: string): Characters {
  const set = new Uint8Array(128);
  set[c.charCodeAt(0)] = 1;
  return set;
}

function without(set: Characters): Characters {
  return set.map((flag) => 1 - flag);
}

function setOf(test: RegExp): Characters {
  return Uint8Array.from({ length: 128 }, (_, code) => Number(test.test(String.fromCharCode(code))));
}

const [DIGIT, WORD, SPACE] = [setOf(/[0-9]/), setOf(/[0-9A-Za-z_]/), setOf(/[\t\n\f\r ]/)];
const CLASSES: Readonly<Record<string, Characters>> = {
  d: DIGIT,
  D: without(DIGIT),
  w: WORD,
  W: without(WORD),
  s: SPACE,
  S: without(SPACE),
};

/** A set as a character class. */
function sourceOf(set: Characters): string {
  let ranges = "";
  for (let code = 0; code < 128; code++) {
    if (set[code] === 0) continue;
    const start = code;
    while (code < 127 && set[code + 1] === 1) code++;
    ranges += escaped(start) + (code > start ? `-${escaped(code)}` : "");
  }
  return /^\\x..$/.test(ranges) ? ranges : `[${ranges}]`;
}

function escaped(code: number): string {
  return `\\x${code.toString(16).padStart(2, "0")}`;
}

/** Whether no repetition can take a character with which something that may follow it begins. */
function isDeterministic(atoms: readonly Atom[]): boolean {
  return atoms.every(({ set, min, max }, i) => {
    if (min === max) return true;
    for (const next of atoms.slice(i + 1)) {
      if (next.set.some((flag, code) => flag === 1 && set[code] === 1)) return false;
      if (next.min > 0) break;
    }
    return true;
  });
}
