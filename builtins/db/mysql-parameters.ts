/** Parameters to MySQL and MariaDB, as the library takes them. */
import { toBuffer, toText } from "../../interpreter/text.ts";
import { LuaFloat } from "../../interpreter/value.ts";
import { DatabaseError } from "./failure.ts";
import { type Parameter, TableParameter } from "./parameters.ts";
import { RFC3339_UTC } from "./timestamp.ts";

/** ER_TRUNCATED_WRONG_VALUE, among others for a time in RFC 3339. */
const WRONG_VALUE = 1292;

export function parameterOf(value: Parameter, index: number): unknown {
  switch (typeof value) {
    case "undefined":
      return null;
    case "string":
      // Text where it is text; other bytes are sent as such.
      return toText(value) ?? toBuffer(value);
    case "number":
      // Beyond 32 bits the library would send integers as floats.
      return Number.isInteger(value) && Math.abs(value) > 0x7fff_fff0 && Number.isSafeInteger(value)
        ? BigInt(value)
        : value;
    case "object":
      if (value instanceof LuaFloat) return value.n;
      if (value instanceof TableParameter) {
        const text = typeof value.json === "string" ? toText(value.json) : undefined;
        if (text === undefined) throw new DatabaseError(`parameter ${index + 1}: not valid UTF-8 in JSON`);
        return text;
      }
      return value;
    default:
      return value;
  }
}

/**
 * MariaDB does not take the times it gives when they are written in RFC 3339. Where it has refused one (for the first
 * row, so that nothing has happened yet) it gets the same time in its own spelling: `Z` means UTC, as the session does.
 */
export function rewriteTime(failure: DatabaseError, values: unknown[]): boolean {
  if (failure.details.number !== WRONG_VALUE || !/ at row 1$/.test(failure.message)) return false;
  const refused = /^Incorrect (?:datetime|timestamp) value: '([^']*)'/i.exec(failure.message)?.[1];
  if (refused === undefined || !RFC3339_UTC.test(refused)) return false;
  let found = false;
  values.forEach((value, i) => {
    if (value !== refused) return;
    values[i] = refused.replace("T", " ").slice(0, -1);
    found = true;
  });
  return found;
}
