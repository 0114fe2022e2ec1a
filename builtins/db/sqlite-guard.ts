/**
 * Statements that make SQLite open other files: ATTACH and VACUUM INTO obey the same permissions as the builtins for
 * files. There is no authorizer for both engines, but neither statement can hide inside another one.
 */
import { resolve } from "node:path";
import { failure } from "../../interpreter/native.ts";
import { toText } from "../../interpreter/text.ts";
import type { Permissions } from "../permissions.ts";
import type { Parameter } from "./parameters.ts";
import type { Scanned, Token } from "./statement.ts";

/**
 * Throws a LuaError if the statement may not be run. `inMemory`: no files at all. Returns the real path of the file
 * that ATTACH was allowed, where files are restricted.
 */
export function guard(
  what: string,
  { tokens, words, placeholders }: Scanned,
  parameters: readonly Parameter[],
  permissions: Permissions,
  inMemory: boolean,
): string | undefined {
  const file = otherFile(tokens, words[0] ?? "", inMemory);
  if (file === undefined) return undefined;
  const { statement, at } = file;
  const name = nameOf(tokens, at, placeholders, parameters);
  if (name === undefined) throw failure(`${what}: ${statement}: the file must be a string or a parameter`);
  if (statement === "PRAGMA") throw failure(`${what}: this PRAGMA is not allowed`);
  // An empty name is a temporary database, which only this connection sees.
  if (statement === "ATTACH" && (name === "" || name === ":memory:")) return undefined;
  if (inMemory) throw failure(`${what}: ${statement}: a database in memory cannot reach files`);
  const path = toText(name);
  if (path === undefined || path.includes("\0")) throw failure(`${what}: ${statement}: malformed file name`);
  if (/^file:/i.test(path)) throw failure(`${what}: ${statement}: URIs are not supported, only paths`);
  const absolute = resolve(path);
  if (statement === "ATTACH") permissions.checkRead(what, absolute);
  return permissions.checkWrite(what, absolute);
}

/** Which statement names another file, and at which token. */
function otherFile(
  tokens: readonly Token[],
  verb: string,
  inMemory: boolean,
): { statement: string; at: number } | undefined {
  const word = (i: number): string => (tokens[i]?.kind === "word" ? tokens[i].text.toLowerCase() : "");
  if (verb === "attach") return { statement: "ATTACH", at: word(1) === "database" ? 2 : 1 };
  if (verb === "vacuum") {
    const into = word(1) === "into" ? 1 : word(2) === "into" || tokens[2]?.text.toLowerCase() === "into" ? 2 : -1;
    return into < 0 ? undefined : { statement: "VACUUM INTO", at: into + 1 };
  }
  if (verb === "pragma") {
    // Folders for temporary files; and the size of a database in memory, which is limited.
    const refused = inMemory ? /^["'`[]?max_page_count\b/i : /^["'`[]?(?:temp|data)_store_directory\b/i;
    const named = tokens.slice(1, 4).some((token) => refused.test(token.text)) && tokens.length > 2;
    return named ? { statement: "PRAGMA", at: 1 } : undefined;
  }
  return undefined;
}

/** The file's name, if it is written as one string or one parameter; what follows must not go on with it. */
function nameOf(
  tokens: readonly Token[],
  at: number,
  placeholders: Scanned["placeholders"],
  parameters: readonly Parameter[],
): string | undefined {
  const token = tokens[at];
  if (token === undefined) return undefined;
  if (tokens[0]!.text.toLowerCase() === "pragma") return "";
  const next = tokens[at + 1];
  if (next !== undefined && !(next.kind === "word" && next.text.toLowerCase() === "as")) return undefined;
  if (token.kind === "parameter") {
    const value = parameters[(placeholders[0]?.index ?? 0) - 1];
    return typeof value === "string" ? value : undefined;
  }
  if (token.kind !== "string" && token.kind !== "name") return undefined;
  const close = token.text.at(-1)!;
  const inner = Buffer.from(token.text.slice(1, -1), "utf8").toString("latin1");
  return close === "]" ? inner : inner.replaceAll(close + close, close);
}
