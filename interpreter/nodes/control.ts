/** Blocks and control structures (manual §3.3.1, §3.3.4, §3.3.5), return and calls as statements. */

import { complete, invoke, placeArguments, prologue } from "../call.ts";
import { runtimeError, typeName } from "../error.ts";
import { Cell, LuaFunction, NativeFunction } from "../function.ts";
import { toNumber } from "../number.ts";
import { LOCALS, type Registers, state } from "../state.ts";
import { LuaTable } from "../table.ts";
import { enterSlowly, lookAround, reserve } from "../task.ts";
import {
  float,
  isInteger,
  type LuaFloat,
  type Results,
  SUSPENDED,
  type Suspended,
  toDouble,
  type Value,
} from "../value.ts";
import { type Call, extend, type FunctionCall, MethodCall } from "./call.ts";
import { CloseScope } from "./declaration.ts";
import {
  BREAK,
  type Completion,
  type Expression,
  GOTO,
  isTrue,
  type Label,
  RETURN,
  RETURN_MULTI,
  type Site,
  SiteStatement,
  Statement,
  suspend,
  TAIL_CALL,
} from "./node.ts";

/** A sequence of statements; saved: the index of the one under way. The last one's completion is the block's. */
export class Block extends Statement {
  constructor(readonly statements: Statement[]) {
    super();
  }
  override exec(R: Registers, base: number): Completion {
    return this.from(R, base, 0);
  }
  private from(R: Registers, base: number, start: number): Completion {
    const { statements } = this;
    for (let i = start; i < statements.length; i++) {
      const completion = statements[i]!.exec(R, base);
      if (completion !== undefined) {
        return completion === SUSPENDED && i < statements.length - 1 ? suspend(this, base, i) : completion;
      }
    }
    return undefined;
  }
  override resume(R: Registers, base: number, stage: number, _saved: unknown, value: unknown): unknown {
    return value !== undefined ? value : this.from(R, base, stage + 1);
  }
}

/** A block of two statements: the commonest body of a loop. */
export class Block2 extends Statement {
  constructor(
    public first: Statement,
    public second: Statement,
  ) {
    super();
  }
  override exec(R: Registers, base: number): Completion {
    const completion = this.first.exec(R, base);
    if (completion !== undefined) return completion === SUSPENDED ? suspend(this, base, 0) : completion;
    return this.second.exec(R, base);
  }
  override resume(R: Registers, base: number, _stage: number, _saved: unknown, value: unknown): unknown {
    return value !== undefined ? value : this.second.exec(R, base);
  }
}

export class Block3 extends Statement {
  constructor(
    public first: Statement,
    public second: Statement,
    public third: Statement,
  ) {
    super();
  }
  override exec(R: Registers, base: number): Completion {
    const completion = this.first.exec(R, base);
    if (completion !== undefined) return completion === SUSPENDED ? suspend(this, base, 0) : completion;
    const second = this.second.exec(R, base);
    if (second !== undefined) return second === SUSPENDED ? suspend(this, base, 1) : second;
    return this.third.exec(R, base);
  }
  override resume(R: Registers, base: number, stage: number, _saved: unknown, value: unknown): unknown {
    if (value !== undefined) return value;
    if (stage === 0) {
      const second = this.second.exec(R, base);
      if (second !== undefined) return second === SUSPENDED ? suspend(this, base, 1) : second;
    }
    return this.third.exec(R, base);
  }
}

export class Block4 extends Statement {
  constructor(
    public first: Statement,
    public second: Statement,
    public third: Statement,
    public fourth: Statement,
  ) {
    super();
  }
  override exec(R: Registers, base: number): Completion {
    let completion = this.first.exec(R, base);
    if (completion !== undefined) return completion === SUSPENDED ? suspend(this, base, 0) : completion;
    completion = this.second.exec(R, base);
    if (completion !== undefined) return completion === SUSPENDED ? suspend(this, base, 1) : completion;
    completion = this.third.exec(R, base);
    if (completion !== undefined) return completion === SUSPENDED ? suspend(this, base, 2) : completion;
    return this.fourth.exec(R, base);
  }
  override resume(R: Registers, base: number, stage: number, _saved: unknown, value: unknown): unknown {
    if (value !== undefined) return value;
    if (stage < 1) {
      const completion = this.second.exec(R, base);
      if (completion !== undefined) return completion === SUSPENDED ? suspend(this, base, 1) : completion;
    }
    if (stage < 2) {
      const completion = this.third.exec(R, base);
      if (completion !== undefined) return completion === SUSPENDED ? suspend(this, base, 2) : completion;
    }
    return this.fourth.exec(R, base);
  }
}

