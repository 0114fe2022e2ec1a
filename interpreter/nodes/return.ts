/** `return`, and tail calls (manual §3.3.4, §3.4.10). */
import { invoke, placeArguments, prologue } from "../call.ts";
import { LuaFunction } from "../function.ts";
import { LOCALS, type Registers, state } from "../state.ts";
import { reserve } from "../task.ts";
import { type Results, SUSPENDED, type Value } from "../value.ts";
import { type Call, extend, type FunctionCall, MethodCall } from "./call.ts";
import {
  type Completion,
  type Expression,
  RETURN,
  RETURN_MULTI,
  type Site,
  SiteStatement,
  Statement,
  suspend,
  TAIL_CALL,
} from "./node.ts";
import { registerOf } from "./variable.ts";

/** `return value` */
export class Return extends Statement {
  private readonly valueRegister: number;
  constructor(readonly value: Expression) {
    super();
    this.valueRegister = registerOf(value);
  }
  override exec(R: Registers, base: number): Completion {
    const value = this.valueRegister > 0 ? (R[base + this.valueRegister] as Value) : this.value.eval(R, base);
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
  /** Whether it returns exactly two or three values. */
  private readonly isShort: boolean;
  constructor(readonly values: readonly Expression[]) {
    super();
    const { length } = values;
    this.isShort = (length === 2 || length === 3) && !values[length - 1]!.isMulti;
  }
  override exec(R: Registers, base: number): Completion {
    const { values } = this;
    if (!this.isShort) return this.evaluate(R, base, []);
    const a = values[0]!.eval(R, base);
    if (a === SUSPENDED) return suspend(this, base, 0, []);
    const b = values[1]!.eval(R, base);
    if (b === SUSPENDED) return suspend(this, base, 0, [a]);
    if (values.length === 2) return give([a, b]);
    const c = values[2]!.eval(R, base);
    return c === SUSPENDED ? suspend(this, base, 0, [a, b]) : give([a, b, c]);
  }
  private evaluate(R: Registers, base: number, given: Value[]): Completion {
    const { values } = this;
    for (let i = given.length; i < values.length; i++) {
      const source = values[i]!;
      if (i === values.length - 1 && source.isMulti) {
        const more = source.evalMulti(R, base);
        if (more === SUSPENDED) return suspend(this, base, 1, given);
        return i === 0 ? giveResults(more) : give(extend(given, more));
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
  /** Whether it passes one or two values, the object of a method call among them. */
  private readonly isShort: boolean;
  constructor(
    /** The call; native functions are called on its behalf. */
    readonly call: FunctionCall | MethodCall,
  ) {
    super(call.line);
    this.callee = call instanceof MethodCall ? call.object : call.callee;
    this.prefix = call instanceof MethodCall ? 2 : 1;
    this.args = call.args;
    const { length } = call.args;
    const given = this.prefix - 1 + length;
    this.isShort = (given === 1 || given === 2) && call.args[length - 1]?.isMulti !== true;
  }
  override exec(R: Registers, base: number): Completion {
    const value = this.callee.eval(R, base);
    if (value === SUSPENDED) return suspend(this, base, CALLEE);
    return this.isShort && this.prefix === 1 ? this.short(R, base, value) : this.withCallee(R, base, value);
  }

  /** `return f(a)` and `return f(a, b)` */
  private short(R: Registers, base: number, fn: Value): Completion {
    const { args } = this;
    const a = args[0]!.eval(R, base);
    if (a === SUSPENDED) return suspend(this, base, ARGUMENT, [fn]);
    let b: Value;
    if (args.length === 2) {
      const second = args[1]!.eval(R, base);
      if (second === SUSPENDED) return suspend(this, base, ARGUMENT, [fn, a]);
      b = second;
    }
    if (!(fn instanceof LuaFunction)) return this.perform(R, base, args.length === 2 ? [fn, a, b] : [fn, a]);
    return this.replace(R, base, fn, args.length, a, b);
  }

  /** Puts a function with one or two arguments into the window of its caller. */
  private replace(R: Registers, base: number, fn: LuaFunction, given: number, a: Value, b: Value): Completion {
    const end = base + fn.prototype.size;
    if (end > state.limit) reserve(R, end);
    R[base] = fn;
    R[base + 1] = (R[base + 1] as Site).asTail();
    R[base + LOCALS] = a;
    if (given === 2) R[base + LOCALS + 1] = b;
    if (fn.prototype.plainParameters !== given) prologue(fn, R, base, given);
    return TAIL_CALL;
  }
  private withCallee(R: Registers, base: number, value: Value): Completion {
    const { call } = this;
    if (!(call instanceof MethodCall)) return this.evaluate(R, base, [value]);
    const method = call.method.get(R, base, value);
    if (method === SUSPENDED) return suspend(this, base, METHOD, value);
    if (!this.isShort || !(method instanceof LuaFunction)) return this.evaluate(R, base, [method, value]);
    let a: Value;
    if (this.args.length === 1) {
      const given = this.args[0]!.eval(R, base);
      if (given === SUSPENDED) return suspend(this, base, ARGUMENT, [method, value]);
      a = given;
    }
    return this.replace(R, base, method, 1 + this.args.length, value, a);
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
