/** File handles (manual §6.9): the userdata that scripts hold, and their methods. */
import { failure } from "../error.ts";
import { NativeFunction } from "../function.ts";
import {
  any,
  argumentError,
  checkInteger,
  checkString,
  type Declaration,
  nativeFunction,
  optional,
  rawFn,
  rawVariadic,
  rest,
  returns,
  string,
  typeError,
  userdata,
} from "../native.ts";
import { formatNumber } from "../number.ts";
import type { LuaTable } from "../table.ts";
import { awaitPromise } from "../task.ts";
import { isNumber, NOTHING, type Results, type Suspended, Userdata, type Value } from "../value.ts";
import type { VirtualMachine } from "../vm.ts";
import { address } from "./identity.ts";
import { bufferedLine, type Format, formats, LINE, readFormats } from "./io-read.ts";
import type { Buffering, Stream } from "./io-stream.ts";
import { SEEK_CUR, SEEK_END, SEEK_SET } from "./posix.ts";
import { failed, INVALID_ARGUMENT } from "./system-error.ts";

/** The kind of all file handles: their `__name`, and the registry's key of their metatable (LUA_FILEHANDLE). */
export const FILE = "FILE*";
/** Formats that `lines` takes at most (MAXARGLINE). */
const MAX_FORMATS = 250;
const DEFAULT_BUFFER = 1024;
const source = "Lua manual §6.9";

/** What a file handle holds. */
export class File {
  constructor(
    /** Undefined once it is closed. */
    public stream: Stream | undefined,
    /** What `close` does, and returns. */
    readonly end: (file: File, stream: Stream) => Results | Promise<Results>,
  ) {}
}

/** Closes a regular file. */
export function closeFile(file: File, stream: Stream): Results {
  file.stream = undefined;
  const error = stream.close();
  return error === undefined ? true : failed(error);
}

/** Refuses to close a standard file. */
export function keepOpen(): Results {
  return [undefined, "cannot close standard file"];
}

/** A new file handle. */
export function newFile(vm: VirtualMachine, stream: Stream, end: File["end"]): Userdata {
  const metatable = vm.registry.getString(FILE) as LuaTable;
  const handle = new Userdata(FILE, new File(stream, end), metatable);
  vm.noteMetatable(handle, metatable);
  return handle;
}

/** The first argument as a file handle, open or closed (`tolstream`). */
export function checkFile(value: Value): File {
  if (value instanceof Userdata && value.kind === FILE) return value.data as File;
  throw typeError(1, FILE, value);
}

/** The first argument as an open file (`tofile`). */
export function checkOpen(value: Value): Stream {
  const { stream } = checkFile(value);
  if (stream === undefined) throw failure("attempt to use a closed file");
  return stream;
}

/** A result, now or when it is there. */
export function settled(given: Results | Promise<Results>): Results | Suspended {
  return given instanceof Promise ? awaitPromise(given) : given;
}

/** Closes an open file (`aux_close`). */
export function endFile(file: File): Results | Suspended {
  return settled(file.end(file, file.stream as Stream));
}

/** Writes arguments from `first` on; returns the handle, or nil, a message, a number and the bytes written (`g_write`). */
export function writeValues(handle: Value, stream: Stream, args: readonly Value[], first: number): Results {
  let total = 0;
  for (let i = first; i < args.length; i++) {
    const arg = args[i];
    const bytes = typeof arg === "string" ? arg : isNumber(arg) ? formatNumber(arg) : checkString(arg, i + 1);
    const failure = stream.write(bytes);
    if (failure !== undefined) return [...(failed(failure.error) as Value[]), total + failure.accepted];
    total += bytes.length;
  }
  return handle;
}

/** The iterator of `lines`: reads by `args` at each call. `closes` at the end of the file. */
export function linesOf(handle: Userdata, args: readonly Value[], closes: boolean): NativeFunction {
  if (args.length > MAX_FORMATS) throw argumentError(MAX_FORMATS + 2, "too many arguments");
  const file = handle.data as File;
  const parsed = args.length === 0 ? LINE : undefined;
  const step = (): Results | Suspended => {
    const { stream } = file;
    if (stream === undefined) throw failure("file is already closed");
    const wanted: readonly Format[] = parsed ?? formats(args, 2);
    if (wanted === LINE) {
      const line = bufferedLine(stream);
      if (line !== undefined) return line;
    }
    const given = readFormats(stream, wanted);
    return settled(
      given instanceof Promise ? given.then((read) => stepped(read, file, closes)) : stepped(given, file, closes),
    );
  };
  const iterator = new NativeFunction("?", step, undefined);
  iterator.held = [handle, ...args];
  return iterator;
}

/** What a step of `lines` makes of what was read: the values, an error, or the end. */
function stepped(read: Results, file: File, closes: boolean): Results {
  const head = Array.isArray(read) ? read[0] : read;
  if (head !== undefined && head !== false) return read;
  if (Array.isArray(read) && typeof read[1] === "string") throw failure(read[1]);
  // Only files of a name are closed by `lines`: that takes no time.
  if (closes && file.stream !== undefined) void file.end(file, file.stream);
  return NOTHING;
}

// --- methods ----------------------------------------------------------------------------------------------------------

