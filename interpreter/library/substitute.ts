/** `string.gsub` (manual §6.5). */
import { indexValue } from "../access.ts";
import { Continuation, call } from "../call.ts";
import { basicType, failure } from "../error.ts";
import { LuaFunction, NativeFunction } from "../function.ts";
import { chargeString } from "../memory.ts";
import { checkIndex, checkString, typeError } from "../native.ts";
import { suspend } from "../nodes/node.ts";
import { formatNumber } from "../number.ts";
import { state } from "../state.ts";
import { LuaTable } from "../table.ts";
import { first, isNumber, type Results, SUSPENDED, type Suspended, type Value } from "../value.ts";
import { ByteBuilder } from "./bytes.ts";
import { addCapture, captureValue, matchStart, type Pattern, pushCaptures, search } from "./match.ts";
import { patternOf } from "./pattern.ts";
import { reserveParts, reserveString } from "./size.ts";

/** `%` followed by what may not follow it; an error once a match needs the replacement. */
const INVALID = -1;
/** `%0` */
const WHOLE = -2;

/** A replacement string: texts, and captures by their index. */
type Replacement = readonly (string | number)[];

/** What a part of a replacement takes, roughly. */
const PART_BYTES = 40;

function parseReplacement(text: string): Replacement {
  const parts: (string | number)[] = [];
  let literal = new ByteBuilder();
  const endLiteral = () => {
    const made = literal.finish();
    if (made !== "") parts.push(made);
    literal = new ByteBuilder();
  };
  let from = 0;
  for (;;) {
    const percent = text.indexOf("%", from);
    if (percent < 0) break;
    literal.addPart(text, from, percent);
    from = percent + 2;
    const char = text[percent + 1] ?? "";
    if (char === "%") literal.add("%");
    else {
      endLiteral();
      parts.push(char === "0" ? WHOLE : char >= "1" && char <= "9" ? text.charCodeAt(percent + 1) - 49 : INVALID);
      reserveParts(parts.length, PART_BYTES);
    }
  }
  literal.addPart(text, from, text.length);
  endLiteral();
  return parts.length > 0 ? parts : [""];
}

/** Replacements longer than this are not remembered. */
const MAX_REMEMBERED = 1000;
let lastText = "";
let lastReplacement: Replacement = [""];

function replacementOf(text: string): Replacement {
  if (!text.includes("%")) return [text];
  if (text === lastText) return lastReplacement;
  const parsed = parseReplacement(text);
  if (text.length <= MAX_REMEMBERED) {
    lastReplacement = parsed;
    lastText = text;
  }
  return parsed;
}

/** Results up to this length are not checked against the memory limit. */
const UNCHECKED = 100_000;
/** So many substitutions are concatenated before a builder takes over. */
const MAX_CONCATENATED = 3;

/** A substitution on its way: what must survive while a replacement function waits. */
class Substitution {
  /** Substitutions made. */
  count = 0;
  /** Where the search goes on. */
  private at = 0;
  /** Where the last match ended; -1 before the first. */
  private last = -1;
  /** How far the subject has been copied into the result. */
  private copied = 0;
  /** The result so far, in a string for few matches and in a builder for more. */
  private out = "";
  private builder: ByteBuilder | undefined = undefined;
  private changed = false;
  /** The match whose replacement is being asked for. */
  private start = 0;

  constructor(
    readonly s: string,
    private readonly pattern: Pattern,
    /** Texts and captures of a replacement string, or the function or table to ask. */
    private readonly replacement: Replacement | LuaFunction | NativeFunction | LuaTable,
    private readonly max: number,
  ) {}

