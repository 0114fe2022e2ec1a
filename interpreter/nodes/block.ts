import { type Registers, state } from "../state.ts";
import { lookAround } from "../task.ts";
import { SUSPENDED } from "../value.ts";
import type { Call } from "./call.ts";
import { BREAK, type Completion, GOTO, type Label, Statement, suspend } from "./node.ts";

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
