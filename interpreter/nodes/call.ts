/** Calls (manual §3.4.10). */

import { complete, invoke, prologue } from "../call.ts";
import { LuaFunction, NativeFunction, type NativeResult } from "../function.ts";
import { LOCALS, NATIVE_TICKS, type Registers, state } from "../state.ts";
import { enterSlowly, reserve } from "../task.ts";
import { type Results, SUSPENDED, type Suspended, type Value } from "../value.ts";
import { Vararg } from "./literal.ts";
import { type Completion, type Expression, RETURN, SiteExpression, suspend } from "./node.ts";
import { Field, registerOf } from "./variable.ts";

/** The function expression is under way. */
const CALLEE = 0;
/** An argument is under way; saved: the function and the arguments so far. */
const ARGUMENT = 1;
/** The body of a Lua function is under way and will give a completion. */
const BODY = 2;
/** A function is under way and will give its results. */
const RESULTS = 3;
/** Added to a stage when exactly one value is wanted. */
const SINGLE = 16;

/**
 * Any call. The subclasses below evaluate the common forms in place; whatever was interrupted, or has many or
 * multiple arguments, goes on here with the arguments in an array.
 */
export abstract class Call extends SiteExpression {
  constructor(
    line: number,
    readonly args: readonly Expression[],
  ) {
    super(line);
  }
  override get isMulti(): boolean {
    return true;
  }

  /** What the site calls its function: `local 'f'`. */
  abstract override calleeName(): string;

  /** Evaluates the arguments from where `values` (function, arguments so far) ends, and calls. */
  protected proceed(R: Registers, base: number, values: Value[], skip: number, single: number): Results | Suspended {
    const { args } = this;
    for (let i = values.length - skip; i < args.length; i++) {
      const arg = args[i]!;
      if (i === args.length - 1 && arg.isMulti) {
        const last = arg.evalMulti(R, base);
        if (last === SUSPENDED) return suspend(this, base, ARGUMENT + single, values);
        return this.shifted(R, base, extend(values, last), single);
      }
      const value = arg.eval(R, base);
      if (value === SUSPENDED) return suspend(this, base, ARGUMENT + single, values);
      values.push(value);
    }
    return this.shifted(R, base, values, single);
  }

  /** Calls with the function in front of its arguments. */
  private shifted(R: Registers, base: number, values: Value[], single: number): Results | Suspended {
    return this.perform(R, base, values.shift(), values, single);
  }

  protected perform(R: Registers, base: number, fn: Value, values: Value[], single: number): Results | Suspended {
    const given = invoke(fn, values, R, base + this.size, this);
    if (given === SUSPENDED) return suspend(this, base, RESULTS + single);
    return single !== 0 && Array.isArray(given) ? given[0] : given;
  }

  /** Takes the function once it is known. Method calls get the object in front of the arguments. */
  protected abstract withCallee(
    R: Registers,
    base: number,
    saved: unknown,
    fn: Value,
    single: number,
  ): Results | Suspended;
  /** How many values stand before the arguments: the function, and the object of a method call. */
  protected abstract get prefix(): number;

  override resume(R: Registers, base: number, stage: number, saved: unknown, value: unknown): unknown {
    const single = stage & SINGLE;
    switch (stage & ~SINGLE) {
      case CALLEE:
        return this.withCallee(R, base, saved, value as Value, single);
      case ARGUMENT: {
        const values = saved as Value[];
        const arg = this.args[values.length - this.prefix]!;
        if (values.length - this.prefix === this.args.length - 1 && arg.isMulti) {
          return this.shifted(R, base, extend(values, value as Results), single);
        }
        values.push(value as Value);
        return this.proceed(R, base, values, this.prefix, single);
      }
      case BODY: {
        const given = complete(R, base + this.size, value as Completion);
        if (given === SUSPENDED) return suspend(this, base, RESULTS + single);
        return single !== 0 && Array.isArray(given) ? given[0] : given;
      }
      default:
        return single !== 0 && Array.isArray(value) ? value[0] : value;
    }
  }

