/** The generic `for` (manual §3.3.5). */
import { checkNativeCalls, complete, invoke, leaveMetamethod, prologue } from "../call.ts";
import { Cell, LuaFunction, NativeFunction } from "../function.ts";
import { LOCALS, type Registers, state } from "../state.ts";
import { LuaTable } from "../table.ts";
import { enterSlowly, lookAround, reserve } from "../task.ts";
import { type Results, SUSPENDED, type Suspended, type Value } from "../value.ts";
import { extend } from "./call.ts";
import { CloseScope } from "./declaration.ts";
import { BREAK, type Completion, type Expression, RETURN, SiteStatement, Statement, suspend } from "./node.ts";

/** The iterator functions that a generic `for` runs in place when it meets them; set by the base library. */
export const iterators: { next: NativeFunction["run"] | undefined; ipairs: NativeFunction["run"] | undefined } = {
  next: undefined,
  ipairs: undefined,
};

const EXPLIST = 4;
const STEPPING = 5;
const ITERATING = 6;
const IN_TABLE = 7;
const IN_LIST = 8;

interface Iteration {
  fn: Value;
  subject: Value;
  control: Value;
}

/** The loop of a generic `for` with a closing value. */
class ForLoop extends Statement {
  constructor(readonly loop: GenericFor) {
    super();
  }
  override exec(R: Registers, base: number): Completion {
    return this.loop.fromRegisters(R, base);
  }
}

/** `for a, b in f, s, c, closing do` */
export class GenericFor extends SiteStatement {
  private readonly count: number;
  private readonly scope: CloseScope;
  constructor(
    line: number,
    /** Evaluates to iterator, state, control and closing value. */
    readonly explist: readonly Expression[],
    readonly register: number,
    readonly cells: readonly boolean[],
    readonly body: Statement,
    /** Register of the closing value; iterator, state and control follow if there is one. */
    readonly closing: number,
  ) {
    super(line);
    this.count = cells.length;
    this.scope = new CloseScope(line, closing, "(for state)", false, new ForLoop(this));
  }

  override exec(R: Registers, base: number): Completion {
    return this.prepare(R, base, []);
  }

  private prepare(R: Registers, base: number, values: Value[]): Completion {
    const { explist } = this;
    for (let i = values.length; i < explist.length; i++) {
      const source = explist[i]!;
      if (i === explist.length - 1 && source.isMulti) {
        const more = source.evalMulti(R, base);
        if (more === SUSPENDED) return suspend(this, base, EXPLIST + STEPPING * 16, values);
        extend(values, more);
        break;
      }
      const value = source.eval(R, base);
      if (value === SUSPENDED) return suspend(this, base, EXPLIST, values);
      values.push(value);
    }
    return this.begin(R, base, values);
  }

  private begin(R: Registers, base: number, values: Value[]): Completion {
    const [fn, subject, control, closing] = values;
    const at = base + this.closing;
    R[at] = closing;
    R[at + 1] = fn;
    R[at + 2] = subject;
    R[at + 3] = control;
    if (closing === undefined) return this.loop(R, base, fn, subject, control);
    this.scope.size = this.size;
    return this.scope.exec(R, base);
  }

  /** Starts the loop from its hidden registers, inside the scope of the closing value. */
  fromRegisters(R: Registers, base: number): Completion {
    const at = base + this.closing;
    return this.loop(R, base, R[at + 1], R[at + 2], R[at + 3]);
  }

  private loop(R: Registers, base: number, fn: Value, subject: Value, control: Value): Completion {
    checkNativeCalls(R, base, this);
    if (fn instanceof NativeFunction && subject instanceof LuaTable) {
      if (fn.run === iterators.next && control === undefined) return this.overTable(R, base, subject, 0);
      if (fn.run === iterators.ipairs && subject.metatable === undefined && control === 0) {
        return this.overList(R, base, subject, 0);
      }
    }
    return this.iterate(R, base, fn, subject, control);
  }

  private assign(R: Registers, base: number, i: number, value: Value): void {
    R[base + this.register + i] = this.cells[i] ? new Cell(value) : value;
  }

  /** `next` over a table, without calling it. */
  private overTable(R: Registers, base: number, table: LuaTable, from: number): Completion {
    const { body, count } = this;
    const plain = !this.cells[0] && !this.cells[1] && count <= 2;
    const at = base + this.register;
    for (let position = table.nextPosition(from); position !== 0; position = table.nextPosition(position)) {
      if (plain) {
        R[at] = table.keyAt(position);
        if (count === 2) R[at + 1] = table.valueAt(position);
      } else {
        this.assign(R, base, 0, table.keyAt(position));
        if (count > 1) this.assign(R, base, 1, table.valueAt(position));
        for (let i = 2; i < count; i++) this.assign(R, base, i, undefined);
      }
      const completion = body.exec(R, base);
      if (completion !== undefined) {
        if (completion === SUSPENDED) return suspend(this, base, IN_TABLE, [table, position]);
        return completion === BREAK ? undefined : completion;
      }
      if (--state.ticks < 0 && lookAround()) return suspend(this, base, IN_TABLE, [table, position]);
    }
    return undefined;
  }

