/** What a handler returns, read into what is sent. */

import { Coroutine } from "../../../interpreter/coroutine.ts";
import { isFunction } from "../../../interpreter/native.ts";
import { LuaTable } from "../../../interpreter/table.ts";
import { toText } from "../../../interpreter/text.ts";
import { isInteger, LuaFloat, type Value } from "../../../interpreter/value.ts";
import { encodeJson } from "../../json-writer.ts";
import { Failure, quoted } from "../failure.ts";
import { type HeaderList, hasHeader, readHeaders } from "../headers.ts";

/** An iterator that gives the pieces of a body, as a generic `for` takes it. */
export interface Iteration {
  readonly next: Value;
  readonly state: Value;
  readonly control: Value;
  /** To be closed when the stream ends, however it does. */
  readonly closing: Value;
}

export type Content =
  | { readonly kind: "text"; readonly text: string }
  /** `path` is undefined when no file can have the name that was given. */
  | { readonly kind: "file"; readonly path: string | undefined; readonly root: string | undefined }
  | { readonly kind: "stream"; readonly iteration: Iteration };

export interface Reply {
  readonly status: number;
  /** Header lines, each ending in CRLF; those that frame the message not included. */
  readonly fields: string;
  readonly content: Content;
  /** The script asked for the connection to be closed. */
  readonly close: boolean;
}

const TEXT = "text/plain; charset=utf-8";
const HTML = "text/html; charset=utf-8";
const JSON_TYPE = "application/json";
const EVENTS = "text/event-stream";

const BODIES = ["body", "json", "html", "file", "stream"] as const;
const KNOWN = new Set<unknown>([...BODIES, "status", "headers", "root"]);

const EMPTY: Content = { kind: "text", text: "" };

/** Reads a handler's result. Throws a Failure that says what is wrong with it, or a LuaError from encoding JSON. */
export function readReply(result: Value): Reply {
  if (result === undefined) return { status: 204, fields: "", content: EMPTY, close: false };
  if (typeof result === "string") {
    return { status: 200, fields: `content-type: ${TEXT}\r\n`, content: { kind: "text", text: result }, close: false };
  }
  if (!(result instanceof LuaTable)) throw wrong("a handler must return a table, a string or nil");
  const status = readStatus(result.getString("status"));
  const headers = result.getString("headers");
  if (headers !== undefined && !(headers instanceof LuaTable)) throw wrong("headers must be a table");
  const list = headers === undefined ? NO_HEADERS : readHeaders(headers, "response");
  const [content, type] = readContent(result);
  const bodiless = status === 204 || status === 205 || status === 304;
  if (bodiless && content !== EMPTY && !(content.kind === "text" && content.text === "")) {
    throw wrong(`a response with status ${status} cannot have a body`);
  }
  return {
    status,
    fields: fieldLines(list, bodiless ? undefined : type, content.kind === "stream"),
    content,
    close: list.length > 0 && closes(list),
  };
}

const NO_HEADERS: HeaderList = [];

function wrong(words: string): Failure {
  return new Failure(words, "never");
}

function readStatus(value: Value): number {
  if (value === undefined) return 200;
  const status = value instanceof LuaFloat ? value.n : value;
  if (!isInteger(status) || typeof status !== "number") throw wrong("status must be an integer");
  if (status < 200 || status > 599) throw wrong(`status ${status} is not between 200 and 599`);
  return status;
}

/** The body, and its content type if the script sets none. */
function readContent(table: LuaTable): [Content, string | undefined] {
  let found: (typeof BODIES)[number] | undefined;
  let value: Value;
  for (const name of BODIES) {
    const given = table.getString(name);
    if (given === undefined) continue;
    if (found !== undefined) throw wrong(`a response has either ${found} or ${name}`);
    found = name;
    value = given;
  }
  switch (found) {
    case undefined:
      refuseStray(table);
      return [EMPTY, undefined];
    case "json":
      return [{ kind: "text", text: encodeJson("http.serve: json", value) }, JSON_TYPE];
    case "stream":
      return [{ kind: "stream", iteration: readIteration(value) }, EVENTS];
    case "file": {
      const root = table.getString("root");
      if (typeof value !== "string") throw wrong("file must be a string");
      if (root !== undefined && typeof root !== "string") throw wrong("root must be a string");
      const folder = root === undefined ? undefined : fileName(root);
      if (root !== undefined && folder === undefined) throw wrong("root must be the name of a folder");
      return [{ kind: "file", path: fileName(value), root: folder }, undefined];
    }
    default:
      if (typeof value !== "string") {
        throw wrong(
          `${found} must be a string${value instanceof LuaTable && found === "body" ? " (a table is sent with json = ...)" : ""}`,
        );
      }
      return [{ kind: "text", text: value }, found === "html" ? HTML : TEXT];
  }
}

/** A table without a body, but with other fields, is a mistake: `return {ok = true}` means `return {json = {…}}`. */
function refuseStray(table: LuaTable): void {
  table.forEach((key) => {
    if (KNOWN.has(key)) return;
    const name = typeof key === "string" ? quoted(key) : "a field that is not a name";
    throw wrong(`a handler returned a table with ${name} (expected body, json, html, file or stream)`);
  });
}

/** A path as the system takes it; undefined for what no file is called. */
function fileName(bytes: string): string | undefined {
  const text = toText(bytes);
  return text?.includes("\0") === true ? undefined : text;
}

function readIteration(value: Value): Iteration {
  if (isFunction(value) || value instanceof Coroutine)
    return { next: value, state: undefined, control: undefined, closing: undefined };
  if (value instanceof LuaTable) {
    const next = value.getIndex(1);
    if (next === undefined) return { next: value, state: undefined, control: undefined, closing: undefined };
    return { next, state: value.getIndex(2), control: value.getIndex(3), closing: value.getIndex(4) };
  }
  throw wrong("stream must be an iterator: a function, a coroutine, or a list of a for loop's values");
}

function closes(list: HeaderList): boolean {
  for (let i = 0; i < list.length; i += 2) {
    if (list[i]!.toLowerCase() === "connection" && list[i + 1]!.toLowerCase() === "close") return true;
  }
  return false;
}

function fieldLines(list: HeaderList, type: string | undefined, streaming: boolean): string {
  let out = "";
  if (list.length === 0) {
    if (type !== undefined) out = `content-type: ${type}\r\n`;
    return streaming ? `${out}cache-control: no-cache\r\n` : out;
  }
  if (type !== undefined && !hasHeader(list, "content-type")) out += `content-type: ${type}\r\n`;
  if (streaming && !hasHeader(list, "cache-control")) out += "cache-control: no-cache\r\n";
  for (let i = 0; i < list.length; i += 2) {
    const name = list[i]!.toLowerCase();
    // Those the connection writes itself.
    if (name !== "connection" && name !== "date") out += `${name}: ${list[i + 1]}\r\n`;
  }
  return out;
}