  /** The one value of a call whose body ended with `completion`, other than a plain return. */
  protected single(R: Registers, base: number, completion: Completion): Value | Suspended {
    if (completion === SUSPENDED) return suspend(this, base, BODY + SINGLE);
    const given = complete(R, base + this.size, completion);
    if (given === SUSPENDED) return suspend(this, base, RESULTS + SINGLE);
    return Array.isArray(given) ? given[0] : given;
  }

  /** All values likewise. */
  protected multiple(R: Registers, base: number, completion: Completion): Results | Suspended {
    if (completion === SUSPENDED) return suspend(this, base, BODY);
    const given = complete(R, base + this.size, completion);
    return given === SUSPENDED ? suspend(this, base, RESULTS) : given;
  }

  /** What a native function returned, as the one value or all of them. */
  protected native(base: number, given: NativeResult, single: number): Results | Suspended {
    if (given === SUSPENDED) return suspend(this, base, RESULTS + single);
    return single !== 0 && Array.isArray(given) ? given[0] : given;
  }
}

/** Appends a call's results to values. */
export function extend(values: Value[], more: Results): Value[] {
  if (!Array.isArray(more)) values.push(more);
  else for (let i = 0; i < more.length; i++) values.push(more[i]);
  return values;
}

/** Runs the body in a window whose function, site and arguments are in place. */
function enter(R: Registers, base: number, fn: LuaFunction): Completion {
  return --state.ticks < 0 ? enterSlowly(R, base) : fn.prototype.body.exec(R, base);
}

/** Calls a native function with up to three arguments in the window at `base`. */
function callNative(
  R: Registers,
  base: number,
  site: Call,
  fn: NativeFunction,
  argc: number,
  a?: Value,
  b?: Value,
  c?: Value,
): NativeResult {
  R[base] = fn;
  R[base + 1] = site;
  state.top = base;
  state.argc = argc;
  state.ticks -= NATIVE_TICKS;
  if (fn.variadic === undefined && state.hooks === undefined) return fn.run(a, b, c);
  const args = argc === 0 ? [] : argc === 1 ? [a] : argc === 2 ? [a, b] : [a, b, c];
  if (state.hooks !== undefined) return state.hooks.callNative(R, base, fn, args);
  return fn.variadic!(args);
}

/** `f(…)` with many or multiple arguments. */
export class FunctionCall extends Call {
  protected readonly calleeRegister: number;
  constructor(
    line: number,
    readonly callee: Expression,
    args: readonly Expression[],
  ) {
    super(line, args);
    this.calleeRegister = registerOf(callee);
  }
  override calleeName(): string {
    return this.callee.describe().slice(2, -1);
  }
  protected override get prefix(): number {
    return 1;
  }
  protected override withCallee(
    R: Registers,
    base: number,
    _saved: unknown,
    fn: Value,
    single: number,
  ): Results | Suspended {
    return this.proceed(R, base, [fn], 1, single);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const fn = this.calleeRegister > 0 ? (R[base + this.calleeRegister] as Value) : this.callee.eval(R, base);
    if (fn === SUSPENDED) return suspend(this, base, CALLEE + SINGLE);
    return this.evaluateAll(R, base, fn, SINGLE) as Value | Suspended;
  }
  override evalMulti(R: Registers, base: number): Results | Suspended {
    const fn = this.calleeRegister > 0 ? (R[base + this.calleeRegister] as Value) : this.callee.eval(R, base);
    if (fn === SUSPENDED) return suspend(this, base, CALLEE);
    return this.evaluateAll(R, base, fn, 0);
  }
  /** `proceed` from the first argument on; the function joins the arguments only if one of them has to wait. */
  private evaluateAll(R: Registers, base: number, fn: Value, single: number): Results | Suspended {
    const { args } = this;
    let values: Value[] = [];
    for (let i = 0; i < args.length; i++) {
      const arg = args[i]!;
      if (i === args.length - 1 && arg.isMulti) {
        if (arg instanceof Vararg) {
          const last = arg.values(R, base);
          if (i === 0) values = last.slice();
          else extend(values, last as Value[]);
          break;
        }
        const last = arg.evalMulti(R, base);
        if (last === SUSPENDED) return suspend(this, base, ARGUMENT + single, [fn, ...values]);
        extend(values, last);
        break;
      }
      const value = arg.eval(R, base);
      if (value === SUSPENDED) return suspend(this, base, ARGUMENT + single, [fn, ...values]);
      values.push(value);
    }
    return this.perform(R, base, fn, values, single);
  }
}

