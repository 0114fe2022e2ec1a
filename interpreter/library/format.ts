/** `string.format` (manual §6.5). */
import { Continuation, call } from "../call.ts";
import { failure } from "../error.ts";
import { chargeString } from "../memory.ts";
import { Event, eventOf, metamethod } from "../metatable.ts";
import { argumentError, checkInteger, checkNumber, checkString } from "../native.ts";
import { suspend } from "../nodes/node.ts";
import { state } from "../state.ts";
import { LuaFloat, type Results, SUSPENDED, type Suspended, toDouble, type Value } from "../value.ts";
import { ByteBuilder } from "./bytes.ts";
import { address } from "./identity.ts";
import {
  formatDecimal,
  formatDouble,
  formatUnsigned,
  hexFloat,
  pad,
  type Specification,
  specification,
} from "./printf.ts";
import { reserveParts, reserveString } from "./size.ts";
import { plainText, textOfResult } from "./tostring.ts";

/** Flags that each conversion accepts. */
const FLOAT_FLAGS = "-+#0 ";
const FLAGS: Record<string, string> = {
  d: "-+0 ",
  i: "-+0 ",
  u: "-0",
  o: "-#0",
  x: "-#0",
  X: "-#0",
  c: "-",
  p: "-",
  s: "-",
};

/** One conversion of a format, with the text in front of it. */
interface Conversion {
  readonly before: string;
  /** The conversion as written, such as `%5.2f`. */
  readonly form: string;
  /** Without flags, width and precision. */
  readonly plain: boolean;
  readonly spec: Specification;
  /** Whether flags, width and precision are what the letter accepts; the error is raised only when it comes to it. */
  readonly valid: boolean;
}

interface Format {
  readonly conversions: readonly Conversion[];
  readonly after: string;
}

/** Formats longer than this are not remembered. */
const MAX_REMEMBERED = 1000;
/** How many formats are remembered before all are forgotten. */
const MAX_FORMATS = 500;
const formats = new Map<string, Format>();
let lastText = "";
let lastFormat: Format = { conversions: [], after: "" };

function formatOf(text: string): Format {
  if (text === lastText) return lastFormat;
  let format = formats.get(text);
  if (format === undefined) {
    format = parse(text);
    if (text.length > MAX_REMEMBERED) return format;
    if (formats.size >= MAX_FORMATS) formats.clear();
    formats.set(text, format);
  }
  lastText = text;
  lastFormat = format;
  return format;
}

/** What a conversion takes, roughly. */
const CONVERSION_BYTES = 250;

function parse(text: string): Format {
  const conversions: Conversion[] = [];
  let before = new ByteBuilder();
  let from = 0;
  for (;;) {
    const percent = text.indexOf("%", from);
    if (percent < 0) {
      before.addPart(text, from, text.length);
      return { conversions, after: before.finish() };
    }
    before.addPart(text, from, percent);
    if (text[percent + 1] === "%") {
      before.add("%");
      from = percent + 2;
      continue;
    }
    let at = percent + 1;
    while (at < text.length && "-+#0 123456789.".includes(text[at]!)) at++;
    // A format that ends here has the string's final zero for a letter, as in C.
    const form = text.slice(percent, at) + (text[at] ?? "\0");
    const spec = specification(form);
    const valid = isValid(form, spec.letter);
    conversions.push({ before: before.finish(), form, plain: form.length === 2, spec, valid });
    reserveParts(conversions.length, CONVERSION_BYTES);
    before = new ByteBuilder();
    from = at + 1;
  }
}

/** Flags that fit the letter, a width and a precision of two digits at most (`checkformat`). */
function isValid(form: string, letter: string): boolean {
  const flags = FLAGS[letter] ?? FLOAT_FLAGS;
  let at = 1;
  while (flags.includes(form[at]!)) at++;
  if (form[at] !== "0") {
    at += digitsAt(form, at);
    if (form[at] === "." && letter !== "c" && letter !== "p") {
      at++;
      at += digitsAt(form, at);
    }
  }
  return /[A-Za-z]/.test(form[at] ?? "");
}

function digitsAt(form: string, at: number): number {
  const isDigit = (i: number) => form[i] !== undefined && form[i]! >= "0" && form[i]! <= "9";
  return isDigit(at) ? (isDigit(at + 1) ? 2 : 1) : 0;
}

/** Longest specification between `%` and the letter, with the letter. */
const MAX_FORM = 22;

/** `string.format(…)`: the arguments as they were given. */
export function format(args: Value[]): Results | Suspended {
  const compiled = formatOf(checkString(args[0], 1));
  return proceed(compiled, args, 0, "");
}

/** Goes on with the conversion at `index`; `out` is the text so far, with what stands in front of that conversion. */
function proceed(compiled: Format, args: Value[], index: number, out: string): Results | Suspended {
  const { conversions } = compiled;
  for (let i = index; i < conversions.length; i++) {
    const conversion = conversions[i]!;
    out += conversion.before;
    const arg = i + 2;
    if (arg > args.length) throw argumentError(arg, "no value");
    if (conversion.form.length > MAX_FORM) throw failure("invalid format (too long)");
    const value = args[arg - 1];
    if (conversion.spec.letter === "s") {
      const handler = textHandler(value);
      if (handler !== undefined) {
        const given = call(handler, [value]);
        if (given === SUSPENDED) return suspend(TEXT, state.top, i, [out, args, compiled]);
        state.argc = args.length;
        out = append(out, field(textOfResult(given), conversion, arg));
      } else out = append(out, field(plainText(value), conversion, arg));
    } else out += convert(value, conversion, arg);
  }
  out += compiled.after;
  chargeString(out.length);
  return out;
}

