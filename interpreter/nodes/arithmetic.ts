// Written by scripts/generate-operators.ts: change that, not this.
/** Binary arithmetic, bitwise operators and order comparisons, specialised by operand (manual §3.4.1, §3.4.2, §3.4.4). */
import { compare, operate } from "../access.ts";
import {
  ADD,
  and,
  BAND,
  BOR,
  BXOR,
  DIV,
  floatModulo,
  IDIV,
  integerFloorDivide,
  integerModulo,
  lowOfShift,
  MOD,
  MUL,
  or,
  POW,
  power,
  SHL,
  SHR,
  SUB,
  shiftLeft,
  shiftRight,
  xor,
} from "../operators.ts";
import type { Registers } from "../state.ts";
import { LuaFloat, SUSPENDED, type Suspended, type Value } from "../value.ts";
import { Binary, Comparison, LEFT, RIGHT } from "./binary.ts";
import type { Constant } from "./literal.ts";
import { type Expression, suspend } from "./node.ts";
import type { Local } from "./variable.ts";

class AddEE extends Binary {
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Expression,
  ) {
    super(line, ADD, left, right);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.right.eval(R, base);
    if (y === SUSPENDED) return suspend(this, base, RIGHT, x);
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      const z = a + b;
      if (Number.isSafeInteger(z)) {
        if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) return z;
      } else if (Math.abs(z) < 9007199254740992 || !(Number.isSafeInteger(a) && Number.isSafeInteger(b))) return z;
    }
    if (x instanceof LuaFloat) {
      if (typeof y === "number") {
        const z = x.n + y;
        return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
      }
      if (y instanceof LuaFloat) {
        const z = x.n + y.n;
        return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
      }
    } else if (y instanceof LuaFloat && typeof x === "number") {
      const z = x + y.n;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, ADD, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const x = this.left.lowBits(R, base);
    if (x === undefined) return undefined;
    const y = this.right.lowBits(R, base);
    if (y === undefined) return undefined;
    return (x + y) | 0;
  }
}

class AddEK extends Binary {
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Constant,
  ) {
    super(line, ADD, left, right);
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      const z = a + y;
      if (Number.isSafeInteger(z)) {
        if (Number.isSafeInteger(a)) return z;
      } else if (Math.abs(z) < 9007199254740992 || !Number.isSafeInteger(a)) return z;
    }
    if (x instanceof LuaFloat) {
      const z = x.n + y;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, ADD, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const x = this.left.lowBits(R, base);
    if (x === undefined) return undefined;
    const right = this.constant;
    if (!Number.isSafeInteger(right)) return undefined;
    const y = right | 0;
    return (x + y) | 0;
  }
}

class AddEF extends Binary {
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Constant,
  ) {
    super(line, ADD, left, right);
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      const z = a + y;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    if (x instanceof LuaFloat) {
      const z = x.n + y;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, ADD, x, this.right.value, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const x = this.left.lowBits(R, base);
    if (x === undefined) return undefined;
    const right = this.constant;
    if (!Number.isSafeInteger(right)) return undefined;
    const y = right | 0;
    return (x + y) | 0;
  }
}

class AddEL extends Binary {
  private readonly rightRegister: number;
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Local,
  ) {
    super(line, ADD, left, right);
    this.rightRegister = right.register;
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y: Value = R[base + this.rightRegister];
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      const z = a + b;
      if (Number.isSafeInteger(z)) {
        if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) return z;
      } else if (Math.abs(z) < 9007199254740992 || !(Number.isSafeInteger(a) && Number.isSafeInteger(b))) return z;
    }
    if (x instanceof LuaFloat) {
      if (typeof y === "number") {
        const z = x.n + y;
        return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
      }
      if (y instanceof LuaFloat) {
        const z = x.n + y.n;
        return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
      }
    } else if (y instanceof LuaFloat && typeof x === "number") {
      const z = x + y.n;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, ADD, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const x = this.left.lowBits(R, base);
    if (x === undefined) return undefined;
    const rightValue: Value = R[base + this.rightRegister];
    if (typeof rightValue !== "number") return undefined;
    const right = +rightValue;
    if (!Number.isSafeInteger(right)) return undefined;
    const y = right | 0;
    return (x + y) | 0;
  }
}

class AddLE extends Binary {
  private readonly leftRegister: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Expression,
  ) {
    super(line, ADD, left, right);
    this.leftRegister = left.register;
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y = this.right.eval(R, base);
    if (y === SUSPENDED) return suspend(this, base, RIGHT, x);
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      const z = a + b;
      if (Number.isSafeInteger(z)) {
        if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) return z;
      } else if (Math.abs(z) < 9007199254740992 || !(Number.isSafeInteger(a) && Number.isSafeInteger(b))) return z;
    }
    if (x instanceof LuaFloat) {
      if (typeof y === "number") {
        const z = x.n + y;
        return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
      }
      if (y instanceof LuaFloat) {
        const z = x.n + y.n;
        return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
      }
    } else if (y instanceof LuaFloat && typeof x === "number") {
      const z = x + y.n;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, ADD, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const leftValue: Value = R[base + this.leftRegister];
    if (typeof leftValue !== "number") return undefined;
    const left = +leftValue;
    if (!Number.isSafeInteger(left)) return undefined;
    const x = left | 0;
    const y = this.right.lowBits(R, base);
    if (y === undefined) return undefined;
    return (x + y) | 0;
  }
}

class AddLK extends Binary {
  private readonly leftRegister: number;
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Constant,
  ) {
    super(line, ADD, left, right);
    this.leftRegister = left.register;
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      const z = a + y;
      if (Number.isSafeInteger(z)) {
        if (Number.isSafeInteger(a)) return z;
      } else if (Math.abs(z) < 9007199254740992 || !Number.isSafeInteger(a)) return z;
    }
    if (x instanceof LuaFloat) {
      const z = x.n + y;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, ADD, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const leftValue: Value = R[base + this.leftRegister];
    if (typeof leftValue !== "number") return undefined;
    const left = +leftValue;
    if (!Number.isSafeInteger(left)) return undefined;
    const x = left | 0;
    const right = this.constant;
    if (!Number.isSafeInteger(right)) return undefined;
    const y = right | 0;
    return (x + y) | 0;
  }
}

class AddLF extends Binary {
  private readonly leftRegister: number;
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Constant,
  ) {
    super(line, ADD, left, right);
    this.leftRegister = left.register;
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      const z = a + y;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    if (x instanceof LuaFloat) {
      const z = x.n + y;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, ADD, x, this.right.value, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const leftValue: Value = R[base + this.leftRegister];
    if (typeof leftValue !== "number") return undefined;
    const left = +leftValue;
    if (!Number.isSafeInteger(left)) return undefined;
    const x = left | 0;
    const right = this.constant;
    if (!Number.isSafeInteger(right)) return undefined;
    const y = right | 0;
    return (x + y) | 0;
  }
}

class AddLL extends Binary {
  private readonly leftRegister: number;
  private readonly rightRegister: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Local,
  ) {
    super(line, ADD, left, right);
    this.leftRegister = left.register;
    this.rightRegister = right.register;
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y: Value = R[base + this.rightRegister];
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      const z = a + b;
      if (Number.isSafeInteger(z)) {
        if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) return z;
      } else if (Math.abs(z) < 9007199254740992 || !(Number.isSafeInteger(a) && Number.isSafeInteger(b))) return z;
    }
    if (x instanceof LuaFloat) {
      if (typeof y === "number") {
        const z = x.n + y;
        return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
      }
      if (y instanceof LuaFloat) {
        const z = x.n + y.n;
        return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
      }
    } else if (y instanceof LuaFloat && typeof x === "number") {
      const z = x + y.n;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, ADD, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const leftValue: Value = R[base + this.leftRegister];
    if (typeof leftValue !== "number") return undefined;
    const left = +leftValue;
    if (!Number.isSafeInteger(left)) return undefined;
    const x = left | 0;
    const rightValue: Value = R[base + this.rightRegister];
    if (typeof rightValue !== "number") return undefined;
    const right = +rightValue;
    if (!Number.isSafeInteger(right)) return undefined;
    const y = right | 0;
    return (x + y) | 0;
  }
}

class AddKE extends Binary {
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Constant,
    override readonly right: Expression,
  ) {
    super(line, ADD, left, right);
    this.constant = left.value instanceof LuaFloat ? left.value.n : (left.value as number);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.constant;
    const y = this.right.eval(R, base);
    if (y === SUSPENDED) return suspend(this, base, RIGHT, x);
    if (typeof y === "number") {
      const b = +y;
      const z = x + b;
      if (Number.isSafeInteger(z)) {
        if (Number.isSafeInteger(b)) return z;
      } else if (Math.abs(z) < 9007199254740992 || !Number.isSafeInteger(b)) return z;
    }
    if (y instanceof LuaFloat) {
      const z = x + y.n;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, ADD, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const left = this.constant;
    if (!Number.isSafeInteger(left)) return undefined;
    const x = left | 0;
    const y = this.right.lowBits(R, base);
    if (y === undefined) return undefined;
    return (x + y) | 0;
  }
}

