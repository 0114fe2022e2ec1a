/**
 * Decimal digits of doubles as C's `printf` rounds them: exactly, ties to even. JavaScript's `toFixed` and
 * `toExponential` are exact as well, but take the larger neighbour at a tie (0.5 becomes 1, C prints 0).
 */

const MAX_EXACT = 9007199254740992;

/** 2^0 … 2^100, for the digits that formats can ask for. */
const POWERS_OF_TWO: number[] = [];
for (let i = 0; i <= 101; i++) POWERS_OF_TWO.push(2 ** i);

/**
 * Whether `x` lies exactly between two decimals with `digits` (0–100) fraction digits. A double with k fraction bits
 * has exactly k fraction digits, the last of which is a 5: so only k = digits + 1 is a tie.
 */
function isTie(x: number, digits: number): boolean {
  const scaled = x * POWERS_OF_TWO[digits + 1]!;
  return scaled < MAX_EXACT && scaled === Math.floor(scaled) && scaled % 2 === 1;
}

/** Scaled numbers below this are taken apart with whole numbers that stay exact. */
const MAX_SCALED = 2 ** 50;
/** 10^0 … 10^15, all exact. */
const POWERS_OF_TEN: number[] = [];
for (let i = 0; i <= 15; i++) POWERS_OF_TEN.push(10 ** i);
const ZEROS: string[] = [];
for (let i = 0; i <= 15; i++) ZEROS.push("0".repeat(i));

/** `%.{digits}f` of a finite number that is not negative; `digits` from 0 to 100. */
export function fixed(x: number, digits: number): string {
  if (digits > 0 && digits <= 15) {
    const power = POWERS_OF_TEN[digits]!;
    const scaled = x * power;
    const rounded = Math.floor(scaled + 0.5);
    // The product is off by a rounding at most: unless it comes that close to a tie, it tells which way to round.
    if (scaled < MAX_SCALED && Math.abs(Math.abs(scaled - rounded) - 0.5) > scaled * 2 ** -52) {
      const whole = Math.floor(rounded / power);
      const fraction = String(rounded - whole * power);
      return `${whole}.${ZEROS[digits - fraction.length]}${fraction}`;
    }
  }
  if (x >= 1e21) return BigInt(x).toString() + (digits > 0 ? `.${"0".repeat(digits)}` : "");
  const text = x.toFixed(digits);
  return isTie(x, digits) ? toEven(text) : text;
}

/** Takes an upward rounded tie back to its even neighbour. */
function toEven(digits: string): string {
  const last = digits.charCodeAt(digits.length - 1);
  // An odd last digit is at least 1, so going down by one never borrows.
  return (last & 1) === 0 ? digits : digits.slice(0, -1) + String.fromCharCode(last - 1);
}

/** The mantissa digits of {@link exponential}, with their point, and the decimal exponent. */
export interface Exponential {
  mantissa: string;
  exponent: number;
}

/** `%.{digits}e` of a finite number that is not negative, in its two parts; `digits` from 0 to 100. */
export function exponential(x: number, digits: number): Exponential {
  const text = x.toExponential(digits);
  const e = text.indexOf("e");
  const exponent = Number(text.slice(e + 1));
  const mantissa = text.slice(0, e);
  const kept = digits - exponent; // fraction digits that are left
  const tie = kept >= 0 ? isExponentialTie(x, kept) : isIntegerTie(x, -kept);
  return { mantissa: tie ? toEven(mantissa) : mantissa, exponent };
}

function isExponentialTie(x: number, digits: number): boolean {
  if (digits <= 100) return isTie(x, digits);
  const scaled = x * 2 ** (digits + 1);
  return scaled < MAX_EXACT && scaled === Math.floor(scaled) && scaled % 2 === 1;
}

/** Whether `x` lies exactly between two multiples of 10^`zeros`; `zeros` at least 1. */
function isIntegerTie(x: number, zeros: number): boolean {
  if (x !== Math.floor(x)) return false;
  if (x < MAX_EXACT) return zeros < 17 && x % 10 ** zeros === 5 * 10 ** (zeros - 1);
  const unit = 10n ** BigInt(zeros);
  return (BigInt(x) % unit) * 2n === unit;
}

/**
 * `%.{precision}g` of a finite number that is not negative. `alternate` is the `#` flag: keeps trailing zeros and
 * the point.
 */
export function general(x: number, precision: number, alternate = false): string {
  const digits = precision === 0 ? 1 : precision;
  if (x === 0) return alternate ? fixedWithPoint("0", digits - 1) : "0";
  if (!alternate && digits <= 15 && x >= 1e-4 && x < POWERS_OF_TEN[digits]!) {
    if (x === Math.floor(x)) return String(x);
    const text = x.toPrecision(digits);
    const point = text.indexOf(".");
    // Rounded up to the next power of ten, it may have an exponent: rare enough to start again.
    if (!text.includes("e")) {
      return trimZeros(isTie(x, point < 0 ? 0 : text.length - point - 1) ? toEven(text) : text);
    }
  }
  const { mantissa, exponent } = exponential(x, digits - 1);
  if (exponent < -4 || exponent >= digits) {
    const shown = alternate ? (digits === 1 ? `${mantissa}.` : mantissa) : trimZeros(mantissa);
    return shown + exponentText(exponent);
  }
  const text = place(mantissa, exponent);
  if (alternate) return text.includes(".") ? text : `${text}.`;
  return trimZeros(text);
}

function fixedWithPoint(whole: string, zeros: number): string {
  return `${whole}.${"0".repeat(zeros)}`;
}

/** An exponent as C prints it: a sign and at least two digits. */
export function exponentText(exponent: number): string {
  const size = Math.abs(exponent);
  return `e${exponent < 0 ? "-" : "+"}${size < 10 ? "0" : ""}${size}`;
}

/** Moves the point of `d.ddd` by `exponent` (from -4, less than the count of digits). */
function place(mantissa: string, exponent: number): string {
  if (exponent === 0) return mantissa;
  const digits = mantissa.length === 1 ? mantissa : mantissa[0] + mantissa.slice(2);
  if (exponent < 0) return `0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1);
  return digits.length > exponent + 1 ? `${whole}.${digits.slice(exponent + 1)}` : whole;
}

function trimZeros(digits: string): string {
  if (!digits.includes(".")) return digits;
  let end = digits.length;
  while (digits.charCodeAt(end - 1) === 48) end--;
  if (digits.charCodeAt(end - 1) === 46) end--;
  return digits.slice(0, end);
}
