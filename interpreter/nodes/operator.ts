/** Unary, logical, equality and concatenation operators (manual §3.4). Arithmetic and order stand in arithmetic.ts. */
import { concat, equals, length, META_FALSE, META_TRUE, META_VALUE, operate } from "../access.ts";
import { leaveMetamethod } from "../call.ts";
import { chargeString, reserveMemory } from "../memory.ts";
import { EVENT_NAMES } from "../metatable.ts";
import { formatNumber } from "../number.ts";
import type { Operator } from "../operators.ts";
import type { Registers } from "../state.ts";
import { LuaTable } from "../table.ts";
import { first, LuaFloat, type Results, SUSPENDED, type Suspended, type Value } from "../value.ts";
import { LEFT, RIGHT } from "./binary.ts";
import { Expression, isTrue, SiteExpression, suspend } from "./node.ts";
import { registerOf } from "./variable.ts";

const OPERAND = 0;

/** What `-a` and `~a` share. */
export class Unary extends SiteExpression {
  constructor(
    line: number,
    readonly operator: Operator,
    readonly operand: Expression,
  ) {
    super(line);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const a = this.operand.eval(R, base);
    if (a === SUSPENDED) return suspend(this, base, OPERAND);
    return operate(R, base, this, this.operator, a, a, this.operand, this.operand);
  }
  override resume(R: Registers, base: number, stage: number, _saved: unknown, value: unknown): unknown {
    if (stage === META_VALUE) {
      leaveMetamethod();
      return first(value as Results);
    }
    return operate(R, base, this, this.operator, value as Value, value as Value, this.operand, this.operand);
  }
  override calleeName(): string {
    return `metamethod '${EVENT_NAMES[this.operator.event]!.slice(2)}'`;
  }
}

/** `-a` */
export class Negate extends Unary {
  override eval(R: Registers, base: number): Value | Suspended {
    const a = this.operand.eval(R, base);
    if (typeof a === "number") return 0 - +a; // fractions and integers alike: a float zero is no plain number
    if (a === SUSPENDED) return suspend(this, base, OPERAND);
    return operate(R, base, this, this.operator, a, a, this.operand, this.operand);
  }
}

/** `~a` */
export class BitNot extends Unary {
  override eval(R: Registers, base: number): Value | Suspended {
    const a = this.operand.eval(R, base);
    if (typeof a === "number") {
      const n = +a;
      if (Number.isSafeInteger(n) && n < Number.MAX_SAFE_INTEGER) return -1 - n;
    }
    if (a === SUSPENDED) return suspend(this, base, OPERAND);
    return operate(R, base, this, this.operator, a, a, this.operand, this.operand);
  }
  override get isPure(): boolean {
    return this.operand.isPure;
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const bits = this.operand.lowBits(R, base);
    return bits === undefined ? undefined : ~bits;
  }
}

/** `#a` */
export class Length extends SiteExpression {
  private readonly operandRegister: number;
  constructor(
    line: number,
    readonly operand: Expression,
  ) {
    super(line);
    this.operandRegister = registerOf(operand);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const a = this.operandRegister > 0 ? (R[base + this.operandRegister] as Value) : this.operand.eval(R, base);
    if (a === SUSPENDED) return suspend(this, base, OPERAND);
    if (a instanceof LuaTable && a.metatable === undefined) return a.length();
    return length(R, base, this, a, this.operand);
  }
  override resume(R: Registers, base: number, stage: number, _saved: unknown, value: unknown): unknown {
    if (stage === META_VALUE) {
      leaveMetamethod();
      return first(value as Results);
    }
    return length(R, base, this, value as Value, this.operand);
  }
  override calleeName(): string {
    return "metamethod 'len'";
  }
}