class AddFE extends Binary {
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Constant,
    override readonly right: Expression,
  ) {
    super(line, ADD, left, right);
    this.constant = left.value instanceof LuaFloat ? left.value.n : (left.value as number);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.constant;
    const y = this.right.eval(R, base);
    if (y === SUSPENDED) return suspend(this, base, RIGHT, this.left.value);
    if (typeof y === "number") {
      const b = +y;
      const z = x + b;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    if (y instanceof LuaFloat) {
      const z = x + y.n;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, ADD, this.left.value, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const left = this.constant;
    if (!Number.isSafeInteger(left)) return undefined;
    const x = left | 0;
    const y = this.right.lowBits(R, base);
    if (y === undefined) return undefined;
    return (x + y) | 0;
  }
}

class SubEE extends Binary {
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Expression,
  ) {
    super(line, SUB, left, right);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.right.eval(R, base);
    if (y === SUSPENDED) return suspend(this, base, RIGHT, x);
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      const z = a - b;
      if (Number.isSafeInteger(z)) {
        if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) return z;
      } else if (Math.abs(z) < 9007199254740992 || !(Number.isSafeInteger(a) && Number.isSafeInteger(b))) return z;
    }
    if (x instanceof LuaFloat) {
      if (typeof y === "number") {
        const z = x.n - y;
        return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
      }
      if (y instanceof LuaFloat) {
        const z = x.n - y.n;
        return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
      }
    } else if (y instanceof LuaFloat && typeof x === "number") {
      const z = x - y.n;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, SUB, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const x = this.left.lowBits(R, base);
    if (x === undefined) return undefined;
    const y = this.right.lowBits(R, base);
    if (y === undefined) return undefined;
    return (x - y) | 0;
  }
}

class SubEK extends Binary {
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Constant,
  ) {
    super(line, SUB, left, right);
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      const z = a - y;
      if (Number.isSafeInteger(z)) {
        if (Number.isSafeInteger(a)) return z;
      } else if (Math.abs(z) < 9007199254740992 || !Number.isSafeInteger(a)) return z;
    }
    if (x instanceof LuaFloat) {
      const z = x.n - y + 0;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, SUB, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const x = this.left.lowBits(R, base);
    if (x === undefined) return undefined;
    const right = this.constant;
    if (!Number.isSafeInteger(right)) return undefined;
    const y = right | 0;
    return (x - y) | 0;
  }
}

class SubEF extends Binary {
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Constant,
  ) {
    super(line, SUB, left, right);
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      const z = a - y;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    if (x instanceof LuaFloat) {
      const z = x.n - y;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, SUB, x, this.right.value, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const x = this.left.lowBits(R, base);
    if (x === undefined) return undefined;
    const right = this.constant;
    if (!Number.isSafeInteger(right)) return undefined;
    const y = right | 0;
    return (x - y) | 0;
  }
}

class SubEL extends Binary {
  private readonly rightRegister: number;
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Local,
  ) {
    super(line, SUB, left, right);
    this.rightRegister = right.register;
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y: Value = R[base + this.rightRegister];
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      const z = a - b;
      if (Number.isSafeInteger(z)) {
        if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) return z;
      } else if (Math.abs(z) < 9007199254740992 || !(Number.isSafeInteger(a) && Number.isSafeInteger(b))) return z;
    }
    if (x instanceof LuaFloat) {
      if (typeof y === "number") {
        const z = x.n - y;
        return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
      }
      if (y instanceof LuaFloat) {
        const z = x.n - y.n;
        return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
      }
    } else if (y instanceof LuaFloat && typeof x === "number") {
      const z = x - y.n;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, SUB, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const x = this.left.lowBits(R, base);
    if (x === undefined) return undefined;
    const rightValue: Value = R[base + this.rightRegister];
    if (typeof rightValue !== "number") return undefined;
    const right = +rightValue;
    if (!Number.isSafeInteger(right)) return undefined;
    const y = right | 0;
    return (x - y) | 0;
  }
}

class SubLE extends Binary {
  private readonly leftRegister: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Expression,
  ) {
    super(line, SUB, left, right);
    this.leftRegister = left.register;
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y = this.right.eval(R, base);
    if (y === SUSPENDED) return suspend(this, base, RIGHT, x);
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      const z = a - b;
      if (Number.isSafeInteger(z)) {
        if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) return z;
      } else if (Math.abs(z) < 9007199254740992 || !(Number.isSafeInteger(a) && Number.isSafeInteger(b))) return z;
    }
    if (x instanceof LuaFloat) {
      if (typeof y === "number") {
        const z = x.n - y;
        return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
      }
      if (y instanceof LuaFloat) {
        const z = x.n - y.n;
        return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
      }
    } else if (y instanceof LuaFloat && typeof x === "number") {
      const z = x - y.n;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, SUB, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const leftValue: Value = R[base + this.leftRegister];
    if (typeof leftValue !== "number") return undefined;
    const left = +leftValue;
    if (!Number.isSafeInteger(left)) return undefined;
    const x = left | 0;
    const y = this.right.lowBits(R, base);
    if (y === undefined) return undefined;
    return (x - y) | 0;
  }
}

class SubLK extends Binary {
  private readonly leftRegister: number;
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Constant,
  ) {
    super(line, SUB, left, right);
    this.leftRegister = left.register;
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      const z = a - y;
      if (Number.isSafeInteger(z)) {
        if (Number.isSafeInteger(a)) return z;
      } else if (Math.abs(z) < 9007199254740992 || !Number.isSafeInteger(a)) return z;
    }
    if (x instanceof LuaFloat) {
      const z = x.n - y + 0;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, SUB, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const leftValue: Value = R[base + this.leftRegister];
    if (typeof leftValue !== "number") return undefined;
    const left = +leftValue;
    if (!Number.isSafeInteger(left)) return undefined;
    const x = left | 0;
    const right = this.constant;
    if (!Number.isSafeInteger(right)) return undefined;
    const y = right | 0;
    return (x - y) | 0;
  }
}

class SubLF extends Binary {
  private readonly leftRegister: number;
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Constant,
  ) {
    super(line, SUB, left, right);
    this.leftRegister = left.register;
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      const z = a - y;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    if (x instanceof LuaFloat) {
      const z = x.n - y;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, SUB, x, this.right.value, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const leftValue: Value = R[base + this.leftRegister];
    if (typeof leftValue !== "number") return undefined;
    const left = +leftValue;
    if (!Number.isSafeInteger(left)) return undefined;
    const x = left | 0;
    const right = this.constant;
    if (!Number.isSafeInteger(right)) return undefined;
    const y = right | 0;
    return (x - y) | 0;
  }
}

class SubLL extends Binary {
  private readonly leftRegister: number;
  private readonly rightRegister: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Local,
  ) {
    super(line, SUB, left, right);
    this.leftRegister = left.register;
    this.rightRegister = right.register;
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y: Value = R[base + this.rightRegister];
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      const z = a - b;
      if (Number.isSafeInteger(z)) {
        if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) return z;
      } else if (Math.abs(z) < 9007199254740992 || !(Number.isSafeInteger(a) && Number.isSafeInteger(b))) return z;
    }
    if (x instanceof LuaFloat) {
      if (typeof y === "number") {
        const z = x.n - y;
        return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
      }
      if (y instanceof LuaFloat) {
        const z = x.n - y.n;
        return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
      }
    } else if (y instanceof LuaFloat && typeof x === "number") {
      const z = x - y.n;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, SUB, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const leftValue: Value = R[base + this.leftRegister];
    if (typeof leftValue !== "number") return undefined;
    const left = +leftValue;
    if (!Number.isSafeInteger(left)) return undefined;
    const x = left | 0;
    const rightValue: Value = R[base + this.rightRegister];
    if (typeof rightValue !== "number") return undefined;
    const right = +rightValue;
    if (!Number.isSafeInteger(right)) return undefined;
    const y = right | 0;
    return (x - y) | 0;
  }
}

class SubKE extends Binary {
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Constant,
    override readonly right: Expression,
  ) {
    super(line, SUB, left, right);
    this.constant = left.value instanceof LuaFloat ? left.value.n : (left.value as number);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.constant;
    const y = this.right.eval(R, base);
    if (y === SUSPENDED) return suspend(this, base, RIGHT, x);
    if (typeof y === "number") {
      const b = +y;
      const z = x - b;
      if (Number.isSafeInteger(z)) {
        if (Number.isSafeInteger(b)) return z;
      } else if (Math.abs(z) < 9007199254740992 || !Number.isSafeInteger(b)) return z;
    }
    if (y instanceof LuaFloat) {
      const z = x - y.n;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, SUB, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const left = this.constant;
    if (!Number.isSafeInteger(left)) return undefined;
    const x = left | 0;
    const y = this.right.lowBits(R, base);
    if (y === undefined) return undefined;
    return (x - y) | 0;
  }
}

