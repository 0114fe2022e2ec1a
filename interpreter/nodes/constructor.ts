/** Table constructors (manual §3.4.9). */

import { keyError } from "../access.ts";
import { runtimeError } from "../error.ts";
import { charge } from "../memory.ts";
import { type Registers, state } from "../state.ts";
import { LuaTable, type Shape } from "../table.ts";
import { type Results, SUSPENDED, type Suspended, type Value } from "../value.ts";
import { extend } from "./call.ts";
import { Expression, SiteExpression, suspend } from "./node.ts";

/** `{}` */
export class EmptyTable extends Expression {
  override eval(): Value {
    charge(64);
    return new LuaTable(state.vm.rootShape);
  }
}

/** `{a, b, c}`: positional elements only. */
export class ListConstructor extends Expression {
  private readonly multi: Expression | undefined;
  private readonly count: number;
  constructor(readonly elements: readonly Expression[]) {
    super();
    const last = elements[elements.length - 1]!;
    this.multi = last.isMulti ? last : undefined;
    this.count = this.multi === undefined ? elements.length : elements.length - 1;
  }
  override eval(R: Registers, base: number): Value | Suspended {
    return this.fill(R, base, [undefined]);
  }
  private fill(R: Registers, base: number, values: Value[]): Value | Suspended {
    const { elements, count, multi } = this;
    for (let i = values.length - 1; i < count; i++) {
      const value = elements[i]!.eval(R, base);
      if (value === SUSPENDED) return suspend(this, base, 0, values);
      values.push(value);
    }
    if (multi !== undefined) {
      const more = multi.evalMulti(R, base);
      if (more === SUSPENDED) return suspend(this, base, 1, values);
      extend(values, more);
    }
    return finish(values);
  }
  override resume(R: Registers, base: number, stage: number, saved: unknown, value: unknown): unknown {
    const values = saved as Value[];
    if (stage === 1) return finish(extend(values, value as Results));
    values.push(value as Value);
    return this.fill(R, base, values);
  }
}

function finish(values: Value[]): LuaTable {
  const table = new LuaTable(state.vm.rootShape);
  while (values.length > 1 && values[values.length - 1] === undefined) values.pop();
  if (values.length > 1) table.array = values;
  charge(64 + values.length * 8);
  return table;
}

/** `{x = a, y = b}`: distinct constant names only. All its tables share one shape. */
export class RecordConstructor extends Expression {
  private shape: Shape | undefined = undefined;
  constructor(
    readonly names: readonly string[],
    readonly values: readonly Expression[],
  ) {
    super();
  }
  override eval(R: Registers, base: number): Value | Suspended {
    return this.fill(R, base, [undefined]);
  }
  private fill(R: Registers, base: number, slots: Value[]): Value | Suspended {
    const { values } = this;
    for (let i = slots.length - 1; i < values.length; i++) {
      const value = values[i]!.eval(R, base);
      if (value === SUSPENDED) return suspend(this, base, 0, slots);
      slots.push(value);
    }
    this.shape ??= this.makeShape();
    const table = new LuaTable(this.shape);
    table.vals = slots;
    charge(64 + slots.length * 8);
    return table;
  }
  private makeShape(): Shape {
    let shape = state.vm.rootShape;
    for (const name of this.names) shape = shape.after(name, true) ?? shape.alone(name);
    return shape;
  }
  override resume(R: Registers, base: number, _stage: number, saved: unknown, value: unknown): unknown {
    const slots = saved as Value[];
    slots.push(value as Value);
    return this.fill(R, base, slots);
  }
}

/** One field of a general constructor: `[key] = value`, or a positional value when the key is undefined. */
export interface FieldSource {
  key: Expression | undefined;
  value: Expression;
}

interface Progress {
  table: LuaTable;
  /** The next field. */
  field: number;
  /** The next positional index. */
  position: number;
  key: Value;
}

const KEY = 0;
const VALUE = 1;
const LAST = 2;

/** Any other constructor. */
export class TableConstructor extends SiteExpression {
  constructor(
    line: number,
    readonly fields: readonly FieldSource[],
  ) {
    super(line);
  }
  override eval(R: Registers, base: number): Value | Suspended {
    charge(64);
    const table = new LuaTable(state.vm.rootShape);
    return this.fill(R, base, { table, field: 0, position: 1, key: undefined });
  }
  private fill(R: Registers, base: number, progress: Progress): Value | Suspended {
    const { fields } = this;
    while (progress.field < fields.length) {
      const field = fields[progress.field]!;
      if (field.key !== undefined) {
        const key = field.key.eval(R, base);
        if (key === SUSPENDED) return suspend(this, base, KEY, progress);
        this.checkKey(R, base, key);
        progress.key = key;
      } else if (progress.field === fields.length - 1 && field.value.isMulti) {
        const more = field.value.evalMulti(R, base);
        if (more === SUSPENDED) return suspend(this, base, LAST, progress);
        return this.last(progress, more);
      }
      const value = field.value.eval(R, base);
      if (value === SUSPENDED) return suspend(this, base, VALUE, progress);
      this.store(progress, field, value);
    }
    return progress.table;
  }
  private checkKey(R: Registers, base: number, key: Value): void {
    const wrong = keyError(key);
    if (wrong !== undefined) throw runtimeError(R, base, this, wrong);
  }
  private store(progress: Progress, field: FieldSource, value: Value): void {
    if (field.key === undefined) progress.table.setIndex(progress.position++, value);
    else if (typeof progress.key === "string") progress.table.setConstant(progress.key, value);
    else progress.table.set(progress.key, value);
    progress.field++;
  }
  private last(progress: Progress, more: Results): Value {
    if (!Array.isArray(more)) progress.table.setIndex(progress.position, more);
    else for (const value of more) progress.table.setIndex(progress.position++, value);
    return progress.table;
  }
  override resume(R: Registers, base: number, stage: number, saved: unknown, value: unknown): unknown {
    const progress = saved as Progress;
    const field = this.fields[progress.field]!;
    if (stage === LAST) return this.last(progress, value as Results);
    if (stage === KEY) {
      this.checkKey(R, base, value as Value);
      progress.key = value as Value;
      const element = field.value.eval(R, base);
      if (element === SUSPENDED) return suspend(this, base, VALUE, progress);
      this.store(progress, field, element);
    } else this.store(progress, field, value as Value);
    return this.fill(R, base, progress);
  }
}
