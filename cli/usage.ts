/** `assay --help`, and what is said when the command line lacks everything. */
import { CHECK_OPTIONS, GENERAL_OPTIONS, type Option, SCRIPT_OPTIONS } from "./options.ts";

export interface Command {
  /** With its arguments, as the help shows it. */
  readonly form: string;
  readonly summary: string;
  /** What it takes besides, for `assay COMMAND --help`. */
  readonly options?: readonly Option[];
}

/** The code of `assay exec`. */
export const CODE_OPTION: Option = { name: "e", value: "CODE", summary: "the code to run" };
/** Options of `assay report merge`. */
export const MERGE_OPTIONS: readonly Option[] = CHECK_OPTIONS.filter(
  ({ name }) => name === "format" || name === "output" || name === "termination-log",
);

/** Every form of the command line. */
export const COMMAND_FORMS: readonly Command[] = [
  { form: "FILE.lua [ARG…]", summary: "run a Lua script; everything after FILE is the script's" },
  { form: "FILE.yaml [OPTION…]", summary: "run the checks of a file, print their results" },
  { form: "- [ARG…]", summary: "run the Lua script on standard input" },
  {
    form: "exec -e CODE [ARG…]",
    summary: "run Lua code from the command line",
    options: [CODE_OPTION, ...SCRIPT_OPTIONS],
  },
  { form: "repl", summary: "try Lua interactively, with all builtins", options: SCRIPT_OPTIONS },
  { form: "lua …", summary: "the standard lua command, with all of Lua's libraries" },
  { form: "validate FILE.yaml…", summary: "look for mistakes in check files without running them" },
  {
    form: "report merge FILE.json…",
    summary: "put the results of several runs or shards together",
    options: MERGE_OPTIONS,
  },
  { form: "schema", summary: "print the JSON Schema of check files" },
  { form: "modules [NAME]", summary: "list the embedded modules, or what one of them offers" },
  { form: "help NAME", summary: "explain a builtin, a module or a function: assay help http.get" },
  { form: "types [DIR]", summary: "type definitions for the Lua language server: print them, or write them to DIR" },
  { form: "completion bash|zsh|fish", summary: "print a completion script for a shell" },
];

/** What each exit status means to a user. */
export const STATUSES: readonly [number, string][] = [
  [0, "all went well"],
  [1, "the script raised an error, or a check failed"],
  [2, "the command line is wrong"],
  [3, "a file cannot be read, does not parse, or is invalid"],
  [130, "stopped by SIGINT (0 when a server drained cleanly)"],
  [141, "nobody reads standard output any more"],
  [143, "stopped by SIGTERM (0 when a server drained cleanly)"],
];

/** The whole help. */
export async function mainHelp(): Promise<string> {
  const help = await empty();
  help.usage("Runs Lua 5.5 scripts and YAML checks.\n\nUsage: assay [OPTION…] FILE …");
  for (const { form, summary } of COMMAND_FORMS) help.command(form, summary);
  addOptions(help, "Options", GENERAL_OPTIONS);
  addOptions(help, "For scripts, and for scripts in checks", SCRIPT_OPTIONS);
  addOptions(help, "For check files", CHECK_OPTIONS);
  const statuses = STATUSES.map(([status, meaning]) => `  ${String(status).padStart(3)}  ${meaning}`);
  help.epilogue(`Exit status:\n${statuses.join("\n")}`);
  return `${await help.getHelp()}\n`;
}

/** `assay COMMAND --help`. */
export async function commandHelp(name: string): Promise<string> {
  const command = COMMAND_FORMS.find(({ form }) => form.split(" ")[0] === name)!;
  const help = await empty();
  help.usage(`Usage: assay ${command.form}\n\n${command.summary[0]!.toUpperCase()}${command.summary.slice(1)}.`);
  if (command.options !== undefined) addOptions(help, "Options", command.options);
  return `${await help.getHelp()}\n`;
}

type Help = ReturnType<typeof import("yargs")["default"]>;

async function empty(): Promise<Help> {
  const { default: yargs } = await import("yargs");
  return yargs([]).scriptName("assay").help(false).version(false).wrap(100);
}

function addOptions(help: Help, title: string, options: readonly Option[]): void {
  for (const option of options) {
    help.option(option.name, {
      group: `${title}:`,
      ...(option.letter === undefined ? {} : { alias: option.letter }),
      describe: option.value === undefined ? option.summary : `${option.value}: ${option.summary}`,
    });
  }
}

/** For `assay` without anything: on standard error. */
export function shortUsage(): string {
  const forms = COMMAND_FORMS.map(({ form }) => `  assay ${form}\n`).join("");
  return `error: no file given\nUsage:\n${forms}assay --help says more.\n`;
}
