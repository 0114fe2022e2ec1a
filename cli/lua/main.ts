/** What the `lua` command does, in the order of manual §7, as one native function: all of it runs in one main thread. */
import { call } from "../../interpreter/call.ts";
import { failure, typeName } from "../../interpreter/error.ts";
import { Cell, NativeFunction } from "../../interpreter/function.ts";
import { compileOrMessage } from "../../interpreter/library/base.ts";
import { loadFile } from "../../interpreter/library/files.ts";
import type { StandardStreams } from "../../interpreter/library/io.ts";
import { isTerminal } from "../../interpreter/library/posix.ts";
import { protectedCallWithHandler } from "../../interpreter/library/protected.ts";
import { awaited, runSteps, type Steps } from "../../interpreter/library/steps.ts";
import { inPlace, settlement } from "../../interpreter/library/waiting.ts";
import { Event, metamethod } from "../../interpreter/metatable.ts";
import { formatNumber } from "../../interpreter/number.ts";
import { runningStack, traceback } from "../../interpreter/stack.ts";
import { state } from "../../interpreter/state.ts";
import { LuaTable } from "../../interpreter/table.ts";
import { isNumber, list, type Results, type Suspended, type Value } from "../../interpreter/value.ts";
import { type LuaArguments, preparations } from "./arguments.ts";
import { converse } from "./repl.ts";

/** The command's name in messages. */
export const PROGRAM = "lua";
/** What `require` may have in a module's name to tell versions apart (LUA_IGMARK). */
const VERSION_MARK = "-";

/** What the command needs from the process. */
export interface LuaCommand {
  readonly args: LuaArguments;
  readonly streams: StandardStreams;
  readonly version: string;
  /** Environment variables as bytes; none with `-E`. */
  environment(name: string): string | undefined;
  /** Told when Lua code runs that Ctrl-C should interrupt, and when it has ended. */
  running(runs: boolean): void;
}

/** The whole command as a function for a task: true when everything went well. */
export function luaMain(command: LuaCommand): NativeFunction {
  return new NativeFunction("?", () => runSteps(main(command)), undefined);
}

function* main(command: LuaCommand): Steps<Results> {
  const { args, streams } = command;
  if (args.showVersion) showVersion(command);
  state.vm.globals.setString("arg", argumentTable(args));
  if (!(yield* runInit(command))) return false;
  state.vm.warn("@off", true);
  for (const preparation of preparations(args)) {
    if (preparation.kind === "warnings") state.vm.warn("@on", true);
    else if (preparation.kind === "run") {
      if (!(yield* runCode(command, preparation.code, "=(command line)"))) return false;
    } else if (!(yield* requireInto(command, preparation.module))) return false;
  }
  if (args.script > 0 && !(yield* runScript(command))) return false;
  if (args.interactive) yield* talk(command);
  else if (args.script === 0 && !args.hasCode && !args.showVersion) {
    if (isTerminal(0)) {
      showVersion(command);
      yield* talk(command);
    } else if (!(yield* runFile(command, undefined, []))) return false;
  }
  streams.stdout.flush();
  return true;
}

function showVersion({ streams, version }: LuaCommand): void {
  streams.stdout.write(`${version}\n`);
  streams.stdout.flush();
}

/** The global `arg`: the script at 0, its arguments after it, all else before it. */
function argumentTable({ argv, script }: LuaArguments): LuaTable {
  const table = state.vm.newTable();
  for (const [i, value] of argv.entries()) table.set(i - script, value);
  return table;
}

function* runInit(command: LuaCommand): Steps<boolean> {
  for (const name of ["LUA_INIT_5_5", "LUA_INIT"]) {
    const code = command.environment(name);
    if (code === undefined) continue;
    return code.startsWith("@")
      ? yield* runFile(command, code.slice(1), [])
      : yield* runCode(command, code, `=${name}`);
  }
  return true;
}