class SubFE extends Binary {
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Constant,
    override readonly right: Expression,
  ) {
    super(line, SUB, left, right);
    this.constant = left.value instanceof LuaFloat ? left.value.n : (left.value as number);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.constant;
    const y = this.right.eval(R, base);
    if (y === SUSPENDED) return suspend(this, base, RIGHT, this.left.value);
    if (typeof y === "number") {
      const b = +y;
      const z = x - b;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    if (y instanceof LuaFloat) {
      const z = x - y.n;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, SUB, this.left.value, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const left = this.constant;
    if (!Number.isSafeInteger(left)) return undefined;
    const x = left | 0;
    const y = this.right.lowBits(R, base);
    if (y === undefined) return undefined;
    return (x - y) | 0;
  }
}

class MulEE extends Binary {
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Expression,
  ) {
    super(line, MUL, left, right);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.right.eval(R, base);
    if (y === SUSPENDED) return suspend(this, base, RIGHT, x);
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      const z = a * b;
      if (Number.isSafeInteger(z)) {
        if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) return z + 0;
      } else if (Math.abs(z) < 9007199254740992 || !(Number.isSafeInteger(a) && Number.isSafeInteger(b))) return z;
    }
    if (x instanceof LuaFloat) {
      if (typeof y === "number") {
        const z = x.n * y;
        return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
      }
      if (y instanceof LuaFloat) {
        const z = x.n * y.n;
        return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
      }
    } else if (y instanceof LuaFloat && typeof x === "number") {
      const z = x * y.n;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, MUL, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const x = this.left.lowBits(R, base);
    if (x === undefined) return undefined;
    const y = this.right.lowBits(R, base);
    if (y === undefined) return undefined;
    return Math.imul(x, y);
  }
}

class MulEK extends Binary {
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Constant,
  ) {
    super(line, MUL, left, right);
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      const z = a * y;
      if (Number.isSafeInteger(z)) {
        if (Number.isSafeInteger(a)) return z + 0;
      } else if (Math.abs(z) < 9007199254740992 || !Number.isSafeInteger(a)) return z;
    }
    if (x instanceof LuaFloat) {
      const z = x.n * y;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, MUL, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const x = this.left.lowBits(R, base);
    if (x === undefined) return undefined;
    const right = this.constant;
    if (!Number.isSafeInteger(right)) return undefined;
    const y = right | 0;
    return Math.imul(x, y);
  }
}

class MulEF extends Binary {
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Constant,
  ) {
    super(line, MUL, left, right);
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      const z = a * y;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    if (x instanceof LuaFloat) {
      const z = x.n * y;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, MUL, x, this.right.value, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const x = this.left.lowBits(R, base);
    if (x === undefined) return undefined;
    const right = this.constant;
    if (!Number.isSafeInteger(right)) return undefined;
    const y = right | 0;
    return Math.imul(x, y);
  }
}

class MulEL extends Binary {
  private readonly rightRegister: number;
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Local,
  ) {
    super(line, MUL, left, right);
    this.rightRegister = right.register;
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y: Value = R[base + this.rightRegister];
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      const z = a * b;
      if (Number.isSafeInteger(z)) {
        if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) return z + 0;
      } else if (Math.abs(z) < 9007199254740992 || !(Number.isSafeInteger(a) && Number.isSafeInteger(b))) return z;
    }
    if (x instanceof LuaFloat) {
      if (typeof y === "number") {
        const z = x.n * y;
        return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
      }
      if (y instanceof LuaFloat) {
        const z = x.n * y.n;
        return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
      }
    } else if (y instanceof LuaFloat && typeof x === "number") {
      const z = x * y.n;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, MUL, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const x = this.left.lowBits(R, base);
    if (x === undefined) return undefined;
    const rightValue: Value = R[base + this.rightRegister];
    if (typeof rightValue !== "number") return undefined;
    const right = +rightValue;
    if (!Number.isSafeInteger(right)) return undefined;
    const y = right | 0;
    return Math.imul(x, y);
  }
}

class MulLE extends Binary {
  private readonly leftRegister: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Expression,
  ) {
    super(line, MUL, left, right);
    this.leftRegister = left.register;
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y = this.right.eval(R, base);
    if (y === SUSPENDED) return suspend(this, base, RIGHT, x);
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      const z = a * b;
      if (Number.isSafeInteger(z)) {
        if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) return z + 0;
      } else if (Math.abs(z) < 9007199254740992 || !(Number.isSafeInteger(a) && Number.isSafeInteger(b))) return z;
    }
    if (x instanceof LuaFloat) {
      if (typeof y === "number") {
        const z = x.n * y;
        return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
      }
      if (y instanceof LuaFloat) {
        const z = x.n * y.n;
        return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
      }
    } else if (y instanceof LuaFloat && typeof x === "number") {
      const z = x * y.n;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, MUL, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const leftValue: Value = R[base + this.leftRegister];
    if (typeof leftValue !== "number") return undefined;
    const left = +leftValue;
    if (!Number.isSafeInteger(left)) return undefined;
    const x = left | 0;
    const y = this.right.lowBits(R, base);
    if (y === undefined) return undefined;
    return Math.imul(x, y);
  }
}

class MulLK extends Binary {
  private readonly leftRegister: number;
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Constant,
  ) {
    super(line, MUL, left, right);
    this.leftRegister = left.register;
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      const z = a * y;
      if (Number.isSafeInteger(z)) {
        if (Number.isSafeInteger(a)) return z + 0;
      } else if (Math.abs(z) < 9007199254740992 || !Number.isSafeInteger(a)) return z;
    }
    if (x instanceof LuaFloat) {
      const z = x.n * y;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, MUL, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const leftValue: Value = R[base + this.leftRegister];
    if (typeof leftValue !== "number") return undefined;
    const left = +leftValue;
    if (!Number.isSafeInteger(left)) return undefined;
    const x = left | 0;
    const right = this.constant;
    if (!Number.isSafeInteger(right)) return undefined;
    const y = right | 0;
    return Math.imul(x, y);
  }
}

class MulLF extends Binary {
  private readonly leftRegister: number;
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Constant,
  ) {
    super(line, MUL, left, right);
    this.leftRegister = left.register;
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      const z = a * y;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    if (x instanceof LuaFloat) {
      const z = x.n * y;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, MUL, x, this.right.value, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const leftValue: Value = R[base + this.leftRegister];
    if (typeof leftValue !== "number") return undefined;
    const left = +leftValue;
    if (!Number.isSafeInteger(left)) return undefined;
    const x = left | 0;
    const right = this.constant;
    if (!Number.isSafeInteger(right)) return undefined;
    const y = right | 0;
    return Math.imul(x, y);
  }
}

class MulLL extends Binary {
  private readonly leftRegister: number;
  private readonly rightRegister: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Local,
  ) {
    super(line, MUL, left, right);
    this.leftRegister = left.register;
    this.rightRegister = right.register;
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y: Value = R[base + this.rightRegister];
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      const z = a * b;
      if (Number.isSafeInteger(z)) {
        if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) return z + 0;
      } else if (Math.abs(z) < 9007199254740992 || !(Number.isSafeInteger(a) && Number.isSafeInteger(b))) return z;
    }
    if (x instanceof LuaFloat) {
      if (typeof y === "number") {
        const z = x.n * y;
        return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
      }
      if (y instanceof LuaFloat) {
        const z = x.n * y.n;
        return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
      }
    } else if (y instanceof LuaFloat && typeof x === "number") {
      const z = x * y.n;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, MUL, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const leftValue: Value = R[base + this.leftRegister];
    if (typeof leftValue !== "number") return undefined;
    const left = +leftValue;
    if (!Number.isSafeInteger(left)) return undefined;
    const x = left | 0;
    const rightValue: Value = R[base + this.rightRegister];
    if (typeof rightValue !== "number") return undefined;
    const right = +rightValue;
    if (!Number.isSafeInteger(right)) return undefined;
    const y = right | 0;
    return Math.imul(x, y);
  }
}

class MulKE extends Binary {
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Constant,
    override readonly right: Expression,
  ) {
    super(line, MUL, left, right);
    this.constant = left.value instanceof LuaFloat ? left.value.n : (left.value as number);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.constant;
    const y = this.right.eval(R, base);
    if (y === SUSPENDED) return suspend(this, base, RIGHT, x);
    if (typeof y === "number") {
      const b = +y;
      const z = x * b;
      if (Number.isSafeInteger(z)) {
        if (Number.isSafeInteger(b)) return z + 0;
      } else if (Math.abs(z) < 9007199254740992 || !Number.isSafeInteger(b)) return z;
    }
    if (y instanceof LuaFloat) {
      const z = x * y.n;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, MUL, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const left = this.constant;
    if (!Number.isSafeInteger(left)) return undefined;
    const x = left | 0;
    const y = this.right.lowBits(R, base);
    if (y === undefined) return undefined;
    return Math.imul(x, y);
  }
}

