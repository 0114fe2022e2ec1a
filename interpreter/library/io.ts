/** Input and output (manual §6.9), whole: for scripts that may touch everything. */
import { open as openLater, openSync, statSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { failure } from "../error.ts";
import {
  any,
  argumentError,
  checkString,
  type Library,
  library,
  optional,
  rawFn,
  rawVariadic,
  rest,
  returns,
  string,
} from "../native.ts";
import { formatNumber } from "../number.ts";
import { state } from "../state.ts";
import { awaitPromise } from "../task.ts";
import { isNumber, type Results, type Suspended, Userdata, type Value } from "../value.ts";
import type { VirtualMachine } from "../vm.ts";
import { collect } from "./collect.ts";
import {
  checkFile,
  checkOpen,
  closeFile,
  endFile,
  FILE,
  type File,
  flushed,
  keepOpen,
  linesOf,
  newFile,
  openFileType,
  settled,
  writeValues,
} from "./io-file.ts";
import { runPiped } from "./io-process.ts";
import { formats, LINE, readFormats } from "./io-read.ts";
import { type Access, Stream } from "./io-stream.ts";
import { runSteps, type Steps } from "./steps.ts";
import { failed, type SystemError, shownPath, systemError, systemPath } from "./system-error.ts";
import { inPlace, settlement } from "./waiting.ts";

/** Where the registry keeps the default files. */
const INPUT = "_IO_input";
const OUTPUT = "_IO_output";
const source = "Lua manual §6.9";

// --- opening ----------------------------------------------------------------------------------------------------------

/** What `fopen` makes of a mode: for which accesses, by which flags. */
function accessOf(mode: string): { access: Access; flags: string } {
  const plus = mode[1] === "+";
  const letter = mode[0] as string;
  const access: Access = { read: letter === "r" || plus, write: letter !== "r" || plus, append: letter === "a" };
  return { access, flags: plus ? `${letter}+` : letter };
}

/** Opens a file. A named pipe makes this wait for its other end, so that takes a promise. */
function openStream(path: string, mode: string): Stream | SystemError | Promise<Stream | SystemError> {
  const { access, flags } = accessOf(mode);
  const name = systemPath(path);
  try {
    if (statSync(name, { throwIfNoEntry: false })?.isFIFO() !== true)
      return new Stream(openSync(name, flags, 0o666), access);
  } catch (thrown) {
    return systemError(thrown);
  }
  return new Promise((resolve, reject) => {
    openLater(name, flags, 0o666, (error, fd) => {
      try {
        resolve(error === null ? new Stream(fd, access) : systemError(error));
      } catch (thrown) {
        reject(thrown);
      }
    });
  });
}

/** Goes on with a stream or the reason why there is none, now or when that is known. */
function whenOpen(path: string, mode: string, then: (outcome: Stream | SystemError) => Results): Results | Suspended {
  const opened = openStream(path, mode);
  if (opened instanceof Promise) return awaitPromise(opened.then(then));
  if (opened instanceof Stream || (opened.code !== "EMFILE" && opened.code !== "ENFILE")) return then(opened);
  return runSteps(collectAndOpen(path, mode, then));
}

/** Tries again after a collection, which closes the files that nobody has any more. */
function* collectAndOpen(path: string, mode: string, then: (outcome: Stream | SystemError) => Results): Steps<Results> {
  yield* inPlace(() => collect(undefined));
  const opened = openStream(path, mode);
  return opened instanceof Promise ? yield* settlement(opened.then(then)) : then(opened);
}

/** A handle for a file that must open (`opencheck`). */
function required(vm: VirtualMachine, outcome: Stream | SystemError, path: string): Userdata {
  if (outcome instanceof Stream) return newFile(vm, outcome, closeFile);
  throw failure(`cannot open file '${shownPath(path)}' (${outcome.message})`);
}

function open(pathValue: Value, modeValue: Value): Results | Suspended {
  const path = checkString(pathValue, 1);
  const mode = modeValue === undefined ? "r" : checkString(modeValue, 2);
  if (!/^[rwa]\+?b*$/.test(mode)) throw argumentError(2, "invalid mode");
  const { vm } = state;
  return whenOpen(path, mode, (outcome) =>
    outcome instanceof Stream ? newFile(vm, outcome, closeFile) : failed(outcome, shownPath(path)),
  );
}

function popen(commandValue: Value, modeValue: Value): Results {
  const command = checkString(commandValue, 1);
  const mode = modeValue === undefined ? "r" : checkString(modeValue, 2);
  if (mode !== "r" && mode !== "w") throw argumentError(2, "invalid mode");
  const started = runPiped(command, mode);
  if ("code" in started) return failed(started, shownPath(command));
  return newFile(state.vm, started.stream, (file: File, stream: Stream) => {
    file.stream = undefined;
    stream.close();
    return started.end;
  });
}

/** How often a name for a temporary file may be taken already. */
const MAX_TRIES = 100;

function tmpfile(): Results {
  for (let tries = 1; ; tries++) {
    const path = `${tmpdir()}/lua_${crypto.randomUUID().replaceAll("-", "")}`;
    try {
      const fd = openSync(path, "wx+", 0o600);
      unlinkSync(path);
      return newFile(state.vm, new Stream(fd, { read: true, write: true, append: false }), closeFile);
    } catch (thrown) {
      const error = systemError(thrown);
      if (error.code !== "EEXIST" || tries >= MAX_TRIES) return failed(error);
    }
  }
}

// --- default files ----------------------------------------------------------------------------------------------------

function defaultStream(key: string): Stream {
  const handle = state.vm.registry.getString(key) as Userdata;
  const { stream } = handle.data as File;
  if (stream === undefined) throw failure(`default ${key.slice("_IO_".length)} file is closed`);
  return stream;
}

/** `io.input` and `io.output`: sets the default file, if one is given, and returns it. */
function defaultFile(key: string, mode: string, given: Value): Results | Suspended {
  const { vm } = state;
  const set = (handle: Value): Value => {
    vm.registry.setString(key, handle);
    return handle;
  };
  if (given === undefined) return vm.registry.getString(key);
  if (typeof given === "string" || isNumber(given)) {
    const path = typeof given === "string" ? given : formatNumber(given);
    return whenOpen(path, mode, (outcome) => set(required(vm, outcome, path)));
  }
  checkOpen(given);
  return set(given);
}

function lines(args: Value[]): Results | Suspended {
  const { vm } = state;
  const rest = args.slice(1);
  if (args[0] === undefined) {
    const handle = vm.registry.getString(INPUT);
    checkOpen(handle);
    return linesOf(handle as Userdata, rest, false);
  }
  const path = checkString(args[0], 1);
  return whenOpen(path, "r", (outcome) => {
    const handle = required(vm, outcome, path);
    return [linesOf(handle, rest, true), undefined, undefined, handle];
  });
}

// --- the library ------------------------------------------------------------------------------------------------------

const outcome = [returns("ok", "boolean?"), returns("message", "string?"), returns("number", "integer?")];
const handleOrWhy = [returns("file", `${FILE}?`), returns("message", "string?"), returns("number", "integer?")];
const file = any("file", { type: FILE });

export const ioLibrary: Library = library(
  "io",
  "Files, processes and the standard streams.",
  [
    rawVariadic(
      "close",
      { summary: "Closes a file, or the default output.", params: [optional(file)], returns: outcome, source },
      (args) => {
        const handle = args.length === 0 ? state.vm.registry.getString(OUTPUT) : args[0];
        checkOpen(handle);
        return endFile(checkFile(handle));
      },
    ),
    rawFn(
      "flush",
      { summary: "Hands what was written to the default output to the system.", params: [], returns: outcome, source },
      () => flushed(defaultStream(OUTPUT)),
    ),
    rawFn(
      "input",
      {
        summary: "The default input; a file name or file becomes it first.",
        params: [optional(any("file", { type: `string|${FILE}` }))],
        returns: [returns("file", FILE)],
        raises: ["When a file of that name cannot be opened."],
        source,
      },
      (given) => defaultFile(INPUT, "r", given),
    ),
    rawVariadic(
      "lines",
      {
        summary: "An iterator over a file, which it closes at the end, or over the default input.",
        params: [optional(string("filename")), rest(any("..."))],
        returns: [
          returns("iterator", "function"),
          returns("…", "nil"),
          returns("…", "nil"),
          returns("file", `${FILE}?`),
        ],
        raises: ["When the file cannot be opened, or while iterating when it cannot be read."],
        source,
      },
      lines,
    ),
    rawFn(
      "open",
      {
        summary: "Opens a file for reading (`r`), writing (`w`) or appending (`a`), with `+` for both ways.",
        params: [string("filename"), optional(string("mode"))],
        returns: handleOrWhy,
        source,
      },
      open,
    ),
    rawFn(
      "output",
      {
        summary: "The default output; a file name or file becomes it first.",
        params: [optional(any("file", { type: `string|${FILE}` }))],
        returns: [returns("file", FILE)],
        raises: ["When a file of that name cannot be opened."],
        source,
      },
      (given) => defaultFile(OUTPUT, "w", given),
    ),
    rawFn(
      "popen",
      {
        summary: "Runs a command by the shell: its output can be read (`r`), or its input written (`w`).",
        params: [string("command"), optional(string("mode"))],
        returns: handleOrWhy,
        source,
      },
      popen,
    ),
    rawVariadic(
      "read",
      {
        summary: "Reads from the default input by the formats `n`, `l`, `L`, `a` or a number of bytes.",
        params: [rest(any("..."))],
        returns: [returns("...", "any", "one value for each format, nil for the first that fails")],
        source,
      },
      (args) => settled(readFormats(defaultStream(INPUT), args.length === 0 ? LINE : formats(args, 1))),
    ),
    rawFn(
      "tmpfile",
      { summary: "A temporary file without a name, open for both ways.", params: [], returns: handleOrWhy, source },
      tmpfile,
    ),
    rawFn(
      "type",
      {
        summary: "`file` for an open file, `closed file` for a closed one, nil for anything else.",
        params: [any("obj")],
        returns: [returns("type", "string?")],
        source,
      },
      (value) => {
        if (value === undefined && state.argc < 1) throw argumentError(1, "value expected");
        if (!(value instanceof Userdata && value.kind === FILE)) return undefined;
        return (value.data as File).stream === undefined ? "closed file" : "file";
      },
    ),
    rawVariadic(
      "write",
      {
        summary: "Writes strings and numbers to the default output.",
        params: [rest(any("...", { type: "string|number" }))],
        returns: handleOrWhy,
        source,
      },
      (args) => {
        const stream = defaultStream(OUTPUT);
        return writeValues(state.vm.registry.getString(OUTPUT), stream, args, 0);
      },
    ),
  ],
  standardFiles,
);

/** The standard streams of a virtual machine. */
export interface StandardStreams {
  readonly stdin: Stream;
  readonly stdout: Stream;
  readonly stderr: Stream;
}

/** The standard streams that scripts of this machine see, once the library is open. */
export function standardStreams(vm: VirtualMachine): StandardStreams {
  const streams = standard.get(vm);
  if (streams === undefined) throw new Error("the io library is not open");
  return streams;
}

const standard = new WeakMap<VirtualMachine, StandardStreams>();

function standardFiles(vm: VirtualMachine): Record<string, Value> {
  openFileType(vm);
  const reading: Access = { read: true, write: false, append: false };
  const writing: Access = { read: false, write: true, append: false };
  const streams = {
    stdin: new Stream(0, reading, true),
    stdout: new Stream(1, writing, true),
    stderr: new Stream(2, writing, true),
  };
  streams.stderr.setBuffering("no", 1);
  standard.set(vm, streams);
  const files = {
    stdin: newFile(vm, streams.stdin, keepOpen),
    stdout: newFile(vm, streams.stdout, keepOpen),
    stderr: newFile(vm, streams.stderr, keepOpen),
  };
  vm.registry.setString(INPUT, files.stdin);
  vm.registry.setString(OUTPUT, files.stdout);
  // `print` hands its lines on at once in the reference; before anything can wait comes to the same.
  vm.write = (bytes) => {
    streams.stdout.write(bytes);
    streams.stdout.flushSoon();
    return undefined;
  };
  return files;
}
