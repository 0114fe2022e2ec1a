/** YAML 1.2 to Lua values and back. */
import { failure } from "../interpreter/error.ts";
import { any, boolean, fn, integer, library, optional, options, returns, string } from "../interpreter/native.ts";
import { LuaTable } from "../interpreter/table.ts";
import { ARRAY } from "./json-mark.ts";
import { readYaml } from "./yaml/reader.ts";
import { encodeYaml } from "./yaml/writer.ts";

const MAX_SIZE = 8 << 20;

const text = string("s", { summary: "UTF-8 text" });
const settings = options("opts", [
  optional(any("null", { summary: "what null becomes, such as json.null, instead of nil" })),
  optional(integer("max_size", { summary: "longest text that is read", unit: "bytes", min: 0 }), MAX_SIZE),
]);
const RAISES =
  "The text is not YAML (with line and column), gives a key twice, uses a tag beyond the core schema, an alias inside what it stands for, or aliases that add more than 250000 values, nests deeper than 1000, or is longer than max_size.";

export const yamlLibrary = library("yaml", "YAML to Lua values and back.", [
  fn("parse", {
    summary:
      "Parses a YAML document by the core schema: yes and on are strings. Aliases become copies, << merges maps, null becomes nil.",
    params: [text, settings],
    returns: [returns("value", "any", "maps and lists remember which they were; integer keys stay integers")],
    raises: [RAISES, "The text holds several documents."],
    source: "YAML 1.2.2, chapter 10",
    example: `assert(yaml.parse("ports: [80, 443]").ports[2] == 443)`,
    run: (s, opts) => {
      const documents = readYaml("yaml.parse", s, { nullValue: opts.null, maxSize: opts.max_size });
      if (documents.length > 1) throw failure(`yaml.parse: ${documents.length} documents, use yaml.parse_all`);
      return documents[0];
    },
  }),
  fn("parse_all", {
    summary: "Parses a stream of YAML documents. Empty documents are left out.",
    params: [text, settings],
    returns: [returns("documents", "any[]")],
    raises: [RAISES],
    source: "YAML 1.2.2, chapter 9",
    example: `assert(#yaml.parse_all("a: 1\\n---\\nb: 2\\n---\\n") == 2)`,
    run: (s, opts) => {
      const documents = readYaml("yaml.parse_all", s, { nullValue: undefined, maxSize: opts.max_size });
      const list = LuaTable.fromArray(documents.filter((value) => value !== undefined));
      list.mark = ARRAY;
      return list;
    },
  }),
  fn("encode", {
    summary: "Writes a value as YAML in block style; strings are quoted only where they would read as something else.",
    params: [
      any("value", {
        summary: "a table with the keys 1..n is a list, every other one a map; see json.object and json.array",
      }),
      options("opts", [optional(boolean("sort_keys", { summary: "writes the keys of each map in order" }), false)]),
    ],
    returns: [returns("text", "string", "UTF-8, with a line feed at its end")],
    raises: ["A function, a coroutine, a cycle, invalid UTF-8 or nesting beyond 1000, with its path: $.spec.ports[2]."],
    source: "YAML 1.2.2",
    example: `assert(yaml.encode({name = "web", ports = {80}}, {sort_keys = true}) == "name: web\\nports:\\n  - 80\\n")`,
    run: (value, opts) => encodeYaml("yaml.encode", value, opts.sort_keys),
  }),
]);
