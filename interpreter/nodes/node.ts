/** What all nodes of the evaluator share: how they evaluate, how they suspend, what a completion is. */
import { type Registers, state } from "../state.ts";
import { type Results, SUSPENDED, type Suspended, type Value } from "../value.ts";

/** Something that calls: a node, or native code. Lives in the callee's window, so that a stack walk finds its way. */
export interface Site {
  /** Line of the call in its chunk. */
  readonly line: number;
  /** Length of the caller's window: where the callee's begins, counted from the caller's base. 0: nothing below. */
  readonly size: number;
  /** What the call site names the function: `local 'f'`, `method 'close'`, `metamethod 'add'`; empty when unknown. */
  calleeName(): string;
  /** The same site for a function that replaced its caller by a tail call. */
  asTail(): Site;
}

/** A site whose callee was reached by a tail call. */
export class TailSite implements Site {
  readonly tail = true;
  constructor(
    readonly line: number,
    readonly size: number,
  ) {}
  calleeName(): string {
    return "";
  }
  asTail(): Site {
    return this;
  }
}

/** Anything that can be continued after a suspension. */
export interface Resumable {
  /**
   * Goes on where it suspended. `stage` tells which child was under way, `saved` holds the temporaries, `value` is
   * what that child gave: results for an expression, a completion for a statement.
   */
  resume(R: Registers, base: number, stage: number, saved: unknown, value: unknown): unknown;
  /** Whether `handle` wants errors that come out of the child under way. */
  readonly handlesErrors: boolean;
  /** Takes an error (a LuaError or a Stop) instead of `resume`; throws it on if it cannot do anything with it. */
  handle(R: Registers, base: number, stage: number, saved: unknown, error: unknown): unknown;
}

/** Leaves a continuation record for `node` and goes on unwinding. */
export function suspend(node: Resumable, base: number, stage: number, saved?: unknown): Suspended {
  state.records.push(node, base, stage, saved);
  return SUSPENDED;
}

// Completions: what `exec` returns when control does not simply go on to the next statement.
/** `return` of one value, in `state.returned`. */
export const RETURN: unique symbol = Symbol("return");
/** `return` of none or several values, in `state.returnedMulti`. */
export const RETURN_MULTI: unique symbol = Symbol("return multi");
/** `return f(…)`: the callee and its arguments stand ready in this window. */
export const TAIL_CALL: unique symbol = Symbol("tail call");
export const BREAK: unique symbol = Symbol("break");
/** `goto`, to `state.target`. */
export const GOTO: unique symbol = Symbol("goto");
export type Completion =
  | undefined
  | typeof RETURN
  | typeof RETURN_MULTI
  | typeof TAIL_CALL
  | typeof BREAK
  | typeof GOTO
  | Suspended;

/** The place a goto goes to. Compared by identity. */
export class Label {
  constructor(
    readonly name: string,
    readonly line: number,
  ) {}
}

abstract class Node implements Resumable {
  get handlesErrors(): boolean {
    return false;
  }
  resume(_R: Registers, _base: number, _stage: number, _saved: unknown, _value: unknown): unknown {
    throw new Error(`${this.constructor.name} cannot be resumed`);
  }
  handle(_R: Registers, _base: number, _stage: number, _saved: unknown, error: unknown): unknown {
    throw error;
  }
}

export abstract class Expression extends Node {
  /** Evaluates to exactly one value. */
  abstract eval(R: Registers, base: number): Value | Suspended;
  /** Evaluates to all its values: calls and `...` may give none or several. */
  evalMulti(R: Registers, base: number): Results | Suspended {
    return this.eval(R, base);
  }
  /** Evaluates as a condition. */
  test(R: Registers, base: number): boolean | Suspended {
    const value = this.eval(R, base);
    return value === SUSPENDED ? SUSPENDED : value !== undefined && value !== false;
  }
  /**
   * Whether evaluating it twice is the same as once: variables, constants, and operators on those as long as their
   * operands are numbers.
   */
  get isPure(): boolean {
    return false;
  }
  /**
   * The low 32 bits of its value as an int32, without computing the others; `undefined` if it is not known to be an
   * integer, in which case it must be evaluated in the ordinary way. Only for pure expressions.
   */
  lowBits(_R: Registers, _base: number): number | undefined {
    return undefined;
  }
  /** Whether it may give other than one value (a call or `...` without parentheses). */
  get isMulti(): boolean {
    return false;
  }
  /** What error messages call the value, with a leading space: ` (local 'x')`. Empty when it has no name. */
  describe(): string {
    return "";
  }
}

/**
 * Whether the methods of nodes may be replaced later, which hooks do. Otherwise a node that has many kinds of nodes below
 * it may look up their method when it is made: among many classes the engine takes longer for that than for the call.
 */
export const linking = { late: false };

function evalLate(this: Expression, R: Registers, base: number): Value | Suspended {
  return this.eval(R, base);
}

/** What evaluates a node, to be called on that node. */
export function evalOf(node: Expression): Expression["eval"] {
  return linking.late ? evalLate : node.eval;
}

/** An expression that may call something: it is the site of that call. */
export abstract class SiteExpression extends Expression implements Site {
  /** Length of the window of the function it stands in; set once that function is resolved. */
  size = 0;
  /** Its place in the order of evaluation: tells the debug library which locals are active. */
  order = 0;
  private tail: Site | undefined = undefined;
  constructor(readonly line: number) {
    super();
  }
  calleeName(): string {
    return "";
  }
  asTail(): Site {
    this.tail ??= new TailSite(this.line, this.size);
    return this.tail;
  }
}

export abstract class Statement extends Node {
  abstract exec(R: Registers, base: number): Completion;
}

/** A statement that may call something. */
export abstract class SiteStatement extends Statement implements Site {
  size = 0;
  order = 0;
  private tail: Site | undefined = undefined;
  constructor(readonly line: number) {
    super();
  }
  calleeName(): string {
    return "";
  }
  asTail(): Site {
    this.tail ??= new TailSite(this.line, this.size);
    return this.tail;
  }
}

/** What a condition's value means, whether it came from `test` or from a resumption. */
export function isTrue(value: unknown): boolean {
  return value !== undefined && value !== false;
}