class MulFE extends Binary {
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Constant,
    override readonly right: Expression,
  ) {
    super(line, MUL, left, right);
    this.constant = left.value instanceof LuaFloat ? left.value.n : (left.value as number);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.constant;
    const y = this.right.eval(R, base);
    if (y === SUSPENDED) return suspend(this, base, RIGHT, this.left.value);
    if (typeof y === "number") {
      const b = +y;
      const z = x * b;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    if (y instanceof LuaFloat) {
      const z = x * y.n;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, MUL, this.left.value, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const left = this.constant;
    if (!Number.isSafeInteger(left)) return undefined;
    const x = left | 0;
    const y = this.right.lowBits(R, base);
    if (y === undefined) return undefined;
    return Math.imul(x, y);
  }
}

class DivEE extends Binary {
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Expression,
  ) {
    super(line, DIV, left, right);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.right.eval(R, base);
    if (y === SUSPENDED) return suspend(this, base, RIGHT, x);
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      const z = a / b;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    if (x instanceof LuaFloat) {
      if (typeof y === "number") {
        const z = x.n / y;
        return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
      }
      if (y instanceof LuaFloat) {
        const z = x.n / y.n;
        return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
      }
    } else if (y instanceof LuaFloat && typeof x === "number") {
      const z = x / y.n;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, DIV, x, y, this.left, this.right);
  }
}

class DivEK extends Binary {
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Constant,
  ) {
    super(line, DIV, left, right);
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      const z = a / y;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    if (x instanceof LuaFloat) {
      const z = x.n / y;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, DIV, x, y, this.left, this.right);
  }
}

class DivEF extends Binary {
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Constant,
  ) {
    super(line, DIV, left, right);
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      const z = a / y;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    if (x instanceof LuaFloat) {
      const z = x.n / y;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, DIV, x, this.right.value, this.left, this.right);
  }
}

class DivEL extends Binary {
  private readonly rightRegister: number;
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Local,
  ) {
    super(line, DIV, left, right);
    this.rightRegister = right.register;
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y: Value = R[base + this.rightRegister];
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      const z = a / b;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    if (x instanceof LuaFloat) {
      if (typeof y === "number") {
        const z = x.n / y;
        return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
      }
      if (y instanceof LuaFloat) {
        const z = x.n / y.n;
        return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
      }
    } else if (y instanceof LuaFloat && typeof x === "number") {
      const z = x / y.n;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, DIV, x, y, this.left, this.right);
  }
}

class DivLE extends Binary {
  private readonly leftRegister: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Expression,
  ) {
    super(line, DIV, left, right);
    this.leftRegister = left.register;
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y = this.right.eval(R, base);
    if (y === SUSPENDED) return suspend(this, base, RIGHT, x);
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      const z = a / b;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    if (x instanceof LuaFloat) {
      if (typeof y === "number") {
        const z = x.n / y;
        return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
      }
      if (y instanceof LuaFloat) {
        const z = x.n / y.n;
        return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
      }
    } else if (y instanceof LuaFloat && typeof x === "number") {
      const z = x / y.n;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, DIV, x, y, this.left, this.right);
  }
}

class DivLK extends Binary {
  private readonly leftRegister: number;
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Constant,
  ) {
    super(line, DIV, left, right);
    this.leftRegister = left.register;
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      const z = a / y;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    if (x instanceof LuaFloat) {
      const z = x.n / y;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, DIV, x, y, this.left, this.right);
  }
}

class DivLF extends Binary {
  private readonly leftRegister: number;
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Constant,
  ) {
    super(line, DIV, left, right);
    this.leftRegister = left.register;
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      const z = a / y;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    if (x instanceof LuaFloat) {
      const z = x.n / y;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, DIV, x, this.right.value, this.left, this.right);
  }
}

class DivLL extends Binary {
  private readonly leftRegister: number;
  private readonly rightRegister: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Local,
  ) {
    super(line, DIV, left, right);
    this.leftRegister = left.register;
    this.rightRegister = right.register;
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y: Value = R[base + this.rightRegister];
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      const z = a / b;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    if (x instanceof LuaFloat) {
      if (typeof y === "number") {
        const z = x.n / y;
        return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
      }
      if (y instanceof LuaFloat) {
        const z = x.n / y.n;
        return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
      }
    } else if (y instanceof LuaFloat && typeof x === "number") {
      const z = x / y.n;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, DIV, x, y, this.left, this.right);
  }
}

class DivKE extends Binary {
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Constant,
    override readonly right: Expression,
  ) {
    super(line, DIV, left, right);
    this.constant = left.value instanceof LuaFloat ? left.value.n : (left.value as number);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.constant;
    const y = this.right.eval(R, base);
    if (y === SUSPENDED) return suspend(this, base, RIGHT, x);
    if (typeof y === "number") {
      const b = +y;
      const z = x / b;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    if (y instanceof LuaFloat) {
      const z = x / y.n;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, DIV, x, y, this.left, this.right);
  }
}

class DivFE extends Binary {
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Constant,
    override readonly right: Expression,
  ) {
    super(line, DIV, left, right);
    this.constant = left.value instanceof LuaFloat ? left.value.n : (left.value as number);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.constant;
    const y = this.right.eval(R, base);
    if (y === SUSPENDED) return suspend(this, base, RIGHT, this.left.value);
    if (typeof y === "number") {
      const b = +y;
      const z = x / b;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    if (y instanceof LuaFloat) {
      const z = x / y.n;
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }
    return operate(R, base, this, DIV, this.left.value, y, this.left, this.right);
  }
}

class ModEE extends Binary {
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Expression,
  ) {
    super(line, MOD, left, right);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.right.eval(R, base);
    if (y === SUSPENDED) return suspend(this, base, RIGHT, x);
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) {
        if (a >= 0 && b > 0) return a % b;
        if (b !== 0) return integerModulo(a, b);
      }
    }

    return operate(R, base, this, MOD, x, y, this.left, this.right);
  }
}

class ModEK extends Binary {
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Constant,
  ) {
    super(line, MOD, left, right);
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      if (Number.isSafeInteger(a)) {
        if (a >= 0 && y > 0) return a % y;
        if (y !== 0) return integerModulo(a, y);
      }
    }

    return operate(R, base, this, MOD, x, y, this.left, this.right);
  }
}

class ModEF extends Binary {
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Constant,
  ) {
    super(line, MOD, left, right);
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      const z = floatModulo(a, y);
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }

    return operate(R, base, this, MOD, x, this.right.value, this.left, this.right);
  }
}

class ModEL extends Binary {
  private readonly rightRegister: number;
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Local,
  ) {
    super(line, MOD, left, right);
    this.rightRegister = right.register;
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y: Value = R[base + this.rightRegister];
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) {
        if (a >= 0 && b > 0) return a % b;
        if (b !== 0) return integerModulo(a, b);
      }
    }

    return operate(R, base, this, MOD, x, y, this.left, this.right);
  }
}

class ModLE extends Binary {
  private readonly leftRegister: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Expression,
  ) {
    super(line, MOD, left, right);
    this.leftRegister = left.register;
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y = this.right.eval(R, base);
    if (y === SUSPENDED) return suspend(this, base, RIGHT, x);
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) {
        if (a >= 0 && b > 0) return a % b;
        if (b !== 0) return integerModulo(a, b);
      }
    }

    return operate(R, base, this, MOD, x, y, this.left, this.right);
  }
}

class ModLK extends Binary {
  private readonly leftRegister: number;
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Constant,
  ) {
    super(line, MOD, left, right);
    this.leftRegister = left.register;
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      if (Number.isSafeInteger(a)) {
        if (a >= 0 && y > 0) return a % y;
        if (y !== 0) return integerModulo(a, y);
      }
    }

    return operate(R, base, this, MOD, x, y, this.left, this.right);
  }
}

class ModLL extends Binary {
  private readonly leftRegister: number;
  private readonly rightRegister: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Local,
  ) {
    super(line, MOD, left, right);
    this.leftRegister = left.register;
    this.rightRegister = right.register;
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y: Value = R[base + this.rightRegister];
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) {
        if (a >= 0 && b > 0) return a % b;
        if (b !== 0) return integerModulo(a, b);
      }
    }

    return operate(R, base, this, MOD, x, y, this.left, this.right);
  }
}

class IDivEE extends Binary {
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Expression,
  ) {
    super(line, IDIV, left, right);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.right.eval(R, base);
    if (y === SUSPENDED) return suspend(this, base, RIGHT, x);
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      if (Number.isSafeInteger(a) && Number.isSafeInteger(b) && b !== 0) {
        if (a >= 0 && b > 0) return (a - (a % b)) / b;
        return integerFloorDivide(a, b);
      }
    }

    return operate(R, base, this, IDIV, x, y, this.left, this.right);
  }
}

class IDivEK extends Binary {
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Constant,
  ) {
    super(line, IDIV, left, right);
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      if (Number.isSafeInteger(a) && y !== 0) {
        if (a >= 0 && y > 0) return (a - (a % y)) / y;
        return integerFloorDivide(a, y);
      }
    }

    return operate(R, base, this, IDIV, x, y, this.left, this.right);
  }
}

