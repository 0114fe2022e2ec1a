/**
 * The command `assay`: decides what the arguments ask for, and ends with its exit status.
 *
 * This module and what it imports is all that a start pays for in any case; everything else is imported when it is
 * wanted. A plain `assay FILE` reads no options and so never loads yargs.
 */
import { drained, outputFailure, writeText, wroteOutput } from "../builtins/output.ts";
import { isStdoutClosed } from "./closed-output.ts";
import type { OptionValues } from "./options.ts";
import { receivedSignal } from "./signals.ts";
import { CommandError, Status, usageError } from "./status.ts";

/** What begins as a word and is not a file: `assay WORD …`. A file of that name is run as `./WORD`. */
const COMMANDS: Readonly<Record<string, () => Promise<(args: string[]) => Promise<Status>>>> = {
  exec: async () => (await import("./commands/exec.ts")).exec,
  repl: async () => (await import("./commands/repl.ts")).repl,
  lua: async () => (await import("./commands/lua.ts")).lua,
  modules: async () => (await import("./commands/modules.ts")).modules,
  help: async () => (await import("./commands/help.ts")).help,
  types: async () => (await import("./commands/types.ts")).types,
  schema: async () => (await import("./commands/schema.ts")).schema,
  validate: async () => (await import("./commands/validate.ts")).validate,
  report: async () => (await import("./commands/report.ts")).report,
  completion: async () => (await import("./commands/completion.ts")).completion,
};

/** Time that a stopped command gets to deliver its output when its reader is slow. */
const DELIVERY_MS = 2000;

/** Called by one of these names, through a link, it is the standard command: `lua script.lua`. */
const LUA_NAMES = /(?:^|\/)lua(?:5\.5)?$/;

async function main(args: string[]): Promise<Status> {
  if (LUA_NAMES.test(process.argv0)) return (await COMMANDS.lua!())(args);
  const first = args[0];
  if (first === undefined) return usage();
  if (first === "--") return args[1] === undefined ? usage() : runFile(args[1], args.slice(2), {});
  if ((first === "--version" || first === "-V") && args.length === 1) return version();
  if (first.startsWith("-") && first !== "-") return withOptions(args);
  if (Object.hasOwn(COMMANDS, first)) {
    const words = args.slice(1, first === "report" ? 3 : 2);
    if (first !== "lua" && words.some((word) => word === "--help" || word === "-h")) return helpOf(first);
    return (await COMMANDS[first]!())(args.slice(1));
  }
  return runFile(first, args.slice(1), {});
}

/** `assay [options] FILE …`. */
async function withOptions(args: string[]): Promise<Status> {
  const { readOptions, ALL_OPTIONS } = await import("./options.ts");
  const { options, words } = await readOptions(args, ALL_OPTIONS, true);
  if (options.version !== undefined) return version();
  if (options.help !== undefined) {
    const { mainHelp } = await import("./usage.ts");
    writeText(1, await mainHelp());
    return Status.Ok;
  }
  const [file, ...rest] = words;
  if (file === undefined) return usage();
  if (Object.hasOwn(COMMANDS, file) && !args.includes("--")) {
    throw usageError(`the options of ${file} stand behind it: assay ${file} ${args[0]} …`);
  }
  return runFile(file, rest, options);
}

/** Runs a Lua script or a check file, by its extension. */
async function runFile(file: string, rest: string[], options: OptionValues): Promise<Status> {
  if (/\.ya?ml$/i.test(file)) {
    const { runCheckFile } = await import("./checks/command.ts");
    return runCheckFile(file, rest, options);
  }
  const { runScriptFile } = await import("./script.ts");
  return runScriptFile(file, rest, options, Object.keys(COMMANDS));
}

async function helpOf(command: string): Promise<Status> {
  const { commandHelp } = await import("./usage.ts");
  writeText(1, await commandHelp(command));
  return Status.Ok;
}

async function version(): Promise<Status> {
  const { versionLine } = await import("./version.ts");
  writeText(1, `${versionLine()}\n`);
  return Status.Ok;
}

async function usage(): Promise<Status> {
  const { shortUsage } = await import("./usage.ts");
  writeText(2, shortUsage());
  return Status.Usage;
}

/** Ends the process once everything written is delivered. */
async function exit(status: Status): Promise<never> {
  if (receivedSignal() === undefined) await drained();
  else await Promise.race([drained(), new Promise((resolve) => setTimeout(resolve, DELIVERY_MS))]);
  const failure = outputFailure();
  if (failure === undefined) {
    if (!wroteOutput() || !isStdoutClosed()) process.exit(status);
    writeText(2, "error: standard output is closed: what was written to it is lost\n");
    await drained();
    process.exit(status === Status.Ok ? Status.Failed : status);
  }
  // Whoever closed the pipe knows; a full disk is news.
  if (failure.code === "EPIPE") process.exit(Status.Unread);
  writeText(2, `error: cannot write to standard output: ${failure.message}\n`);
  await drained();
  process.exit(status === Status.Ok ? Status.Failed : status);
}

/** Anything that reaches this is our own mistake: one line for the user, the details for whoever asks with --debug. */
function crash(error: unknown): void {
  const details = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const shown = process.argv.includes("--debug") ? `\n${details}` : "; --debug shows the details";
  writeText(2, `error: internal error (please report it)${shown}\n`);
  void exit(Status.Failed);
}

// Makes modules of the runtime print what they send and receive.
delete process.env.NODE_DEBUG;
process.on("uncaughtException", crash);
process.on("unhandledRejection", crash);
main(process.argv.slice(2))
  .catch((error: unknown) => {
    if (!(error instanceof CommandError)) throw error;
    writeText(2, `error: ${error.message}\n`);
    return error.status;
  })
  .then(exit, crash);