export class Block5 extends Statement {
  constructor(
    public first: Statement,
    public second: Statement,
    public third: Statement,
    public fourth: Statement,
    public fifth: Statement,
  ) {
    super();
  }
  override exec(R: Registers, base: number): Completion {
    let completion = this.first.exec(R, base);
    if (completion !== undefined) return completion === SUSPENDED ? suspend(this, base, 0) : completion;
    completion = this.second.exec(R, base);
    if (completion !== undefined) return completion === SUSPENDED ? suspend(this, base, 1) : completion;
    completion = this.third.exec(R, base);
    if (completion !== undefined) return completion === SUSPENDED ? suspend(this, base, 2) : completion;
    completion = this.fourth.exec(R, base);
    if (completion !== undefined) return completion === SUSPENDED ? suspend(this, base, 3) : completion;
    return this.fifth.exec(R, base);
  }
  override resume(R: Registers, base: number, stage: number, _saved: unknown, value: unknown): unknown {
    if (value !== undefined) return value;
    if (stage < 1) {
      const completion = this.second.exec(R, base);
      if (completion !== undefined) return completion === SUSPENDED ? suspend(this, base, 1) : completion;
    }
    if (stage < 2) {
      const completion = this.third.exec(R, base);
      if (completion !== undefined) return completion === SUSPENDED ? suspend(this, base, 2) : completion;
    }
    if (stage < 3) {
      const completion = this.fourth.exec(R, base);
      if (completion !== undefined) return completion === SUSPENDED ? suspend(this, base, 3) : completion;
    }
    return this.fifth.exec(R, base);
  }
}

/** A block with labels that a goto may come back to. */
export class LabelledBlock extends Statement {
  constructor(
    readonly statements: Statement[],
    /** The statement that follows each label. */
    readonly labels: ReadonlyMap<Label, number>,
  ) {
    super();
  }
  override exec(R: Registers, base: number): Completion {
    return this.from(R, base, 0);
  }
  private from(R: Registers, base: number, start: number): Completion {
    const { statements } = this;
    let i = start;
    while (i < statements.length) {
      const completion = statements[i]!.exec(R, base);
      i++;
      if (completion === undefined) continue;
      if (completion === SUSPENDED) return suspend(this, base, i);
      if (completion !== GOTO) return completion;
      const target = this.labels.get(state.target!);
      if (target === undefined) return GOTO;
      i = target;
      if (--state.ticks < 0 && lookAround()) return suspend(this, base, i);
    }
    return undefined;
  }
  override resume(R: Registers, base: number, stage: number, _saved: unknown, value: unknown): unknown {
    if (value === undefined) return this.from(R, base, stage);
    if (value !== GOTO) return value;
    const target = this.labels.get(state.target!);
    return target === undefined ? GOTO : this.from(R, base, target);
  }
}

export class Break extends Statement {
  override exec(): Completion {
    return BREAK;
  }
}

export class Goto extends Statement {
  constructor(readonly target: Label) {
    super();
  }
  override exec(): Completion {
    state.target = this.target;
    return GOTO;
  }
}

export class CallStatement extends Statement {
  constructor(readonly call: Call) {
    super();
  }
  override exec(R: Registers, base: number): Completion {
    return this.call.evalMulti(R, base) === SUSPENDED ? suspend(this, base, 0) : undefined;
  }
  override resume(): unknown {
    return undefined;
  }
}

const CONDITION = 0;
const BODY = 1;