export class Call0 extends FunctionCall {
  override eval(R: Registers, base: number): Value | Suspended {
    const fn = this.calleeRegister > 0 ? (R[base + this.calleeRegister] as Value) : this.callee.eval(R, base);
    if (fn === SUSPENDED) return suspend(this, base, CALLEE + SINGLE);
    const at = base + this.size;
    if (fn instanceof LuaFunction) {
      const completion = this.enter(R, at, fn);
      return completion === RETURN ? state.returned : this.single(R, base, completion);
    }
    if (fn instanceof NativeFunction) return this.native(base, callNative(R, at, this, fn, 0), SINGLE) as Value;
    return this.proceed(R, base, [fn], 1, SINGLE) as Value | Suspended;
  }
  override evalMulti(R: Registers, base: number): Results | Suspended {
    const fn = this.calleeRegister > 0 ? (R[base + this.calleeRegister] as Value) : this.callee.eval(R, base);
    if (fn === SUSPENDED) return suspend(this, base, CALLEE);
    const at = base + this.size;
    if (fn instanceof LuaFunction) {
      const completion = this.enter(R, at, fn);
      return completion === RETURN ? state.returned : this.multiple(R, base, completion);
    }
    if (fn instanceof NativeFunction) return this.native(base, callNative(R, at, this, fn, 0), 0);
    return this.proceed(R, base, [fn], 1, 0);
  }
  private enter(R: Registers, at: number, fn: LuaFunction): Completion {
    const prototype = fn.prototype;
    if (at + prototype.size > state.limit) reserve(R, at + prototype.size);
    R[at] = fn;
    R[at + 1] = this;
    if (prototype.plainParameters !== 0) prologue(fn, R, at, 0);
    return enter(R, at, fn);
  }
}