/** One of a list of words (`luaL_checkoption`). */
export function checkOption<T extends string>(value: Value, index: number, options: readonly T[], fallback?: T): T {
  if (value === undefined && fallback !== undefined) return fallback;
  const word = checkString(value, index);
  const found = options.find((option) => option === word);
  if (found === undefined) throw argumentError(index, `invalid option '${word}'`);
  return found;
}

const WHENCE = { set: SEEK_SET, cur: SEEK_CUR, end: SEEK_END } as const;

function seek(handle: Value, whenceValue: Value, offsetValue: Value): Results {
  const stream = checkOpen(handle);
  const whence = WHENCE[checkOption(whenceValue, 2, ["set", "cur", "end"], "cur")];
  const offset = offsetValue === undefined ? 0 : checkInteger(offsetValue, 3);
  const at = typeof offset === "bigint" ? INVALID_ARGUMENT : stream.seek(whence, offset);
  return typeof at === "number" ? at : failed(at);
}

function setvbuf(handle: Value, modeValue: Value, sizeValue: Value): Results {
  const stream = checkOpen(handle);
  const mode: Buffering = checkOption(modeValue, 2, ["no", "full", "line"]);
  const size = sizeValue === undefined ? DEFAULT_BUFFER : Number(checkInteger(sizeValue, 3));
  stream.setBuffering(mode, size);
  return true;
}

/** Closes a file that is still open; for `__gc` and `__close`. */
function closeQuietly(handle: Value): Results | Suspended {
  const file = checkFile(handle);
  return file.stream === undefined ? NOTHING : endFile(file);
}

export function flushed(stream: Stream): Results {
  const error = stream.flush();
  return error === undefined ? true : failed(error);
}

const self = userdata("file", FILE);
const outcome = [returns("ok", "boolean?"), returns("message", "string?"), returns("number", "integer?")];
const values = [returns("...", "any", "one value for each format, nil for the first that fails")];

export const methods: readonly Declaration[] = [
  rawFn(
    "close",
    { summary: "Closes the file; for a process also waits for its end.", params: [self], returns: outcome, source },
    (handle) => {
      checkOpen(handle);
      return endFile(checkFile(handle));
    },
  ),
  rawFn(
    "flush",
    { summary: "Hands what was written to the system.", params: [self], returns: outcome, source },
    (handle) => flushed(checkOpen(handle)),
  ),
  rawVariadic(
    "lines",
    {
      summary: "An iterator that reads by the given formats at each step, a line if there are none.",
      params: [self, rest(any("..."))],
      returns: [returns("iterator", "function")],
      source,
    },
    (args) => {
      checkOpen(args[0]);
      return linesOf(args[0] as Userdata, args.slice(1), false);
    },
  ),
  rawVariadic(
    "read",
    {
      summary: "Reads by the formats `n`, `l`, `L`, `a` or a number of bytes; a line if there are none.",
      params: [self, rest(any("..."))],
      returns: values,
      source,
    },
    (args) => {
      const stream = checkOpen(args[0]);
      return settled(readFormats(stream, args.length <= 1 ? LINE : formats(args.slice(1), 2)));
    },
  ),
  rawFn(
    "seek",
    {
      summary: "Moves to a place, given from the start (`set`), the current place (`cur`) or the end (`end`).",
      params: [self, optional(string("whence")), optional(any("offset", { type: "integer" }))],
      returns: [returns("place", "integer?"), returns("message", "string?"), returns("number", "integer?")],
      source,
    },
    seek,
  ),
  rawFn(
    "setvbuf",
    {
      summary: "Sets when writing reaches the system: at once (`no`), by blocks (`full`), by lines (`line`).",
      params: [self, string("mode"), optional(any("size", { type: "integer" }))],
      returns: outcome,
      source,
    },
    setvbuf,
  ),
  rawVariadic(
    "write",
    {
      summary: "Writes strings and numbers.",
      params: [self, rest(any("...", { type: "string|number" }))],
      returns: [returns("file", FILE), returns("message", "string?"), returns("number", "integer?")],
      source,
    },
    (args) => writeValues(args[0], checkOpen(args[0]), args, 1),
  ),
];

const metamethods: readonly Declaration[] = [
  rawFn("__gc", { summary: "Closes the file.", params: [self], returns: [], source }, closeQuietly),
  rawFn("__close", { summary: "Closes the file.", params: [self], returns: [], source }, closeQuietly),
  rawFn("__tostring", { summary: "The handle as text.", params: [self], returns: [], source }, (handle) =>
    checkFile(handle).stream === undefined ? "file (closed)" : `file (${address(handle)})`,
  ),
];

/** Makes the metatable of file handles, in the registry where the reference has it. */
export function openFileType(vm: VirtualMachine): void {
  const metatable = vm.newTable();
  const index = vm.newTable();
  // Methods go by the name that the call gives them; otherwise they have none, as in the reference.
  for (const method of methods) index.setConstant(method.name, nativeFunction(method, "?"));
  metatable.setConstant("__name", FILE);
  metatable.setConstant("__index", index);
  for (const event of metamethods) metatable.setConstant(event.name, nativeFunction(event, "?"));
  vm.registry.setString(FILE, metatable);
}