export class If extends Statement {
  constructor(
    readonly condition: Expression,
    readonly body: Statement,
  ) {
    super();
  }
  override exec(R: Registers, base: number): Completion {
    const met = this.condition.test(R, base);
    if (met === true) return this.body.exec(R, base);
    return met === false ? undefined : suspend(this, base, CONDITION);
  }
  override resume(R: Registers, base: number, _stage: number, _saved: unknown, value: unknown): unknown {
    return isTrue(value) ? this.body.exec(R, base) : undefined;
  }
}

export class IfElse extends Statement {
  constructor(
    readonly condition: Expression,
    readonly body: Statement,
    readonly otherwise: Statement,
  ) {
    super();
  }
  override exec(R: Registers, base: number): Completion {
    const met = this.condition.test(R, base);
    if (met === true) return this.body.exec(R, base);
    return met === false ? this.otherwise.exec(R, base) : suspend(this, base, CONDITION);
  }
  override resume(R: Registers, base: number, _stage: number, _saved: unknown, value: unknown): unknown {
    return isTrue(value) ? this.body.exec(R, base) : this.otherwise.exec(R, base);
  }
}

export class While extends Statement {
  constructor(
    readonly condition: Expression,
    readonly body: Statement,
  ) {
    super();
  }
  override exec(R: Registers, base: number): Completion {
    for (;;) {
      const met = this.condition.test(R, base);
      if (met !== true) return met === false ? undefined : suspend(this, base, CONDITION);
      const completion = this.body.exec(R, base);
      if (completion !== undefined) {
        if (completion === SUSPENDED) return suspend(this, base, BODY);
        return completion === BREAK ? undefined : completion;
      }
      if (--state.ticks < 0 && lookAround()) return suspend(this, base, BODY);
    }
  }
  override resume(R: Registers, base: number, stage: number, _saved: unknown, value: unknown): unknown {
    let completion = value as Completion;
    if (stage === CONDITION) {
      if (!isTrue(value)) return undefined;
      completion = this.body.exec(R, base);
      if (completion === SUSPENDED) return suspend(this, base, BODY);
    }
    if (completion !== undefined) return completion === BREAK ? undefined : completion;
    return this.exec(R, base);
  }
}

/** `repeat … until`; the condition is the last statement of the body, so that it sees the body's locals. */
export class Repeat extends Statement {
  constructor(readonly body: Statement) {
    super();
  }
  override exec(R: Registers, base: number): Completion {
    for (;;) {
      const completion = this.body.exec(R, base);
      if (completion !== undefined) {
        if (completion === SUSPENDED) return suspend(this, base, BODY);
        return completion === BREAK ? undefined : completion;
      }
      if (--state.ticks < 0 && lookAround()) return suspend(this, base, BODY);
    }
  }
  override resume(R: Registers, base: number, _stage: number, _saved: unknown, value: unknown): unknown {
    if (value !== undefined) return value === BREAK ? undefined : value;
    return this.exec(R, base);
  }
}

/** The `until` of a repeat: breaks when its condition holds. */
export class Until extends Statement {
  constructor(readonly condition: Expression) {
    super();
  }
  override exec(R: Registers, base: number): Completion {
    const met = this.condition.test(R, base);
    return met === true ? BREAK : met === false ? undefined : suspend(this, base, CONDITION);
  }
  override resume(_R: Registers, _base: number, _stage: number, _saved: unknown, value: unknown): unknown {
    return isTrue(value) ? BREAK : undefined;
  }
}

const START = 0;
const LIMIT = 1;
const STEP = 2;
const TURN = 3;

/** `for i = start, limit, step do` */
export class NumericFor extends SiteStatement {
  constructor(
    line: number,
    readonly start: Expression,
    readonly limit: Expression,
    readonly step: Expression,
    readonly register: number,
    /** Whether closures share the variable: each turn has a cell of its own. */
    readonly cell: boolean,
    readonly body: Statement,
  ) {
    super(line);
  }
  override exec(R: Registers, base: number): Completion {
    const start = this.start.eval(R, base);
    if (start === SUSPENDED) return suspend(this, base, START);
    return this.withStart(R, base, start);
  }
  private withStart(R: Registers, base: number, start: Value): Completion {
    const limit = this.limit.eval(R, base);
    if (limit === SUSPENDED) return suspend(this, base, LIMIT, start);
    return this.withLimit(R, base, start, limit);
  }
  private withLimit(R: Registers, base: number, start: Value, limit: Value): Completion {
    const step = this.step.eval(R, base);
    if (step === SUSPENDED) return suspend(this, base, STEP, [start, limit]);
    return this.prepare(R, base, start, limit, step);
  }