/** `not a` */
export class Not extends Expression {
  constructor(readonly operand: Expression) {
    super();
  }
  override eval(R: Registers, base: number): Value | Suspended {
    return this.test(R, base);
  }
  override test(R: Registers, base: number): boolean | Suspended {
    const a = this.operand.test(R, base);
    return a === SUSPENDED ? suspend(this, base, OPERAND) : !a;
  }
  override resume(_R: Registers, _base: number, _stage: number, _saved: unknown, value: unknown): unknown {
    return !isTrue(value);
  }
}

/** The left operand as a value, or only as a condition. */
const AS_VALUE = 0;
const AS_CONDITION = 1;

/** `a and b` */
export class And extends Expression {
  private readonly leftRegister: number;
  constructor(
    readonly left: Expression,
    readonly right: Expression,
  ) {
    super();
    this.leftRegister = registerOf(left);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const a = this.leftRegister > 0 ? (R[base + this.leftRegister] as Value) : this.left.eval(R, base);
    if (a === SUSPENDED) return suspend(this, base, AS_VALUE);
    return a === undefined || a === false ? a : this.right.eval(R, base);
  }
  override test(R: Registers, base: number): boolean | Suspended {
    const a = this.left.test(R, base);
    if (a === true) return this.right.test(R, base);
    return a === false ? false : suspend(this, base, AS_CONDITION);
  }
  override resume(R: Registers, base: number, stage: number, _saved: unknown, value: unknown): unknown {
    if (!isTrue(value)) return stage === AS_VALUE ? value : false;
    return stage === AS_VALUE ? this.right.eval(R, base) : this.right.test(R, base);
  }
}

/** `a or b` */
export class Or extends Expression {
  private readonly leftRegister: number;
  constructor(
    readonly left: Expression,
    readonly right: Expression,
  ) {
    super();
    this.leftRegister = registerOf(left);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const a = this.leftRegister > 0 ? (R[base + this.leftRegister] as Value) : this.left.eval(R, base);
    if (a === SUSPENDED) return suspend(this, base, AS_VALUE);
    return a === undefined || a === false ? this.right.eval(R, base) : a;
  }
  override test(R: Registers, base: number): boolean | Suspended {
    const a = this.left.test(R, base);
    if (a === false) return this.right.test(R, base);
    return a === true ? true : suspend(this, base, AS_CONDITION);
  }
  override resume(R: Registers, base: number, stage: number, _saved: unknown, value: unknown): unknown {
    if (isTrue(value)) return stage === AS_VALUE ? value : true;
    return stage === AS_VALUE ? this.right.eval(R, base) : this.right.test(R, base);
  }
}

/** `a == b`, and `a ~= b` with `expected` false. */
export class Equal extends SiteExpression {
  private readonly leftRegister: number;
  private readonly rightRegister: number;
  constructor(
    line: number,
    readonly left: Expression,
    readonly right: Expression,
    readonly expected: boolean,
  ) {
    super(line);
    this.leftRegister = registerOf(left);
    this.rightRegister = registerOf(right);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    return this.test(R, base);
  }
  override test(R: Registers, base: number): boolean | Suspended {
    const a = this.leftRegister > 0 ? (R[base + this.leftRegister] as Value) : this.left.eval(R, base);
    if (a === SUSPENDED) return suspend(this, base, LEFT);
    const b = this.rightRegister > 0 ? (R[base + this.rightRegister] as Value) : this.right.eval(R, base);
    if (b === SUSPENDED) return suspend(this, base, RIGHT, a);
    // Strings, booleans and plain numbers that differ for JavaScript differ for Lua.
    if (typeof a === "number" && typeof b === "number") return (+a === +b) === this.expected;
    if (a === b) return this.expected;
    if (typeof a === "string" || typeof b === "string" || a === undefined || b === undefined) return !this.expected;
    return equals(R, base, this, a, b, this.expected);
  }
  override resume(R: Registers, base: number, stage: number, saved: unknown, value: unknown): unknown {
    if (stage === META_TRUE || stage === META_FALSE) {
      leaveMetamethod();
      return isTrue(first(value as Results)) === (stage === META_TRUE);
    }
    let a = saved as Value;
    let b = value as Value | Suspended;
    if (stage === LEFT) {
      a = value as Value;
      b = this.right.eval(R, base);
      if (b === SUSPENDED) return suspend(this, base, RIGHT, a);
    }
    return equals(R, base, this, a, b as Value, this.expected);
  }
  override calleeName(): string {
    return "metamethod 'eq'";
  }
}

