/**
 * Source to syntax tree, by luaparse (manual §3 and §9). luaparse reads Lua 5.3, and takes some things that are not Lua
 * at all, so that it only gets to see what `diagnose.ts` has found valid and `dialect.ts` has rewritten; these two cost
 * a tenth of the time that luaparse takes. What remains is `annotate.ts`: lines, decoded strings, parentheses, and
 * what the rewriting hid.
 *
 * luaparse runs with `encodingMode: "none"`, in which string tokens have no value. In its other modes it mixes up a
 * string with the token that its text spells: `return "end"` and `f "="` come out wrong.
 */
import luaparse from "luaparse";
import "./shapes.ts";
import { annotate } from "./annotate.ts";
import type { Chunk } from "./ast.ts";
import { chunkId } from "./chunk.ts";
import { diagnose, OVERFLOW } from "./diagnose.ts";
import { rewrite } from "./dialect.ts";
import { SyntaxFailure } from "./lexer.ts";

/** What a chunk takes for each of its tokens once it is compiled; its tree takes two or three times that for a while. */
const TOKEN_BYTES = 100;

/**
 * Parses a chunk (a byte string) named `chunkName`, in Lua's form: "@script.lua", "=stdin", or the source itself.
 * Throws a `SyntaxFailure`, worded as the reference words it, if the chunk is not valid. Names, constants, gotos and
 * limits are for the resolver to check. `Walk` in `annotate.ts` says which line a node has. `reserve` is asked for a
 * number of bytes before the tree is made, and may raise an error.
 */
export function parse(source: string, chunkName: string, reserve?: (bytes: number) => void): Chunk {
  try {
    const findings = diagnose(source, chunkName);
    reserve?.(findings.tokens * TOKEN_BYTES);
    const chunk = runLuaparse(rewrite(source, findings), chunkName) as Chunk; // but for what the walk adds
    annotate(chunk, source, findings);
    return chunk;
  } catch (error) {
    // Nesting within Lua's limit fits any JavaScript stack, unless little of it was left.
    if (error instanceof RangeError) throw OVERFLOW;
    throw error;
  }
}

/**
 * What of a file is Lua: without the byte order mark, and without a first line that starts with "#", whose line break
 * stays so that lines count right (`luaL_loadfilex`, manual §5.1). Not for chunks that are not files.
 */
export function skipShebang(source: string): string {
  if (source.startsWith("\xef\xbb\xbf")) source = source.slice(3);
  if (source[0] !== "#") return source;
  const newline = source.indexOf("\n");
  return newline < 0 ? "" : source.slice(newline);
}

function runLuaparse(text: string, chunkName: string): unknown {
  try {
    return luaparse.parse(text, { luaVersion: "5.3", encodingMode: "none", comments: false, ranges: true });
  } catch (error) {
    if (error instanceof RangeError || !(error instanceof Error)) throw error;
    // It refuses something valid that the rewriting does not know of. Better its own words than a crash.
    const [, line = "?", message = error.message] = /^\[(\d+):\d+\] (.*)/s.exec(error.message) ?? [];
    throw new SyntaxFailure(`${chunkId(chunkName)}:${line}: ${message}`);
  }
}
