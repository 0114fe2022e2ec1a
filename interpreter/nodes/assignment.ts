/** Assignments (manual §3.3.3). */
import { META_DONE, setIndex } from "../access.ts";
import { leaveMetamethod } from "../call.ts";
import type { Cell, LuaFunction } from "../function.ts";
import { charge } from "../memory.ts";
import { Event, eventOf } from "../metatable.ts";
import type { Registers } from "../state.ts";
import { LuaTable, type Shape } from "../table.ts";
import { type Results, SUSPENDED, type Suspended, type Value } from "../value.ts";
import { type Completion, type Expression, evalOf, SiteStatement, Statement, suspend } from "./node.ts";
import { IndexLocals, type Local, registerOf } from "./variable.ts";

const VALUE = 0;
const OBJECT = 1;
const KEY = 2;

/** `local = value`; also the declaration of a local that no closure shares. */
export class SetLocal extends Statement {
  private readonly valueRegister: number;
  private readonly evaluate: Expression["eval"];
  constructor(
    readonly register: number,
    readonly value: Expression,
  ) {
    super();
    this.valueRegister = registerOf(value);
    this.evaluate = evalOf(value);
  }
  override exec(R: Registers, base: number): Completion {
    if (this.valueRegister > 0) {
      R[base + this.register] = R[base + this.valueRegister];
      return undefined;
    }
    const value = this.evaluate.call(this.value, R, base);
    if (value === SUSPENDED) return suspend(this, base, VALUE);
    R[base + this.register] = value;
    return undefined;
  }
  override resume(R: Registers, base: number, _stage: number, _saved: unknown, value: unknown): unknown {
    R[base + this.register] = value;
    return undefined;
  }
}

/** `local = value` for a local in a cell. */
export class SetLocalCell extends Statement {
  constructor(
    readonly register: number,
    readonly value: Expression,
  ) {
    super();
  }
  override exec(R: Registers, base: number): Completion {
    const value = this.value.eval(R, base);
    if (value === SUSPENDED) return suspend(this, base, VALUE);
    (R[base + this.register] as Cell).value = value;
    return undefined;
  }
  override resume(R: Registers, base: number, _stage: number, _saved: unknown, value: unknown): unknown {
    (R[base + this.register] as Cell).value = value as Value;
    return undefined;
  }
}

export class SetUpvalue extends Statement {
  constructor(
    readonly index: number,
    readonly value: Expression,
  ) {
    super();
  }
  override exec(R: Registers, base: number): Completion {
    const value = this.value.eval(R, base);
    if (value === SUSPENDED) return suspend(this, base, VALUE);
    ((R[base] as LuaFunction).upvalues[this.index] as Cell).value = value;
    return undefined;
  }
  override resume(R: Registers, base: number, _stage: number, _saved: unknown, value: unknown): unknown {
    ((R[base] as LuaFunction).upvalues[this.index] as Cell).value = value as Value;
    return undefined;
  }
}

/** `_ENV = value` */
export class SetCell extends Statement {
  constructor(
    readonly cell: Cell,
    readonly value: Expression,
  ) {
    super();
  }
  override exec(R: Registers, base: number): Completion {
    const value = this.value.eval(R, base);
    if (value === SUSPENDED) return suspend(this, base, VALUE);
    this.cell.value = value;
    return undefined;
  }
  override resume(_R: Registers, _base: number, _stage: number, _saved: unknown, value: unknown): unknown {
    this.cell.value = value as Value;
    return undefined;
  }
}

/** `global = value`: a field of the chunk's `_ENV`. */
export class SetGlobal extends SiteStatement {
  private shape: Shape | undefined = undefined;
  private slot = 0;
  constructor(
    line: number,
    readonly environment: Cell,
    readonly name: string,
    readonly value: Expression,
  ) {
    super(line);
  }
  override exec(R: Registers, base: number): Completion {
    const value = this.value.eval(R, base);
    if (value === SUSPENDED) return suspend(this, base, VALUE);
    return this.assign(R, base, value);
  }
  private assign(R: Registers, base: number, value: Value): Completion {
    const env = this.environment.value;
    if (env instanceof LuaTable && env.events === undefined) {
      if (env.shape === this.shape && env.vals[this.slot] !== undefined) {
        env.vals[this.slot] = value;
        return undefined;
      }
      if (env.metatable === undefined) {
        env.setConstant(this.name, value);
        this.shape = env.shape;
        this.slot = env.shape.slots.get(this.name) ?? 0;
        return undefined;
      }
    }
    return setIndex(R, base, this, env, this.name, value, ENVIRONMENT);
  }
  override resume(R: Registers, base: number, stage: number, _saved: unknown, value: unknown): unknown {
    if (stage === META_DONE) return leaveMetamethod();
    return this.assign(R, base, value as Value);
  }
  override calleeName(): string {
    return "metamethod 'newindex'";
  }
}