class IDivEL extends Binary {
  private readonly rightRegister: number;
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Local,
  ) {
    super(line, IDIV, left, right);
    this.rightRegister = right.register;
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y: Value = R[base + this.rightRegister];
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      if (Number.isSafeInteger(a) && Number.isSafeInteger(b) && b !== 0) {
        if (a >= 0 && b > 0) return (a - (a % b)) / b;
        return integerFloorDivide(a, b);
      }
    }

    return operate(R, base, this, IDIV, x, y, this.left, this.right);
  }
}

class IDivLE extends Binary {
  private readonly leftRegister: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Expression,
  ) {
    super(line, IDIV, left, right);
    this.leftRegister = left.register;
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y = this.right.eval(R, base);
    if (y === SUSPENDED) return suspend(this, base, RIGHT, x);
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      if (Number.isSafeInteger(a) && Number.isSafeInteger(b) && b !== 0) {
        if (a >= 0 && b > 0) return (a - (a % b)) / b;
        return integerFloorDivide(a, b);
      }
    }

    return operate(R, base, this, IDIV, x, y, this.left, this.right);
  }
}

class IDivLK extends Binary {
  private readonly leftRegister: number;
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Constant,
  ) {
    super(line, IDIV, left, right);
    this.leftRegister = left.register;
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      if (Number.isSafeInteger(a) && y !== 0) {
        if (a >= 0 && y > 0) return (a - (a % y)) / y;
        return integerFloorDivide(a, y);
      }
    }

    return operate(R, base, this, IDIV, x, y, this.left, this.right);
  }
}

class IDivLL extends Binary {
  private readonly leftRegister: number;
  private readonly rightRegister: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Local,
  ) {
    super(line, IDIV, left, right);
    this.leftRegister = left.register;
    this.rightRegister = right.register;
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y: Value = R[base + this.rightRegister];
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      if (Number.isSafeInteger(a) && Number.isSafeInteger(b) && b !== 0) {
        if (a >= 0 && b > 0) return (a - (a % b)) / b;
        return integerFloorDivide(a, b);
      }
    }

    return operate(R, base, this, IDIV, x, y, this.left, this.right);
  }
}

class PowEE extends Binary {
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Expression,
  ) {
    super(line, POW, left, right);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.right.eval(R, base);
    if (y === SUSPENDED) return suspend(this, base, RIGHT, x);
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      const z = power(a, b);
      return Number.isSafeInteger(z) ? new LuaFloat(z) : z;
    }

    return operate(R, base, this, POW, x, y, this.left, this.right);
  }
}

class BAndEE extends Binary {
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Expression,
  ) {
    super(line, BAND, left, right);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.right.eval(R, base);
    if (y === SUSPENDED) return suspend(this, base, RIGHT, x);
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      if ((a | 0) === a && (b | 0) === b) return a & b;
      if (a >>> 0 === a) {
        if (Number.isSafeInteger(b)) return (a & b) >>> 0;
      } else if (b >>> 0 === b) {
        if (Number.isSafeInteger(a)) return (a & b) >>> 0;
      } else {
        if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) return and(a, b);
      }
    }

    return operate(R, base, this, BAND, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const x = this.left.lowBits(R, base);
    if (x === undefined) return undefined;
    const y = this.right.lowBits(R, base);
    if (y === undefined) return undefined;
    return x & y;
  }
}

class BAndEK extends Binary {
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Constant,
  ) {
    super(line, BAND, left, right);
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      if ((a | 0) === a && (y | 0) === y) return a & y;
      if (a >>> 0 === a) {
        return (a & y) >>> 0;
      } else if (y >>> 0 === y) {
        if (Number.isSafeInteger(a)) return (a & y) >>> 0;
      } else {
        if (Number.isSafeInteger(a)) return and(a, y);
      }
    }

    return operate(R, base, this, BAND, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const x = this.left.lowBits(R, base);
    if (x === undefined) return undefined;
    const right = this.constant;
    if (!Number.isSafeInteger(right)) return undefined;
    const y = right | 0;
    return x & y;
  }
}

class BAndEL extends Binary {
  private readonly rightRegister: number;
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Local,
  ) {
    super(line, BAND, left, right);
    this.rightRegister = right.register;
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y: Value = R[base + this.rightRegister];
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      if ((a | 0) === a && (b | 0) === b) return a & b;
      if (a >>> 0 === a) {
        if (Number.isSafeInteger(b)) return (a & b) >>> 0;
      } else if (b >>> 0 === b) {
        if (Number.isSafeInteger(a)) return (a & b) >>> 0;
      } else {
        if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) return and(a, b);
      }
    }

    return operate(R, base, this, BAND, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const x = this.left.lowBits(R, base);
    if (x === undefined) return undefined;
    const rightValue: Value = R[base + this.rightRegister];
    if (typeof rightValue !== "number") return undefined;
    const right = +rightValue;
    if (!Number.isSafeInteger(right)) return undefined;
    const y = right | 0;
    return x & y;
  }
}

class BAndLK extends Binary {
  private readonly leftRegister: number;
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Constant,
  ) {
    super(line, BAND, left, right);
    this.leftRegister = left.register;
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      if ((a | 0) === a && (y | 0) === y) return a & y;
      if (a >>> 0 === a) {
        return (a & y) >>> 0;
      } else if (y >>> 0 === y) {
        if (Number.isSafeInteger(a)) return (a & y) >>> 0;
      } else {
        if (Number.isSafeInteger(a)) return and(a, y);
      }
    }

    return operate(R, base, this, BAND, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const leftValue: Value = R[base + this.leftRegister];
    if (typeof leftValue !== "number") return undefined;
    const left = +leftValue;
    if (!Number.isSafeInteger(left)) return undefined;
    const x = left | 0;
    const right = this.constant;
    if (!Number.isSafeInteger(right)) return undefined;
    const y = right | 0;
    return x & y;
  }
}

class BAndLL extends Binary {
  private readonly leftRegister: number;
  private readonly rightRegister: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Local,
  ) {
    super(line, BAND, left, right);
    this.leftRegister = left.register;
    this.rightRegister = right.register;
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y: Value = R[base + this.rightRegister];
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      if ((a | 0) === a && (b | 0) === b) return a & b;
      if (a >>> 0 === a) {
        if (Number.isSafeInteger(b)) return (a & b) >>> 0;
      } else if (b >>> 0 === b) {
        if (Number.isSafeInteger(a)) return (a & b) >>> 0;
      } else {
        if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) return and(a, b);
      }
    }

    return operate(R, base, this, BAND, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const leftValue: Value = R[base + this.leftRegister];
    if (typeof leftValue !== "number") return undefined;
    const left = +leftValue;
    if (!Number.isSafeInteger(left)) return undefined;
    const x = left | 0;
    const rightValue: Value = R[base + this.rightRegister];
    if (typeof rightValue !== "number") return undefined;
    const right = +rightValue;
    if (!Number.isSafeInteger(right)) return undefined;
    const y = right | 0;
    return x & y;
  }
}

class BOrEE extends Binary {
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Expression,
  ) {
    super(line, BOR, left, right);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.right.eval(R, base);
    if (y === SUSPENDED) return suspend(this, base, RIGHT, x);
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      if ((a | 0) === a && (b | 0) === b) return a | b;
      if (a >>> 0 === a && b >>> 0 === b) return (a | b) >>> 0;
      if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) return or(a, b);
    }

    return operate(R, base, this, BOR, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const x = this.left.lowBits(R, base);
    if (x === undefined) return undefined;
    const y = this.right.lowBits(R, base);
    if (y === undefined) return undefined;
    return x | y;
  }
}

class BOrEK extends Binary {
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Constant,
  ) {
    super(line, BOR, left, right);
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      if ((a | 0) === a && (y | 0) === y) return a | y;
      if (a >>> 0 === a && y >>> 0 === y) return (a | y) >>> 0;
      if (Number.isSafeInteger(a)) return or(a, y);
    }

    return operate(R, base, this, BOR, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const x = this.left.lowBits(R, base);
    if (x === undefined) return undefined;
    const right = this.constant;
    if (!Number.isSafeInteger(right)) return undefined;
    const y = right | 0;
    return x | y;
  }
}

class BOrEL extends Binary {
  private readonly rightRegister: number;
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Local,
  ) {
    super(line, BOR, left, right);
    this.rightRegister = right.register;
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y: Value = R[base + this.rightRegister];
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      if ((a | 0) === a && (b | 0) === b) return a | b;
      if (a >>> 0 === a && b >>> 0 === b) return (a | b) >>> 0;
      if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) return or(a, b);
    }

    return operate(R, base, this, BOR, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const x = this.left.lowBits(R, base);
    if (x === undefined) return undefined;
    const rightValue: Value = R[base + this.rightRegister];
    if (typeof rightValue !== "number") return undefined;
    const right = +rightValue;
    if (!Number.isSafeInteger(right)) return undefined;
    const y = right | 0;
    return x | y;
  }
}

