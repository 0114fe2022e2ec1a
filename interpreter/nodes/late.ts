/**
 * Nodes whose operand is a local that a closure may change while another operand is evaluated. The reference leaves a
 * local in its register and reads it when it operates, so that `a + f()` sees what `f` made of `a`; upvalues, fields
 * and everything computed are read in order. Locals that nobody shares cannot change meanwhile.
 */
import { compare, equals, index, operate, setIndex } from "../access.ts";
import type { Registers } from "../state.ts";
import { SUSPENDED, type Suspended, type Value } from "../value.ts";
import { SetIndex } from "./assignment.ts";
import { Binary, Comparison, RIGHT } from "./binary.ts";
import { Constant } from "./literal.ts";
import { type Completion, type Expression, suspend } from "./node.ts";
import { Equal } from "./operator.ts";
import { Index, Local, LocalCell } from "./variable.ts";

/** Whether `operand` is to be read only after `next`, which is evaluated behind it. */
export function isLate(operand: Expression, next: Expression): operand is LocalCell {
  return operand instanceof LocalCell && !next.isPure;
}

/** Whether the places of an assignment of `value` stay in their registers while the value is evaluated. */
export function isLatePlace(object: Expression, key: Expression, value: Expression): boolean {
  return (isLate(object, value) || isLate(key, value)) && staysPut(object) && staysPut(key);
}

function staysPut(operand: Expression): operand is LocalCell | Local | Constant {
  return operand instanceof LocalCell || operand instanceof Local || operand instanceof Constant;
}

/** `a op right` */
export class LateBinary extends Binary {
  override eval(R: Registers, base: number): Value | Suspended {
    const b = this.right.eval(R, base);
    return b === SUSPENDED ? suspend(this, base, RIGHT) : this.operate(R, base, b);
  }
  private operate(R: Registers, base: number, b: Value): Value | Suspended {
    const a = (this.left as LocalCell).eval(R, base);
    return operate(R, base, this, this.operator, a, b, this.left, this.right);
  }
  override resume(R: Registers, base: number, stage: number, saved: unknown, value: unknown): unknown {
    return stage === RIGHT ? this.operate(R, base, value as Value) : super.resume(R, base, stage, saved, value);
  }
}

/** `a < right` and the like */
export class LateComparison extends Comparison {
  override test(R: Registers, base: number): boolean | Suspended {
    const b = this.right.eval(R, base);
    return b === SUSPENDED ? suspend(this, base, RIGHT) : this.compare(R, base, b);
  }
  private compare(R: Registers, base: number, b: Value): boolean | Suspended {
    const a = (this.left as LocalCell).eval(R, base);
    return this.swapped ? compare(R, base, this, b, a, this.orEqual) : compare(R, base, this, a, b, this.orEqual);
  }
  override resume(R: Registers, base: number, stage: number, saved: unknown, value: unknown): unknown {
    return stage === RIGHT ? this.compare(R, base, value as Value) : super.resume(R, base, stage, saved, value);
  }
}

/** `a == right` and `a ~= right` */
export class LateEqual extends Equal {
  override test(R: Registers, base: number): boolean | Suspended {
    const b = this.right.eval(R, base);
    return b === SUSPENDED ? suspend(this, base, RIGHT) : this.equals(R, base, b);
  }
  private equals(R: Registers, base: number, b: Value): boolean | Suspended {
    return equals(R, base, this, (this.left as LocalCell).eval(R, base), b, this.expected);
  }
  override resume(R: Registers, base: number, stage: number, saved: unknown, value: unknown): unknown {
    return stage === RIGHT ? this.equals(R, base, value as Value) : super.resume(R, base, stage, saved, value);
  }
}

/** The key is under way. */
const KEY = 1;

/** `a[key]` */
export class LateIndex extends Index {
  override eval(R: Registers, base: number): Value | Suspended {
    const key = this.key.eval(R, base);
    return key === SUSPENDED ? suspend(this, base, KEY) : this.index(R, base, key);
  }
  private index(R: Registers, base: number, key: Value): Value | Suspended {
    return index(R, base, this, (this.object as LocalCell).eval(R, base), key, this.object);
  }
  override resume(R: Registers, base: number, stage: number, saved: unknown, value: unknown): unknown {
    return stage === KEY ? this.index(R, base, value as Value) : super.resume(R, base, stage, saved, value);
  }
}

/** The value is under way. */
const VALUE = 0;

/** `a[key] = value` where object and key are locals or constants. */
export class LateSetIndex extends SetIndex {
  override exec(R: Registers, base: number): Completion {
    const value = this.value.eval(R, base);
    return value === SUSPENDED ? suspend(this, base, VALUE) : this.store(R, base, value);
  }
  private store(R: Registers, base: number, value: Value): Completion {
    const object = this.object.eval(R, base) as Value;
    const key = this.key.eval(R, base) as Value;
    const isConstant = this.key instanceof Constant && typeof key === "string";
    return setIndex(R, base, this, object, key, value, this.object, isConstant);
  }
  override resume(R: Registers, base: number, stage: number, saved: unknown, value: unknown): unknown {
    return stage === VALUE ? this.store(R, base, value as Value) : super.resume(R, base, stage, saved, value);
  }
}
