/** JSON (RFC 8259) to Lua values and back. */
import { failure } from "../interpreter/error.ts";
import {
  any,
  argumentError,
  boolean,
  custom,
  fn,
  library,
  nativeFunction,
  optional,
  options,
  returns,
  string,
  table,
} from "../interpreter/native.ts";
import { state } from "../interpreter/state.ts";
import type { LuaTable } from "../interpreter/table.ts";
import { Userdata, type Value } from "../interpreter/value.ts";
import type { VirtualMachine } from "../interpreter/vm.ts";
import { ARRAY, OBJECT } from "./json-mark.ts";
import { JsonError, parseJson, placeOf } from "./json-parser.ts";
import { encodeJson } from "./json-writer.ts";

const NULL_KIND = "json.null";
const MAX_INDENT = 16;

/** Spaces to indent by, or the text itself: spaces and tabs. */
const indentation = custom(
  "indent",
  "integer|string",
  "integer or string",
  (value, index): string | undefined => {
    if (typeof value === "number" && Number.isInteger(value)) {
      if (value >= 0 && value <= MAX_INDENT) return " ".repeat(value);
      throw argumentError(index, `value out of range: ${value} is not in 0..${MAX_INDENT}`);
    }
    if (typeof value !== "string") return undefined;
    if (/^[ \t]*$/.test(value) && value.length <= MAX_INDENT) return value;
    throw argumentError(index, "indent must be up to 16 spaces and tabs");
  },
  { summary: "spaces each level is indented by, or the text to indent with; one line without it" },
);

function parse(text: string, nullValue: Value): Value {
  try {
    return parseJson(text, nullValue);
  } catch (error) {
    if (error instanceof JsonError) throw failure(`json.parse: ${error.message} at ${placeOf(text, error.at)}`);
    throw error;
  }
}

/** `json.null`: stands for null where a nil would be no value at all. */
function nullValue(vm: VirtualMachine): Userdata {
  const metatable = vm.newTable();
  metatable.setConstant("__name", NULL_KIND);
  metatable.setConstant("__metatable", NULL_KIND);
  metatable.setConstant("__tostring", nativeFunction(NULL_TOSTRING, `${NULL_KIND}.__tostring`));
  return new Userdata(NULL_KIND, undefined, metatable);
}

const NULL_TOSTRING = fn("__tostring", {
  summary: "The text null.",
  params: [any("null")],
  returns: [returns("text", "string")],
  source: "Assay",
  run: () => "null",
});

export const jsonLibrary = library(
  "json",
  "JSON to Lua values and back.",
  [
    fn("parse", {
      summary: "Parses JSON text. Objects and arrays become tables that remember which they were; null becomes nil.",
      params: [
        string("s", { summary: "UTF-8 text; a byte order mark is skipped" }),
        options("opts", [optional(any("null", { summary: "what null becomes, such as json.null, instead of nil" }))]),
      ],
      returns: [
        returns(
          "value",
          "any",
          "whole numbers up to 64 bits are integers, all others floats; of equal keys the last counts",
        ),
      ],
      raises: [
        "The text is not JSON (with line and column), nests deeper than 1000, holds a number beyond the range of floats, a lone surrogate or invalid UTF-8.",
      ],
      source: "RFC 8259",
      example: `assert(json.parse('{"ports": [80, 443]}').ports[2] == 443)`,
      run: (s, opts) => parse(s, opts.null),
    }),
    fn("encode", {
      summary: "Writes a value as JSON text. A table with the keys 1..n is an array, every other one an object.",
      params: [
        any("value", { summary: "the empty table is [] unless it came from {} or was marked by json.object" }),
        options("opts", [
          optional(indentation, ""),
          optional(boolean("sort_keys", { summary: "writes the keys of each object in byte order" }), false),
        ]),
      ],
      returns: [returns("text", "string", "UTF-8; integer and float keys become strings")],
      raises: [
        "A function, a coroutine, a cycle, nan, inf, invalid UTF-8, a boolean key or nesting beyond 1000, with its path: $.spec.ports[2].",
      ],
      source: "RFC 8259",
      example: `assert(json.encode({name = "web", ports = {80, 443}}, {sort_keys = true}) == '{"name":"web","ports":[80,443]}')`,
      run: (value, opts) => encodeJson("json.encode", value, { indent: opts.indent, sortKeys: opts.sort_keys }),
    }),
    fn("object", {
      summary: "Marks a table to be written as an object, even when it is empty or has the keys 1..n.",
      params: [optional(table("t", { summary: "a new table without it" }))],
      returns: [returns("t", "table")],
      source: "Assay",
      example: `assert(json.encode(json.object({})) == "{}")`,
      run: (t) => marked(t, OBJECT),
    }),
    fn("array", {
      summary: "Marks a table to be written as an array, with null for its holes.",
      params: [optional(table("t", { summary: "a new table without it" }))],
      returns: [returns("t", "table")],
      source: "Assay",
      example: `assert(json.encode(json.array({1, nil, 3})) == "[1,null,3]")`,
      run: (t) => marked(t, ARRAY),
    }),
  ],
  (vm) => ({ null: nullValue(vm) }),
);

function marked(t: LuaTable | undefined, mark: number): LuaTable {
  const table = t ?? state.vm.newTable();
  table.mark = mark;
  return table;
}