class BOrLK extends Binary {
  private readonly leftRegister: number;
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Constant,
  ) {
    super(line, BOR, left, right);
    this.leftRegister = left.register;
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      if ((a | 0) === a && (y | 0) === y) return a | y;
      if (a >>> 0 === a && y >>> 0 === y) return (a | y) >>> 0;
      if (Number.isSafeInteger(a)) return or(a, y);
    }

    return operate(R, base, this, BOR, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const leftValue: Value = R[base + this.leftRegister];
    if (typeof leftValue !== "number") return undefined;
    const left = +leftValue;
    if (!Number.isSafeInteger(left)) return undefined;
    const x = left | 0;
    const right = this.constant;
    if (!Number.isSafeInteger(right)) return undefined;
    const y = right | 0;
    return x | y;
  }
}

class BOrLL extends Binary {
  private readonly leftRegister: number;
  private readonly rightRegister: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Local,
  ) {
    super(line, BOR, left, right);
    this.leftRegister = left.register;
    this.rightRegister = right.register;
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y: Value = R[base + this.rightRegister];
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      if ((a | 0) === a && (b | 0) === b) return a | b;
      if (a >>> 0 === a && b >>> 0 === b) return (a | b) >>> 0;
      if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) return or(a, b);
    }

    return operate(R, base, this, BOR, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const leftValue: Value = R[base + this.leftRegister];
    if (typeof leftValue !== "number") return undefined;
    const left = +leftValue;
    if (!Number.isSafeInteger(left)) return undefined;
    const x = left | 0;
    const rightValue: Value = R[base + this.rightRegister];
    if (typeof rightValue !== "number") return undefined;
    const right = +rightValue;
    if (!Number.isSafeInteger(right)) return undefined;
    const y = right | 0;
    return x | y;
  }
}

class BXorEE extends Binary {
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Expression,
  ) {
    super(line, BXOR, left, right);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.right.eval(R, base);
    if (y === SUSPENDED) return suspend(this, base, RIGHT, x);
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      if ((a | 0) === a && (b | 0) === b) return a ^ b;
      if (a >>> 0 === a && b >>> 0 === b) return (a ^ b) >>> 0;
      if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) return xor(a, b);
    }

    return operate(R, base, this, BXOR, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const x = this.left.lowBits(R, base);
    if (x === undefined) return undefined;
    const y = this.right.lowBits(R, base);
    if (y === undefined) return undefined;
    return x ^ y;
  }
}

class BXorEK extends Binary {
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Constant,
  ) {
    super(line, BXOR, left, right);
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      if ((a | 0) === a && (y | 0) === y) return a ^ y;
      if (a >>> 0 === a && y >>> 0 === y) return (a ^ y) >>> 0;
      if (Number.isSafeInteger(a)) return xor(a, y);
    }

    return operate(R, base, this, BXOR, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const x = this.left.lowBits(R, base);
    if (x === undefined) return undefined;
    const right = this.constant;
    if (!Number.isSafeInteger(right)) return undefined;
    const y = right | 0;
    return x ^ y;
  }
}

class BXorEL extends Binary {
  private readonly rightRegister: number;
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Local,
  ) {
    super(line, BXOR, left, right);
    this.rightRegister = right.register;
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y: Value = R[base + this.rightRegister];
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      if ((a | 0) === a && (b | 0) === b) return a ^ b;
      if (a >>> 0 === a && b >>> 0 === b) return (a ^ b) >>> 0;
      if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) return xor(a, b);
    }

    return operate(R, base, this, BXOR, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const x = this.left.lowBits(R, base);
    if (x === undefined) return undefined;
    const rightValue: Value = R[base + this.rightRegister];
    if (typeof rightValue !== "number") return undefined;
    const right = +rightValue;
    if (!Number.isSafeInteger(right)) return undefined;
    const y = right | 0;
    return x ^ y;
  }
}

class BXorLK extends Binary {
  private readonly leftRegister: number;
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Constant,
  ) {
    super(line, BXOR, left, right);
    this.leftRegister = left.register;
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      if ((a | 0) === a && (y | 0) === y) return a ^ y;
      if (a >>> 0 === a && y >>> 0 === y) return (a ^ y) >>> 0;
      if (Number.isSafeInteger(a)) return xor(a, y);
    }

    return operate(R, base, this, BXOR, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const leftValue: Value = R[base + this.leftRegister];
    if (typeof leftValue !== "number") return undefined;
    const left = +leftValue;
    if (!Number.isSafeInteger(left)) return undefined;
    const x = left | 0;
    const right = this.constant;
    if (!Number.isSafeInteger(right)) return undefined;
    const y = right | 0;
    return x ^ y;
  }
}

class BXorLL extends Binary {
  private readonly leftRegister: number;
  private readonly rightRegister: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Local,
  ) {
    super(line, BXOR, left, right);
    this.leftRegister = left.register;
    this.rightRegister = right.register;
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y: Value = R[base + this.rightRegister];
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      if ((a | 0) === a && (b | 0) === b) return a ^ b;
      if (a >>> 0 === a && b >>> 0 === b) return (a ^ b) >>> 0;
      if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) return xor(a, b);
    }

    return operate(R, base, this, BXOR, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const leftValue: Value = R[base + this.leftRegister];
    if (typeof leftValue !== "number") return undefined;
    const left = +leftValue;
    if (!Number.isSafeInteger(left)) return undefined;
    const x = left | 0;
    const rightValue: Value = R[base + this.rightRegister];
    if (typeof rightValue !== "number") return undefined;
    const right = +rightValue;
    if (!Number.isSafeInteger(right)) return undefined;
    const y = right | 0;
    return x ^ y;
  }
}

class ShlEE extends Binary {
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Expression,
  ) {
    super(line, SHL, left, right);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.right.eval(R, base);
    if (y === SUSPENDED) return suspend(this, base, RIGHT, x);
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) return shiftLeft(a, b);
    }

    return operate(R, base, this, SHL, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const x = this.left.lowBits(R, base);
    if (x === undefined) return undefined;
    const y = this.right.lowBits(R, base);
    if (y === undefined) return undefined;
    return y >= 0 && y < 32 ? x << y : undefined;
  }
}

class ShlEK extends Binary {
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Constant,
  ) {
    super(line, SHL, left, right);
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      if (Number.isSafeInteger(a)) return shiftLeft(a, y);
    }

    return operate(R, base, this, SHL, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const x = this.left.lowBits(R, base);
    if (x === undefined) return undefined;
    const right = this.constant;
    if (!Number.isSafeInteger(right)) return undefined;
    const y = right | 0;
    return y >= 0 && y < 32 ? x << y : undefined;
  }
}

class ShlEL extends Binary {
  private readonly rightRegister: number;
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Local,
  ) {
    super(line, SHL, left, right);
    this.rightRegister = right.register;
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y: Value = R[base + this.rightRegister];
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) return shiftLeft(a, b);
    }

    return operate(R, base, this, SHL, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const x = this.left.lowBits(R, base);
    if (x === undefined) return undefined;
    const rightValue: Value = R[base + this.rightRegister];
    if (typeof rightValue !== "number") return undefined;
    const right = +rightValue;
    if (!Number.isSafeInteger(right)) return undefined;
    const y = right | 0;
    return y >= 0 && y < 32 ? x << y : undefined;
  }
}

class ShlLK extends Binary {
  private readonly leftRegister: number;
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Constant,
  ) {
    super(line, SHL, left, right);
    this.leftRegister = left.register;
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      if (Number.isSafeInteger(a)) return shiftLeft(a, y);
    }

    return operate(R, base, this, SHL, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const leftValue: Value = R[base + this.leftRegister];
    if (typeof leftValue !== "number") return undefined;
    const left = +leftValue;
    if (!Number.isSafeInteger(left)) return undefined;
    const x = left | 0;
    const right = this.constant;
    if (!Number.isSafeInteger(right)) return undefined;
    const y = right | 0;
    return y >= 0 && y < 32 ? x << y : undefined;
  }
}

class ShlLL extends Binary {
  private readonly leftRegister: number;
  private readonly rightRegister: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Local,
  ) {
    super(line, SHL, left, right);
    this.leftRegister = left.register;
    this.rightRegister = right.register;
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y: Value = R[base + this.rightRegister];
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) return shiftLeft(a, b);
    }

    return operate(R, base, this, SHL, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const leftValue: Value = R[base + this.leftRegister];
    if (typeof leftValue !== "number") return undefined;
    const left = +leftValue;
    if (!Number.isSafeInteger(left)) return undefined;
    const x = left | 0;
    const rightValue: Value = R[base + this.rightRegister];
    if (typeof rightValue !== "number") return undefined;
    const right = +rightValue;
    if (!Number.isSafeInteger(right)) return undefined;
    const y = right | 0;
    return y >= 0 && y < 32 ? x << y : undefined;
  }
}