const ENVIRONMENT = { describe: () => " (upvalue '_ENV')" };

/** Whether a store of an absent key goes into the table itself. */
function takesNewKeys(table: LuaTable): boolean {
  const { metatable } = table;
  return metatable === undefined || eventOf(metatable, Event.NewIndex) === undefined;
}

/** `object.name = value` */
export class SetField extends SiteStatement {
  protected shape: Shape | undefined = undefined;
  protected slot = 0;
  /** What the shape becomes when the key is added to it. */
  private next: Shape | undefined = undefined;
  protected readonly valueRegister: number;
  constructor(
    line: number,
    readonly object: Expression,
    readonly name: string,
    readonly value: Expression,
  ) {
    super(line);
    this.valueRegister = registerOf(value);
  }
  override exec(R: Registers, base: number): Completion {
    const object = this.object.eval(R, base);
    if (object === SUSPENDED) return suspend(this, base, OBJECT);
    const value = this.valueRegister > 0 ? (R[base + this.valueRegister] as Value) : this.value.eval(R, base);
    if (value === SUSPENDED) return suspend(this, base, VALUE, object);
    return this.assign(R, base, object, value);
  }
  protected assign(R: Registers, base: number, object: Value, value: Value): Completion {
    if (object instanceof LuaTable) {
      if (object.shape === this.shape && object.events === undefined) {
        const slot = this.slot;
        const vals = object.vals;
        if (slot !== 0) {
          if (vals[slot] !== undefined || takesNewKeys(object)) {
            vals[slot] = value;
            return undefined;
          }
        } else if (value !== undefined && this.next !== undefined && takesNewKeys(object)) {
          if (vals.length > 1) vals.push(value);
          else object.vals = [undefined, value];
          object.shape = this.next;
          charge(24);
          return undefined;
        }
      }
      if (takesNewKeys(object)) {
        this.store(object, value);
        return undefined;
      }
    }
    return setIndex(R, base, this, object, this.name, value, this.object, true);
  }
  /** Stores into a table without `__newindex`, and learns its shape. */
  private store(object: LuaTable, value: Value): void {
    const before = object.shape;
    object.setConstant(this.name, value);
    const after = object.shape;
    if (before === after) {
      const slot = after.slots.get(this.name);
      if (slot === undefined) return;
      this.shape = after;
      this.slot = slot;
      this.next = undefined;
    } else if (before.shared && after.shared) {
      this.shape = before;
      this.slot = 0;
      this.next = after;
    }
  }
  override resume(R: Registers, base: number, stage: number, saved: unknown, value: unknown): unknown {
    if (stage === META_DONE) return leaveMetamethod();
    let object = saved as Value;
    let stored = value as Value | Suspended;
    if (stage === OBJECT) {
      object = value as Value;
      stored = this.value.eval(R, base);
      if (stored === SUSPENDED) return suspend(this, base, VALUE, object);
    }
    return setIndex(R, base, this, object, this.name, stored as Value, this.object, true);
  }
  override calleeName(): string {
    return "metamethod 'newindex'";
  }
}

/** `local.name = value`: the object is read in place, after the value, which cannot change the local. */
export class SetFieldOfLocal extends SetField {
  private readonly register: number;
  constructor(line: number, object: Local, name: string, value: Expression) {
    super(line, object, name, value);
    this.register = object.register;
  }
  override exec(R: Registers, base: number): Completion {
    const value = this.valueRegister > 0 ? (R[base + this.valueRegister] as Value) : this.value.eval(R, base);
    const object: Value = R[base + this.register];
    if (value === SUSPENDED) return suspend(this, base, VALUE, object);
    if (object instanceof LuaTable && object.shape === this.shape && object.events === undefined) {
      const slot = this.slot;
      const vals = object.vals;
      if (slot !== 0 && vals[slot] !== undefined) {
        vals[slot] = value;
        return undefined;
      }
    }
    return this.assign(R, base, object, value);
  }
}