export class Call1 extends FunctionCall {
  private readonly a: Expression;
  private readonly aRegister: number;
  constructor(line: number, callee: Expression, args: readonly Expression[]) {
    super(line, callee, args);
    this.a = args[0]!;
    this.aRegister = registerOf(args[0]);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const fn = this.calleeRegister > 0 ? (R[base + this.calleeRegister] as Value) : this.callee.eval(R, base);
    if (fn === SUSPENDED) return suspend(this, base, CALLEE + SINGLE);
    const a = this.aRegister > 0 ? (R[base + this.aRegister] as Value) : this.a.eval(R, base);
    if (a === SUSPENDED) return suspend(this, base, ARGUMENT + SINGLE, [fn]);
    const at = base + this.size;
    if (fn instanceof LuaFunction) {
      const prototype = fn.prototype;
      if (at + prototype.size > state.limit) reserve(R, at + prototype.size);
      R[at] = fn;
      R[at + 1] = this;
      R[at + LOCALS] = a;
      if (prototype.plainParameters !== 1) prologue(fn, R, at, 1);
      const completion = --state.ticks < 0 ? enterSlowly(R, at) : prototype.body.exec(R, at);
      return completion === RETURN ? state.returned : this.single(R, base, completion);
    }
    if (fn instanceof NativeFunction) return this.native(base, callNative(R, at, this, fn, 1, a), SINGLE) as Value;
    return this.proceed(R, base, [fn, a], 1, SINGLE) as Value | Suspended;
  }
  override evalMulti(R: Registers, base: number): Results | Suspended {
    const fn = this.calleeRegister > 0 ? (R[base + this.calleeRegister] as Value) : this.callee.eval(R, base);
    if (fn === SUSPENDED) return suspend(this, base, CALLEE);
    const a = this.aRegister > 0 ? (R[base + this.aRegister] as Value) : this.a.eval(R, base);
    if (a === SUSPENDED) return suspend(this, base, ARGUMENT, [fn]);
    const at = base + this.size;
    if (fn instanceof LuaFunction) {
      const prototype = fn.prototype;
      if (at + prototype.size > state.limit) reserve(R, at + prototype.size);
      R[at] = fn;
      R[at + 1] = this;
      R[at + LOCALS] = a;
      if (prototype.plainParameters !== 1) prologue(fn, R, at, 1);
      const completion = enter(R, at, fn);
      return completion === RETURN ? state.returned : this.multiple(R, base, completion);
    }
    if (fn instanceof NativeFunction) return this.native(base, callNative(R, at, this, fn, 1, a), 0);
    return this.proceed(R, base, [fn, a], 1, 0);
  }
}

export class Call2 extends FunctionCall {
  private readonly a: Expression;
  private readonly aRegister: number;
  private readonly b: Expression;
  private readonly bRegister: number;
  constructor(line: number, callee: Expression, args: readonly Expression[]) {
    super(line, callee, args);
    this.a = args[0]!;
    this.aRegister = registerOf(args[0]);
    this.b = args[1]!;
    this.bRegister = registerOf(args[1]);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    const fn = this.calleeRegister > 0 ? (R[base + this.calleeRegister] as Value) : this.callee.eval(R, base);
    if (fn === SUSPENDED) return suspend(this, base, CALLEE + SINGLE);
    const a = this.aRegister > 0 ? (R[base + this.aRegister] as Value) : this.a.eval(R, base);
    if (a === SUSPENDED) return suspend(this, base, ARGUMENT + SINGLE, [fn]);
    const b = this.bRegister > 0 ? (R[base + this.bRegister] as Value) : this.b.eval(R, base);
    if (b === SUSPENDED) return suspend(this, base, ARGUMENT + SINGLE, [fn, a]);
    const at = base + this.size;
    if (fn instanceof LuaFunction) {
      const completion = this.enter(R, at, fn, a, b);
      return completion === RETURN ? state.returned : this.single(R, base, completion);
    }
    if (fn instanceof NativeFunction) return this.native(base, callNative(R, at, this, fn, 2, a, b), SINGLE) as Value;
    return this.proceed(R, base, [fn, a, b], 1, SINGLE) as Value | Suspended;
  }
  override evalMulti(R: Registers, base: number): Results | Suspended {
    const fn = this.calleeRegister > 0 ? (R[base + this.calleeRegister] as Value) : this.callee.eval(R, base);
    if (fn === SUSPENDED) return suspend(this, base, CALLEE);
    const a = this.aRegister > 0 ? (R[base + this.aRegister] as Value) : this.a.eval(R, base);
    if (a === SUSPENDED) return suspend(this, base, ARGUMENT, [fn]);
    const b = this.bRegister > 0 ? (R[base + this.bRegister] as Value) : this.b.eval(R, base);
    if (b === SUSPENDED) return suspend(this, base, ARGUMENT, [fn, a]);
    const at = base + this.size;
    if (fn instanceof LuaFunction) {
      const completion = this.enter(R, at, fn, a, b);
      return completion === RETURN ? state.returned : this.multiple(R, base, completion);
    }
    if (fn instanceof NativeFunction) return this.native(base, callNative(R, at, this, fn, 2, a, b), 0);
    return this.proceed(R, base, [fn, a, b], 1, 0);
  }
  private enter(R: Registers, at: number, fn: LuaFunction, a: Value, b: Value): Completion {
    const prototype = fn.prototype;
    if (at + prototype.size > state.limit) reserve(R, at + prototype.size);
    R[at] = fn;
    R[at + 1] = this;
    R[at + LOCALS] = a;
    R[at + LOCALS + 1] = b;
    if (prototype.plainParameters !== 2) prologue(fn, R, at, 2);
    return --state.ticks < 0 ? enterSlowly(R, at) : prototype.body.exec(R, at);
  }
}

