/** Reading variables and table fields (manual §3.2). Locals live in registers, captured ones in cells. */
import { index, META_VALUE } from "../access.ts";
import { leaveMetamethod } from "../call.ts";
import type { Cell, LuaFunction } from "../function.ts";
import { Event, eventOf } from "../metatable.ts";
import { low } from "../operators.ts";
import { type Registers, state } from "../state.ts";
import { LuaTable, type Shape } from "../table.ts";
import { upToZero } from "../text.ts";
import { first, type Results, SUSPENDED, type Suspended, type Value } from "../value.ts";
import { Expression, SiteExpression, suspend } from "./node.ts";

export class Local extends Expression {
  constructor(
    readonly register: number,
    readonly name: string,
  ) {
    super();
  }
  override eval(R: Registers, base: number): Value {
    return R[base + this.register];
  }
  override test(R: Registers, base: number): boolean {
    const value = R[base + this.register];
    return value !== undefined && value !== false;
  }
  override get isPure(): boolean {
    return true;
  }
  override lowBits(R: Registers, base: number): number | undefined {
    return low(this.eval(R, base));
  }
  override describe(): string {
    return ` (local '${this.name}')`;
  }
}

/**
 * The register of an operand that is a local, so that its user reads it in place; 0 for any other expression, which is
 * to be evaluated. It saves a call that the engine cannot inline where it has seen many kinds of operands.
 */
export function registerOf(operand: Expression | undefined): number {
  return operand instanceof Local ? operand.register : 0;
}

/** A local that some closure shares and some assignment changes. */
export class LocalCell extends Expression {
  constructor(
    readonly register: number,
    readonly name: string,
  ) {
    super();
  }
  override eval(R: Registers, base: number): Value {
    return (R[base + this.register] as Cell).value;
  }
  override get isPure(): boolean {
    return true;
  }
  override lowBits(R: Registers, base: number): number | undefined {
    return low(this.eval(R, base));
  }
  override describe(): string {
    return ` (local '${this.name}')`;
  }
}

export class UpvalueCell extends Expression {
  constructor(
    readonly index: number,
    readonly name: string,
  ) {
    super();
  }
  override eval(R: Registers, base: number): Value {
    return ((R[base] as LuaFunction).upvalues[this.index] as Cell).value;
  }
  override get isPure(): boolean {
    return true;
  }
  override lowBits(R: Registers, base: number): number | undefined {
    return low(this.eval(R, base));
  }
  override describe(): string {
    return ` (upvalue '${this.name}')`;
  }
}

/** An upvalue that nobody reassigns: the closure holds a copy. */
export class UpvalueCopy extends Expression {
  constructor(
    readonly index: number,
    readonly name: string,
  ) {
    super();
  }
  override eval(R: Registers, base: number): Value {
    return (R[base] as LuaFunction).upvalues[this.index] as Value;
  }
  override get isPure(): boolean {
    return true;
  }
  override lowBits(R: Registers, base: number): number | undefined {
    return low(this.eval(R, base));
  }
  override describe(): string {
    return ` (upvalue '${this.name}')`;
  }
}

/** `_ENV`, where the program has not declared one of its own. */
export class EnvironmentVariable extends Expression {
  constructor(readonly environment: Cell) {
    super();
  }
  override eval(): Value {
    return this.environment.value;
  }
  override describe(): string {
    return " (upvalue '_ENV')";
  }
}

const OBJECT = 0;
const KEY = 1;