  private prepare(R: Registers, base: number, start: Value, limit: Value, step: Value): Completion {
    if (
      typeof start === "number" &&
      typeof step === "number" &&
      Number.isSafeInteger(start) &&
      Number.isSafeInteger(step)
    ) {
      if (step === 0) throw runtimeError(R, base, this, "'for' step is zero");
      if (typeof limit === "number") {
        // A float limit is clipped to the integers (forlimit); comparing does that by itself. NaN ends at once.
        return this.count(R, base, start, limit, step);
      }
      const end = this.integerLimit(R, base, limit);
      return this.count(R, base, start, end, step);
    }
    if (isInteger(start) && isInteger(step)) {
      return this.countBig(R, base, BigInt(start), this.bigLimit(R, base, limit, BigInt(step)), BigInt(step));
    }
    const end = this.number(R, base, limit, "limit");
    const by = this.number(R, base, step, "step");
    const from = this.number(R, base, start, "initial value");
    if (by === 0) throw runtimeError(R, base, this, "'for' step is zero");
    return this.countFloat(R, base, from, end, by);
  }

  /** The limit of a loop over integers, as a double: rounding of huge ones is out of any loop's reach. */
  private integerLimit(R: Registers, base: number, limit: Value): number {
    return this.number(R, base, limit, "limit");
  }

  /** The limit clipped to where a loop of this direction ends, or just past where it begins (`forlimit`). */
  private bigLimit(R: Registers, base: number, limit: Value, step: bigint): bigint {
    if (typeof limit === "bigint") return limit;
    const n = this.number(R, base, limit, "limit");
    const up = step > 0n;
    if (Number.isNaN(n)) return up ? -(2n ** 63n) - 1n : 2n ** 63n;
    if (n >= 2 ** 63) return up ? 2n ** 63n - 1n : 2n ** 63n;
    if (n < -(2 ** 63)) return up ? -(2n ** 63n) - 1n : -(2n ** 63n);
    return BigInt(up ? Math.floor(n) : Math.ceil(n));
  }

  private number(R: Registers, base: number, value: Value, what: string): number {
    const n: number | bigint | LuaFloat | undefined = toNumber(value);
    if (n === undefined) {
      throw runtimeError(R, base, this, `bad 'for' ${what} (number expected, got ${typeName(value)})`);
    }
    return toDouble(n);
  }

  /** Integers within the safe range: the loop that matters. */
  private count(R: Registers, base: number, start: number, limit: number, step: number): Completion {
    const at = base + this.register;
    const { body, cell } = this;
    if (step > 0) {
      for (let i = start; i <= limit; i += step) {
        if (i > Number.MAX_SAFE_INTEGER)
          return this.countBig(R, base, BigInt(i), this.bigLimit(R, base, limit, BigInt(step)), BigInt(step));
        R[at] = cell ? new Cell(i) : i;
        const completion = body.exec(R, base);
        if (completion !== undefined) {
          if (completion === SUSPENDED) return suspend(this, base, TURN, [i, limit, step]);
          return completion === BREAK ? undefined : completion;
        }
        if (--state.ticks < 0 && lookAround()) return suspend(this, base, TURN, [i, limit, step]);
      }
    } else {
      for (let i = start; i >= limit; i += step) {
        if (i < -Number.MAX_SAFE_INTEGER)
          return this.countBig(R, base, BigInt(i), this.bigLimit(R, base, limit, BigInt(step)), BigInt(step));
        R[at] = cell ? new Cell(i) : i;
        const completion = body.exec(R, base);
        if (completion !== undefined) {
          if (completion === SUSPENDED) return suspend(this, base, TURN, [i, limit, step]);
          return completion === BREAK ? undefined : completion;
        }
        if (--state.ticks < 0 && lookAround()) return suspend(this, base, TURN, [i, limit, step]);
      }
    }
    return undefined;
  }