export class Call3 extends FunctionCall {
  private readonly a: Expression;
  private readonly aRegister: number;
  private readonly b: Expression;
  private readonly bRegister: number;
  private readonly c: Expression;
  private readonly cRegister: number;
  constructor(line: number, callee: Expression, args: readonly Expression[]) {
    super(line, callee, args);
    this.a = args[0]!;
    this.aRegister = registerOf(args[0]);
    this.b = args[1]!;
    this.bRegister = registerOf(args[1]);
    this.c = args[2]!;
    this.cRegister = registerOf(args[2]);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    return this.evaluate(R, base, SINGLE) as Value | Suspended;
  }
  override evalMulti(R: Registers, base: number): Results | Suspended {
    return this.evaluate(R, base, 0);
  }
  private evaluate(R: Registers, base: number, single: number): Results | Suspended {
    const fn = this.calleeRegister > 0 ? (R[base + this.calleeRegister] as Value) : this.callee.eval(R, base);
    if (fn === SUSPENDED) return suspend(this, base, CALLEE + single);
    const a = this.aRegister > 0 ? (R[base + this.aRegister] as Value) : this.a.eval(R, base);
    if (a === SUSPENDED) return suspend(this, base, ARGUMENT + single, [fn]);
    const b = this.bRegister > 0 ? (R[base + this.bRegister] as Value) : this.b.eval(R, base);
    if (b === SUSPENDED) return suspend(this, base, ARGUMENT + single, [fn, a]);
    const c = this.cRegister > 0 ? (R[base + this.cRegister] as Value) : this.c.eval(R, base);
    if (c === SUSPENDED) return suspend(this, base, ARGUMENT + single, [fn, a, b]);
    const at = base + this.size;
    if (fn instanceof LuaFunction) {
      const prototype = fn.prototype;
      if (at + prototype.size > state.limit) reserve(R, at + prototype.size);
      R[at] = fn;
      R[at + 1] = this;
      R[at + LOCALS] = a;
      R[at + LOCALS + 1] = b;
      R[at + LOCALS + 2] = c;
      if (prototype.plainParameters !== 3) prologue(fn, R, at, 3);
      const completion = enter(R, at, fn);
      if (completion === RETURN) return state.returned;
      return single === 0 ? this.multiple(R, base, completion) : this.single(R, base, completion);
    }
    if (fn instanceof NativeFunction) return this.native(base, callNative(R, at, this, fn, 3, a, b, c), single);
    return this.proceed(R, base, [fn, a, b, c], 1, single);
  }
}

/** `object:name(…)` */
export class MethodCall extends Call {
  /** Looks the method up; never evaluated itself. */
  readonly method: Field;
  constructor(
    line: number,
    readonly object: Expression,
    readonly name: string,
    args: readonly Expression[],
  ) {
    super(line, args);
    this.method = new Field(line, object, name);
  }
  /** Whether messages call the method a field, see `isFarName` in compile.ts. */
  isField = false;
  override calleeName(): string {
    return `${this.isField ? "field" : "method"} '${this.name}'`;
  }
  protected override get prefix(): number {
    return 2;
  }