function runCode(command: LuaCommand, code: string, name: string): Steps<boolean> {
  return runLoaded(command, compileOrMessage(code, name, new Cell(state.vm.globals)), []);
}

function* runFile(command: LuaCommand, path: string | undefined, args: Value[]): Steps<boolean> {
  const loaded = loadFile(path, "bt", new Cell(state.vm.globals));
  return yield* runLoaded(command, loaded instanceof Promise ? yield* settlement(loaded) : loaded, args);
}

/** The script, with what `arg` holds by now as its arguments. */
function* runScript(command: LuaCommand): Steps<boolean> {
  const { argv, script } = command.args;
  const isInput = argv[script] === "-" && argv[script - 1] !== "--";
  const loaded = loadFile(isInput ? undefined : (argv[script] as string), "bt", new Cell(state.vm.globals));
  const compiled = loaded instanceof Promise ? yield* settlement(loaded) : loaded;
  return yield* runLoaded(command, compiled, Array.isArray(compiled) ? [] : scriptArguments());
}

function scriptArguments(): Value[] {
  const table = state.vm.globals.getString("arg");
  if (!(table instanceof LuaTable)) throw failure("'arg' is not a table");
  const values: Value[] = [];
  for (let i = 1, count = table.length(); i <= count; i++) values.push(table.getIndex(i));
  return values;
}

function* runLoaded(command: LuaCommand, compiled: Results, args: Value[]): Steps<boolean> {
  if (Array.isArray(compiled)) {
    report(command.streams, compiled[1]);
    return false;
  }
  const { ok, results } = yield* runProtected(command, compiled, args);
  if (!ok) report(command.streams, results[0]);
  return ok;
}

/** `-l mod` and `-l name=mod`. */
function* requireInto(command: LuaCommand, argument: string): Steps<boolean> {
  const equals = argument.indexOf("=");
  const name = equals < 0 ? (argument.split(VERSION_MARK, 1)[0] as string) : argument.slice(0, equals);
  const module = argument.slice(equals + 1);
  const { ok, results } = yield* runProtected(command, state.vm.globals.getString("require"), [module]);
  if (ok) state.vm.globals.setString(name, results[0]);
  else report(command.streams, results[0]);
  return ok;
}

function* talk(command: LuaCommand): Steps<void> {
  const { streams } = command;
  yield* converse({
    streams,
    run: (fn, args) => runProtected(command, fn, args),
    report: (message) => report(streams, message, false),
  });
}

// --- errors -----------------------------------------------------------------------------------------------------------

/** Prints a message, with the program's name unless it is part of a conversation. */
export function report({ stdout, stderr }: StandardStreams, message: Value, named = true): void {
  const text =
    typeof message === "string" ? message : isNumber(message) ? formatNumber(message) : "(error message not a string)";
  stdout.flush();
  stderr.write(`${named ? `${PROGRAM}: ` : ""}${text}\n`);
}

/** Makes the message for an error: with a traceback, unless the error object has its own words. */
function* describe(error: Value): Steps<Results> {
  let message: string;
  if (typeof error === "string") message = error;
  else if (isNumber(error)) message = formatNumber(error);
  else {
    const handler = metamethod(error, Event.ToString);
    if (handler !== undefined) {
      const text = yield* awaited(call(handler, [error]));
      if (typeof text === "string") return text;
    }
    message = `(error object is a ${typeName(error)} value)`;
  }
  return traceback(runningStack(), message, 1);
}

const HANDLER = new NativeFunction("?", (error) => runSteps(describe(error), error), undefined);

/** Calls a chunk; results are those of the call, or the message. */
function* runProtected(command: LuaCommand, fn: Value, args: Value[]): Steps<{ ok: boolean; results: Value[] }> {
  command.running(true);
  try {
    const [ok, ...results] = list(
      yield* inPlace((): Results | Suspended => protectedCallWithHandler([fn, HANDLER, ...args])),
    );
    return { ok: ok === true, results };
  } finally {
    command.running(false);
  }
}