  /** `ipairs` over a table without metatable, without calling its iterator. */
  private overList(R: Registers, base: number, table: LuaTable, from: number): Completion {
    const { body, count } = this;
    const plain = !this.cells[0] && !this.cells[1] && count <= 2;
    const at = base + this.register;
    for (let index = from + 1; ; index++) {
      const value = table.getIndex(index);
      if (value === undefined) return undefined;
      if (plain) {
        R[at] = index;
        if (count === 2) R[at + 1] = value;
      } else {
        this.assign(R, base, 0, index);
        if (count > 1) this.assign(R, base, 1, value);
        for (let i = 2; i < count; i++) this.assign(R, base, i, undefined);
      }
      const completion = body.exec(R, base);
      if (completion !== undefined) {
        if (completion === SUSPENDED) return suspend(this, base, IN_LIST, [table, index]);
        return completion === BREAK ? undefined : completion;
      }
      if (--state.ticks < 0 && lookAround()) return suspend(this, base, IN_LIST, [table, index]);
      if (table.metatable !== undefined) return this.iterate(R, base, ipairsOf(R), table, index);
    }
  }

  /** Any iterator: called for each turn. */
  private iterate(R: Registers, base: number, fn: Value, subject: Value, control: Value): Completion {
    let current = control;
    for (;;) {
      state.nativeCalls++; // the reference counts calls of iterators as it counts those of metamethods
      const given = this.step(R, base, fn, subject, current);
      if (given === SUSPENDED)
        return suspend(this, base, STEPPING, { fn, subject, control: current } satisfies Iteration);
      state.nativeCalls--;
      const first = Array.isArray(given) ? given[0] : given;
      if (first === undefined) return undefined;
      current = first;
      this.bind(R, base, given);
      const completion = this.body.exec(R, base);
      if (completion !== undefined) {
        if (completion === SUSPENDED)
          return suspend(this, base, ITERATING, { fn, subject, control: current } satisfies Iteration);
        return completion === BREAK ? undefined : completion;
      }
      if (--state.ticks < 0 && lookAround()) {
        return suspend(this, base, ITERATING, { fn, subject, control: current } satisfies Iteration);
      }
    }
  }

  private bind(R: Registers, base: number, given: Results): void {
    if (!Array.isArray(given)) {
      this.assign(R, base, 0, given);
      for (let i = 1; i < this.count; i++) this.assign(R, base, i, undefined);
    } else for (let i = 0; i < this.count; i++) this.assign(R, base, i, given[i]);
  }

  private step(R: Registers, base: number, fn: Value, subject: Value, control: Value): Results | Suspended {
    const at = base + this.size;
    if (fn instanceof LuaFunction) {
      const prototype = fn.prototype;
      if (at + prototype.size > state.limit) reserve(R, at + prototype.size);
      R[at] = fn;
      R[at + 1] = this;
      R[at + LOCALS] = subject;
      R[at + LOCALS + 1] = control;
      if (prototype.plainParameters !== 2) prologue(fn, R, at, 2);
      const completion = --state.ticks < 0 ? enterSlowly(R, at) : prototype.body.exec(R, at);
      return completion === RETURN ? state.returned : complete(R, at, completion);
    }
    if (fn instanceof NativeFunction) {
      R[at] = fn;
      R[at + 1] = this;
      state.top = at;
      state.argc = 2;
      if (state.hooks !== undefined) return state.hooks.callNative(R, at, fn, [subject, control]);
      return fn.variadic === undefined ? fn.run(subject, control) : fn.variadic([subject, control]);
    }
    return invoke(fn, [subject, control], R, at, this);
  }

  override resume(R: Registers, base: number, stage: number, saved: unknown, value: unknown): unknown {
    switch (stage) {
      case EXPLIST:
        (saved as Value[]).push(value as Value);
        return this.prepare(R, base, saved as Value[]);
      case EXPLIST + STEPPING * 16: {
        return this.begin(R, base, extend(saved as Value[], value as Results));
      }
      case STEPPING: {
        leaveMetamethod();
        const { fn, subject } = saved as Iteration;
        const first = Array.isArray(value) ? value[0] : (value as Value);
        if (first === undefined) return undefined;
        this.bind(R, base, value as Results);
        const completion = this.body.exec(R, base);
        if (completion === SUSPENDED)
          return suspend(this, base, ITERATING, { fn, subject, control: first } satisfies Iteration);
        if (completion !== undefined) return completion === BREAK ? undefined : completion;
        return this.iterate(R, base, fn, subject, first);
      }
    }
    if (value !== undefined) return value === BREAK ? undefined : value;
    if (stage === ITERATING) {
      const { fn, subject, control } = saved as Iteration;
      return this.iterate(R, base, fn, subject, control);
    }
    const [table, position] = saved as [LuaTable, number];
    return stage === IN_TABLE ? this.overTable(R, base, table, position) : this.overList(R, base, table, position);
  }

  override calleeName(): string {
    return "for iterator 'for iterator'";
  }
}

/** The `ipairs` iterator as a function value, for a list that got a metatable while it was traversed. */
function ipairsOf(_R: Registers): Value {
  return new NativeFunction("ipairs_iterator", iterators.ipairs!, undefined);
}
