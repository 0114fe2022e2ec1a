/** The log: one line a message on standard error, text for people on a terminal, JSON for machines otherwise. */
import { call } from "../interpreter/call.ts";
import { awaited, runSteps, type Steps } from "../interpreter/library/steps.ts";
import { plainText, textOfResult } from "../interpreter/library/tostring.ts";
import { Event, metamethod } from "../interpreter/metatable.ts";
import { any, type Declaration, fn, library, optional, table } from "../interpreter/native.ts";
import { formatNumber } from "../interpreter/number.ts";
import { LuaTable } from "../interpreter/table.ts";
import { toTextLossy } from "../interpreter/text.ts";
import {
  isNumber,
  LuaFloat,
  NOTHING,
  type Results,
  type Suspended,
  toDouble,
  type Value,
} from "../interpreter/value.ts";
import { type Host, host, type LogLevel } from "./host.ts";
import { MASK, type Masker, maskerOf } from "./mask.ts";
import { writeText } from "./output.ts";
import { settled } from "./settled.ts";
import { isTerminal } from "./terminal.ts";

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];
/** Nested tables in fields are shown to this depth. */
const MAX_DEPTH = 8;
/** Names of fields whose texts are credentials, in lower case with single separators: they are never written. */
const CREDENTIAL =
  /^(?:.*_)?(?:authorization|cookie|password|passwd|passphrase|secret|token|credentials?|(?:api|access|private|secret)_?key)$/;
/** What a JSON line has of its own; a field of the same name gets an underscore behind it. */
const RESERVED = new Set(["time", "level", "msg"]);

/** Fields of a log line, in order: names as text, Lua values. */
export type LogFields = Readonly<Record<string, Value>>;

/** Whether lines of this level are written. */
export function logs(to: Host, level: LogLevel): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(to.settings.logLevel ?? levelOfEnvironment() ?? "info");
}

function levelOfEnvironment(): LogLevel | undefined {
  const given = process.env.ASSAY_LOG?.toLowerCase();
  return LEVELS.find((level) => level === given);
}

/**
 * Writes one line, unless its level is below what is asked for. Secrets of the host are masked.
 * @param message a byte string of UTF-8
 * @param fields shown behind the message
 * @returns a promise when whoever reads the log is far behind: the writer should wait for it
 */
export function writeLog(
  to: Host,
  level: LogLevel,
  message: string,
  fields: LogFields = {},
): Promise<void> | undefined {
  if (!logs(to, level)) return undefined;
  const { logFormat = "auto", logSink } = to.settings;
  const onTerminal = logSink === undefined && isTerminal(2);
  const asText = logFormat === "text" || (logFormat === "auto" && isTerminal(2));
  const masker = maskerOf(to);
  const line = asText ? textLine(masker, level, message, fields, onTerminal) : jsonLine(masker, level, message, fields);
  if (logSink === undefined) return writeText(2, `${line}\n`);
  logSink(line);
  return undefined;
}

// --- JSON lines -----------------------------------------------------------------------------------------------------

function jsonLine(masker: Masker, level: LogLevel, message: string, fields: LogFields): string {
  let line = `{"time":"${new Date().toISOString()}","level":"${level}","msg":${quote(masker, message)}`;
  for (const key of Object.keys(fields)) {
    const name = RESERVED.has(key) ? `${key}_` : key;
    line += `,${JSON.stringify(masker.mask(name))}:${jsonValue(masker, shownAs(key, fields[key]), [])}`;
  }
  return `${line}}`;
}

/** A field's value, or `***` for a text or number under a name such as `password`, `X-Vault-Token` or `apiKey`. */
function shownAs(name: string, value: Value): Value {
  if (typeof value !== "string" && !isNumber(value)) return value;
  const words = name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").replace(/[-. ]/g, "_");
  return CREDENTIAL.test(words.toLowerCase()) ? MASK : value;
}

function quote(masker: Masker, bytes: string): string {
  return JSON.stringify(masker.mask(toTextLossy(bytes)));
}

/** A Lua value as JSON; what JSON does not have (functions, nan, cycles) becomes a string. */
function jsonValue(masker: Masker, value: Value, around: readonly LuaTable[]): string {
  if (value === undefined) return "null";
  if (typeof value === "boolean") return String(value);
  if (isNumber(value)) {
    const text = formatNumber(value);
    const finite = typeof value === "bigint" || Number.isFinite(toDouble(value));
    return finite && masker.mask(text) === text ? text : JSON.stringify(masker.mask(text));
  }
  if (!(value instanceof LuaTable)) return quote(masker, plainText(value));
  if (around.includes(value)) return '"(cycle)"';
  if (around.length >= MAX_DEPTH) return '"(…)"';
  const inside = [...around, value];
  const length = value.length();
  const items: string[] = [];
  let isList = length > 0;
  value.forEach((key) => {
    if (typeof key !== "number" || key < 1 || key > length) isList = false;
  });
  if (isList) {
    for (let i = 1; i <= length; i++) items.push(jsonValue(masker, value.getIndex(i), inside));
    return `[${items.join(",")}]`;
  }
  value.forEach((key, element) => {
    const name = plainText(key);
    items.push(`${quote(masker, name)}:${jsonValue(masker, shownAs(name, element), inside)}`);
  });
  return `{${items.join(",")}}`;
}