  private countBig(R: Registers, base: number, start: bigint, limit: bigint, step: bigint): Completion {
    if (step === 0n) throw runtimeError(R, base, this, "'for' step is zero");
    // The loop ends before it would overflow: int64 is wide enough for bigints here.
    for (let i = start; step > 0n ? i <= limit : i >= limit; i += step) {
      const value = i >= -9007199254740991n && i <= 9007199254740991n ? Number(i) : i;
      R[base + this.register] = this.cell ? new Cell(value) : value;
      const completion = this.body.exec(R, base);
      if (completion !== undefined) {
        if (completion === SUSPENDED) return suspend(this, base, TURN, [i, limit, step]);
        return completion === BREAK ? undefined : completion;
      }
      if (--state.ticks < 0 && lookAround()) return suspend(this, base, TURN, [i, limit, step]);
    }
    return undefined;
  }

  private countFloat(R: Registers, base: number, start: number, limit: number, step: number): Completion {
    for (let x = start; step > 0 ? x <= limit : x >= limit; x += step) {
      const value = float(x);
      R[base + this.register] = this.cell ? new Cell(value) : value;
      const completion = this.body.exec(R, base);
      if (completion !== undefined) {
        if (completion === SUSPENDED) return suspend(this, base, TURN, [x, limit, step, true]);
        return completion === BREAK ? undefined : completion;
      }
      if (--state.ticks < 0 && lookAround()) return suspend(this, base, TURN, [x, limit, step, true]);
    }
    return undefined;
  }

  override resume(R: Registers, base: number, stage: number, saved: unknown, value: unknown): unknown {
    switch (stage) {
      case START:
        return this.withStart(R, base, value as Value);
      case LIMIT:
        return this.withLimit(R, base, saved as Value, value as Value);
      case STEP: {
        const [start, limit] = saved as [Value, Value];
        return this.prepare(R, base, start, limit, value as Value);
      }
    }
    if (value !== undefined) return value === BREAK ? undefined : value;
    const [i, limit, step, isFloatLoop] = saved as [number | bigint, number | bigint, number | bigint, boolean?];
    if (typeof i === "bigint") return this.countBig(R, base, i + (step as bigint), limit as bigint, step as bigint);
    const next = i + (step as number);
    return isFloatLoop === true
      ? this.countFloat(R, base, next, limit as number, step as number)
      : this.count(R, base, next, limit as number, step as number);
  }
}

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
      const given = this.step(R, base, fn, subject, current);
      if (given === SUSPENDED)
        return suspend(this, base, STEPPING, { fn, subject, control: current } satisfies Iteration);
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

/** `return value` */
export class Return extends Statement {
  constructor(readonly value: Expression) {
    super();
  }
  override exec(R: Registers, base: number): Completion {
    const value = this.value.eval(R, base);
    if (value === SUSPENDED) return suspend(this, base, 0);
    state.returned = value;
    return RETURN;
  }
  override resume(_R: Registers, _base: number, _stage: number, _saved: unknown, value: unknown): unknown {
    state.returned = value as Value;
    return RETURN;
  }
}

/** `return`, `return a, b`, `return …` */
export class ReturnMultiple extends Statement {
  constructor(readonly values: readonly Expression[]) {
    super();
  }
  override exec(R: Registers, base: number): Completion {
    return this.evaluate(R, base, []);
  }
  private evaluate(R: Registers, base: number, given: Value[]): Completion {
    const { values } = this;
    for (let i = given.length; i < values.length; i++) {
      const source = values[i]!;
      if (i === values.length - 1 && source.isMulti) {
        const more = source.evalMulti(R, base);
        if (more === SUSPENDED) return suspend(this, base, 1, given);
        return give(extend(given, more));
      }
      const value = source.eval(R, base);
      if (value === SUSPENDED) return suspend(this, base, 0, given);
      given.push(value);
    }
    return give(given);
  }
  override resume(R: Registers, base: number, stage: number, saved: unknown, value: unknown): unknown {
    const given = saved as Value[];
    if (stage === 1) return give(extend(given, value as Results));
    given.push(value as Value);
    return this.evaluate(R, base, given);
  }
}

