/**
 * The generator behind `math.random` (manual §6.8): xoshiro256**, seeded and projected as the reference does it, so
 * that a seed gives the same numbers. 64-bit words are kept in halves of 32 bits.
 */
import type { VirtualMachine } from "../vm.ts";

const HALF = 4294967296;

/** Numbers dropped after seeding, so that similar seeds grow apart. */
const DISCARDED = 16;

export class Random {
  // The four words of the state: high and low halves.
  private h0 = 0;
  private l0 = 0;
  private h1 = 0;
  private l1 = 0;
  private h2 = 0;
  private l2 = 0;
  private h3 = 0;
  private l3 = 0;
  /** The halves of the number that `next` made, as signed 32-bit integers. */
  high = 0;
  low = 0;

  constructor() {
    const seed = crypto.getRandomValues(new BigInt64Array(2));
    this.seed(seed[0]!, seed[1]!);
  }

  /** Sets the state from two integers. */
  seed(a: bigint, b: bigint): void {
    this.h0 = highHalf(a);
    this.l0 = lowHalf(a);
    this.h1 = 0;
    this.l1 = 0xff; // keeps the state from being all zeros
    this.h2 = highHalf(b);
    this.l2 = lowHalf(b);
    this.h3 = 0;
    this.l3 = 0;
    for (let i = 0; i < DISCARDED; i++) this.next();
  }

  /** Makes the next number, in `high` and `low`. */
  next(): void {
    const { h0, l0, h1, l1 } = this;
    // rotate(s1 * 5, 7) * 9, where x * 5 = (x << 2) + x and x * 9 = (x << 3) + x
    let low = (l1 << 2) >>> 0;
    let sum = low + (l1 >>> 0);
    const l5 = sum | 0;
    const h5 = (((h1 << 2) | (l1 >>> 30)) + h1 + (sum >= HALF ? 1 : 0)) | 0;
    const h7 = (h5 << 7) | (l5 >>> 25);
    const l7 = (l5 << 7) | (h5 >>> 25);
    low = (l7 << 3) >>> 0;
    sum = low + (l7 >>> 0);
    this.low = sum | 0;
    this.high = (((h7 << 3) | (l7 >>> 29)) + h7 + (sum >= HALF ? 1 : 0)) | 0;
    // The next state.
    const h2 = this.h2 ^ h0;
    const l2 = this.l2 ^ l0;
    const h3 = this.h3 ^ h1;
    const l3 = this.l3 ^ l1;
    this.h0 = h0 ^ h3;
    this.l0 = l0 ^ l3;
    this.h1 = h1 ^ h2;
    this.l1 = l1 ^ l2;
    this.h2 = h2 ^ ((h1 << 17) | (l1 >>> 15));
    this.l2 = l2 ^ (l1 << 17);
    // rotate(s3, 45): by 32, which swaps the halves, and by 13
    this.h3 = (l3 << 13) | (h3 >>> 19);
    this.l3 = (h3 << 13) | (l3 >>> 19);
  }

  /** The last number as a float from 0 up to, but not including, 1: its highest 53 bits. */
  fraction(): number {
    return ((this.high >>> 0) * 2097152 + (this.low >>> 11)) * 2 ** -53;
  }

  /** The last number as an integer of 64 bits. */
  integer(): bigint {
    return (BigInt(this.high) << 32n) | BigInt(this.low >>> 0);
  }

  /** Projects the last number to 0…`span` (less than 2^53), drawing more numbers as long as it falls outside. */
  project(span: number): number {
    if (span < HALF) {
      const mask = span === 0 ? 0 : 0xffff_ffff >>> Math.clz32(span);
      for (;;) {
        const n = (this.low & mask) >>> 0;
        if (n <= span) return n;
        this.next();
      }
    }
    const mask = 0xffff_ffff >>> Math.clz32(Math.floor(span / HALF));
    for (;;) {
      const n = ((this.high & mask) >>> 0) * HALF + (this.low >>> 0);
      if (n <= span) return n;
      this.next();
    }
  }

  /** The same for any span below 2^64. */
  projectWide(span: bigint): bigint {
    const mask = (1n << BigInt(span.toString(2).length)) - 1n;
    for (;;) {
      const n = BigInt.asUintN(64, this.integer()) & mask;
      if (n <= span) return n;
      this.next();
    }
  }
}

function highHalf(n: bigint): number {
  return Number(BigInt.asIntN(32, n >> 32n));
}

function lowHalf(n: bigint): number {
  return Number(BigInt.asIntN(32, n));
}

const generators = new WeakMap<VirtualMachine, Random>();

/** The generator of a virtual machine, with a random seed until it is given one. */
export function randomOf(vm: VirtualMachine): Random {
  let generator = generators.get(vm);
  if (generator === undefined) {
    generator = new Random();
    generators.set(vm, generator);
  }
  return generator;
}
