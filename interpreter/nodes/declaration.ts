/** Local and global declarations, to-be-closed variables (manual §3.3.7, §3.3.8). */
import { index } from "../access.ts";
import { callMetamethod, leaveMetamethod } from "../call.ts";
import { LuaError, runtimeError, Stop } from "../error.ts";
import { Cell } from "../function.ts";
import { charge } from "../memory.ts";
import { Event, metamethod } from "../metatable.ts";
import { ACROSS, type Registers, state } from "../state.ts";
import { Closing, caught } from "../task.ts";
import { first, type Results, SUSPENDED, type Suspended, type Value } from "../value.ts";
import { type Completion, type Expression, type Site, SiteStatement, Statement, suspend } from "./node.ts";

/** `local x = value` where x lives in a cell: a fresh one each time. */
export class DeclareCell extends Statement {
  constructor(
    readonly register: number,
    readonly value: Expression,
  ) {
    super();
  }
  override exec(R: Registers, base: number): Completion {
    const value = this.value.eval(R, base);
    if (value === SUSPENDED) return suspend(this, base, 0);
    R[base + this.register] = new Cell(value);
    charge(32);
    return undefined;
  }
  override resume(R: Registers, base: number, _stage: number, _saved: unknown, value: unknown): unknown {
    R[base + this.register] = new Cell(value as Value);
    return undefined;
  }
}

/** `local function f`: the cell is there before the function that refers to it. */
export class DeclareFunctionCell extends Statement {
  constructor(
    readonly register: number,
    readonly value: Expression,
  ) {
    super();
  }
  override exec(R: Registers, base: number): Completion {
    const cell = new Cell(undefined);
    R[base + this.register] = cell;
    cell.value = this.value.eval(R, base) as Value; // a function expression never suspends
    charge(32);
    return undefined;
  }
}

export interface LocalTarget {
  register: number;
  cell: boolean;
}

/**
 * `local a, b, c = …`, any number of names and values. Each value goes into its register at once: no expression to
 * its right can refer to the new variable.
 */
export class DeclareLocals extends Statement {
  private readonly spread: boolean;
  constructor(
    readonly targets: readonly LocalTarget[],
    readonly values: readonly Expression[],
  ) {
    super();
    this.spread = values.length > 0 && values.length <= targets.length && values[values.length - 1]!.isMulti;
  }
  override exec(R: Registers, base: number): Completion {
    return this.from(R, base, 0);
  }
  private from(R: Registers, base: number, start: number): Completion {
    const { values, targets } = this;
    const single = this.spread ? values.length - 1 : values.length;
    for (let i = start; i < single; i++) {
      const value = values[i]!.eval(R, base);
      if (value === SUSPENDED) return suspend(this, base, i);
      if (i < targets.length) this.store(R, base, i, value);
    }
    if (this.spread) {
      const more = values[single]!.evalMulti(R, base);
      if (more === SUSPENDED) return suspend(this, base, single);
      return this.fill(R, base, single, more);
    }
    for (let i = single; i < targets.length; i++) this.store(R, base, i, undefined);
    return undefined;
  }
  private store(R: Registers, base: number, i: number, value: Value): void {
    const target = this.targets[i]!;
    R[base + target.register] = target.cell ? new Cell(value) : value;
  }
  private fill(R: Registers, base: number, first: number, more: Results): Completion {
    for (let i = first; i < this.targets.length; i++) {
      this.store(R, base, i, Array.isArray(more) ? more[i - first] : i === first ? more : undefined);
    }
    return undefined;
  }
  override resume(R: Registers, base: number, stage: number, _saved: unknown, value: unknown): unknown {
    if (this.spread && stage === this.values.length - 1) return this.fill(R, base, stage, value as Results);
    if (stage < this.targets.length) this.store(R, base, stage, value as Value);
    return this.from(R, base, stage + 1);
  }
}

const BODY = 0;
const CLOSING = 1;
const CLOSING_FAILED = 2;
const HANDLING = 3;

/** An error whose message handler waits. */
interface Handling {
  error: LuaError;
  calls: number;
}

/** How control left a scope: a completion with what it carries, or an error. */
interface Leaving {
  completion: Completion;
  returned: Value;
  returnedMulti: Value[];
  target: unknown;
  error: LuaError | Stop | Closing | undefined;
}

/** Time that `__close` handlers get when everything else has been stopped, in milliseconds. */
const CLOSE_ALLOWANCE_MS = 1000;

/**
 * The rest of a block after the declaration of a to-be-closed variable: runs it, then the variable's `__close`,
 * however the block is left. Also the body of a generic `for` with a closing value.
 */
export class CloseScope extends SiteStatement {
  constructor(
    line: number,
    /** Register of the variable. */
    readonly register: number,
    readonly name: string,
    /** Whether it lives in a cell. */
    readonly cell: boolean,
    readonly body: Statement,
  ) {
    super(line);
  }
  override get handlesErrors(): boolean {
    return true;
  }

  private variable(R: Registers, base: number): Value {
    const held = R[base + this.register];
    return this.cell ? (held as Cell).value : held;
  }

  override exec(R: Registers, base: number): Completion {
    const value = this.variable(R, base);
    if (value !== undefined && value !== false && metamethod(value, Event.Close) === undefined) {
      throw runtimeError(R, base, this, `variable '${this.name}' got a non-closable value`);
    }
    const calls = state.nativeCalls - state.coroutine.entryCalls;
    let completion: Completion;
    try {
      completion = this.body.exec(R, base);
    } catch (error) {
      return this.failed(R, base, caught(error), calls);
    }
    if (completion === SUSPENDED) return suspend(this, base, BODY, calls);
    return this.leave(R, base, completion);
  }

