/** Operators as the debug library may interfere with them; only where it is open. */
import { operate } from "../access.ts";
import type { Operator } from "../operators.ts";
import type { Registers } from "../state.ts";
import { SUSPENDED, type Suspended, type Value } from "../value.ts";
import { Binary, LEFT, RIGHT } from "./binary.ts";
import { type Expression, suspend } from "./node.ts";

/**
 * `a op f()`: the left operand waits in a register while the call runs, where `debug.getlocal` finds it and
 * `debug.setlocal` may change it.
 */
export class SpilledBinary extends Binary {
  constructor(
    line: number,
    operator: Operator,
    left: Expression,
    right: Expression,
    readonly register: number,
  ) {
    super(line, operator, left, right);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const a = this.left.eval(R, base);
    if (a === SUSPENDED) return suspend(this, base, LEFT);
    return this.withLeft(R, base, a);
  }
  private withLeft(R: Registers, base: number, a: Value): Value | Suspended {
    R[base + this.register] = a;
    const b = this.right.eval(R, base);
    if (b === SUSPENDED) return suspend(this, base, RIGHT);
    return operate(R, base, this, this.operator, R[base + this.register], b, this.left, this.right);
  }
  override resume(R: Registers, base: number, stage: number, _saved: unknown, value: unknown): unknown {
    if (stage === LEFT) return this.withLeft(R, base, value as Value);
    if (stage === RIGHT) {
      const a: Value = R[base + this.register];
      return operate(R, base, this, this.operator, a, value as Value, this.left, this.right);
    }
    return super.resume(R, base, stage, undefined, value);
  }
}