/** A global variable: a field of the chunk's `_ENV`, which no function of the chunk shadows. */
export class Global extends SiteExpression {
  private shape: Shape | undefined = undefined;
  private slot = 0;
  constructor(
    line: number,
    readonly environment: Cell,
    readonly name: string,
  ) {
    super(line);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const env = this.environment.value;
    if (env instanceof LuaTable) {
      const shape = env.shape;
      if (shape === this.shape) {
        const value = env.vals[this.slot];
        if (value !== undefined) return value;
      } else {
        const slot = shape.slots.get(this.name);
        if (slot !== undefined) {
          this.shape = shape;
          this.slot = slot;
          const value = env.vals[slot];
          if (value !== undefined) return value;
        }
      }
      if (env.metatable === undefined) return undefined;
    }
    return index(R, base, this, env, this.name, ENVIRONMENT);
  }
  override resume(_R: Registers, _base: number, _stage: number, _saved: unknown, value: unknown): unknown {
    leaveMetamethod();
    return first(value as Results);
  }
  override describe(): string {
    return ` (global '${this.name}')`;
  }
  override calleeName(): string {
    return "metamethod 'index'";
  }
}

const ENVIRONMENT = { describe: () => " (upvalue '_ENV')" };

/** `object.name` and `object["name"]`. */
export class Field extends SiteExpression {
  /** The shape of the last table seen here, and the slot of the name in it: 0 when it has no such key. */
  protected shape: Shape | undefined = undefined;
  protected slot = 0;
  /** The same for the table that its metatable's `__index` led to. */
  private classShape: Shape | undefined = undefined;
  private classSlot = 0;

  constructor(
    line: number,
    readonly object: Expression,
    readonly name: string,
    /** Whether the object is an `_ENV` that the program declared, so that messages call this a global. */
    readonly isGlobal = false,
  ) {
    super(line);
  }

  override eval(R: Registers, base: number): Value | Suspended {
    const object = this.object.eval(R, base);
    if (object === SUSPENDED) return suspend(this, base, OBJECT);
    return this.get(R, base, object);
  }

  /** The field of a given object. */
  get(R: Registers, base: number, object: Value): Value | Suspended {
    if (object instanceof LuaTable) {
      const shape = object.shape;
      if (shape === this.shape) {
        const value = object.vals[this.slot];
        if (value !== undefined) return value;
        if (object.metatable === undefined) return undefined;
        return this.inherited(R, base, object, object.metatable);
      }
      return this.learn(R, base, object, shape);
    }
    if (typeof object === "string") {
      const metatable = state.vm.stringMetatable;
      if (metatable !== undefined) return this.inherited(R, base, object, metatable);
    }
    return index(R, base, this, object, this.name, this.object);
  }

  private learn(R: Registers, base: number, object: LuaTable, shape: Shape): Value | Suspended {
    const slot = shape.slots.get(this.name);
    if (slot !== undefined) {
      this.shape = shape;
      this.slot = slot;
      const value = object.vals[slot];
      if (value !== undefined) return value;
    } else if (shape.shared) {
      this.shape = shape; // a shared shape never gets the key later
      this.slot = 0;
    }
    if (object.metatable === undefined) return undefined;
    return this.inherited(R, base, object, object.metatable);
  }

  /** The field by way of `__index`, when that is a table that has it. */
  private inherited(R: Registers, base: number, object: LuaTable | string, metatable: LuaTable): Value | Suspended {
    const parent = eventOf(metatable, Event.Index);
    if (parent === undefined && typeof object !== "string") return undefined;
    if (parent instanceof LuaTable) {
      const shape = parent.shape;
      if (shape === this.classShape) {
        const value = parent.vals[this.classSlot];
        if (value !== undefined) return value;
      } else {
        const slot = shape.slots.get(this.name);
        if (slot !== undefined) {
          this.classShape = shape;
          this.classSlot = slot;
          const value = parent.vals[slot];
          if (value !== undefined) return value;
        }
      }
    }
    return index(R, base, this, object, this.name, this.object);
  }

  override resume(R: Registers, base: number, stage: number, _saved: unknown, value: unknown): unknown {
    if (stage === META_VALUE) {
      leaveMetamethod();
      return first(value as Results);
    }
    return this.get(R, base, value as Value);
  }
  override describe(): string {
    return this.isGlobal ? ` (global '${this.name}')` : ` (field '${upToZero(this.name)}')`;
  }
  override calleeName(): string {
    return "metamethod 'index'";
  }
}