  private leave(R: Registers, base: number, completion: Completion): Completion {
    const value = this.variable(R, base);
    if (value === undefined || value === false) return completion;
    const leaving: Leaving = {
      completion,
      returned: state.returned,
      returnedMulti: state.returnedMulti,
      target: state.target,
      error: undefined,
    };
    const given = this.close(R, base, value, undefined, false);
    return given === SUSPENDED ? suspend(this, base, CLOSING, leaving) : this.left(leaving);
  }

  /**
   * Calls `__close(value, error)`. After an error the function counts as left already: on the stack, the handler
   * stands where the function was called.
   */
  private close(
    R: Registers,
    base: number,
    value: Value,
    error: LuaError | undefined,
    failed: boolean,
  ): Results | Suspended {
    const handler = metamethod(value, Event.Close);
    const args = error === undefined ? [value] : [value, error.value];
    if (handler === undefined) throw runtimeError(R, base, this, `metamethod 'close' is not callable`);
    if (!failed) return callMetamethod(R, base, this, handler, args);
    const caller = R[base + 1] as Site;
    const site = caller.size === 0 ? this : new LeftSite(caller.line, this.size + caller.size);
    return callMetamethod(R, base + this.size - site.size, site, handler, args);
  }

  /** The block is being left by an error. */
  private failed(R: Registers, base: number, error: LuaError | Stop | Closing, calls: number): Completion {
    state.nativeCalls = state.coroutine.entryCalls + calls;
    // Nothing could be resumed into a coroutine that is being closed.
    if (error instanceof Closing && state.vm.debug) state.nativeCalls += ACROSS;
    state.records = [];
    const value = this.variable(R, base);
    if (value === undefined || value === false) throw error;
    const { guard, protectedCalls, isRoot, pending } = state.coroutine;
    if (protectedCalls === 0 && !isRoot && error instanceof LuaError) {
      // The coroutine dies as it stands; `coroutine.close` or `coroutine.wrap` closes its variables.
      pending.push(value);
      throw error;
    }
    if (guard !== undefined && error instanceof LuaError && !error.handled) {
      const handled = guard.raised(error, base, base + this.size, this);
      if (handled === SUSPENDED) return suspend(this, base, HANDLING, { error, calls } satisfies Handling);
      error.replace(handled);
    }
    const leaving: Leaving = {
      completion: undefined,
      returned: undefined,
      returnedMulti: [],
      target: undefined,
      error,
    };
    if (error instanceof Stop) state.vm.allow(CLOSE_ALLOWANCE_MS);
    let given: Results | Suspended;
    try {
      given = this.close(R, base, value, causeOf(error), true);
    } catch (second) {
      throw replaced(error, caught(second));
    }
    if (given === SUSPENDED) return suspend(this, base, CLOSING_FAILED, leaving);
    throw error;
  }

  /** What was under way when the variable had to be closed goes on. */
  private left(leaving: Leaving): Completion {
    if (leaving.error !== undefined) throw leaving.error;
    state.returned = leaving.returned;
    state.returnedMulti = leaving.returnedMulti;
    state.target = leaving.target as typeof state.target;
    return leaving.completion;
  }

  override resume(R: Registers, base: number, stage: number, saved: unknown, value: unknown): unknown {
    if (stage === BODY) return this.leave(R, base, value as Completion);
    if (stage === HANDLING) {
      const { error, calls } = saved as Handling;
      error.replace(first(value as Results));
      return this.failed(R, base, error, calls);
    }
    leaveMetamethod();
    return this.left(saved as Leaving);
  }

  override handle(R: Registers, base: number, stage: number, saved: unknown, error: unknown): unknown {
    if (stage === BODY) return this.failed(R, base, error as LuaError, saved as number);
    if (stage === CLOSING_FAILED) throw replaced((saved as Leaving).error!, error as LuaError);
    throw error;
  }
  override calleeName(): string {
    return "metamethod 'close'";
  }
}

/** The site of a `__close` call from a function that an error has left. */
class LeftSite implements Site {
  constructor(
    readonly line: number,
    readonly size: number,
  ) {}
  calleeName(): string {
    return "metamethod 'close'";
  }
  asTail(): Site {
    return this;
  }
}

function causeOf(error: LuaError | Stop | Closing): LuaError | undefined {
  if (error instanceof LuaError) return error;
  return error instanceof Closing ? error.error : undefined;
}

/** An error in a `__close` handler takes the place of the one that led there, unless that one stops everything. */
function replaced(first: LuaError | Stop | Closing, second: LuaError | Stop | Closing): LuaError | Stop | Closing {
  if (first instanceof Stop) return first;
  if (first instanceof Closing && second instanceof LuaError) {
    first.error = second;
    return first;
  }
  return second;
}

/** `global x = value`: refuses a variable that exists already (manual §3.3.7). */
export class CheckUndefinedGlobal extends SiteStatement {
  constructor(
    line: number,
    readonly environment: Expression,
    readonly name: string,
  ) {
    super(line);
  }
  override exec(R: Registers, base: number): Completion {
    const env = this.environment.eval(R, base) as Value; // a variable: never suspends
    const current = index(R, base, this, env, this.name, this.environment);
    if (current === SUSPENDED) return suspend(this, base, BODY);
    return this.check(R, base, current);
  }
  private check(R: Registers, base: number, current: Value): Completion {
    if (current !== undefined) throw runtimeError(R, base, this, `global '${this.name}' already defined`);
    return undefined;
  }
  override resume(R: Registers, base: number, stage: number, _saved: unknown, value: unknown): unknown {
    if (stage === BODY) return this.check(R, base, value as Value);
    leaveMetamethod();
    return first(value as Results);
  }
}