class ShrEE extends Binary {
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Expression,
  ) {
    super(line, SHR, left, right);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.right.eval(R, base);
    if (y === SUSPENDED) return suspend(this, base, RIGHT, x);
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      if (a >>> 0 === a && b >= 0 && b < 32 && (b | 0) === b) return a >>> b;
      if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) return shiftRight(a, b);
    }

    return operate(R, base, this, SHR, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const x = this.left.eval(R, base);
    const y = this.right.eval(R, base);
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      if (a >>> 0 === a && b >= 0 && b < 32 && (b | 0) === b) return (a >>> b) | 0;
    }
    return lowOfShift(x, y);
  }
}

class ShrEK extends Binary {
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Constant,
  ) {
    super(line, SHR, left, right);
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      if (a >>> 0 === a && y >= 0 && y < 32 && (y | 0) === y) return a >>> y;
      if (Number.isSafeInteger(a)) return shiftRight(a, y);
    }

    return operate(R, base, this, SHR, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const x = this.left.eval(R, base);
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      if (a >>> 0 === a && y >= 0 && y < 32 && (y | 0) === y) return (a >>> y) | 0;
    }
    return lowOfShift(x, y);
  }
}

class ShrEL extends Binary {
  private readonly rightRegister: number;
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Local,
  ) {
    super(line, SHR, left, right);
    this.rightRegister = right.register;
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y: Value = R[base + this.rightRegister];
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      if (a >>> 0 === a && b >= 0 && b < 32 && (b | 0) === b) return a >>> b;
      if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) return shiftRight(a, b);
    }

    return operate(R, base, this, SHR, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const x = this.left.eval(R, base);
    const y: Value = R[base + this.rightRegister];
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      if (a >>> 0 === a && b >= 0 && b < 32 && (b | 0) === b) return (a >>> b) | 0;
    }
    return lowOfShift(x, y);
  }
}

class ShrLK extends Binary {
  private readonly leftRegister: number;
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Constant,
  ) {
    super(line, SHR, left, right);
    this.leftRegister = left.register;
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      if (a >>> 0 === a && y >= 0 && y < 32 && (y | 0) === y) return a >>> y;
      if (Number.isSafeInteger(a)) return shiftRight(a, y);
    }

    return operate(R, base, this, SHR, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const x: Value = R[base + this.leftRegister];
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      if (a >>> 0 === a && y >= 0 && y < 32 && (y | 0) === y) return (a >>> y) | 0;
    }
    return lowOfShift(x, y);
  }
}

class ShrLL extends Binary {
  private readonly leftRegister: number;
  private readonly rightRegister: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Local,
  ) {
    super(line, SHR, left, right);
    this.leftRegister = left.register;
    this.rightRegister = right.register;
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y: Value = R[base + this.rightRegister];
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      if (a >>> 0 === a && b >= 0 && b < 32 && (b | 0) === b) return a >>> b;
      if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) return shiftRight(a, b);
    }

    return operate(R, base, this, SHR, x, y, this.left, this.right);
  }
  override lowBits(R: Registers, base: number): number | undefined {
    const x: Value = R[base + this.leftRegister];
    const y: Value = R[base + this.rightRegister];
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      if (a >>> 0 === a && b >= 0 && b < 32 && (b | 0) === b) return (a >>> b) | 0;
    }
    return lowOfShift(x, y);
  }
}

class LessEE extends Comparison {
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Expression,
  ) {
    super(line, left, right, false, false);
  }
  override test(R: Registers, base: number): boolean | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.right.eval(R, base);
    if (y === SUSPENDED) return suspend(this, base, RIGHT, x);
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      return a < b;
    }

    return compare(R, base, this, x, y, false);
  }
}

class LessEK extends Comparison {
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Constant,
  ) {
    super(line, left, right, false, false);
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override test(R: Registers, base: number): boolean | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      return a < y;
    }
    if (x instanceof LuaFloat) return x.n < y;
    return compare(R, base, this, x, y, false);
  }
}

class LessEF extends Comparison {
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Constant,
  ) {
    super(line, left, right, false, false);
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override test(R: Registers, base: number): boolean | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      return a < y;
    }
    if (x instanceof LuaFloat) return x.n < y;
    return compare(R, base, this, x, this.right.value, false);
  }
}

class LessEL extends Comparison {
  private readonly rightRegister: number;
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Local,
  ) {
    super(line, left, right, false, false);
    this.rightRegister = right.register;
  }
  override test(R: Registers, base: number): boolean | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y: Value = R[base + this.rightRegister];
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      return a < b;
    }

    return compare(R, base, this, x, y, false);
  }
}

class LessLE extends Comparison {
  private readonly leftRegister: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Expression,
  ) {
    super(line, left, right, false, false);
    this.leftRegister = left.register;
  }
  override test(R: Registers, base: number): boolean | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y = this.right.eval(R, base);
    if (y === SUSPENDED) return suspend(this, base, RIGHT, x);
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      return a < b;
    }

    return compare(R, base, this, x, y, false);
  }
}

class LessLK extends Comparison {
  private readonly leftRegister: number;
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Constant,
  ) {
    super(line, left, right, false, false);
    this.leftRegister = left.register;
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override test(R: Registers, base: number): boolean | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      return a < y;
    }
    if (x instanceof LuaFloat) return x.n < y;
    return compare(R, base, this, x, y, false);
  }
}

class LessLF extends Comparison {
  private readonly leftRegister: number;
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Constant,
  ) {
    super(line, left, right, false, false);
    this.leftRegister = left.register;
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override test(R: Registers, base: number): boolean | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      return a < y;
    }
    if (x instanceof LuaFloat) return x.n < y;
    return compare(R, base, this, x, this.right.value, false);
  }
}

class LessLL extends Comparison {
  private readonly leftRegister: number;
  private readonly rightRegister: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Local,
  ) {
    super(line, left, right, false, false);
    this.leftRegister = left.register;
    this.rightRegister = right.register;
  }
  override test(R: Registers, base: number): boolean | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y: Value = R[base + this.rightRegister];
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      return a < b;
    }

    return compare(R, base, this, x, y, false);
  }
}

class LessEqualEE extends Comparison {
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Expression,
  ) {
    super(line, left, right, false, true);
  }
  override test(R: Registers, base: number): boolean | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.right.eval(R, base);
    if (y === SUSPENDED) return suspend(this, base, RIGHT, x);
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      return a <= b;
    }

    return compare(R, base, this, x, y, true);
  }
}

class LessEqualEK extends Comparison {
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Constant,
  ) {
    super(line, left, right, false, true);
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override test(R: Registers, base: number): boolean | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      return a <= y;
    }
    if (x instanceof LuaFloat) return x.n <= y;
    return compare(R, base, this, x, y, true);
  }
}

class LessEqualEF extends Comparison {
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Constant,
  ) {
    super(line, left, right, false, true);
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override test(R: Registers, base: number): boolean | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      return a <= y;
    }
    if (x instanceof LuaFloat) return x.n <= y;
    return compare(R, base, this, x, this.right.value, true);
  }
}

class LessEqualEL extends Comparison {
  private readonly rightRegister: number;
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Local,
  ) {
    super(line, left, right, false, true);
    this.rightRegister = right.register;
  }
  override test(R: Registers, base: number): boolean | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y: Value = R[base + this.rightRegister];
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      return a <= b;
    }

    return compare(R, base, this, x, y, true);
  }
}

class LessEqualLE extends Comparison {
  private readonly leftRegister: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Expression,
  ) {
    super(line, left, right, false, true);
    this.leftRegister = left.register;
  }
  override test(R: Registers, base: number): boolean | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y = this.right.eval(R, base);
    if (y === SUSPENDED) return suspend(this, base, RIGHT, x);
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      return a <= b;
    }

    return compare(R, base, this, x, y, true);
  }
}

class LessEqualLK extends Comparison {
  private readonly leftRegister: number;
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Constant,
  ) {
    super(line, left, right, false, true);
    this.leftRegister = left.register;
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override test(R: Registers, base: number): boolean | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      return a <= y;
    }
    if (x instanceof LuaFloat) return x.n <= y;
    return compare(R, base, this, x, y, true);
  }
}

class LessEqualLF extends Comparison {
  private readonly leftRegister: number;
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Constant,
  ) {
    super(line, left, right, false, true);
    this.leftRegister = left.register;
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override test(R: Registers, base: number): boolean | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      return a <= y;
    }
    if (x instanceof LuaFloat) return x.n <= y;
    return compare(R, base, this, x, this.right.value, true);
  }
}

class LessEqualLL extends Comparison {
  private readonly leftRegister: number;
  private readonly rightRegister: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Local,
  ) {
    super(line, left, right, false, true);
    this.leftRegister = left.register;
    this.rightRegister = right.register;
  }
  override test(R: Registers, base: number): boolean | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y: Value = R[base + this.rightRegister];
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      return a <= b;
    }

    return compare(R, base, this, x, y, true);
  }
}

class GreaterEE extends Comparison {
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Expression,
  ) {
    super(line, left, right, true, false);
  }
  override test(R: Registers, base: number): boolean | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.right.eval(R, base);
    if (y === SUSPENDED) return suspend(this, base, RIGHT, x);
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      return a > b;
    }

    return compare(R, base, this, y, x, false);
  }
}