/** `local.name`: the object is read in place. */
export class FieldOfLocal extends Field {
  private readonly register: number;
  constructor(line: number, object: Local, name: string) {
    super(line, object, name);
    this.register = object.register;
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const object: Value = R[base + this.register];
    if (object instanceof LuaTable && object.shape === this.shape) {
      const value = object.vals[this.slot];
      if (value !== undefined) return value;
    }
    return this.get(R, base, object);
  }
}

/** `object[key]`. In the fast paths `+key` tells the engine that a key is a number; see scripts/generate-operators.ts. */
export class Index extends SiteExpression {
  protected readonly keyRegister: number;
  constructor(
    line: number,
    readonly object: Expression,
    readonly key: Expression,
    /** How messages call the key when it is a constant: `integer index`; otherwise `?`. */
    readonly keyName: string,
  ) {
    super(line);
    this.keyRegister = registerOf(key);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const object = this.object.eval(R, base);
    if (object === SUSPENDED) return suspend(this, base, OBJECT);
    const key = this.keyRegister > 0 ? (R[base + this.keyRegister] as Value) : this.key.eval(R, base);
    if (key === SUSPENDED) return suspend(this, base, KEY, object);
    if (object instanceof LuaTable) {
      if (typeof key === "number") {
        const array = object.array;
        const n = +key;
        const i = n | 0;
        if (i === n && i > 0 && i < array.length) {
          const value = array[i];
          if (value !== undefined) return value;
        }
      }
      const value = object.get(key);
      if (value !== undefined || object.metatable === undefined) return value;
    }
    return index(R, base, this, object, key, this.object);
  }
  override resume(R: Registers, base: number, stage: number, saved: unknown, value: unknown): unknown {
    if (stage === META_VALUE) {
      leaveMetamethod();
      return first(value as Results);
    }
    let object = saved as Value;
    let key = value as Value | Suspended;
    if (stage === OBJECT) {
      object = value as Value;
      key = this.key.eval(R, base);
      if (key === SUSPENDED) return suspend(this, base, KEY, object);
    }
    return index(R, base, this, object, key as Value, this.object);
  }
  override describe(): string {
    return ` (field '${this.keyName}')`;
  }
  override calleeName(): string {
    return "metamethod 'index'";
  }
}

/** `locals[locals]`, the commonest indexing by far in loops. */
export class IndexLocals extends Index {
  private readonly objectRegister: number;
  constructor(line: number, object: Local, key: Local) {
    super(line, object, key, "?");
    this.objectRegister = object.register;
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const object: Value = R[base + this.objectRegister];
    const key: Value = R[base + this.keyRegister];
    if (object instanceof LuaTable) {
      if (typeof key === "number") {
        const array = object.array;
        const n = +key;
        const i = n | 0;
        if (i === n && i > 0 && i < array.length) {
          const value = array[i];
          if (value !== undefined) return value;
        }
      }
      const value = object.get(key);
      if (value !== undefined || object.metatable === undefined) return value;
    }
    return index(R, base, this, object, key, this.object);
  }
}

/** `local[key]`: the object is read in place. */
export class IndexOfLocal extends Index {
  private readonly register: number;
  constructor(line: number, object: Local, key: Expression, keyName: string) {
    super(line, object, key, keyName);
    this.register = object.register;
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const key = this.key.eval(R, base);
    const object: Value = R[base + this.register];
    if (key === SUSPENDED) return suspend(this, base, KEY, object);
    if (object instanceof LuaTable) {
      if (typeof key === "number") {
        const array = object.array;
        const n = +key;
        const i = n | 0;
        if (i === n && i > 0 && i < array.length) {
          const value = array[i];
          if (value !== undefined) return value;
        }
      }
      const value = object.get(key);
      if (value !== undefined || object.metatable === undefined) return value;
    }
    return index(R, base, this, object, key, this.object);
  }
}
