/** Operators in a row that lean to the left, too many to nest. */
import type { Registers } from "../state.ts";
import { SUSPENDED, type Suspended, type Value } from "../value.ts";
import { Expression, suspend } from "./node.ts";

export interface Link {
  /** The left operand of the link's node: it gives the value so far. */
  carried: { value: Value };
  node: Expression;
}

/** `a + b + c + …`: evaluates the links one after the other instead of recursing into the left operand. */
export class Chain extends Expression {
  constructor(
    readonly start: Expression,
    readonly links: readonly Link[],
  ) {
    super();
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const value = this.start.eval(R, base);
    if (value === SUSPENDED) return suspend(this, base, 0);
    return this.from(R, base, 0, value);
  }
  private from(R: Registers, base: number, at: number, value: Value): Value | Suspended {
    let carried = value;
    for (let i = at; i < this.links.length; i++) {
      const link = this.links[i]!;
      link.carried.value = carried;
      const next = link.node.eval(R, base);
      if (next === SUSPENDED) return suspend(this, base, i + 1);
      carried = next;
    }
    return carried;
  }
  override resume(R: Registers, base: number, stage: number, _saved: unknown, value: unknown): unknown {
    return this.from(R, base, stage, value as Value);
  }
}