/** `object[key] = value` */
export class SetIndex extends SiteStatement {
  protected readonly objectRegister: number;
  protected readonly keyRegister: number;
  protected readonly valueRegister: number;
  constructor(
    line: number,
    readonly object: Expression,
    readonly key: Expression,
    readonly value: Expression,
  ) {
    super(line);
    this.objectRegister = registerOf(object);
    this.keyRegister = registerOf(key);
    this.valueRegister = registerOf(value);
  }
  override exec(R: Registers, base: number): Completion {
    const object = this.objectRegister > 0 ? (R[base + this.objectRegister] as Value) : this.object.eval(R, base);
    if (object === SUSPENDED) return suspend(this, base, OBJECT);
    const key = this.keyRegister > 0 ? (R[base + this.keyRegister] as Value) : this.key.eval(R, base);
    if (key === SUSPENDED) return suspend(this, base, KEY, [object]);
    const value = this.valueRegister > 0 ? (R[base + this.valueRegister] as Value) : this.value.eval(R, base);
    if (value === SUSPENDED) return suspend(this, base, VALUE, [object, key]);
    if (object instanceof LuaTable) {
      if (typeof key === "number") {
        const array = object.array;
        const n = +key;
        const i = n | 0;
        if (i === n && i > 0) {
          if (i < array.length) {
            if (value !== undefined && (array[i] !== undefined || object.metatable === undefined)) {
              array[i] = value;
              return undefined;
            }
          } else if (i === array.length && object.metatable === undefined) {
            object.append(value);
            return undefined;
          }
        }
      }
      if (object.metatable === undefined && key !== undefined && key === key) {
        object.set(key, value);
        return undefined;
      }
    }
    return setIndex(R, base, this, object, key, value, this.object);
  }
  override resume(R: Registers, base: number, stage: number, saved: unknown, value: unknown): unknown {
    if (stage === META_DONE) return leaveMetamethod();
    if (stage === VALUE) {
      const [object, key] = saved as [Value, Value];
      return setIndex(R, base, this, object, key, value as Value, this.object);
    }
    let object: Value;
    let key: Value | Suspended;
    if (stage === OBJECT) {
      object = value as Value;
      key = this.key.eval(R, base);
      if (key === SUSPENDED) return suspend(this, base, KEY, [object]);
    } else {
      object = (saved as [Value])[0];
      key = value as Value;
    }
    const stored = this.value.eval(R, base);
    if (stored === SUSPENDED) return suspend(this, base, VALUE, [object, key]);
    return setIndex(R, base, this, object, key, stored, this.object);
  }
  override calleeName(): string {
    return "metamethod 'newindex'";
  }
}

/** `local[local] = value`: object and key are read in place. */
export class SetIndexOfLocals extends SetIndex {
  constructor(line: number, object: Local, key: Local, value: Expression) {
    super(line, object, key, value);
  }
  override exec(R: Registers, base: number): Completion {
    const value = this.valueRegister > 0 ? (R[base + this.valueRegister] as Value) : this.value.eval(R, base);
    const object: Value = R[base + this.objectRegister];
    const key: Value = R[base + this.keyRegister];
    if (value === SUSPENDED) return suspend(this, base, VALUE, [object, key]);
    if (object instanceof LuaTable && typeof key === "number" && value !== undefined) {
      const array = object.array;
      const n = +key;
      const i = n | 0;
      if (i === n && i > 0) {
        if (i < array.length) {
          if (array[i] !== undefined) {
            array[i] = value;
            return undefined;
          }
        } else if (i === array.length && object.metatable === undefined) {
          object.append(value);
          return undefined;
        }
      }
    }
    if (object instanceof LuaTable && object.metatable === undefined && key !== undefined && key === key) {
      object.set(key, value);
      return undefined;
    }
    return setIndex(R, base, this, object, key, value, this.object);
  }
}

/** `local = local + constant`, with an integer constant: the step of most loops written by hand. */
export class StepLocal extends SetLocal {
  constructor(
    register: number,
    /** The addition in general. */
    value: Expression,
    readonly step: number,
  ) {
    super(register, value);
  }
  override exec(R: Registers, base: number): Completion {
    const at = base + this.register;
    const value: Value = R[at];
    if (typeof value === "number") {
      const n = +value;
      const sum = n + this.step;
      if (Number.isSafeInteger(n) && Number.isSafeInteger(sum)) {
        R[at] = sum;
        return undefined;
      }
    }
    return super.exec(R, base);
  }
}

