import { type Registers, state } from "../state.ts";
import { lookAround } from "../task.ts";
import { SUSPENDED } from "../value.ts";
import { BREAK, type Completion, type Expression, isTrue, Statement, suspend } from "./node.ts";

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
