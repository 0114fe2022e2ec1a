/**
 * Arithmetic on 64-bit integers that wraps around (manual §3.4.1, §3.4.2), on halves of 32 bits. Integers are numbers
 * while they are safe and bigints beyond; operations on bigints themselves take several times as long, most of it to
 * bring their results back into 64 bits.
 */

/** An integer as the evaluator has it: a safe integer, or a bigint outside that range and within 64 bits. */
type Integer = number | bigint;

const HIGH = 4294967296;
const scratch = new DataView(new ArrayBuffer(8));

/** The low 32 bits, as an int32. */
function low(n: Integer): number {
  if (typeof n === "number") return n | 0;
  scratch.setBigInt64(0, n, true);
  return scratch.getInt32(0, true);
}

/** The high 32 bits, as an int32. */
function high(n: Integer): number {
  if (typeof n === "number") return Math.floor(n / HIGH) | 0;
  scratch.setBigInt64(0, n, true);
  return scratch.getInt32(4, true);
}

/** The integer of two halves. */
function join(upper: number, lower: number): Integer {
  if (upper >= -0x20_0000 && upper < 0x20_0000) {
    const n = upper * HIGH + (lower >>> 0);
    if (Number.isSafeInteger(n)) return n;
  }
  scratch.setInt32(0, lower, true);
  scratch.setInt32(4, upper, true);
  return scratch.getBigInt64(0, true);
}

/** The integer that any bigint is modulo 2^64. */
export function wrapped(n: bigint): Integer {
  scratch.setBigInt64(0, n, true);
  return join(scratch.getInt32(4, true), scratch.getInt32(0, true));
}

export function add(a: Integer, b: Integer): Integer {
  const lower = (low(a) >>> 0) + (low(b) >>> 0);
  return join((high(a) + high(b) + (lower >= HIGH ? 1 : 0)) | 0, lower | 0);
}

export function subtract(a: Integer, b: Integer): Integer {
  const lower = (low(a) >>> 0) - (low(b) >>> 0);
  return join((high(a) - high(b) - (lower < 0 ? 1 : 0)) | 0, lower | 0);
}

export function multiply(a: Integer, b: Integer): Integer {
  const al = low(a);
  const bl = low(b);
  // Products of 16 bits each, so that doubles hold their sums.
  const a0 = al & 0xffff;
  const a1 = al >>> 16;
  const b0 = bl & 0xffff;
  const b1 = bl >>> 16;
  const first = a0 * b0;
  const middle = a0 * b1 + a1 * b0 + (first >>> 16);
  const carried = a1 * b1 + Math.floor(middle / 65536);
  const upper = carried + Math.imul(high(a), bl) + Math.imul(al, high(b));
  return join(upper | 0, Math.imul(al, bl));
}

export function and(a: Integer, b: Integer): Integer {
  return join(high(a) & high(b), low(a) & low(b));
}

export function or(a: Integer, b: Integer): Integer {
  return join(high(a) | high(b), low(a) | low(b));
}

export function xor(a: Integer, b: Integer): Integer {
  return join(high(a) ^ high(b), low(a) ^ low(b));
}

/** `a << n`; a negative or large `n` as manual §3.4.2 says. */
export function shiftLeft(a: Integer, n: Integer): Integer {
  if (n < 0) return n <= -64 ? 0 : shiftRight(a, -Number(n));
  if (n >= 64) return 0;
  const by = Number(n);
  if (by === 0) return a;
  const lower = low(a);
  if (by >= 32) return join(lower << (by - 32), 0);
  return join((high(a) << by) | (lower >>> (32 - by)), lower << by);
}

/** `a >> n`, filling with zeros. */
export function shiftRight(a: Integer, n: Integer): Integer {
  if (n < 0) return n <= -64 ? 0 : shiftLeft(a, -Number(n));
  if (n >= 64) return 0;
  const by = Number(n);
  if (by === 0) return a;
  const upper = high(a);
  if (by >= 32) return upper >>> (by - 32);
  return join(upper >>> by, (low(a) >>> by) | (upper << (32 - by)));
}