/** The left side of a multiple assignment. */
export type Target =
  | { kind: "local" | "cell"; register: number }
  | { kind: "upvalue"; index: number }
  | { kind: "global"; environment: Cell; name: string }
  | { kind: "environment"; environment: Cell }
  | { kind: "index"; object: Expression; key: Expression /** The key is a string constant. */; constant: boolean };

const PLACE = 100;
const LAST_VALUE = 3;
const STORE = 200;

/**
 * `a, b[i] = x, y`: places first, then values, then the stores from right to left, as the reference does. Places and
 * values wait in registers of their own; the stage of a suspension tells how far it got.
 */
export class MultipleAssignment extends SiteStatement {
  /** Objects and keys to be evaluated, in order. */
  private readonly places: Expression[] = [];
  /** Whether the last value is a call or `...` that must fill several targets. */
  private readonly spread: boolean;
  constructor(
    line: number,
    readonly targets: readonly Target[],
    readonly values: readonly Expression[],
    /** First of the registers for places and values. */
    readonly temporaries: number,
  ) {
    super(line);
    for (const target of targets) if (target.kind === "index") this.places.push(target.object, target.key);
    this.spread = values[values.length - 1]!.isMulti && values.length < targets.length;
  }
  override exec(R: Registers, base: number): Completion {
    return this.placesFrom(R, base, 0);
  }
  private placesFrom(R: Registers, base: number, from: number): Completion {
    const { places } = this;
    const at = base + this.temporaries;
    for (let i = from; i < places.length; i++) {
      const value = places[i]!.eval(R, base);
      if (value === SUSPENDED) return suspend(this, base, PLACE + i);
      R[at + i] = value;
    }
    return this.valuesFrom(R, base, 0);
  }
  private valuesFrom(R: Registers, base: number, from: number): Completion {
    const { values, targets } = this;
    const at = base + this.temporaries + this.places.length;
    const single = this.spread ? values.length - 1 : values.length;
    for (let i = from; i < single; i++) {
      const value = values[i]!.eval(R, base);
      if (value === SUSPENDED) return suspend(this, base, VALUE, i);
      R[at + i] = value;
    }
    if (this.spread) {
      const more = values[single]!.evalMulti(R, base);
      if (more === SUSPENDED) return suspend(this, base, LAST_VALUE);
      this.fill(R, at, more);
    } else for (let i = single; i < targets.length; i++) R[at + i] = undefined;
    return this.storeFrom(R, base, targets.length - 1);
  }
  /** Puts the results of the last value into the registers of the targets that are left. */
  private fill(R: Registers, at: number, more: Results): void {
    const first = this.values.length - 1;
    for (let i = first; i < this.targets.length; i++) {
      R[at + i] = Array.isArray(more) ? more[i - first] : i === first ? more : undefined;
    }
  }
  protected storeFrom(R: Registers, base: number, from: number): Completion {
    const { targets } = this;
    let place = base + this.temporaries + this.places.length;
    const at = place;
    for (let i = targets.length - 1; i > from; i--) if (targets[i]!.kind === "index") place -= 2;
    for (let i = from; i >= 0; i--) {
      const target = targets[i]!;
      const value: Value = R[at + i];
      switch (target.kind) {
        case "local":
          R[base + target.register] = value;
          break;
        case "cell":
          (R[base + target.register] as Cell).value = value;
          break;
        case "upvalue":
          ((R[base] as LuaFunction).upvalues[target.index] as Cell).value = value;
          break;
        case "environment":
          target.environment.value = value;
          break;
        case "global":
          if (setIndex(R, base, this, target.environment.value, target.name, value, ENVIRONMENT) === SUSPENDED) {
            return suspend(this, base, STORE + i);
          }
          break;
        case "index": {
          place -= 2;
          const object: Value = R[place];
          const key: Value = R[place + 1];
          if (object instanceof LuaTable && takesNewKeys(object) && key !== undefined && key === key) {
            if (
              typeof key === "number" &&
              key > 0 &&
              key < object.array.length &&
              (key | 0) === key &&
              value !== undefined
            ) {
              object.array[key] = value;
            } else if (target.constant) object.setConstant(key as string, value);
            else object.set(key, value);
          } else if (setIndex(R, base, this, object, key, value, target.object) === SUSPENDED) {
            return suspend(this, base, STORE + i);
          }
        }
      }
    }
    return undefined;
  }
  override resume(R: Registers, base: number, stage: number, saved: unknown, value: unknown): unknown {
    if (stage === META_DONE) return leaveMetamethod();
    const at = base + this.temporaries;
    if (stage >= STORE) return this.storeFrom(R, base, stage - STORE - 1);
    if (stage >= PLACE) {
      R[at + stage - PLACE] = value;
      return this.placesFrom(R, base, stage - PLACE + 1);
    }
    if (stage === LAST_VALUE) {
      this.fill(R, at + this.places.length, value as Results);
      return this.storeFrom(R, base, this.targets.length - 1);
    }
    const i = saved as number;
    R[at + this.places.length + i] = value;
    return this.valuesFrom(R, base, i + 1);
  }
  override calleeName(): string {
    return "metamethod 'newindex'";
  }
}

