/** JSON columns and parameters, by the same parser and printer as `json.parse` and `json.encode`. */
import type { LuaTable } from "../../interpreter/table.ts";
import type { Value } from "../../interpreter/value.ts";
import { Unwritable } from "../json-layout.ts";
import { JsonError, parseJson } from "../json-parser.ts";
import { writeJson } from "../json-writer.ts";

/** A JSON text as a Lua value; null is nil. Text that is none stays a string. Runs in the task that wants it. */
export function decodeJson(value: Value): Value {
  if (typeof value !== "string") return value;
  try {
    return parseJson(value, undefined);
  } catch (error) {
    if (error instanceof JsonError) return value;
    throw error;
  }
}

/** A table as JSON text in UTF-8; what keeps it from being written instead. */
export function encodeJson(table: LuaTable): string | { readonly error: string } {
  try {
    return writeJson(table);
  } catch (error) {
    if (error instanceof Unwritable) return { error: `${error.place()}: ${error.reason}` };
    throw error;
  }
}
