/** `assay repl`: the conversation of the `lua` command, in the sandbox that scripts have and with their builtins. */
import { Host, type HostSettings } from "../../builtins/host.ts";
import { openBuiltins } from "../../builtins/index.ts";
import { failure } from "../../interpreter/error.ts";
import { createVm, LuaError, Stop, Task } from "../../interpreter/index.ts";
import { flushAll, Stream } from "../../interpreter/library/io-stream.ts";
import { readArguments } from "../lua/arguments.ts";
import { type LuaCommand, luaMain, PROGRAM, report } from "../lua/main.ts";
import { readOptions, SCRIPT_OPTIONS } from "../options.ts";
import { MEMORY_BYTES } from "../script.ts";
import { applyOptions } from "../script-options.ts";
import { Status, usageError } from "../status.ts";
import { versionLine } from "../version.ts";

export async function repl(words: string[]): Promise<Status> {
  const { options, words: rest } = await readOptions(words, SCRIPT_OPTIONS, false);
  if (rest.length > 0) throw usageError(`repl: unexpected argument ${JSON.stringify(rest[0])}`);
  const args = readArguments([PROGRAM, "-i", "-E"]);
  if ("bad" in args) throw new Error("the arguments of the conversation are wrong");
  const limits = { memoryBytes: MEMORY_BYTES, timeoutMs: Infinity };
  const settings: HostSettings = {};
  applyOptions(options, settings, limits);
  const vm = createVm(limits);
  const writing = { read: false, write: true, append: false };
  const streams = {
    stdin: new Stream(0, { read: true, write: false, append: false }, true),
    stdout: new Stream(1, writing, true),
    stderr: new Stream(2, writing, true),
  };
  streams.stderr.setBuffering("no", 1);
  const host = new Host({
    ...settings,
    stdout: (bytes) => {
      streams.stdout.write(bytes);
      streams.stdout.flush();
    },
    logSink: (line) => void streams.stderr.write(`${line}\n`),
  });
  openBuiltins(vm, host, "script");
  // Every line is a chunk of its own: what one of them may name has to be there.
  vm.beforeCompile("_G");
  process.on("exit", flushAll);
  const interrupt = (): void => {
    process.off("SIGINT", interrupt);
    task.raise(failure("interrupted!"));
  };
  const command: LuaCommand = {
    args,
    streams,
    version: `${versionLine()}; assay help NAME explains a builtin`,
    environment: () => undefined,
    running(runs) {
      if (runs) process.on("SIGINT", interrupt);
      else process.off("SIGINT", interrupt);
    },
  };
  const task = new Task(vm, luaMain(command), []);
  try {
    await task.start().promise;
    return Status.Ok;
  } catch (error) {
    if (error instanceof Stop) return error.reason === "exit" ? (error.status as Status) : Status.Failed;
    if (!(error instanceof LuaError)) throw error;
    report(streams, error.value);
    return Status.Failed;
  } finally {
    await host.closeResources();
    flushAll();
  }
}