/** `a == constant` for a string, boolean or nil: no metamethod can apply. */
export class EqualConstant extends Expression {
  private readonly leftRegister: number;
  constructor(
    readonly left: Expression,
    readonly constant: string | boolean | undefined,
    readonly expected: boolean,
  ) {
    super();
    this.leftRegister = registerOf(left);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    return this.test(R, base);
  }
  override test(R: Registers, base: number): boolean | Suspended {
    const a = this.leftRegister > 0 ? (R[base + this.leftRegister] as Value) : this.left.eval(R, base);
    if (a === SUSPENDED) return suspend(this, base, LEFT);
    return (a === this.constant) === this.expected;
  }
  override resume(_R: Registers, _base: number, _stage: number, _saved: unknown, value: unknown): unknown {
    return (value === this.constant) === this.expected;
  }
}

/** `a == constant` for a safe integer. */
export class EqualInteger extends Expression {
  private readonly leftRegister: number;
  constructor(
    readonly left: Expression,
    readonly constant: number,
    readonly expected: boolean,
  ) {
    super();
    this.leftRegister = registerOf(left);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    return this.test(R, base);
  }
  override test(R: Registers, base: number): boolean | Suspended {
    const a = this.leftRegister > 0 ? (R[base + this.leftRegister] as Value) : this.left.eval(R, base);
    if (typeof a === "number") return (+a === this.constant) === this.expected;
    if (a === SUSPENDED) return suspend(this, base, LEFT);
    return a instanceof LuaFloat && a.n === this.constant ? this.expected : !this.expected;
  }
  override resume(_R: Registers, _base: number, _stage: number, _saved: unknown, value: unknown): unknown {
    return (value === this.constant || (value instanceof LuaFloat && value.n === this.constant)) === this.expected;
  }
}

/** Concatenations of this length and more ask for their memory first. */
const LARGE = 1 << 16;

/** `a .. b` */
export class Concat extends SiteExpression {
  private readonly leftRegister: number;
  private readonly rightRegister: number;
  /** What messages name the right operand after: of `b .. c` it is `b`, whose register has taken the result. */
  private readonly named: Expression;
  constructor(
    line: number,
    readonly left: Expression,
    readonly right: Expression,
  ) {
    super(line);
    this.leftRegister = registerOf(left);
    this.rightRegister = registerOf(right);
    this.named = right instanceof Concat ? right.left : right;
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const a = this.leftRegister > 0 ? (R[base + this.leftRegister] as Value) : this.left.eval(R, base);
    if (a === SUSPENDED) return suspend(this, base, LEFT);
    const b = this.rightRegister > 0 ? (R[base + this.rightRegister] as Value) : this.right.eval(R, base);
    if (b === SUSPENDED) return suspend(this, base, RIGHT, a);
    return this.join(R, base, a, b);
  }
  private join(R: Registers, base: number, a: Value, b: Value): Value | Suspended {
    const left = typeof a === "string" ? a : typeof a === "number" ? formatNumber(a) : undefined;
    if (left !== undefined) {
      const right = typeof b === "string" ? b : typeof b === "number" ? formatNumber(b) : undefined;
      if (right !== undefined) {
        const size = left.length + right.length;
        if (size >= LARGE) reserveMemory(size);
        chargeString(size);
        return left + right;
      }
    }
    return concat(R, base, this, a, b, this.left, this.named);
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
    return this.join(R, base, a, b as Value);
  }
  override calleeName(): string {
    return "metamethod 'concat'";
  }
}
