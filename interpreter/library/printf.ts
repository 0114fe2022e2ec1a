/** The conversions of C's `printf`, for `string.format` (manual §6.5; ISO C §7.21.6.1). */
import { exponential, exponentText, fixed, general } from "../decimal.ts";

/** What stands between `%` and the letter of a conversion. */
export interface Specification {
  /** The conversion's letter. */
  readonly letter: string;
  /** The same in lower case. */
  readonly lower: string;
  /** `-`: flush left. */
  readonly left: boolean;
  /** `+`: always with a sign. */
  readonly plus: boolean;
  /** Space: a space where a sign would be. */
  readonly space: boolean;
  /** `#`: the alternate form. */
  readonly alternate: boolean;
  /** `0`: zeros in front instead of spaces. */
  readonly zero: boolean;
  /** In characters; 0 for none. */
  readonly width: number;
  /** Digits, or characters of a string; -1 for none given. */
  readonly precision: number;
}

/** Reads a conversion such as `%-5.2f`; whatever does not belong there is not looked at. */
export function specification(form: string): Specification {
  let at = 1;
  const flags = /^[-+ #0]*/.exec(form.slice(1))?.[0] ?? "";
  at += flags.length;
  const width = /^\d*/.exec(form.slice(at))?.[0] ?? "";
  at += width.length;
  const precision = /^\.(\d*)/.exec(form.slice(at))?.[1];
  return {
    letter: form.slice(-1),
    lower: form.slice(-1).toLowerCase(),
    left: flags.includes("-"),
    plus: flags.includes("+"),
    space: flags.includes(" "),
    alternate: flags.includes("#"),
    zero: flags.includes("0"),
    width: Number(width),
    precision: precision === undefined ? -1 : Number(precision),
  };
}

/** Widths and precisions have two digits at most. */
const MAX_WIDTH = 99;
const SPACES: string[] = [];
const ZEROS: string[] = [];
for (let i = 0; i <= MAX_WIDTH; i++) {
  SPACES.push(" ".repeat(i));
  ZEROS.push("0".repeat(i));
}

/** Text in its field (`%s`, `%c`, `%p`). */
export function pad(text: string, spec: Specification): string {
  const missing = spec.width - text.length;
  if (missing <= 0) return text;
  return spec.left ? text + SPACES[missing] : SPACES[missing] + text;
}

/** A number in its field: `prefix` is its sign or `0x`, which zeros come after. */
function padNumber(prefix: string, digits: string, spec: Specification, zero: boolean): string {
  const text = prefix === "" ? digits : prefix + digits;
  const missing = spec.width - text.length;
  if (missing <= 0) return text;
  if (spec.left) return text + SPACES[missing];
  return zero ? prefix + ZEROS[missing] + digits : SPACES[missing] + text;
}

function signOf(negative: boolean, spec: Specification): string {
  return negative ? "-" : spec.plus ? "+" : spec.space ? " " : "";
}

/** Digits of an integer with at least `precision` of them; zero with precision 0 has none. */
function withPrecision(digits: string, precision: number): string {
  if (precision === 0 && digits === "0") return "";
  return digits.length < precision ? ZEROS[precision - digits.length] + digits : digits;
}

/** `%d`, `%i`. */
export function formatDecimal(n: number | bigint, spec: Specification): string {
  const negative = n < 0;
  const digits = withPrecision(negative ? String(n).slice(1) : String(n), spec.precision);
  return padNumber(signOf(negative, spec), digits, spec, spec.zero && spec.precision < 0);
}

/** `%u`, `%o`, `%x`, `%X`: the integer as 64 bits without a sign. */
export function formatUnsigned(n: number | bigint, spec: Specification): string {
  const { letter, precision, alternate } = spec;
  if (letter === "x" && n >= 0 && precision < 0 && !alternate) {
    const digits = n.toString(16);
    return padNumber("", digits, spec, spec.zero);
  }
  const radix = letter === "u" ? 10 : letter === "o" ? 8 : 16;
  const bits = n < 0 ? BigInt.asUintN(64, BigInt(n)) : n;
  const digits = withPrecision(bits.toString(radix), precision);
  let prefix = "";
  let shown = digits;
  if (alternate) {
    if (letter === "o" && !digits.startsWith("0")) shown = `0${digits}`;
    else if (radix === 16 && n !== 0) prefix = "0x";
  }
  const text = padNumber(prefix, shown, spec, spec.zero && precision < 0);
  return letter === "X" ? text.toUpperCase() : text;
}

/** `%a`, `%e`, `%f`, `%g` and their capital forms. */
export function formatDouble(x: number, spec: Specification): string {
  const negative = x < 0 || Object.is(x, -0);
  const { lower } = spec;
  let text: string;
  if (!Number.isFinite(x)) {
    // The reference shows the sign bit of a NaN, which on x86 is set in what 0/0 gives; JavaScript hides it.
    const name = Number.isNaN(x) ? "nan" : "inf";
    text = padNumber(signOf(negative || name === "nan", spec), name, spec, false);
  } else {
    const size = Math.abs(x);
    const sign = signOf(negative, spec);
    if (lower === "a") text = padNumber(`${sign}0x`, hexadecimal(size, spec), spec, spec.zero);
    else text = padNumber(sign, decimal(size, lower, spec), spec, spec.zero);
  }
  return lower === spec.letter ? text : text.toUpperCase();
}

function decimal(x: number, letter: string, spec: Specification): string {
  const precision = spec.precision < 0 ? 6 : spec.precision;
  if (letter === "g") return general(x, precision, spec.alternate);
  const point = spec.alternate && precision === 0 ? "." : "";
  if (letter === "f") return fixed(x, precision) + point;
  const { mantissa, exponent } = exponential(x, precision);
  return mantissa + point + exponentText(exponent);
}

const view = new DataView(new ArrayBuffer(8));

/** What follows `0x` in `%a`: one digit before the point, the fraction's 13 digits without trailing zeros. */
function hexadecimal(x: number, spec: Specification): string {
  view.setFloat64(0, x);
  const bits = view.getBigUint64(0);
  const biased = Number(bits >> 52n);
  let mantissa = bits & 0xf_ffff_ffff_ffffn;
  let leading = biased === 0 ? 0n : 1n;
  const exponent = x === 0 ? 0 : biased === 0 ? -1022 : biased - 1023;
  const { precision } = spec;
  let digits: string;
  if (precision >= 0 && precision < 13) {
    const cut = BigInt(4 * (13 - precision));
    const all = (leading << 52n) | mantissa;
    const half = 1n << (cut - 1n);
    const rest = all & ((1n << cut) - 1n);
    let kept = all >> cut;
    if (rest > half || (rest === half && (kept & 1n) === 1n)) kept++;
    leading = kept >> BigInt(4 * precision);
    mantissa = kept & ((1n << BigInt(4 * precision)) - 1n);
    digits = precision === 0 ? "" : mantissa.toString(16).padStart(precision, "0");
  } else {
    digits = mantissa.toString(16).padStart(13, "0");
    digits = precision < 0 ? digits.replace(/0+$/, "") : digits.padEnd(precision, "0");
  }
  const point = digits !== "" || spec.alternate ? "." : "";
  return `${leading}${point}${digits}p${exponent < 0 ? "" : "+"}${exponent}`;
}

const HEX: Specification = {
  letter: "a",
  lower: "a",
  left: false,
  plus: false,
  space: false,
  alternate: false,
  zero: false,
  width: 0,
  precision: -1,
};

/** A finite number as a hexadecimal numeral that reads back exactly (`%a`). */
export function hexFloat(x: number): string {
  return formatDouble(x, HEX);
}
