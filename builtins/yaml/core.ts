/** The core schema (YAML 1.2.2 §10.3): what a plain scalar stands for. */
import { float, integer, type Value } from "../../interpreter/value.ts";

/** First characters of plain scalars that may be something else than a string. */
const SPECIAL = /^[-+.~0-9nNtTfF]/;
const DECIMAL = /^[-+]?[0-9]+$/;
const PREFIXED = /^0(?:o[0-7]+|x[0-9a-fA-F]+)$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const INFINITE = /^[-+]?\.(?:inf|Inf|INF)$/;
/** More digits than any finite float has: no need to read them all. */
const MAX_DIGITS = 400;

/** The value of a plain scalar; integers beyond 64 bits become floats. */
export function coreValue(text: string, nullValue: Value): Value {
  if (text === "") return nullValue;
  if (!SPECIAL.test(text)) return text;
  switch (text) {
    case "~":
    case "null":
    case "Null":
    case "NULL":
      return nullValue;
    case "true":
    case "True":
    case "TRUE":
      return true;
    case "false":
    case "False":
    case "FALSE":
      return false;
    case ".nan":
    case ".NaN":
    case ".NAN":
      return Number.NaN;
  }
  if (DECIMAL.test(text)) return wholeNumber(text, text.replace(/^\+/, ""));
  if (PREFIXED.test(text)) return wholeNumber(text, text);
  if (FLOAT.test(text)) return float(Number(text));
  if (INFINITE.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  return text;
}

function wholeNumber(text: string, digits: string): Value {
  if (text.length < 16) return Number(text) + 0;
  if (text.length > MAX_DIGITS) return float(Number(text));
  const n = BigInt(digits);
  return n >= -(2n ** 63n) && n < 2n ** 63n ? integer(n) : float(Number(n));
}
