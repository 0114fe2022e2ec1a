/** Values as JSON text, as Jinja's `tojson` writes it: keys sorted, ASCII only, safe inside HTML. */
import { formatNumber } from "../../interpreter/number.ts";
import { LuaTable } from "../../interpreter/table.ts";
import { toDouble } from "../../interpreter/value.ts";
import { Problem, work } from "./problem.ts";
import { reserveText } from "./runtime.ts";
import {
  elementsOf,
  entriesOf,
  isMapping,
  isNumeric,
  isSequence,
  type TemplateValue,
  textOf,
  typeOf,
} from "./values.ts";

const MAX_DEPTH = 100;
const MAX_INDENT = 100;

/** @param indent blanks a level; on one line when undefined. @param python Python's spacing, order and escapes */
export function jsonText(value: TemplateValue, indent: number | undefined, python: boolean): string {
  const by = indent === undefined ? undefined : " ".repeat(Math.min(Math.max(0, indent), MAX_INDENT));
  let size = 0;
  const write = (given: TemplateValue, around: readonly TemplateValue[]): string => {
    work(1);
    if (given === null) return "null";
    if (typeof given === "boolean") return String(given);
    if (isNumeric(given)) {
      if (typeof given !== "bigint" && !Number.isFinite(toDouble(given)))
        throw new Problem("tojson: nan and infinity are not JSON");
      return formatNumber(given);
    }
    if (typeof given === "string") {
      size += given.length;
      reserveText(size);
      return quote(given, python);
    }
    if (around.includes(given)) throw new Problem("tojson: a value contains itself");
    if (around.length > MAX_DEPTH) throw new Problem("tojson: a value nests too deeply");
    const inside = [...around, given];
    const isDict = isMapping(given) && !(given instanceof LuaTable && isSequence(given));
    if (isDict) {
      const pairs = entriesOf(given).map(([key, item]) => [textOf(key), item] as const);
      if (python) pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
      const colon = python || by !== undefined ? ": " : ":";
      return join(
        "{",
        pairs.map(([key, item]) => quote(key, python) + colon + write(item, inside)),
        "}",
        inside.length,
      );
    }
    if (isSequence(given))
      return join(
        "[",
        elementsOf(given).map((item) => write(item, inside)),
        "]",
        inside.length,
      );
    throw new Problem(`tojson: ${typeOf(given)} is not JSON`);
  };
  const join = (open: string, parts: readonly string[], close: string, depth: number): string => {
    if (parts.length === 0) return open + close;
    size += parts.length * ((by?.length ?? 0) * depth + 2);
    reserveText(size);
    if (by === undefined) return open + parts.join(python ? ", " : ",") + close;
    return `${open}\n${parts.map((part) => by.repeat(depth) + part).join(",\n")}\n${by.repeat(depth - 1)}${close}`;
  };
  return write(value, []);
}

function quote(text: string, python: boolean): string {
  const quoted = JSON.stringify(text);
  if (!python) return quoted;
  return quoted.replace(/[<>&'\x7f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
