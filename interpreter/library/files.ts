/** Chunks from files: `loadfile` and `dofile` (manual §6.1), for scripts that may read any file. */
import { closeSync, openSync, readFileSync } from "node:fs";
import { Continuation, call } from "../call.ts";
import { LuaError } from "../error.ts";
import { Cell } from "../function.ts";
import { any, checkString, type Library, library, optional, rawVariadic, returns, string } from "../native.ts";
import { suspend } from "../nodes/node.ts";
import { skipShebang } from "../parse.ts";
import { state } from "../state.ts";
import { awaitPromise } from "../task.ts";
import { type Results, SUSPENDED, type Suspended, type Value } from "../value.ts";
import { checkMode, loadText } from "./base.ts";
import { standardStreams } from "./io.ts";
import { readFormats } from "./io-read.ts";
import { runSteps, type Steps } from "./steps.ts";
import { systemError, systemPath } from "./system-error.ts";
import { settlement } from "./waiting.ts";

/** What of a file is its chunk: a first line that starts with "#" is not, nor is the line break before a binary one. */
function chunkOf(bytes: string): string {
  const text = skipShebang(bytes);
  return text.startsWith("\n\x1b") ? text.slice(1) : text;
}

/**
 * Loads a file (`luaL_loadfilex`): its chunk as a function, or nil and a message. Without a path, standard input,
 * which may have to wait.
 */
export function loadFile(path: string | undefined, mode: string, environment: Cell): Results | Promise<Results> {
  if (path === undefined) {
    const read = readFormats(standardStreams(state.vm).stdin, ["a"]);
    const load = (bytes: Results): Results => {
      if (Array.isArray(bytes)) return [undefined, "cannot read stdin"];
      return loadText(chunkOf(bytes as string), "=stdin", mode, environment);
    };
    return read instanceof Promise ? read.then(load) : load(read);
  }
  const bytes = readWhole(path);
  return typeof bytes === "string" ? loadText(chunkOf(bytes), `@${path}`, mode, environment) : bytes;
}

/** A file's bytes, or nil and the words of `loadfile` about why they cannot be had. */
function readWhole(path: string): string | Results {
  let fd: number;
  try {
    fd = openSync(systemPath(path), "r");
  } catch (thrown) {
    return [undefined, `cannot open ${path}: ${systemError(thrown).message}`];
  }
  try {
    return readFileSync(fd, "latin1");
  } catch (thrown) {
    systemError(thrown);
    return [undefined, `cannot read ${path}`];
  } finally {
    closeSync(fd);
  }
}

/** Whether a file can be opened for reading. */
export function isReadable(path: string): boolean {
  try {
    closeSync(openSync(systemPath(path), "r"));
    return true;
  } catch {
    return false;
  }
}

function loadfile(args: Value[]): Results | Suspended {
  const path = args[0] === undefined ? undefined : checkString(args[0], 1);
  const mode = checkMode(args[1], 2);
  const loaded = loadFile(path, mode, new Cell(args.length >= 3 ? args[2] : state.vm.globals));
  return loaded instanceof Promise ? awaitPromise(loaded) : loaded;
}

function* runFile(path: string | undefined): Steps<Results> {
  const reading = loadFile(path, "bt", new Cell(state.vm.globals));
  const loaded = reading instanceof Promise ? yield* settlement(reading) : reading;
  if (Array.isArray(loaded)) throw new LuaError(loaded[1]);
  const given = call(loaded, []);
  return given === SUSPENDED ? yield : given;
}

/** A file's chunk is running; the program may yield across it. */
class RunningFile extends Continuation {
  override get isYieldable(): boolean {
    return true;
  }
  override proceed(_saved: unknown, value: Results): Results {
    return value;
  }
}
const RUNNING_FILE = new RunningFile();

/** Runs a file; one that can be read at once is called directly. */
function doFile(path: string | undefined): Results | Suspended {
  if (path === undefined) return runSteps(runFile(path));
  const loaded = loadFile(path, "bt", new Cell(state.vm.globals));
  if (loaded instanceof Promise) return runSteps(runFile(path));
  if (Array.isArray(loaded)) throw new LuaError(loaded[1]);
  const given = call(loaded, [], true);
  return given === SUSPENDED ? suspend(RUNNING_FILE, state.top, 0) : given;
}

const source = "Lua manual §6.1";

export const filesLibrary: Library = library("_G", "Chunks from files.", [
  rawVariadic(
    "dofile",
    {
      summary: "Runs a file, or standard input, and returns what it returns.",
      params: [optional(string("filename"))],
      returns: [returns("...", "any")],
      raises: ["When the file cannot be read, has an error, or raises one."],
      source,
    },
    (args) => doFile(args[0] === undefined ? undefined : checkString(args[0], 1)),
  ),
  rawVariadic(
    "loadfile",
    {
      summary: "Compiles a file, or standard input, and returns it as a function, or nil and a message.",
      params: [optional(string("filename")), optional(string("mode")), optional(any("env"))],
      returns: [returns("f", "function?"), returns("message", "string?")],
      source,
    },
    loadfile,
  ),
]);
