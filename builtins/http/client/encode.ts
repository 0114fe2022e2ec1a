/** Bodies and queries from Lua values. */
import { formatNumber } from "../../../interpreter/number.ts";
import { LuaTable } from "../../../interpreter/table.ts";
import { isNumber, type Value } from "../../../interpreter/value.ts";
import { Failure, quoted } from "../failure.ts";

/** A table as `name=value&…`, in its order; a list repeats its name. `plus`: spaces as forms write them. */
export function encodePairs(table: LuaTable, what: string, plus: boolean): string {
  const out: string[] = [];
  table.forEach((key, value) => {
    if (typeof key !== "string" && !isNumber(key)) throw new Failure(`${what}: names must be strings`, "never");
    const name = typeof key === "string" ? key : formatNumber(key);
    for (const one of value instanceof LuaTable ? value.toArray() : [value]) {
      out.push(`${percentEncode(name, plus)}=${percentEncode(scalar(one, name, what), plus)}`);
    }
  });
  return out.join("&");
}

function scalar(value: Value, name: string, what: string): string {
  if (typeof value === "string") return value;
  if (isNumber(value)) return formatNumber(value);
  if (typeof value === "boolean") return String(value);
  throw new Failure(`${what}: value of ${quoted(name)} must be a string, number, boolean or a list of them`, "never");
}

/** Every byte but RFC 3986's unreserved ones, escaped. */
export function percentEncode(bytes: string, plus = false): string {
  if (!/[^A-Za-z0-9\-._~]/.test(bytes)) return bytes;
  const escaped = bytes.replace(
    /[^A-Za-z0-9\-._~]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
  return plus ? escaped.replaceAll("%20", "+") : escaped;
}
