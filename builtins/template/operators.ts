/** Arithmetic in templates: integers and floats as in Lua and Python, strings and lists as in Python. */
import { ADD, DIV, IDIV, MOD, MUL, type Operator, POW, SUB, UNM, ZeroDivision } from "../../interpreter/operators.ts";
import { integer, isInteger } from "../../interpreter/value.ts";
import { formatText } from "./format.ts";
import { Problem } from "./problem.ts";
import { reserveItems, reserveText } from "./runtime.ts";
import { Arguments, isNumeric, List, type TemplateValue, textOf, typeOf, Undefined } from "./values.ts";

function arithmetic(operator: Operator, a: TemplateValue, b: TemplateValue): TemplateValue {
  if (!isNumeric(a) || !isNumeric(b)) throw unfit(operator.symbol, a, b);
  try {
    return operator.raw(a, b) as TemplateValue;
  } catch (error) {
    throw error instanceof ZeroDivision ? new Problem("division by zero") : error;
  }
}

function unfit(symbol: string, a: TemplateValue, b: TemplateValue): Problem {
  for (const value of [a, b]) if (value instanceof Undefined) return new Problem(`${value.what} is undefined`);
  return new Problem(`'${symbol}' does not work on ${typeOf(a)} and ${typeOf(b)}`);
}

/** Numbers are added, lists joined; a string takes what is added to it as text. */
export function add(a: TemplateValue, b: TemplateValue): TemplateValue {
  if (isNumeric(a) && isNumeric(b)) return arithmetic(ADD, a, b);
  if ((typeof a === "string" && (typeof b === "string" || isNumeric(b))) || (typeof b === "string" && isNumeric(a))) {
    return concatenate(a, b);
  }
  if (a instanceof List && b instanceof List) {
    reserveItems(a.items.length + b.items.length);
    return new List([...a.items, ...b.items], a.isTuple && b.isTuple);
  }
  throw unfit("+", a, b);
}

/** `a ~ b`: both as text. */
export function concatenate(a: TemplateValue, b: TemplateValue): string {
  const left = textOf(a);
  const right = textOf(b);
  reserveText(left.length + right.length);
  return left + right;
}

export function subtract(a: TemplateValue, b: TemplateValue): TemplateValue {
  return arithmetic(SUB, a, b);
}

/** Also repeats strings and lists. */
export function multiply(a: TemplateValue, b: TemplateValue): TemplateValue {
  if (typeof a === "string" || a instanceof List) return repeat(a, b);
  if (typeof b === "string" || b instanceof List) return repeat(b, a);
  return arithmetic(MUL, a, b);
}

function repeat(what: string | List, times: TemplateValue): TemplateValue {
  if (typeof times !== "number" || !Number.isSafeInteger(times)) throw unfit("*", what, times);
  const n = Math.max(0, times);
  if (typeof what === "string") {
    reserveText(what.length * n);
    return what.repeat(n);
  }
  reserveItems(what.items.length * n);
  return new List(Array.from({ length: n }, () => what.items).flat(), what.isTuple);
}

/** Always a float, as in Python and Lua. */
export function divide(a: TemplateValue, b: TemplateValue): TemplateValue {
  if (isNumeric(b) && Number(textOf(b)) === 0) throw new Problem("division by zero");
  return arithmetic(DIV, a, b);
}

export function floorDivide(a: TemplateValue, b: TemplateValue): TemplateValue {
  return arithmetic(IDIV, a, b);
}

/** Of a string: formatting, as in Python. */
export function modulo(a: TemplateValue, b: TemplateValue): TemplateValue {
  if (typeof a !== "string") return arithmetic(MOD, a, b);
  return formatText(a, new Arguments(b instanceof List && b.isTuple ? b.items : [b], new Map()));
}

/** An integer as long as it fits, else a float. */
export function power(a: TemplateValue, b: TemplateValue): TemplateValue {
  if (isNumeric(a) && isNumeric(b) && isInteger(a) && isInteger(b) && b >= 0) {
    const size = Math.log2(Math.abs(Number(a)) + 1) * Number(b);
    const exact = size < 128 ? BigInt(a) ** BigInt(b) : undefined;
    if (exact !== undefined && exact >= -(2n ** 63n) && exact < 2n ** 63n) return integer(exact);
  }
  return arithmetic(POW, a, b);
}

export function negate(value: TemplateValue): TemplateValue {
  if (!isNumeric(value))
    throw value instanceof Undefined
      ? new Problem(`${value.what} is undefined`)
      : new Problem(`'-' does not work on ${typeOf(value)}`);
  return UNM.raw(value, value) as TemplateValue;
}
