/** Attributes, comparisons and calls, as compiled code asks for them. */
import { call } from "../../interpreter/call.ts";
import { awaited, type Steps } from "../../interpreter/library/steps.ts";
import { LuaTable } from "../../interpreter/table.ts";
import { methodOf } from "./methods.ts";
import { Problem } from "./problem.ts";
import type { Frame } from "./runtime.ts";
import {
  type Arguments,
  Callable,
  compare,
  contains,
  Dict,
  elementsOf,
  equal,
  fromLua,
  isCallable,
  isSequence,
  itemOf,
  List,
  type TemplateValue,
  toLua,
  typeOf,
  Undefined,
} from "./values.ts";

/** `value.key` and `value[key]`: what the value holds, else a method, else the length. */
export function memberOf(value: TemplateValue, key: TemplateValue): TemplateValue | undefined {
  const item = itemOf(value, key);
  if (item !== undefined || typeof key !== "string") return item;
  if (
    key === "length" &&
    (typeof value === "string" || value instanceof List || (value instanceof LuaTable && isSequence(value)))
  ) {
    return elementsOf(value).length;
  }
  return methodOf(value, key);
}

export function holds(operator: string, a: TemplateValue, b: TemplateValue): boolean {
  switch (operator) {
    case "==":
      return equal(a, b);
    case "!=":
      return !equal(a, b);
    case "in":
      return contains(b, a);
    case "not in":
      return !contains(b, a);
  }
  const order = compare(a, b);
  if (order === undefined) return false;
  switch (operator) {
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    default:
      return order >= 0;
  }
}

export function* callValue(frame: Frame, fn: TemplateValue, args: Arguments, described: string): Steps<TemplateValue> {
  if (fn instanceof Callable) {
    const result = fn.call(args, frame);
    return isSteps(result) ? yield* result : result;
  }
  if (!isCallable(fn)) {
    const name = described === "" ? typeOf(fn) : `'${described}'`;
    throw new Problem(
      fn instanceof Undefined
        ? `${name} is undefined and cannot be called`
        : `${name} cannot be called: it is ${typeOf(fn)}`,
    );
  }
  // A function that the script gave: named arguments go into a last table.
  const given = args.positional.map((value) => toLua(value));
  if (args.named.size > 0) {
    const dict = new Dict();
    for (const [name, value] of args.named) dict.map.set(name, value);
    given.push(toLua(dict));
  }
  const results = call(fn, given);
  return fromLua(
    yield* awaited(results),
    described === "" ? "the result of a function" : `the result of '${described}'`,
  );
}

function isSteps(value: TemplateValue | Steps<TemplateValue>): value is Steps<TemplateValue> {
  return (
    typeof value === "object" &&
    value !== null &&
    !(value instanceof LuaTable) &&
    "next" in value &&
    typeof value.next === "function"
  );
}
