/** Lua's numbers as text (manual §3.1, §3.4.3) and their exact conversions. */
import { general } from "./decimal.ts";
import { float, integer, LuaFloat, type Value } from "./value.ts";

const MAX_SAFE = 9007199254740991n;

/** A float as `tostring` prints it: 15 significant digits, 17 where 15 do not read back (Lua 5.5's `lua_Number2str`). */
export function formatFloat(n: number): string {
  if (n === Infinity) return "inf";
  if (n === -Infinity) return "-inf";
  // The reference prints the sign bit of a NaN; x86 makes negative ones for 0/0. JavaScript hides it.
  if (Number.isNaN(n)) return "-nan";
  const size = Math.abs(n);
  const text = size === 0 ? "0" : shortest(size);
  const signed = n < 0 || Object.is(n, -0) ? `-${text}` : text;
  return /^-?\d+$/.test(signed) ? `${signed}.0` : signed;
}

/** `%.15g` of a positive number, or `%.17g` if that does not read back. */
function shortest(n: number): string {
  if (n >= 1e-4 && n < 1e15) {
    // JavaScript's text is the shortest that reads back: what C prints if 15 digits are enough for it.
    const text = String(n);
    const others = n >= 1 ? 1 : n >= 0.1 ? 2 : n >= 0.01 ? 3 : n >= 0.001 ? 4 : 5; // the point, and zeros in front
    return text.length <= 15 + others ? text : general(n, 17);
  }
  const text = general(n, 15);
  return Number(text) === n ? text : general(n, 17);
}

/** Any Lua number as `tostring` prints it. */
export function formatNumber(value: number | bigint | LuaFloat): string {
  if (typeof value === "number") return Number.isSafeInteger(value) ? String(value) : formatFloat(value);
  return typeof value === "bigint" ? value.toString() : formatFloat(value.n);
}

/** Whether a byte is white space to C's `isspace`. */
function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function isHexDigit(code: number): boolean {
  return isDigit(code) || ((code | 32) >= 97 && (code | 32) <= 102);
}

/**
 * A numeral as a Lua number (`lua_stringtonumber`): surrounding white space allowed, `undefined` when it is none.
 * Linear in the length of the text, whatever it holds.
 */
export function parseNumber(text: string): number | bigint | LuaFloat | undefined {
  let end = text.length;
  let at = 0;
  while (at < end && isSpace(text.charCodeAt(at))) at++;
  while (end > at && isSpace(text.charCodeAt(end - 1))) end--;
  const start = at;
  let code = at < end ? text.charCodeAt(at) : 0;
  const negative = code === 45;
  if (negative || code === 43) at++;
  if (at + 1 < end && text.charCodeAt(at) === 48 && (text.charCodeAt(at + 1) | 32) === 120) {
    return parseHexadecimal(text, at + 2, end, negative);
  }
  const whole = at;
  while (at < end && isDigit((code = text.charCodeAt(at)))) at++;
  let digits = at - whole;
  if (at === end) return digits === 0 ? undefined : decimalInteger(text, start, whole, end, negative);
  if (code === 46) {
    const fraction = ++at;
    while (at < end && isDigit((code = text.charCodeAt(at)))) at++;
    digits += at - fraction;
  }
  if (digits === 0) return undefined;
  if (at < end) {
    if ((code | 32) !== 101) return undefined;
    at++;
    code = at < end ? text.charCodeAt(at) : 0;
    if (code === 43 || code === 45) at++;
    const exponent = at;
    while (at < end && isDigit(text.charCodeAt(at))) at++;
    if (at === exponent || at < end) return undefined;
  }
  return float(Number(text.slice(start, end)));
}

/** Digits from `from` to `end`, with a sign at `start` or none. */
function decimalInteger(
  text: string,
  start: number,
  from: number,
  end: number,
  negative: boolean,
): number | bigint | LuaFloat {
  if (end - from < 16) {
    let n = 0;
    for (let i = from; i < end; i++) n = n * 10 + text.charCodeAt(i) - 48;
    return negative ? 0 - n : n;
  }
  const n = Number(text.slice(start, end));
  if (Number.isSafeInteger(n)) return n === 0 ? 0 : n;
  // A decimal integer that does not fit is a float (manual §3.1).
  if (!(Math.abs(n) <= 2 ** 63)) return float(n);
  const size = BigInt(text.slice(from, end));
  const exact = negative ? -size : size;
  return exact >= -0x8000_0000_0000_0000n && exact <= 0x7fff_ffff_ffff_ffffn ? integer(exact) : float(n);
}