  override eval(R: Registers, base: number): Value | Suspended {
    return this.evaluate(R, base, SINGLE) as Value | Suspended;
  }
  override evalMulti(R: Registers, base: number): Results | Suspended {
    return this.evaluate(R, base, 0);
  }

  protected evaluate(R: Registers, base: number, single: number): Results | Suspended {
    const object = this.object.eval(R, base);
    if (object === SUSPENDED) return suspend(this, base, CALLEE + single);
    const fn = this.lookUp(R, base, object);
    if (fn === SUSPENDED) return suspend(this, base, CALLEE + single, [object]);
    return this.proceed(R, base, [fn, object], 2, single);
  }

  protected lookUp(R: Registers, base: number, object: Value): Value | Suspended {
    return this.method.get(R, base, object);
  }

  /** `value` is the object, or the method if the object was saved. */
  protected override withCallee(
    R: Registers,
    base: number,
    saved: unknown,
    value: Value,
    single: number,
  ): Results | Suspended {
    if (saved !== undefined) return this.proceed(R, base, [value, (saved as Value[])[0]], 2, single);
    const fn = this.lookUp(R, base, value);
    if (fn === SUSPENDED) return suspend(this, base, CALLEE + single, [value]);
    return this.proceed(R, base, [fn, value], 2, single);
  }
}

/** A method call with up to two arguments. */
export class ShortMethodCall extends MethodCall {
  private readonly a: Expression | undefined;
  private readonly b: Expression | undefined;
  private readonly objectRegister: number;
  private readonly aRegister: number;
  private readonly bRegister: number;
  constructor(line: number, object: Expression, name: string, args: readonly Expression[]) {
    super(line, object, name, args);
    this.objectRegister = registerOf(object);
    this.a = args[0];
    this.b = args[1];
    this.aRegister = registerOf(args[0]);
    this.bRegister = registerOf(args[1]);
  }
  protected override evaluate(R: Registers, base: number, single: number): Results | Suspended {
    const object = this.objectRegister > 0 ? (R[base + this.objectRegister] as Value) : this.object.eval(R, base);
    if (object === SUSPENDED) return suspend(this, base, CALLEE + single);
    const fn = this.method.get(R, base, object);
    if (fn === SUSPENDED) return suspend(this, base, CALLEE + single, [object]);
    let given = 1;
    let a: Value;
    let b: Value;
    if (this.a !== undefined) {
      const value = this.aRegister > 0 ? (R[base + this.aRegister] as Value) : this.a.eval(R, base);
      if (value === SUSPENDED) return suspend(this, base, ARGUMENT + single, [fn, object]);
      a = value;
      given = 2;
      if (this.b !== undefined) {
        const second = this.bRegister > 0 ? (R[base + this.bRegister] as Value) : this.b.eval(R, base);
        if (second === SUSPENDED) return suspend(this, base, ARGUMENT + single, [fn, object, a]);
        b = second;
        given = 3;
      }
    }
    const at = base + this.size;
    if (fn instanceof LuaFunction) {
      const prototype = fn.prototype;
      if (at + prototype.size > state.limit) reserve(R, at + prototype.size);
      R[at] = fn;
      R[at + 1] = this;
      R[at + LOCALS] = object;
      if (given > 1) {
        R[at + LOCALS + 1] = a;
        if (given > 2) R[at + LOCALS + 2] = b;
      }
      if (prototype.plainParameters !== given) prologue(fn, R, at, given);
      const completion = --state.ticks < 0 ? enterSlowly(R, at) : prototype.body.exec(R, at);
      if (completion === RETURN) return state.returned;
      return single === 0 ? this.multiple(R, base, completion) : this.single(R, base, completion);
    }
    if (fn instanceof NativeFunction)
      return this.native(base, callNative(R, at, this, fn, given, object, a, b), single);
    return this.proceed(
      R,
      base,
      given === 1 ? [fn, object] : given === 2 ? [fn, object, a] : [fn, object, a, b],
      2,
      single,
    );
  }
}