// --- text -----------------------------------------------------------------------------------------------------------

const COLOURS: Readonly<Record<LogLevel, string>> = {
  debug: "\x1b[2m",
  info: "\x1b[32m",
  warn: "\x1b[33m",
  error: "\x1b[31m",
};

function wantsColour(onTerminal: boolean): boolean {
  const { NO_COLOR: no, FORCE_COLOR: force } = process.env;
  if (no !== undefined && no !== "") return false;
  return onTerminal || (force !== undefined && force !== "" && force !== "0");
}

function textLine(masker: Masker, level: LogLevel, message: string, fields: LogFields, onTerminal: boolean): string {
  const name = level.toUpperCase().padEnd(5);
  const shown = wantsColour(onTerminal) ? `${COLOURS[level]}${name}\x1b[0m` : name;
  let line = `${new Date().toISOString()} ${shown} ${printable(masker.mask(toTextLossy(message)))}`;
  for (const key of Object.keys(fields))
    line += ` ${printable(masker.mask(key))}=${textValue(masker, shownAs(key, fields[key]))}`;
  return line;
}

function textValue(masker: Masker, value: Value): string {
  if (typeof value === "string") {
    const text = masker.mask(toTextLossy(value));
    return /^[^\s"={}[\],]+$/.test(text) ? printable(text) : JSON.stringify(text);
  }
  return value instanceof LuaTable ? jsonValue(masker, value, []) : printable(masker.mask(plainText(value)));
}

/**
 * Text that cannot play tricks on a terminal or pass for another line: control characters are escaped, further lines
 * are indented.
 */
function printable(text: string): string {
  return text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]|\r?\n/g, (c) => {
    if (c.endsWith("\n")) return "\n    ";
    const code = c.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16)}`;
  });
}

// --- the library ----------------------------------------------------------------------------------------------------

/** A value as `print` would show it; its `__tostring` may wait. */
function* textOf(value: Value): Steps<string> {
  const handler = typeof value === "string" ? undefined : metamethod(value, Event.ToString);
  return handler === undefined ? plainText(value) : textOfResult(yield* awaited(call(handler, [value])));
}

function* write(level: LogLevel, message: Value, fields: LuaTable | undefined): Steps<Results> {
  const text = yield* textOf(message);
  const shown: Record<string, Value> = Object.create(null);
  const pairs: [key: Value, value: Value][] = [];
  fields?.forEach((key, value) => {
    pairs.push([key, value]);
  });
  for (const [key, value] of pairs) {
    // What would only show its address is asked for its text.
    const opaque = typeof value === "object" && !(value instanceof LuaFloat);
    const asked = opaque && metamethod(value, Event.ToString) !== undefined;
    shown[toTextLossy(plainText(key))] = asked ? yield* textOf(value) : value;
  }
  const behind = writeLog(host(), level, text, shown);
  if (behind === undefined) return NOTHING;
  return yield* settled(behind.then(() => NOTHING));
}

function log(level: LogLevel, message: Value, fields: LuaTable | undefined): Results | Suspended | Promise<Results> {
  const to = host();
  if (!logs(to, level)) return NOTHING;
  if (typeof message === "string" && fields === undefined) {
    return writeLog(to, level, message)?.then(() => NOTHING) ?? NOTHING;
  }
  return runSteps(write(level, message, fields), message, fields);
}

function row(level: LogLevel, summary: string): Declaration {
  return fn(level, {
    summary,
    params: [
      any("message", { summary: "shown as `print` would" }),
      optional(
        table("fields", {
          summary:
            "shown behind the message, nested tables as JSON; what has a credential's name (`password`, `api_key`) as ***",
          type: "table<string, any>",
        }),
      ),
    ],
    returns: [],
    source: "Assay",
    example: `log.${level}("request done", { path = "/", ms = 12 })`,
    run: (message, fields) => log(level, message, fields),
  });
}

export const logLibrary = library(
  "log",
  "Messages on standard error: text on a terminal, one JSON object a line otherwise; secrets masked.",
  [
    row("debug", "Logs what helps to follow the script; not shown unless asked for (`--log-level debug`)."),
    row("info", "Logs what happened."),
    row("warn", "Logs what should be looked at."),
    row("error", "Logs what went wrong. The script goes on."),
  ],
);
