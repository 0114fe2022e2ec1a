/** `assay lua …`: the standard `lua` command, with all of Lua's libraries and without a sandbox (manual §7). */

import { failure } from "../../interpreter/error.ts";
import { createFullVm } from "../../interpreter/full.ts";
import { LuaError, Stop, Task } from "../../interpreter/index.ts";
import { closeMachine } from "../../interpreter/library/collect.ts";
import { standardStreams } from "../../interpreter/library/io.ts";
import { flushAll } from "../../interpreter/library/io-stream.ts";
import { fromText } from "../../interpreter/text.ts";
import { readArguments, usage } from "../lua/arguments.ts";
import { type LuaCommand, luaMain, PROGRAM, report } from "../lua/main.ts";
import { Status } from "../status.ts";
import { versionLine } from "../version.ts";

export async function lua(words: string[]): Promise<Status> {
  const args = readArguments([PROGRAM, ...words.map(fromText)]);
  if ("bad" in args) {
    require("node:fs").writeSync(2, usage(PROGRAM, args.bad));
    return Status.Failed;
  }
  const environment = (name: string): string | undefined => {
    const value = args.ignoreEnvironment ? undefined : process.env[name];
    return value === undefined ? undefined : fromText(value);
  };
  const vm = createFullVm(environment);
  const streams = standardStreams(vm);
  vm.warnSink = (message) => streams.stderr.write(message);
  vm.getenv = (name) => {
    const value = process.env[name];
    return value === undefined ? undefined : fromText(value);
  };
  vm.exit = (status) => {
    flushAll();
    process.exit(status);
  };
  // Whatever ends the process, and however, what was written goes out.
  process.on("exit", flushAll);
  streams.stdout.onWriteError = (error) => {
    // Others are killed by the signal at this point.
    if (error.code === "EPIPE") process.exit(Status.Unread);
  };
  const command: LuaCommand = {
    args,
    streams,
    version: `Lua 5.5  ${versionLine().split(" (")[0]}, an implementation of the language by Lua.org, PUC-Rio`,
    environment,
    running(runs) {
      if (runs) process.on("SIGINT", interrupt);
      else process.off("SIGINT", interrupt);
    },
  };
  const interrupt = (): void => {
    // A second one ends the process, should the script not heed the first.
    process.off("SIGINT", interrupt);
    task.raise(failure("interrupted!"));
  };
  const task = new Task(vm, luaMain(command), []);
  try {
    const went = await task.start().promise;
    await closeMachine(vm);
    return went === true ? Status.Ok : Status.Failed;
  } catch (error) {
    if (error instanceof Stop && error.reason === "exit") {
      await closeMachine(vm);
      return error.status as Status;
    }
    if (!(error instanceof LuaError)) throw error;
    report(streams, error.value);
    await closeMachine(vm);
    return Status.Failed;
  } finally {
    flushAll();
  }
}
