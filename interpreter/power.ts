/** Exponentiation as C's `pow` does it (manual §3.4.1). */

/** Splits a double into halves whose products are exact (Dekker). */
const SPLITTER = 134217729; // 2^27 + 1

/** Exponents from here on up to MAX_SQUARED are computed by repeated squaring in JavaScript, rounding at each step. */
const MIN_SQUARED = 3;
const MAX_SQUARED = 1000;
/** Below this, `integerPower` loses the low parts of its numbers. */
const TINY = 1e-270;

/** `a ^ b`. Unlike JavaScript's, 1 to any power and -1 to an infinite one are 1, and integer exponents are exact. */
export function power(a: number, b: number): number {
  if (a === 1 || (a === -1 && (b === Infinity || b === -Infinity))) return 1;
  const rough = a ** b;
  if (b < MIN_SQUARED || b > MAX_SQUARED || b !== Math.floor(b)) return rough;
  const size = Math.abs(rough);
  // Small integers have been exact all the way.
  if ((size <= 9007199254740992 && Number.isInteger(a)) || size === 0 || !(size < Infinity)) return rough;
  const exact = size > TINY ? integerPower(a, b) : tinyPower(a, b);
  return Number.isFinite(exact) ? exact : rough;
}

/** For results near the smallest double: takes the power of a number near 1, and scales that. */
function tinyPower(a: number, b: number): number {
  const exponent = Math.round(Math.log2(Math.abs(a)));
  const scale = exponent * b;
  // The first step is exact, so that the result is rounded once.
  return integerPower(a * 2 ** -exponent, b) * 2 ** -500 * 2 ** (scale + 500);
}

/** Repeated squaring with about 100 bits of precision: each number is the sum of a double and a small correction. */
function integerPower(a: number, b: number): number {
  let exponent = b;
  let high = 1;
  let low = 0;
  let squareHigh = a;
  let squareLow = 0;
  for (;;) {
    if ((exponent & 1) !== 0) {
      const product = high * squareHigh;
      const rest = productError(high, squareHigh, product) + (high * squareLow + low * squareHigh);
      high = product + rest;
      low = rest - (high - product);
    }
    exponent >>= 1;
    if (exponent === 0) return high;
    const square = squareHigh * squareHigh;
    const rest = productError(squareHigh, squareHigh, square) + 2 * (squareHigh * squareLow);
    squareHigh = square + rest;
    squareLow = rest - (squareHigh - square);
  }
}

/** What `a * b` is more than `product`, its rounded value. */
function productError(a: number, b: number, product: number): number {
  const scaledA = SPLITTER * a;
  const highA = scaledA - (scaledA - a);
  const lowA = a - highA;
  const scaledB = SPLITTER * b;
  const highB = scaledB - (scaledB - b);
  const lowB = b - highB;
  return highA * highB - product + highA * lowB + lowA * highB + lowA * lowB;
}
