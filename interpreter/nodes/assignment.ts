/** Assignments (manual §3.3.3). */
import { META_DONE, META_VALUE, setIndex } from "../access.ts";
import { leaveMetamethod } from "../call.ts";
import type { Cell, LuaFunction } from "../function.ts";
import { charge } from "../memory.ts";
import type { Registers } from "../state.ts";
import { LuaTable, type Shape } from "../table.ts";
import { type Results, SUSPENDED, type Suspended, type Value } from "../value.ts";
import { extend } from "./call.ts";
import { type Completion, type Expression, SiteStatement, Statement, suspend } from "./node.ts";

const VALUE = 0;
const OBJECT = 1;
const KEY = 2;

/** `local = value`; also the declaration of a local that no closure shares. */
export class SetLocal extends Statement {
  constructor(
    readonly register: number,
    readonly value: Expression,
  ) {
    super();
  }
  override exec(R: Registers, base: number): Completion {
    const value = this.value.eval(R, base);
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

/** `object.name = value` */
export class SetField extends SiteStatement {
  private shape: Shape | undefined = undefined;
  private slot = 0;
  /** What the shape becomes when the key is added to it. */
  private next: Shape | undefined = undefined;
  constructor(
    line: number,
    readonly object: Expression,
    readonly name: string,
    readonly value: Expression,
  ) {
    super(line);
  }
  override exec(R: Registers, base: number): Completion {
    const object = this.object.eval(R, base);
    if (object === SUSPENDED) return suspend(this, base, OBJECT);
    const value = this.value.eval(R, base);
    if (value === SUSPENDED) return suspend(this, base, VALUE, object);
    if (object instanceof LuaTable) {
      if (object.shape === this.shape && object.events === undefined) {
        const slot = this.slot;
        const vals = object.vals;
        if (slot !== 0) {
          if (vals[slot] !== undefined || object.metatable === undefined) {
            vals[slot] = value;
            return undefined;
          }
        } else if (object.metatable === undefined && value !== undefined && this.next !== undefined) {
          if (vals.length > 1) vals.push(value);
          else object.vals = [undefined, value];
          object.shape = this.next;
          charge(24);
          return undefined;
        }
      }
      if (object.metatable === undefined) {
        this.store(object, value);
        return undefined;
      }
    }
    return setIndex(R, base, this, object, this.name, value, this.object);
  }
  /** Stores into a table without metatable, and learns its shape. */
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
    return setIndex(R, base, this, object, this.name, stored as Value, this.object);
  }
  override calleeName(): string {
    return "metamethod 'newindex'";
  }
}

/** `object[key] = value` */
export class SetIndex extends SiteStatement {
  constructor(
    line: number,
    readonly object: Expression,
    readonly key: Expression,
    readonly value: Expression,
  ) {
    super(line);
  }
  override exec(R: Registers, base: number): Completion {
    const object = this.object.eval(R, base);
    if (object === SUSPENDED) return suspend(this, base, OBJECT);
    const key = this.key.eval(R, base);
    if (key === SUSPENDED) return suspend(this, base, KEY, [object]);
    const value = this.value.eval(R, base);
    if (value === SUSPENDED) return suspend(this, base, VALUE, [object, key]);
    if (object instanceof LuaTable) {
      if (typeof key === "number") {
        const array = object.array;
        const i = key | 0;
        if (i === key && i > 0) {
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

/** The left side of a multiple assignment. */
export type Target =
  | { kind: "local" | "cell"; register: number }
  | { kind: "upvalue"; index: number }
  | { kind: "global"; environment: Cell; name: string }
  | { kind: "environment"; environment: Cell }
  | { kind: "index"; object: Expression; key: Expression };

interface Assigning {
  /** Objects and keys of the indexed targets, in order. */
  places: Value[];
  values: Value[];
  /** The target to be assigned next; they are done from the last to the first. */
  target: number;
}

const PLACE = 3;
const LAST_VALUE = 4;

/** `a, b[i] = x, y`: places first, then values, then the stores from right to left, as the reference does. */
export class MultipleAssignment extends SiteStatement {
  /** Objects and keys to be evaluated, in order. */
  private readonly places: Expression[] = [];
  constructor(
    line: number,
    readonly targets: readonly Target[],
    readonly values: readonly Expression[],
  ) {
    super(line);
    for (const target of targets) if (target.kind === "index") this.places.push(target.object, target.key);
  }
  override exec(R: Registers, base: number): Completion {
    return this.evaluate(R, base, { places: [], values: [], target: this.targets.length - 1 });
  }
  private evaluate(R: Registers, base: number, state: Assigning): Completion {
    for (let i = state.places.length; i < this.places.length; i++) {
      const value = this.places[i]!.eval(R, base);
      if (value === SUSPENDED) return suspend(this, base, PLACE, state);
      state.places.push(value);
    }
    const { values } = this;
    for (let i = state.values.length; i < values.length; i++) {
      const source = values[i]!;
      if (i === values.length - 1 && source.isMulti && values.length < this.targets.length) {
        const more = source.evalMulti(R, base);
        if (more === SUSPENDED) return suspend(this, base, LAST_VALUE, state);
        extend(state.values, more);
        break;
      }
      const value = source.eval(R, base);
      if (value === SUSPENDED) return suspend(this, base, VALUE, state);
      state.values.push(value);
    }
    return this.store(R, base, state);
  }
  private store(R: Registers, base: number, state: Assigning): Completion {
    let place = this.places.length;
    for (let i = this.targets.length - 1; i > state.target; i--) if (this.targets[i]!.kind === "index") place -= 2;
    while (state.target >= 0) {
      const target = this.targets[state.target]!;
      const value = state.values[state.target];
      state.target--;
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
            return suspend(this, base, META_VALUE, state);
          }
          break;
        case "index": {
          place -= 2;
          const object = state.places[place];
          if (setIndex(R, base, this, object, state.places[place + 1], value, target.object) === SUSPENDED) {
            return suspend(this, base, META_VALUE, state);
          }
        }
      }
    }
    return undefined;
  }
  override resume(R: Registers, base: number, stage: number, saved: unknown, value: unknown): unknown {
    switch (stage) {
      case META_DONE:
        return leaveMetamethod();
      case META_VALUE:
        return this.store(R, base, saved as Assigning);
      case PLACE:
        (saved as Assigning).places.push(value as Value);
        return this.evaluate(R, base, saved as Assigning);
      case LAST_VALUE:
        extend((saved as Assigning).values, value as Results);
        return this.store(R, base, saved as Assigning);
      default:
        (saved as Assigning).values.push(value as Value);
        return this.evaluate(R, base, saved as Assigning);
    }
  }
  override calleeName(): string {
    return "metamethod 'newindex'";
  }
}