  run(): Results | Suspended {
    const { s, pattern, replacement, max } = this;
    while (this.count < max) {
      const end = this.at > s.length ? -1 : search(pattern, s, this.at, this.last);
      if (end < 0) break;
      this.count++;
      this.start = matchStart();
      this.at = this.last = end;
      if (replacement instanceof LuaTable) {
        const key = captureValue(pattern, s, 0, this.start, end);
        const given = replacement.metatable === undefined ? replacement.get(key) : indexValue(replacement, key);
        if (given === SUSPENDED) return suspend(REPLACED, state.top, 0, [this, s, replacement]);
        this.accept(first(given));
      } else if (replacement instanceof LuaFunction || replacement instanceof NativeFunction) {
        const values: Value[] = [];
        pushCaptures(pattern, s, this.start, end, values, true);
        const given = call(replacement, values);
        if (given === SUSPENDED) return suspend(REPLACED, state.top, 0, [this, s, replacement]);
        this.accept(first(given));
      } else this.expand(replacement, end);
    }
    return this.finish();
  }

  /** Puts in what a function or table gave; nil and false keep the match. */
  accept(value: Value): void {
    if (typeof value === "string") this.append(value);
    else if (isNumber(value)) this.append(formatNumber(value));
    else if (value !== undefined && value !== false) {
      throw failure(`invalid replacement value (a ${basicType(value)})`);
    }
  }

  /** The text between the last match and this one, then its replacement. */
  private append(text: string): void {
    this.changed = true;
    let { builder } = this;
    if (builder === undefined) {
      if (this.count <= MAX_CONCATENATED) {
        const length = this.out.length + this.start - this.copied + text.length;
        if (length > UNCHECKED) reserveString(length);
        this.out += this.copied < this.start ? this.s.substring(this.copied, this.start) + text : text;
        this.copied = this.last;
        return;
      }
      builder = this.build();
    }
    builder.addPart(this.s, this.copied, this.start);
    builder.add(text);
    this.copied = this.last;
  }

  /** Goes on in a builder: there are many matches. */
  private build(): ByteBuilder {
    const builder = new ByteBuilder();
    builder.add(this.out);
    this.builder = builder;
    this.out = "";
    return builder;
  }

  /** Puts in a replacement string with the captures of the match. */
  private expand(parts: Replacement, end: number): void {
    const only = parts[0]!;
    if (parts.length === 1 && typeof only === "string") {
      this.append(only);
      return;
    }
    const { s, pattern, start } = this;
    const builder = this.builder ?? this.build();
    builder.addPart(s, this.copied, start);
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i]!;
      if (typeof part === "string") builder.add(part);
      else if (part === WHOLE) builder.addPart(s, start, end);
      else if (part === INVALID) throw failure("invalid use of '%' in replacement string");
      else addCapture(builder, pattern, s, part, start, end);
    }
    this.copied = this.last;
    this.changed = true;
  }

  private finish(): Results {
    const { s, count, builder } = this;
    if (!this.changed) return [s, count];
    let text: string;
    if (builder === undefined) text = this.copied < s.length ? this.out + s.substring(this.copied) : this.out;
    else {
      builder.addPart(s, this.copied, s.length);
      text = builder.finish();
    }
    chargeString(text.length);
    return [text, count];
  }
}

class ReplacedContinuation extends Continuation {
  override proceed(saved: unknown, value: Results): Results | Suspended {
    const [substitution] = saved as [Substitution];
    substitution.accept(first(value));
    return substitution.run();
  }
}
const REPLACED = new ReplacedContinuation();

/** `string.gsub(s, pattern, repl, n)` */
export function gsub(args: Value[]): Results | Suspended {
  const s = checkString(args[0], 1);
  const text = checkString(args[1], 2);
  const wanted = args[2];
  // The reference looks at the last argument before it complains about the third.
  const max = args[3] === undefined ? Number.POSITIVE_INFINITY : checkIndex(args[3], 4);
  const isText = typeof wanted === "string" || isNumber(wanted);
  if (!isText && !(wanted instanceof LuaFunction || wanted instanceof NativeFunction || wanted instanceof LuaTable)) {
    throw typeError(3, "string/function/table", wanted);
  }
  const pattern = patternOf(text);
  const replacement = isText ? replacementOf(typeof wanted === "string" ? wanted : formatNumber(wanted)) : wanted;
  // An anchored pattern can match once only.
  return new Substitution(s, pattern, replacement, pattern.anchored ? Math.min(max, 1) : max).run();
}
