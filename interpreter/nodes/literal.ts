/** Constants and varargs (manual §3.1, §3.4, §3.4.11). */

import { FREE_VARARGS } from "../call.ts";
import { runtimeError } from "../error.ts";
import { charge, reserveMemory } from "../memory.ts";
import { low } from "../operators.ts";
import { MAX_REGISTERS, type Registers } from "../state.ts";
import type { LuaTable } from "../table.ts";
import { upToZero } from "../text.ts";
import type { Results, Suspended, Value } from "../value.ts";
import { Expression, SiteExpression } from "./node.ts";

/** How many values a vararg table may say it holds (half of INT_MAX, as the reference has it). */
const MAX_VARARGS = 0x3fff_ffff;

export class Constant extends Expression {
  constructor(readonly value: Value) {
    super();
  }
  override eval(): Value {
    return this.value;
  }
  override get isPure(): boolean {
    return true;
  }
  override lowBits(_R: Registers, _base: number): number | undefined {
    return low(this.value);
  }
  override test(): boolean {
    return this.value !== undefined && this.value !== false;
  }
  override describe(): string {
    return typeof this.value === "string" ? ` (constant '${upToZero(this.value)}')` : "";
  }
}

/** `...` */
export class Vararg extends Expression {
  constructor(
    /** Register of the vararg array. */
    readonly register: number,
  ) {
    super();
  }
  override get isMulti(): boolean {
    return true;
  }
  override eval(R: Registers, base: number): Value {
    return (R[base + this.register] as Value[])[0];
  }
  /** The function's own array, for those who only read it. */
  values(R: Registers, base: number): readonly Value[] {
    const values = R[base + this.register] as Value[];
    if (values.length > FREE_VARARGS) charge(values.length * 8);
    return values;
  }
  override evalMulti(R: Registers, base: number): Results {
    const values = R[base + this.register] as Value[];
    if (values.length === 1) return values[0];
    if (values.length > FREE_VARARGS) charge(values.length * 8);
    return values.slice(); // the receiver may keep and change its array
  }
}

/** `...` where the varargs have a name and so are a table: its elements 1 to `n`. */
export class NamedVararg extends SiteExpression {
  constructor(
    line: number,
    /** The variable that holds the table: it is constant, so reading it never waits. */
    readonly variable: Expression,
  ) {
    super(line);
  }
  override get isMulti(): boolean {
    return true;
  }
  override eval(R: Registers, base: number): Value {
    return (this.variable.eval(R, base) as LuaTable).getIndex(1);
  }
  override evalMulti(R: Registers, base: number): Results | Suspended {
    const table = this.variable.eval(R, base) as LuaTable;
    const count = table.getString("n");
    if (typeof count !== "number" || !Number.isSafeInteger(count) || count < 0 || count > MAX_VARARGS) {
      throw runtimeError(R, base, this, "vararg table has no proper 'n'");
    }
    if (count > MAX_REGISTERS) throw runtimeError(R, base, this, "stack overflow");
    if (count > FREE_VARARGS) {
      reserveMemory(count * 8);
      charge(count * 8);
    }
    const values: Value[] = [];
    for (let i = 1; i <= count; i++) values.push(table.getIndex(i));
    return values.length === 1 ? values[0] : values;
  }
}

/** An expression in parentheses: exactly one value, whatever is inside. */
export class Parenthesised extends Expression {
  constructor(readonly inner: Expression) {
    super();
  }
  override eval(R: Registers, base: number): Value | Suspended {
    return this.inner.eval(R, base);
  }
}
