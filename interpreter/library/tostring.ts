/** Values as text (`luaL_tolstring`): what `tostring`, `print` and `%s` show. Manual §6.2. */
import { Continuation, call } from "../call.ts";
import { failure, typeName } from "../error.ts";
import { Event, metamethod } from "../metatable.ts";
import { suspend } from "../nodes/node.ts";
import { formatNumber } from "../number.ts";
import { state } from "../state.ts";
import { first, isNumber, type Results, SUSPENDED, type Suspended, type Value } from "../value.ts";
import { address } from "./identity.ts";

/** A value as text without asking its `__tostring`. */
export function plainText(value: Value): string {
  switch (typeof value) {
    case "string":
      return value;
    case "undefined":
      return "nil";
    case "boolean":
      return value ? "true" : "false";
    default:
      return isNumber(value) ? formatNumber(value) : `${typeName(value)}: ${address(value)}`;
  }
}

/** The text that a `__tostring` gave. */
export function textOfResult(results: Results): string {
  const value = first(results);
  if (typeof value === "string") return value;
  if (isNumber(value)) return formatNumber(value);
  throw failure("'__tostring' must return a string");
}

class TextContinuation extends Continuation {
  override proceed(_saved: unknown, value: Results): Results | Suspended {
    return textOfResult(value);
  }
}
const TEXT = new TextContinuation();

/** `tostring(value)` as the result of the native function that runs. */
export function tostring(value: Value): string | Suspended {
  const handler = typeof value === "string" ? undefined : metamethod(value, Event.ToString);
  if (handler === undefined) return plainText(value);
  const given = call(handler, [value]);
  return given === SUSPENDED ? suspend(TEXT, state.top, 0) : textOfResult(given);
}
