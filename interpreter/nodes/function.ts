/** Function expressions (manual §3.4.11). */
import { LuaFunction, type Prototype } from "../function.ts";
import { charge } from "../memory.ts";
import type { Registers } from "../state.ts";
import type { Value } from "../value.ts";
import { Expression } from "./node.ts";

export class FunctionExpression extends Expression {
  constructor(readonly prototype: Prototype) {
    super();
  }
  override eval(R: Registers, base: number): Value {
    const sources = this.prototype.upvalues;
    const upvalues = [];
    const own = (R[base] as LuaFunction).upvalues;
    // Cells are shared, copies copied: both are what stands in the register or upvalue.
    for (let i = 0; i < sources.length; i++) {
      const source = sources[i]!;
      upvalues.push(source.fromParent === "local" ? R[base + source.index] : own[source.index]);
    }
    charge(96 + 8 * sources.length);
    return new LuaFunction(this.prototype, upvalues);
  }
}
