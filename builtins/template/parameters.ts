/** Arguments of filters, tests, methods and global functions: by position or by name, checked. */
import { LuaFloat } from "../../interpreter/value.ts";
import { Problem } from "./problem.ts";
import type { Frame } from "./runtime.ts";
import { type Arguments, type TemplateValue, textOf, truth, typeOf, Undefined } from "./values.ts";

/** A filter or test. */
export interface Row {
  readonly run: (value: TemplateValue, args: Arguments, frame: Frame) => TemplateValue;
  /** Gets an undefined value even in strict mode. */
  readonly acceptsUndefined?: boolean;
}

export type Argument = TemplateValue | undefined;

/** A row whose arguments have names; absent ones are undefined. */
export function row(
  parameters: readonly string[],
  run: (value: TemplateValue, ...args: Argument[]) => TemplateValue,
  acceptsUndefined = false,
): Row {
  return { run: (value, args) => run(value, ...bind(args, parameters)), acceptsUndefined };
}

/** The arguments in the order of the parameters. */
export function bind({ positional, named }: Arguments, parameters: readonly string[]): Argument[] {
  if (positional.length > parameters.length) throw new Problem(`too many arguments (at most ${parameters.length})`);
  const bound: Argument[] = [...positional];
  for (const [name, value] of named) {
    const at = parameters.indexOf(name);
    if (at < 0) throw new Problem(`there is no argument '${name}'`);
    if (bound[at] !== undefined) throw new Problem(`argument '${name}' is given twice`);
    bound[at] = value;
  }
  return bound;
}

export function text(value: Argument, fallback = ""): string {
  return value === undefined ? fallback : textOf(value);
}

export function flag(value: Argument, fallback = false): boolean {
  return value === undefined ? fallback : truth(value);
}

/** A whole number; floats with whole values count. */
export function whole(value: Argument, fallback?: number): number {
  if (value === undefined && fallback !== undefined) return fallback;
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  if (value instanceof LuaFloat) return value.n;
  throw new Problem(value === undefined ? "an argument is missing" : `an integer is needed, not ${typeOf(value)}`);
}

/** An argument that must be there. */
export function required(value: Argument): TemplateValue {
  if (value === undefined) throw new Problem("an argument is missing");
  if (value instanceof Undefined) throw new Problem(`${value.what} is undefined`);
  return value;
}
