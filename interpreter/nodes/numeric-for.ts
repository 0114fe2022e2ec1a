import { runtimeError, typeName } from "../error.ts";
import { Cell } from "../function.ts";
import { toNumber } from "../number.ts";
import { type Registers, state } from "../state.ts";
import { lookAround } from "../task.ts";
import { float, isInteger, type LuaFloat, SUSPENDED, toDouble, type Value } from "../value.ts";
import { BREAK, type Completion, type Expression, SiteStatement, type Statement, suspend } from "./node.ts";

const START = 0;
const LIMIT = 1;
const STEP = 2;
const TURN = 3;

/** Limits below this can be reached from the safe range; larger ones may be rounded. */
const NEAR_SAFE = 2n ** 54n;

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
    const limit = this.limit.eval(R, base);
    if (limit === SUSPENDED) return suspend(this, base, LIMIT, start);
    const step = this.step.eval(R, base);
    if (step === SUSPENDED) return suspend(this, base, STEP, [start, limit]);
    if (step === 1 && typeof start === "number" && typeof limit === "number") {
      const from = +start;
      const to = +limit;
      if (Number.isSafeInteger(from) && to <= Number.MAX_SAFE_INTEGER) return this.countUp(R, base, from, to);
    }
    return this.prepare(R, base, start, limit, step);
  }

  /**
   * By one, to a limit in the safe range: nearly all loops. It stands apart from `count`, and `exec` calls it directly,
   * so that the engine has depth left to inline the body of nested loops: they take a third less time.
   */
  private countUp(R: Registers, base: number, start: number, limit: number): Completion {
    const at = base + this.register;
    const { body, cell } = this;
    for (let i = start; i <= limit; i++) {
      R[at] = cell ? new Cell(i) : i;
      const completion = body.exec(R, base);
      if (completion !== undefined) {
        if (completion === SUSPENDED) return suspend(this, base, TURN, [i, limit, 1]);
        return completion === BREAK ? undefined : completion;
      }
      if (--state.ticks < 0 && lookAround()) return suspend(this, base, TURN, [i, limit, 1]);
    }
    return undefined;
  }

  /** What `exec` does, from where a wait interrupted it. */
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
        // A float limit is clipped to the integers (forlimit); comparing does that by itself.
        if (!Number.isNaN(limit)) return this.count(R, base, start, limit, step);
        return step > 0 ? undefined : this.count(R, base, start, Number.NEGATIVE_INFINITY, step);
      }
      if (typeof limit === "bigint" && limit < NEAR_SAFE && limit > -NEAR_SAFE) {
        return this.countBig(R, base, BigInt(start), limit, BigInt(step)); // in reach, and rounding would miss it
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
    // With a NaN in it there is one turn: nothing says that the loop is over before it began.
    if (by > 0 ? end < from : from < end) return undefined;
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
    if (Number.isNaN(n)) return up ? -(2n ** 63n) - 1n : -(2n ** 63n);
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

  /** A loop over floats, whose first turn is due. */
  private countFloat(R: Registers, base: number, start: number, limit: number, step: number): Completion {
    let x = start;
    do {
      const value = float(x);
      R[base + this.register] = this.cell ? new Cell(value) : value;
      const completion = this.body.exec(R, base);
      if (completion !== undefined) {
        if (completion === SUSPENDED) return suspend(this, base, TURN, [x, limit, step, true]);
        return completion === BREAK ? undefined : completion;
      }
      if (--state.ticks < 0 && lookAround()) return suspend(this, base, TURN, [x, limit, step, true]);
      x += step;
    } while (step > 0 ? x <= limit : x >= limit);
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
    const by = step as number;
    const end = limit as number;
    const next = i + by;
    if (isFloatLoop !== true) return this.count(R, base, next, end, by);
    return (by > 0 ? next <= end : next >= end) ? this.countFloat(R, base, next, end, by) : undefined;
  }
}
