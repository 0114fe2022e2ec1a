/** What the specialised operator nodes of arithmetic.ts share: names, and how they go on after a suspension. */
import { compare, META_TRUE, META_VALUE, operate } from "../access.ts";
import { leaveMetamethod } from "../call.ts";
import { EVENT_NAMES } from "../metatable.ts";
import type { Operator } from "../operators.ts";
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
