/** `expression & mask` where only the low 32 bits matter (manual §3.4.2). */
import type { Registers } from "../state.ts";
import type { Suspended, Value } from "../value.ts";
import { Expression } from "./node.ts";

/**
 * `e & mask` with a constant mask below 2^32 and a shift to the left somewhere in `e`: the shift's result may need
 * all 64 bits, which only a bigint holds, but the mask throws them away. Where that cannot be done (operands that are
 * no integers), the general operator beside it takes over; `e` being pure, evaluating it again is harmless.
 */
export class Mask extends Expression {
  constructor(
    readonly operand: Expression,
    readonly mask: number,
    readonly general: Expression,
  ) {
    super();
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const bits = this.operand.lowBits(R, base);
    return bits === undefined ? this.general.eval(R, base) : (bits & this.mask) >>> 0;
  }
  override get isPure(): boolean {
    return true;
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const bits = this.operand.lowBits(R, base);
    return bits === undefined ? undefined : bits & this.mask;
  }
  override describe(): string {
    return this.general.describe();
  }
}