function textHandler(value: Value): Value {
  if (typeof value === "string") {
    const metatable = state.vm.stringMetatable;
    return metatable === undefined ? undefined : eventOf(metatable, Event.ToString);
  }
  return metamethod(value, Event.ToString);
}

class TextContinuation extends Continuation {
  override proceed(saved: unknown, value: Results, index: number): Results | Suspended {
    const [out, args, compiled] = saved as [string, Value[], Format];
    state.argc = args.length;
    const text = field(textOfResult(value), compiled.conversions[index]!, index + 2);
    return proceed(compiled, args, index + 1, append(out, text));
  }
}
const TEXT = new TextContinuation();

/** Texts from here on are checked against the memory limit before they are joined. */
const LARGE = 100_000;

function append(out: string, text: string): string {
  if (text.length > LARGE) reserveString(out.length + text.length);
  return out + text;
}

/** A text for `%s`. */
function field(text: string, conversion: Conversion, arg: number): string {
  if (conversion.plain) return text;
  if (text.includes("\0")) throw argumentError(arg, "string contains zeros");
  check(conversion);
  const { spec } = conversion;
  if (spec.precision < 0 && text.length >= 100) return text;
  return pad(spec.precision < 0 ? text : text.slice(0, spec.precision), spec);
}

function check(conversion: Conversion): void {
  if (!conversion.valid) throw failure(`invalid conversion specification: '${conversion.form}'`);
}

/** A value by any conversion but `%s`. Checks come in the reference's order, which decides between two errors. */
function convert(value: Value, conversion: Conversion, arg: number): string {
  const { spec } = conversion;
  switch (spec.letter) {
    case "d":
    case "i": {
      if (conversion.plain && typeof value === "number" && Number.isSafeInteger(value)) return String(value);
      const n = checkInteger(value, arg);
      check(conversion);
      return formatDecimal(n, spec);
    }
    case "u":
    case "o":
    case "x":
    case "X": {
      const n = checkInteger(value, arg);
      check(conversion);
      return formatUnsigned(n, spec);
    }
    case "c": {
      check(conversion);
      const n = checkInteger(value, arg);
      return pad(String.fromCharCode(typeof n === "number" ? n & 255 : Number(n & 255n)), spec);
    }
    case "a":
    case "A":
      check(conversion);
      return formatDouble(checkNumber(value, arg), spec);
    case "e":
    case "E":
    case "f":
    case "g":
    case "G": {
      const n = checkNumber(value, arg);
      check(conversion);
      return formatDouble(n, spec);
    }
    case "p":
      check(conversion);
      return pad(address(value) ?? "(null)", spec);
    case "q":
      if (!conversion.plain) throw failure("specifier '%q' cannot have modifiers");
      return literal(value, arg);
    default:
      throw failure(`invalid conversion '${conversion.form.replace(/\0.*$/s, "")}' to 'format'`);
  }
}

/** A value as a literal that Lua reads back (`%q`). */
function literal(value: Value, arg: number): string {
  if (typeof value === "string") return quote(value);
  if (typeof value === "number" || typeof value === "bigint" || value instanceof LuaFloat) {
    if (typeof value === "bigint") return value === -0x8000_0000_0000_0000n ? "0x8000000000000000" : value.toString();
    if (typeof value === "number" && Number.isSafeInteger(value)) return String(value);
    const n = toDouble(value);
    if (Number.isNaN(n)) return "(0/0)";
    return n === Infinity ? "1e9999" : n === -Infinity ? "-1e9999" : hexFloat(n);
  }
  if (value === undefined || typeof value === "boolean") return plainText(value);
  throw argumentError(arg, "value has no literal form");
}

/** How many pieces of a literal are put together at a time. */
const QUOTED_LOT = 5000;

/** What `%q` escapes. */
const UNQUOTABLE = /["\\\x00-\x1f\x7f]/;

function quote(text: string): string {
  if (text.length > LARGE) reserveString(text.length);
  if (!UNQUOTABLE.test(text)) return `"${text}"`;
  let out = '"';
  // Joined in lots: the engine remembers of a string each piece that it was put together from.
  let parts: string[] = [];
  let copied = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 32 && code !== 34 && code !== 92 && code !== 127) continue;
    parts.push(text.substring(copied, i));
    copied = i + 1;
    if (code === 10 || code === 34 || code === 92) parts.push(`\\${text[i]}`);
    else {
      // Three digits where a digit follows, which would be read as part of the escape.
      const next = text.charCodeAt(copied);
      parts.push(`\\${next >= 48 && next <= 57 ? String(code).padStart(3, "0") : code}`);
    }
    if (parts.length < QUOTED_LOT) continue;
    out += parts.join("");
    parts = [];
    if (out.length > LARGE) reserveString(out.length);
  }
  return `${out}${parts.join("")}${text.substring(copied)}"`;
}