function give(values: Value[]): Completion {
  state.returnedMulti = values;
  return RETURN_MULTI;
}

function giveResults(given: Results): Completion {
  if (Array.isArray(given)) {
    state.returnedMulti = given;
    return RETURN_MULTI;
  }
  state.returned = given;
  return RETURN;
}

const CALLEE = 0;
const METHOD = 1;
const ARGUMENT = 2;
const LAST_ARGUMENT = 3;
const RESULTS = 4;

/** `return f(…)` and `return o:m(…)`: the callee takes over the window (manual §3.4.10). */
export class TailCall extends SiteStatement {
  private readonly callee: Expression;
  private readonly args: readonly Expression[];
  /** Values in front of the arguments: the function, and the object of a method call. */
  private readonly prefix: number;
  constructor(
    /** The call; native functions are called on its behalf. */
    readonly call: FunctionCall | MethodCall,
  ) {
    super(call.line);
    this.callee = call instanceof MethodCall ? call.object : call.callee;
    this.prefix = call instanceof MethodCall ? 2 : 1;
    this.args = call.args;
  }
  override exec(R: Registers, base: number): Completion {
    const value = this.callee.eval(R, base);
    if (value === SUSPENDED) return suspend(this, base, CALLEE);
    return this.withCallee(R, base, value);
  }
  private withCallee(R: Registers, base: number, value: Value): Completion {
    const { call } = this;
    if (!(call instanceof MethodCall)) return this.evaluate(R, base, [value]);
    const method = call.method.get(R, base, value);
    if (method === SUSPENDED) return suspend(this, base, METHOD, value);
    return this.evaluate(R, base, [method, value]);
  }
  private evaluate(R: Registers, base: number, values: Value[]): Completion {
    const { args } = this;
    for (let i = values.length - this.prefix; i < args.length; i++) {
      const arg = args[i]!;
      if (i === args.length - 1 && arg.isMulti) {
        const more = arg.evalMulti(R, base);
        if (more === SUSPENDED) return suspend(this, base, LAST_ARGUMENT, values);
        extend(values, more);
        break;
      }
      const value = arg.eval(R, base);
      if (value === SUSPENDED) return suspend(this, base, ARGUMENT, values);
      values.push(value);
    }
    return this.perform(R, base, values);
  }
  private perform(R: Registers, base: number, values: Value[]): Completion {
    const fn = values.shift();
    if (fn instanceof LuaFunction) {
      const end = base + fn.prototype.size;
      if (end > state.limit) reserve(R, end);
      R[base] = fn;
      R[base + 1] = (R[base + 1] as Site).asTail();
      placeArguments(fn, R, base, values);
      return TAIL_CALL;
    }
    const given = invoke(fn, values, R, base + this.size, this.call);
    return given === SUSPENDED ? suspend(this, base, RESULTS) : giveResults(given);
  }
  override resume(R: Registers, base: number, stage: number, saved: unknown, value: unknown): unknown {
    switch (stage) {
      case CALLEE:
        return this.withCallee(R, base, value as Value);
      case METHOD:
        return this.evaluate(R, base, [value as Value, saved as Value]);
      case ARGUMENT:
        (saved as Value[]).push(value as Value);
        return this.evaluate(R, base, saved as Value[]);
      case LAST_ARGUMENT:
        return this.perform(R, base, extend(saved as Value[], value as Results));
      default:
        return giveResults(value as Results);
    }
  }
}

/** `return` of a call inside the scope of a to-be-closed variable, which is no tail call. */
export class ReturnCall extends Statement {
  constructor(readonly call: Call) {
    super();
  }
  override exec(R: Registers, base: number): Completion {
    const given = this.call.evalMulti(R, base);
    if (given === SUSPENDED) return suspend(this, base, 0);
    return giveResults(given);
  }
  override resume(_R: Registers, _base: number, _stage: number, _saved: unknown, value: unknown): unknown {
    return giveResults(value as Results);
  }
}