class GreaterEK extends Comparison {
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Constant,
  ) {
    super(line, left, right, true, false);
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override test(R: Registers, base: number): boolean | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      return a > y;
    }
    if (x instanceof LuaFloat) return x.n > y;
    return compare(R, base, this, y, x, false);
  }
}

class GreaterEF extends Comparison {
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Constant,
  ) {
    super(line, left, right, true, false);
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override test(R: Registers, base: number): boolean | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      return a > y;
    }
    if (x instanceof LuaFloat) return x.n > y;
    return compare(R, base, this, this.right.value, x, false);
  }
}

class GreaterEL extends Comparison {
  private readonly rightRegister: number;
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Local,
  ) {
    super(line, left, right, true, false);
    this.rightRegister = right.register;
  }
  override test(R: Registers, base: number): boolean | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y: Value = R[base + this.rightRegister];
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      return a > b;
    }

    return compare(R, base, this, y, x, false);
  }
}

class GreaterLE extends Comparison {
  private readonly leftRegister: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Expression,
  ) {
    super(line, left, right, true, false);
    this.leftRegister = left.register;
  }
  override test(R: Registers, base: number): boolean | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y = this.right.eval(R, base);
    if (y === SUSPENDED) return suspend(this, base, RIGHT, x);
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      return a > b;
    }

    return compare(R, base, this, y, x, false);
  }
}

class GreaterLK extends Comparison {
  private readonly leftRegister: number;
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Constant,
  ) {
    super(line, left, right, true, false);
    this.leftRegister = left.register;
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override test(R: Registers, base: number): boolean | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      return a > y;
    }
    if (x instanceof LuaFloat) return x.n > y;
    return compare(R, base, this, y, x, false);
  }
}

class GreaterLF extends Comparison {
  private readonly leftRegister: number;
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Constant,
  ) {
    super(line, left, right, true, false);
    this.leftRegister = left.register;
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override test(R: Registers, base: number): boolean | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      return a > y;
    }
    if (x instanceof LuaFloat) return x.n > y;
    return compare(R, base, this, this.right.value, x, false);
  }
}

class GreaterLL extends Comparison {
  private readonly leftRegister: number;
  private readonly rightRegister: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Local,
  ) {
    super(line, left, right, true, false);
    this.leftRegister = left.register;
    this.rightRegister = right.register;
  }
  override test(R: Registers, base: number): boolean | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y: Value = R[base + this.rightRegister];
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      return a > b;
    }

    return compare(R, base, this, y, x, false);
  }
}

class GreaterEqualEE extends Comparison {
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Expression,
  ) {
    super(line, left, right, true, true);
  }
  override test(R: Registers, base: number): boolean | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.right.eval(R, base);
    if (y === SUSPENDED) return suspend(this, base, RIGHT, x);
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      return a >= b;
    }

    return compare(R, base, this, y, x, true);
  }
}

class GreaterEqualEK extends Comparison {
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Constant,
  ) {
    super(line, left, right, true, true);
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override test(R: Registers, base: number): boolean | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      return a >= y;
    }
    if (x instanceof LuaFloat) return x.n >= y;
    return compare(R, base, this, y, x, true);
  }
}

class GreaterEqualEF extends Comparison {
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Constant,
  ) {
    super(line, left, right, true, true);
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override test(R: Registers, base: number): boolean | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      return a >= y;
    }
    if (x instanceof LuaFloat) return x.n >= y;
    return compare(R, base, this, this.right.value, x, true);
  }
}

class GreaterEqualEL extends Comparison {
  private readonly rightRegister: number;
  constructor(
    line: number,
    override readonly left: Expression,
    override readonly right: Local,
  ) {
    super(line, left, right, true, true);
    this.rightRegister = right.register;
  }
  override test(R: Registers, base: number): boolean | Suspended {
    const x = this.left.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, LEFT);
    const y: Value = R[base + this.rightRegister];
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      return a >= b;
    }

    return compare(R, base, this, y, x, true);
  }
}

class GreaterEqualLE extends Comparison {
  private readonly leftRegister: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Expression,
  ) {
    super(line, left, right, true, true);
    this.leftRegister = left.register;
  }
  override test(R: Registers, base: number): boolean | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y = this.right.eval(R, base);
    if (y === SUSPENDED) return suspend(this, base, RIGHT, x);
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      return a >= b;
    }

    return compare(R, base, this, y, x, true);
  }
}

class GreaterEqualLK extends Comparison {
  private readonly leftRegister: number;
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Constant,
  ) {
    super(line, left, right, true, true);
    this.leftRegister = left.register;
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override test(R: Registers, base: number): boolean | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      return a >= y;
    }
    if (x instanceof LuaFloat) return x.n >= y;
    return compare(R, base, this, y, x, true);
  }
}

class GreaterEqualLF extends Comparison {
  private readonly leftRegister: number;
  private readonly constant: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Constant,
  ) {
    super(line, left, right, true, true);
    this.leftRegister = left.register;
    this.constant = right.value instanceof LuaFloat ? right.value.n : (right.value as number);
  }
  override test(R: Registers, base: number): boolean | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y = this.constant;
    if (typeof x === "number") {
      const a = +x;
      return a >= y;
    }
    if (x instanceof LuaFloat) return x.n >= y;
    return compare(R, base, this, this.right.value, x, true);
  }
}

class GreaterEqualLL extends Comparison {
  private readonly leftRegister: number;
  private readonly rightRegister: number;
  constructor(
    line: number,
    override readonly left: Local,
    override readonly right: Local,
  ) {
    super(line, left, right, true, true);
    this.leftRegister = left.register;
    this.rightRegister = right.register;
  }
  override test(R: Registers, base: number): boolean | Suspended {
    const x: Value = R[base + this.leftRegister];
    const y: Value = R[base + this.rightRegister];
    if (typeof x === "number" && typeof y === "number") {
      const a = +x;
      const b = +y;
      return a >= b;
    }

    return compare(R, base, this, y, x, true);
  }
}

/** The classes by operator and operand kinds: E any expression, L a local, K a constant integer, F a constant float. */
export const ARITHMETIC = {
  Add: { EE: AddEE, EK: AddEK, EF: AddEF, EL: AddEL, LE: AddLE, LK: AddLK, LF: AddLF, LL: AddLL, KE: AddKE, FE: AddFE },
  Sub: { EE: SubEE, EK: SubEK, EF: SubEF, EL: SubEL, LE: SubLE, LK: SubLK, LF: SubLF, LL: SubLL, KE: SubKE, FE: SubFE },
  Mul: { EE: MulEE, EK: MulEK, EF: MulEF, EL: MulEL, LE: MulLE, LK: MulLK, LF: MulLF, LL: MulLL, KE: MulKE, FE: MulFE },
  Div: { EE: DivEE, EK: DivEK, EF: DivEF, EL: DivEL, LE: DivLE, LK: DivLK, LF: DivLF, LL: DivLL, KE: DivKE, FE: DivFE },
  Mod: { EE: ModEE, EK: ModEK, EF: ModEF, EL: ModEL, LE: ModLE, LK: ModLK, LL: ModLL },
  IDiv: { EE: IDivEE, EK: IDivEK, EL: IDivEL, LE: IDivLE, LK: IDivLK, LL: IDivLL },
  Pow: { EE: PowEE },
  BAnd: { EE: BAndEE, EK: BAndEK, EL: BAndEL, LK: BAndLK, LL: BAndLL },
  BOr: { EE: BOrEE, EK: BOrEK, EL: BOrEL, LK: BOrLK, LL: BOrLL },
  BXor: { EE: BXorEE, EK: BXorEK, EL: BXorEL, LK: BXorLK, LL: BXorLL },
  Shl: { EE: ShlEE, EK: ShlEK, EL: ShlEL, LK: ShlLK, LL: ShlLL },
  Shr: { EE: ShrEE, EK: ShrEK, EL: ShrEL, LK: ShrLK, LL: ShrLL },
} as const;

export const COMPARISONS = {
  Less: { EE: LessEE, EK: LessEK, EF: LessEF, EL: LessEL, LE: LessLE, LK: LessLK, LF: LessLF, LL: LessLL },
  LessEqual: {
    EE: LessEqualEE,
    EK: LessEqualEK,
    EF: LessEqualEF,
    EL: LessEqualEL,
    LE: LessEqualLE,
    LK: LessEqualLK,
    LF: LessEqualLF,
    LL: LessEqualLL,
  },
  Greater: {
    EE: GreaterEE,
    EK: GreaterEK,
    EF: GreaterEF,
    EL: GreaterEL,
    LE: GreaterLE,
    LK: GreaterLK,
    LF: GreaterLF,
    LL: GreaterLL,
  },
  GreaterEqual: {
    EE: GreaterEqualEE,
    EK: GreaterEqualEK,
    EF: GreaterEqualEF,
    EL: GreaterEqualEL,
    LE: GreaterEqualLE,
    LK: GreaterEqualLK,
    LF: GreaterEqualLF,
    LL: GreaterEqualLL,
  },
} as const;
