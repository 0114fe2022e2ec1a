/** Tests: what stands behind `is`. Jinja, "List of Builtin Tests". */

import { LuaTable } from "../../interpreter/table.ts";
import { isFloat, isInteger } from "../../interpreter/value.ts";
import { FILTERS } from "./filters.ts";
import { modulo } from "./operators.ts";
import { type Row, required, row } from "./parameters.ts";
import {
  compare,
  contains,
  Dict,
  equal,
  isCallable,
  isMapping,
  isNumeric,
  isSequence,
  List,
  type TemplateValue,
  Undefined,
} from "./values.ts";

const simple = (holds: (value: TemplateValue) => boolean, acceptsUndefined = false) => row([], holds, acceptsUndefined);
const ordered = (holds: (order: number) => boolean) =>
  row(["other"], (value, other) => {
    const order = compare(value, required(other));
    return order !== undefined && holds(order);
  });

const isIterable = (value: TemplateValue) =>
  typeof value === "string" ||
  value instanceof List ||
  value instanceof Dict ||
  value instanceof LuaTable ||
  value instanceof Undefined;

const eq = row(["other"], (value, other) => equal(value, required(other)));
const ne = row(["other"], (value, other) => !equal(value, required(other)));
const [lt, le, gt, ge] = [ordered((o) => o < 0), ordered((o) => o <= 0), ordered((o) => o > 0), ordered((o) => o >= 0)];

export const TESTS: ReadonlyMap<string, Row> = new Map<string, Row>([
  ["defined", simple((value) => !(value instanceof Undefined), true)],
  ["undefined", simple((value) => value instanceof Undefined, true)],
  ["none", simple((value) => value === null)],
  ["boolean", simple((value) => typeof value === "boolean")],
  ["true", simple((value) => value === true)],
  ["false", simple((value) => value === false)],
  ["number", simple(isNumeric)],
  ["integer", simple((value) => isNumeric(value) && isInteger(value))],
  ["float", simple((value) => isNumeric(value) && isFloat(value))],
  ["string", simple((value) => typeof value === "string")],
  ["mapping", simple(isMapping)],
  ["sequence", simple((value) => isSequence(value) || isMapping(value))],
  ["iterable", simple(isIterable)],
  ["callable", simple(isCallable)],
  ["odd", simple((value) => equal(modulo(value, 2), 1))],
  ["even", simple((value) => equal(modulo(value, 2), 0))],
  ["divisibleby", row(["num"], (value, other) => equal(modulo(value, required(other)), 0))],
  [
    "lower",
    simple((value) => typeof value === "string" && value === value.toLowerCase() && value !== value.toUpperCase()),
  ],
  [
    "upper",
    simple((value) => typeof value === "string" && value === value.toUpperCase() && value !== value.toLowerCase()),
  ],
  ["sameas", row(["other"], (value, other) => Object.is(value, required(other)))],
  ["escaped", simple(() => false)],
  ["filter", simple((value) => typeof value === "string" && FILTERS.has(value))],
  ["test", simple((value) => typeof value === "string" && TESTS.has(value))],
  ["in", row(["seq"], (value, other) => contains(required(other), value))],
  ["eq", eq],
  ["equalto", eq],
  ["==", eq],
  ["ne", ne],
  ["!=", ne],
  ["lt", lt],
  ["lessthan", lt],
  ["<", lt],
  ["le", le],
  ["<=", le],
  ["gt", gt],
  ["greaterthan", gt],
  [">", gt],
  ["ge", ge],
  [">=", ge],
]);