/** `a, b, … = x, y, …` for locals in registers and as many values: nothing can interfere with the stores. */
export class LocalAssignments extends MultipleAssignment {
  private readonly registers: readonly number[];
  constructor(line: number, targets: readonly Target[], values: readonly Expression[], temporaries: number) {
    super(line, targets, values, temporaries);
    this.registers = (targets as LocalTarget[]).map((target) => target.register);
  }
  override exec(R: Registers, base: number): Completion {
    const { values } = this;
    const at = base + this.temporaries;
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!.eval(R, base);
      if (value === SUSPENDED) return suspend(this, base, VALUE, i);
      R[at + i] = value;
    }
    return this.storeFrom(R, base, values.length - 1);
  }
  protected override storeFrom(R: Registers, base: number, from: number): Completion {
    const { registers } = this;
    const at = base + this.temporaries;
    for (let i = from; i >= 0; i--) R[base + registers[i]!] = R[at + i];
    return undefined;
  }
}

/** `a, b = x, y` for locals in registers. */
export class TwoLocals extends LocalAssignments {
  private readonly one: number;
  private readonly two: number;
  private readonly x: Expression;
  private readonly y: Expression;
  private readonly xRegister: number;
  private readonly yRegister: number;
  constructor(line: number, targets: readonly Target[], values: readonly Expression[], temporaries: number) {
    super(line, targets, values, temporaries);
    this.one = (targets[0] as LocalTarget).register;
    this.two = (targets[1] as LocalTarget).register;
    this.x = values[0]!;
    this.y = values[1]!;
    this.xRegister = registerOf(this.x);
    this.yRegister = registerOf(this.y);
  }
  override exec(R: Registers, base: number): Completion {
    const x = this.xRegister > 0 ? (R[base + this.xRegister] as Value) : this.x.eval(R, base);
    if (x === SUSPENDED) return suspend(this, base, VALUE, 0);
    const y = this.yRegister > 0 ? (R[base + this.yRegister] as Value) : this.y.eval(R, base);
    if (y === SUSPENDED) {
      R[base + this.temporaries] = x;
      return suspend(this, base, VALUE, 1);
    }
    R[base + this.two] = y;
    R[base + this.one] = x;
    return undefined;
  }
}

