/** JSON columns and parameters, by the same parser and printer as `json.parse` and `json.encode`. */
import { LuaError } from "../../interpreter/error.ts";
import type { LuaTable } from "../../interpreter/table.ts";
import type { Value } from "../../interpreter/value.ts";
import { parseJson } from "../json-parser.ts";

/** A JSON text as a Lua value; null is nil. Text that is none stays a string. Runs in the task that wants it. */
export function decodeJson(value: Value): Value {
  if (typeof value !== "string") return value;
  try {
    return parseJson(value, undefined);
  } catch (error) {
    if (error instanceof LuaError || !("message" in (error as object)) || !("at" in (error as object))) throw error;
    return value;
  }
}

/** A table as JSON text in UTF-8; throws what `refusal` puts into words. */
export function encodeJson(_table: LuaTable): string {
  throw new Error("no encoder yet");
}

/** Why a table cannot be written as JSON. */
export function refusal(error: unknown): string {
  const { message, value } = error as { message?: unknown; value?: unknown };
  return String(message ?? value);
}
