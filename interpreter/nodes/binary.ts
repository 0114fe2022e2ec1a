/** What the specialised operator nodes of arithmetic.ts share: names, and how they go on after a suspension. */
import { compare, META_TRUE, META_VALUE, operate } from "../access.ts";
import { leaveMetamethod } from "../call.ts";
import { EVENT_NAMES } from "../metatable.ts";
import { ADD, BAND, BOR, BXOR, low, MUL, type Operator, SHL, SHR, SUB, shiftRight } from "../operators.ts";
import type { Registers } from "../state.ts";
import { first, type Results, SUSPENDED, type Suspended, type Value } from "../value.ts";
import { type Expression, SiteExpression, suspend } from "./node.ts";

/** The left operand is under way. */
export const LEFT = 0;
/** The right operand is under way; saved: the left value. */
export const RIGHT = 1;

/** An arithmetic or bitwise operator with two operands. */
export abstract class Binary extends SiteExpression {
  constructor(
    line: number,
    readonly operator: Operator,
    readonly left: Expression,
    readonly right: Expression,
  ) {
    super(line);
  }
  override get isPure(): boolean {
    return this.left.isPure && this.right.isPure;
  }
  /**
   * Additions, products and bitwise operators need only the low bits of their operands for their own; so does a shift
   * to the left by less than 32, whose full result would not fit a plain number.
   */
  override lowBits(R: Registers, base: number): number | undefined {
    const { operator, left, right } = this;
    if (operator === SHR) return low(this.fullBits(R, base));
    const x = left.lowBits(R, base);
    if (x === undefined) return undefined;
    const y = right.lowBits(R, base);
    if (y === undefined) return undefined;
    switch (operator) {
      case BOR:
        return x | y;
      case BAND:
        return x & y;
      case BXOR:
        return x ^ y;
      case ADD:
        return (x + y) | 0;
      case SUB:
        return (x - y) | 0;
      case MUL:
        return Math.imul(x, y);
      case SHL:
        return y >= 0 && y < 32 ? x << y : undefined;
      default:
        return undefined;
    }
  }
  /** The value of a shift to the right, whose low bits come from the high ones of its operand. */
  private fullBits(R: Registers, base: number): Value {
    const x = this.left.eval(R, base);
    const y = this.right.eval(R, base);
    if (typeof x !== "number" || typeof y !== "number" || x < 0 || y < 0 || y >= 64) return undefined;
    return Number.isSafeInteger(x) && Number.isSafeInteger(y) ? shiftRight(x, y) : undefined;
  }
  override resume(R: Registers, base: number, stage: number, saved: unknown, value: unknown): unknown {
    if (stage === META_VALUE) {
      leaveMetamethod();
      return first(value as Results);
    }
    let a = saved as Value;
    let b = value as Value | Suspended;
    if (stage === LEFT) {
      a = value as Value;
      b = this.right.eval(R, base);
      if (b === SUSPENDED) return suspend(this, base, RIGHT, a);
    }
    return operate(R, base, this, this.operator, a, b as Value, this.left, this.right);
  }
  override calleeName(): string {
    return `metamethod '${EVENT_NAMES[this.operator.event]!.slice(2)}'`;
  }
}

/** `<`, `<=`, `>`, `>=`: a greater-than is a less-than with its operands, evaluated in order, exchanged. */
export abstract class Comparison extends SiteExpression {
  constructor(
    line: number,
    readonly left: Expression,
    readonly right: Expression,
    readonly swapped: boolean,
    readonly orEqual: boolean,
  ) {
    super(line);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    return this.test(R, base);
  }
  abstract override test(R: Registers, base: number): boolean | Suspended;
  override resume(R: Registers, base: number, stage: number, saved: unknown, value: unknown): unknown {
    if (stage === META_TRUE) {
      leaveMetamethod();
      const result = first(value as Results);
      return result !== undefined && result !== false;
    }
    let a = saved as Value;
    let b = value as Value | Suspended;
    if (stage === LEFT) {
      a = value as Value;
      b = this.right.eval(R, base);
      if (b === SUSPENDED) return suspend(this, base, RIGHT, a);
    }
    return this.swapped
      ? compare(R, base, this, b as Value, a, this.orEqual)
      : compare(R, base, this, a, b as Value, this.orEqual);
  }
  override calleeName(): string {
    return this.orEqual ? "metamethod 'le'" : "metamethod 'lt'";
  }
}