/** What follows `0x`. */
function parseHexadecimal(
  text: string,
  from: number,
  end: number,
  negative: boolean,
): number | bigint | LuaFloat | undefined {
  let at = from;
  while (at < end && isHexDigit(text.charCodeAt(at))) at++;
  const whole = at;
  if (at === end) {
    if (at === from) return undefined;
    // Wraps around modulo 2^64, so the last 16 digits decide.
    const n = BigInt.asIntN(64, BigInt(`0x${text.slice(Math.max(from, end - 16), end)}`));
    return integer(negative ? -n : n);
  }
  let fraction = "";
  if (text.charCodeAt(at) === 46) {
    at++;
    while (at < end && isHexDigit(text.charCodeAt(at))) at++;
    fraction = text.slice(whole + 1, at);
  }
  if (whole === from && fraction === "") return undefined;
  let exponent = 0;
  if (at < end) {
    if ((text.charCodeAt(at) | 32) !== 112) return undefined;
    const sign = ++at;
    if (at < end && (text.charCodeAt(at) === 43 || text.charCodeAt(at) === 45)) at++;
    const digits = at;
    while (at < end && isDigit(text.charCodeAt(at))) at++;
    if (at === digits || at < end) return undefined;
    exponent = Number(text.slice(sign, end));
  }
  const n = hexFloat(text.slice(from, whole), fraction, exponent);
  return float(negative ? -n : n);
}

/** Significant hexadecimal digits that can matter: 53 bits, one to round, and one that stands for all the rest. */
const HEX_DIGITS = 20;

function hexFloat(whole: string, fraction: string, exponent: number): number {
  let digits = whole + fraction;
  let scale = exponent - 4 * fraction.length;
  let leading = 0;
  while (leading < digits.length && digits.charCodeAt(leading) === 48) leading++;
  if (leading === digits.length) return 0;
  digits = digits.slice(leading);
  if (digits.length > HEX_DIGITS) {
    const rest = digits.slice(HEX_DIGITS);
    scale += 4 * rest.length;
    digits = digits.slice(0, HEX_DIGITS);
    // A sticky digit keeps what was cut off from looking like a tie.
    if (/[^0]/.test(rest)) {
      digits += "1";
      scale -= 4;
    }
  }
  const mantissa = BigInt(`0x${digits}`);
  const bits = mantissa.toString(2).length;
  if (bits + scale > 1024) return Infinity;
  if (bits + scale < -1074) return 0;
  if (bits + scale <= -1021) {
    // Subnormal: round to a multiple of 2^-1074 here, since a double of full precision would be rounded twice.
    const lowest = -1074 - scale;
    if (lowest <= 0) return Number(mantissa) * 2 ** (scale + 1074) * 2 ** -1074;
    const half = 1n << BigInt(lowest - 1);
    const kept = mantissa >> BigInt(lowest);
    const rest = mantissa & ((half << 1n) - 1n);
    const rounded = rest > half || (rest === half && (kept & 1n) === 1n) ? kept + 1n : kept;
    return Number(rounded) * 2 ** -1074;
  }
  // In two steps, because 2^scale alone may be out of range.
  const step = Math.max(-1000, Math.min(900, scale));
  return Number(mantissa) * 2 ** step * 2 ** (scale - step);
}

/** The integer equal to a float, or `undefined` when there is none (`lua_numbertointeger`). */
export function floatToInteger(n: number): number | bigint | undefined {
  if (Number.isSafeInteger(n)) return n === 0 ? 0 : n;
  if (!Number.isInteger(n)) return undefined;
  return n >= -(2 ** 63) && n < 2 ** 63 ? integer(BigInt(n)) : undefined;
}

/** A value as an integer as the bitwise operators and `luaL_checkinteger` convert it: strings too. */
export function toInteger(value: Value): number | bigint | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) ? value : floatToInteger(value);
  if (typeof value === "bigint") return value;
  if (value instanceof LuaFloat) return value.n === 0 ? 0 : value.n;
  if (typeof value !== "string") return undefined;
  const n = parseNumber(value);
  return n === undefined ? undefined : toInteger(n);
}

/** A value as a number as arithmetic converts it (manual §3.4.3): numbers as they are, strings by their numeral. */
export function toNumber(value: Value): number | bigint | LuaFloat | undefined {
  if (typeof value === "number" || typeof value === "bigint" || value instanceof LuaFloat) return value;
  return typeof value === "string" ? parseNumber(value) : undefined;
}

/** An integer Lua value as a bigint. */
export function big(value: number | bigint): bigint {
  return typeof value === "bigint" ? value : BigInt(value);
}

/** Whether `n` fits the safe range, so that a plain number holds it. */
export function isSafe(n: bigint): boolean {
  return n >= -MAX_SAFE && n <= MAX_SAFE;
}
