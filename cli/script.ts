/** Running a Lua script: `assay FILE.lua`, standard input, or code from the command line. */

import { readFileSync } from "node:fs";
import { Host, type HostSettings } from "../builtins/host.ts";
import { openBuiltins } from "../builtins/index.ts";
import { outputFailure, whenOutputFails, writeText } from "../builtins/output.ts";
import { chunkId } from "../interpreter/chunk.ts";
import { createVm, LuaError, load, Stop, skipShebang, Task } from "../interpreter/index.ts";
import { fromBuffer, fromText } from "../interpreter/text.ts";
import { installLookout, type VirtualMachine } from "../interpreter/vm.ts";
import type { OptionValues } from "./options.ts";
import { handleSignals, receivedSignal, type Signal, signalStatus } from "./signals.ts";
import { fileError, Status, usageError } from "./status.ts";
import { lookForSignals } from "./stuck-signals.ts";

/** Live Lua data that a script may have unless `--memory-limit` says otherwise. */
export const MEMORY_BYTES = 64 * 1024 * 1024;

/** A script to run. */
export interface Script {
  /** Bytes of the source. */
  readonly source: string;
  /** In Lua's form, such as `@script.lua`. */
  readonly chunkName: string;
  /** Where `require` looks; undefined: the current directory. */
  readonly folder: string | undefined;
  /** `arg[0]`. */
  readonly name: string;
  readonly args: readonly string[];
}

/** Runs a file, or standard input for "-". `commands` are the words that a mistyped name may have meant. */
export async function runScriptFile(
  file: string,
  args: readonly string[],
  options: OptionValues,
  commands: readonly string[],
): Promise<Status> {
  if (file === "-") {
    const source = fromBuffer(await Bun.stdin.bytes());
    return runScript({ source, chunkName: "=stdin", folder: undefined, name: "-", args }, options);
  }
  const source = await readScript(file, commands);
  const slash = file.lastIndexOf("/");
  const folder = slash < 0 ? undefined : slash === 0 ? "/" : file.slice(0, slash);
  return runScript({ source, chunkName: `@${fromText(file)}`, folder, name: fromText(file), args }, options);
}

async function readScript(file: string, commands: readonly string[]): Promise<string> {
  const extension = /[^/](\.[^./]*)$/.exec(file)?.[1] ?? "";
  const isLua = extension.toLowerCase() === ".lua";
  let source: string;
  try {
    source = fromBuffer(readFileSync(file)); // asynchronous reading would start threads first
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (extension !== "" && !isLua && code !== "EISDIR") throw unsupported(extension);
    throw fileError(`${file}: ${FILE_WORDS[code ?? ""] ?? "cannot be read"}${await suggestion(file, code, commands)}`);
  }
  // A script that says so itself needs no extension.
  if (!isLua && !/^#![^\n]*\bassay\b/.test(source.slice(0, 256))) throw unsupported(extension);
  return source;
}

function unsupported(extension: string): unknown {
  return usageError(`unsupported file extension ${JSON.stringify(extension)} (expected .yaml, .yml or .lua)`);
}

const FILE_WORDS: Readonly<Record<string, string>> = {
  ENOENT: "no such file or directory",
  EISDIR: "is a directory",
  EACCES: "permission denied",
  ENOTDIR: "not a directory",
  ELOOP: "too many symbolic links",
  ENAMETOOLONG: "file name too long",
};

async function suggestion(file: string, code: string | undefined, commands: readonly string[]): Promise<string> {
  if (code !== "ENOENT" || !/^[a-z-]+$/.test(file)) return "";
  const { nearest } = await import("./nearest.ts");
  const command = nearest(file, commands);
  return command === undefined ? "" : ` (did you mean the command "assay ${command}"?)`;
}

/** Runs a script to its end: main chunk, spawned tasks, clean-up. Prints what it did not catch. */
export async function runScript(script: Script, options: OptionValues): Promise<Status> {
  const settings: HostSettings = { scriptFolder: script.folder ?? "." };
  const limits = { memoryBytes: MEMORY_BYTES, timeoutMs: Infinity };
  if (Object.keys(options).length > 0 || process.env.ASSAY_PERMISSIONS) {
    const { applyOptions } = await import("./script-options.ts");
    applyOptions(options, settings, limits);
  }
  const vm = createVm(limits);
  const host = new Host(settings);
  const isOpen = openBuiltins(vm, host, "script");
  setArguments(vm, script);
  const source = { chunkId: chunkId(script.chunkName), text: script.source };
  const report = async (error: unknown): Promise<void> => {
    const { describeUncaught } = await import("./uncaught.ts");
    void writeText(2, await describeUncaught(vm, error, source, options.debug !== undefined));
  };
  let main: ReturnType<typeof load>;
  try {
    main = load(vm, skipShebang(script.source), script.chunkName);
  } catch (error) {
    if (!(error instanceof LuaError)) throw error;
    await report(error);
    return Status.Invalid;
  }
  handleSignals((signal) => stopScript(vm, signal, isOpen("http")));
  installLookout(lookForSignals);
  whenOutputFails(() => vm.stop(new Stop("signal", "standard output failed")));
  process.once("beforeExit", reportDeadlock);
  try {
    const task = new Task(vm, main, script.args.map(fromText)).start();
    return await settle(task, host, report, (how) => (isOpen("async") ? endTasks(vm, how) : undefined));
  } finally {
    await host.closeResources();
    process.removeListener("beforeExit", reportDeadlock);
  }
}

/** The event loop has run dry before the script was done: nothing that it waits for can happen any more. */
function reportDeadlock(): void {
  void writeText(2, "error: the script waits for something that can no longer happen (deadlock)\n");
  process.exitCode = Status.Failed;
}

/** The exit status that the script's end means. `endTasks` is told what to do with spawned tasks. */
async function settle(
  main: Task,
  host: Host,
  report: (error: unknown) => Promise<void>,
  end: (how: "finish" | "cancel") => Promise<void> | undefined,
): Promise<Status> {
  try {
    try {
      await main.promise;
    } catch (error) {
      await end("cancel");
      throw error;
    }
    await end("finish");
    return host.unhandledFailure ? Status.Failed : Status.Ok;
  } catch (error) {
    if (error instanceof Stop) {
      if (error.reason === "exit") return error.status as Status;
      const signal = receivedSignal();
      if (error.reason === "signal") return signal === undefined ? Status.Failed : signalStatus(signal);
    }
    if (outputFailure() === undefined) await report(error);
    return Status.Failed;
  }
}

/** Servers drain, and the script then goes on behind them; without any, the script is stopped. */
function stopScript(vm: VirtualMachine, signal: Signal, mayServe: boolean): void {
  if (mayServe) {
    const servers = require("../builtins/http/running.ts") as typeof import("../builtins/http/running.ts");
    if (servers.serversOf(vm).size > 0) return void servers.stopServers(vm);
  }
  vm.stop(new Stop("signal", signal));
}

/** Spawned tasks are awaited after the main chunk, or cancelled when it failed. */
function endTasks(vm: VirtualMachine, how: "finish" | "cancel"): Promise<void> {
  const { finishTasks, cancelTasks } = require("../builtins/async.ts") as typeof import("../builtins/async.ts");
  return how === "finish" ? finishTasks(vm) : cancelTasks(vm);
}

/** The global `arg`, as the `lua` command sets it. */
function setArguments(vm: VirtualMachine, script: Script): void {
  const arg = vm.newTable();
  arg.set(0, script.name);
  for (const [i, value] of script.args.entries()) arg.set(i + 1, fromText(value));
  vm.globals.setString("arg", arg);
}