/** `a[i], b[j] = x, y`: places and values go through registers only if something has to wait. */
export class TwoElements extends MultipleAssignment {
  private readonly a: Expression;
  private readonly i: Expression;
  private readonly b: Expression;
  private readonly j: Expression;
  private readonly x: Expression;
  private readonly y: Expression;
  private readonly aRegister: number;
  private readonly iRegister: number;
  private readonly bRegister: number;
  private readonly jRegister: number;
  /** Whether it is `a[i], b[j] = b[j], a[i]` with locals for all of them. */
  private readonly isSwap: boolean;
  constructor(line: number, targets: readonly Target[], values: readonly Expression[], temporaries: number) {
    super(line, targets, values, temporaries);
    const [one, two] = targets as [IndexTarget, IndexTarget];
    this.a = one.object;
    this.i = one.key;
    this.b = two.object;
    this.j = two.key;
    this.x = values[0]!;
    this.y = values[1]!;
    this.aRegister = registerOf(this.a);
    this.iRegister = registerOf(this.i);
    this.bRegister = registerOf(this.b);
    this.jRegister = registerOf(this.j);
    this.isSwap = reads(this.x, this.bRegister, this.jRegister) && reads(this.y, this.aRegister, this.iRegister);
  }
  override exec(R: Registers, base: number): Completion {
    if (this.isSwap && this.swap(R, base)) return undefined;
    const at = base + this.temporaries;
    const a = this.aRegister > 0 ? (R[base + this.aRegister] as Value) : this.a.eval(R, base);
    if (a === SUSPENDED) return suspend(this, base, PLACE);
    const i = this.iRegister > 0 ? (R[base + this.iRegister] as Value) : this.i.eval(R, base);
    if (i === SUSPENDED) {
      R[at] = a;
      return suspend(this, base, PLACE + 1);
    }
    const b = this.bRegister > 0 ? (R[base + this.bRegister] as Value) : this.b.eval(R, base);
    if (b === SUSPENDED) {
      R[at] = a;
      R[at + 1] = i;
      return suspend(this, base, PLACE + 2);
    }
    const j = this.jRegister > 0 ? (R[base + this.jRegister] as Value) : this.j.eval(R, base);
    if (j === SUSPENDED) return this.spill(R, at, a, i, b, PLACE + 3, base);
    const x = this.x.eval(R, base);
    if (x === SUSPENDED) return this.spill(R, at, a, i, b, VALUE, base, j, 0);
    const y = this.y.eval(R, base);
    if (y === SUSPENDED) {
      R[at + 4] = x;
      return this.spill(R, at, a, i, b, VALUE, base, j, 1);
    }
    if (storeElement(b, j, y) && storeElement(a, i, x)) return undefined;
    R[at] = a;
    R[at + 1] = i;
    R[at + 2] = b;
    R[at + 3] = j;
    R[at + 4] = x;
    R[at + 5] = y;
    return this.storeFrom(R, base, 1); // storing y twice does no harm
  }

  /** Exchanges two elements that are there, in array parts; false if it is not that simple. */
  private swap(R: Registers, base: number): boolean {
    const a: Value = R[base + this.aRegister];
    const b: Value = R[base + this.bRegister];
    const i: Value = R[base + this.iRegister];
    const j: Value = R[base + this.jRegister];
    if (!(a instanceof LuaTable && b instanceof LuaTable && typeof i === "number" && typeof j === "number"))
      return false;
    const from = +i | 0;
    const to = +j | 0;
    if (from !== +i || to !== +j || from <= 0 || to <= 0) return false;
    const first = a.array;
    const second = b.array;
    if (from >= first.length || to >= second.length) return false;
    const x = second[to];
    const y = first[from];
    if (x === undefined || y === undefined) return false;
    second[to] = y;
    first[from] = x;
    return true;
  }

  private spill(
    R: Registers,
    at: number,
    a: Value,
    i: Value,
    b: Value,
    stage: number,
    base: number,
    j?: Value,
    saved?: number,
  ): Completion {
    R[at] = a;
    R[at + 1] = i;
    R[at + 2] = b;
    R[at + 3] = j;
    return suspend(this, base, stage, saved);
  }
}

/** Whether an expression is `object[key]` for locals in these registers. */
function reads(expression: Expression, object: number, key: number): boolean {
  return (
    expression instanceof IndexLocals && registerOf(expression.object) === object && registerOf(expression.key) === key
  );
}

/** The most specialised node for an assignment of several values, of which the last fills no more than one target. */
export function assignSeveral(
  line: number,
  targets: readonly Target[],
  values: readonly Expression[],
  temporaries: number,
): MultipleAssignment {
  if (values.length === targets.length) {
    const locals = targets.every((target) => target.kind === "local");
    if (locals) return new (values.length === 2 ? TwoLocals : LocalAssignments)(line, targets, values, temporaries);
    const elements = values.length === 2 && targets.every((target) => target.kind === "index");
    if (elements) return new TwoElements(line, targets, values, temporaries);
  }
  return new MultipleAssignment(line, targets, values, temporaries);
}

type LocalTarget = Extract<Target, { kind: "local" | "cell" }>;
type IndexTarget = Extract<Target, { kind: "index" }>;

/** Replaces an element of the array part, if that is what the place is. */
function storeElement(object: Value, key: Value, value: Value): boolean {
  if (!(object instanceof LuaTable) || typeof key !== "number" || value === undefined) return false;
  const { array } = object;
  const n = +key;
  const i = n | 0;
  if (i !== n || i <= 0 || i >= array.length || array[i] === undefined) return false;
  array[i] = value;
  return true;
}
