/** TOML 1.0 to Lua values and back. */
import { boolean, fn, library, optional, options, returns, string, table } from "../interpreter/native.ts";
import { encodeToml } from "./toml-writer.ts";

export const tomlLibrary = library("toml", "TOML to Lua values and back.", [
  fn("parse", {
    summary: "Parses a TOML document. Dates and times become strings as RFC 3339 writes them.",
    params: [string("s", { summary: "UTF-8 text" })],
    returns: [returns("document", "table<string, any>", "tables and arrays remember which they were")],
    raises: [
      "The text is not TOML 1.0 (with line and column), nests deeper than 1000, or holds an integer beyond 64 bits.",
    ],
    source: "TOML 1.0.0",
    example: `assert(toml.parse("[server]\\nport = 8080").server.port == 8080)`,
    // The parser and the library under it are loaded when first used.
    run: (s) => (require("./toml-reader.ts") as typeof import("./toml-reader.ts")).readToml("toml.parse", s),
  }),
  fn("encode", {
    summary: "Writes a table as a TOML document: its entries first, then its tables under headers of their own.",
    params: [
      table("t", { summary: "a table with the keys 1..n is an array, every other one a table; see json.object" }),
      options("opts", [
        optional(boolean("sort_keys", { summary: "writes the keys of each table in byte order" }), false),
      ]),
    ],
    returns: [returns("text", "string", "UTF-8; integer and float keys become strings")],
    raises: [
      "A list as document, null, a hole, a function, a cycle, invalid UTF-8 or nesting beyond 1000, with its path: $.server.ports[2].",
    ],
    source: "TOML 1.0.0",
    example: `assert(toml.encode({port = 80, tls = {on = true}}) == "port = 80\\n\\n[tls]\\non = true\\n")`,
    run: (t, opts) => encodeToml("toml.encode", t, opts.sort_keys),
  }),
]);
