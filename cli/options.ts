/** The options of the command line, and reading them. Help, completion and the checks for mistakes come from this table. */
import { didYouMean, nearest } from "./nearest.ts";
import { usageError } from "./status.ts";

export interface Option {
  readonly name: string;
  /** One letter, for `-e`. */
  readonly letter?: string;
  /** What the value is called in the help; an option without one is a switch. */
  readonly value?: string;
  /** May stand there without a value too (`--allow-net`); then a value needs `=`. */
  readonly valueOptional?: boolean;
  /** May be given several times. */
  readonly repeatable?: boolean;
  readonly summary: string;
}

/** For scripts and for the scripts of checks. */
export const SCRIPT_OPTIONS = [
  {
    name: "timeout",
    value: "TIME",
    summary: "stop after this long: 500ms, 30s, 5m (of a check file: instead of its timeout)",
  },
  { name: "memory-limit", value: "SIZE", summary: "live Lua data at most: 64MB (the default), 512KB, 1GB" },
  { name: "allow-net", value: "HOST[:PORT],…", valueOptional: true, summary: "connect nowhere else" },
  { name: "deny-net", summary: "no connections at all" },
  { name: "allow-read", value: "DIR,…", valueOptional: true, summary: "read files nowhere else" },
  { name: "deny-read", summary: "read no files" },
  { name: "allow-write", value: "DIR,…", valueOptional: true, summary: "write files nowhere else" },
  { name: "allow-env", value: "NAME,…", valueOptional: true, summary: "see no other environment variables" },
  { name: "deny-env", summary: "see no environment variables" },
  { name: "readonly", summary: "write no files" },
  { name: "audit", value: "FILE", summary: "write one JSON line for each access granted or refused" },
  { name: "log-level", value: "LEVEL", summary: "debug, info (the default), warn or error; also ASSAY_LOG" },
  { name: "log-format", value: "FORMAT", summary: "text or json (the default: text on a terminal, else json)" },
  { name: "debug", summary: "show the details of internal errors" },
] as const satisfies readonly Option[];

/** For check files. */
export const CHECK_OPTIONS = [
  {
    name: "format",
    value: "FORMAT",
    summary: "json, pretty (the default on a terminal), junit, tap, ndjson, prometheus or html",
  },
  {
    name: "output",
    value: "FORMAT=FILE",
    repeatable: true,
    summary: "write the results to a file as well; may be given again",
  },
  {
    name: "only",
    value: "NAME,…",
    repeatable: true,
    summary: "run only these checks and what they need; * stands for anything",
  },
  {
    name: "tag",
    value: "TAG,…",
    repeatable: true,
    summary: "run only checks with one of these tags, and what they need",
  },
  { name: "fail-fast", summary: "start no further check once one has failed" },
  { name: "shard", value: "I/N", summary: "run every N-th check from the I-th on" },
  { name: "watch", value: "TIME", summary: "run again and again, this long after the last run ended" },
  { name: "dry-run", summary: "show what would run, and run nothing" },
  {
    name: "termination-log",
    value: "FILE",
    summary: "where failed checks are summed up (in a pod: /dev/termination-log)",
  },
] as const satisfies readonly Option[];

export const GENERAL_OPTIONS = [
  { name: "help", letter: "h", summary: "show this help" },
  { name: "version", letter: "V", summary: "show the version" },
] as const satisfies readonly Option[];

export const ALL_OPTIONS: readonly Option[] = [...GENERAL_OPTIONS, ...SCRIPT_OPTIONS, ...CHECK_OPTIONS];

/** Option values by name: text, switches as true, repeatable ones as a list. */
export type OptionValues = Readonly<Record<string, string | true | readonly string[] | undefined>>;

export interface Parsed {
  options: OptionValues;
  /** What is not an option, in order. */
  words: string[];
}

/**
 * Reads arguments by a table of options. With `haltAtWord`, everything from the first word that is not an option on
 * is left as it is. Throws a usage error for what the table does not know.
 */
export async function readOptions(
  args: readonly string[],
  table: readonly Option[],
  haltAtWord: boolean,
): Promise<Parsed> {
  const { default: yargs } = await import("yargs");
  const parser = yargs(args.map((arg) => markBare(arg, table)))
    .help(false)
    .version(false)
    .exitProcess(false)
    .fail(false)
    .parserConfiguration({
      "halt-at-non-option": haltAtWord,
      "camel-case-expansion": false,
      "dot-notation": false,
      "boolean-negation": false,
      "parse-numbers": false,
      "parse-positional-numbers": false,
      "short-option-groups": false,
      "populate--": false,
    });
  for (const option of table) {
    const isSwitch = option.value === undefined;
    parser.option(option.name, {
      type: isSwitch ? "boolean" : "string",
      ...(option.letter === undefined ? {} : { alias: option.letter }),
      ...(isSwitch || option.valueOptional === true ? {} : { requiresArg: true }),
      ...(option.repeatable === true ? { array: true, nargs: 1 } : {}),
    });
  }
  let parsed: Record<string, unknown>;
  try {
    parsed = (await parser.parse()) as Record<string, unknown>;
  } catch (error) {
    // The library takes the names that every object has for options of its own, and fails.
    const names = args.map((arg) => /^--?([^=\s]+)/.exec(arg)?.[1]);
    const inherited = names.find((name) => name !== undefined && name in {});
    if (inherited !== undefined) throw unknownOption(inherited, table);
    const { name, message } = error as Error;
    throw usageError(name === "YError" ? yargsWords(message) : "the options cannot be understood");
  }
  const options: Record<string, string | true | readonly string[] | undefined> = {};
  const words = (parsed._ as (string | number)[]).map(String);
  for (const key of Object.keys(parsed)) {
    if (key === "_" || key === "$0" || parsed[key] === undefined) continue;
    const option = table.find((one) => one.name === key);
    if (option === undefined) {
      if (!table.some((one) => one.letter === key)) throw unknownOption(key, table);
      continue;
    }
    options[key] = readValue(option, parsed[key]);
  }
  return { options, words };
}

/** Stands for a value that was left out; no argument can hold this character. */
const BARE = "\0";

/** An option whose value may be left out gets this one: the next argument is not its value. */
function markBare(arg: string, table: readonly Option[]): string {
  const bare = table.some((option) => option.valueOptional === true && arg === `--${option.name}`);
  return bare ? `${arg}=${BARE}` : arg;
}

function readValue(option: Option, value: unknown): string | true | readonly string[] | undefined {
  if (option.value === undefined) {
    if (Array.isArray(value)) return true;
    return value === true ? true : undefined;
  }
  if (option.repeatable === true) return (value as unknown[]).map(String);
  if (Array.isArray(value)) throw usageError(`--${option.name} is given twice`);
  if (value === BARE) return true;
  if (option.valueOptional === true && value === "") throw usageError(`--${option.name}: the list is empty`);
  return String(value);
}

function unknownOption(key: string, table: readonly Option[]): ReturnType<typeof usageError> {
  const dashes = key.length === 1 ? "-" : "--";
  const candidate = nearest(
    key,
    table.map((option) => option.name),
  );
  const hint = candidate === undefined ? "" : ` (did you mean "--${candidate}"?)`;
  return usageError(`unknown option "${dashes}${key}"${hint}`);
}

function yargsWords(message: string): string {
  const missing = /^Not enough arguments following: (.*)$/.exec(message);
  return missing === null ? message : `${missing[1]!.length === 1 ? "-" : "--"}${missing[1]} needs a value`;
}

/** One of several words, such as a log level. */
export function choice<T extends string>(options: OptionValues, name: string, allowed: readonly T[]): T | undefined {
  const given = options[name];
  if (given === undefined) return undefined;
  const found = allowed.find((one) => one === given);
  if (found !== undefined) return found;
  const list = `${allowed.slice(0, -1).join(", ")} or ${allowed.at(-1)}`;
  throw usageError(`--${name}: expected ${list}, got "${given}"${didYouMean(String(given), allowed)}`);
}

/** The values of a repeatable option whose values may be lists. */
export function listed(options: OptionValues, name: string): string[] {
  const given = options[name];
  const all = Array.isArray(given) ? (given as string[]) : typeof given === "string" ? [given] : [];
  return all
    .flatMap((one) => one.split(","))
    .map((one) => one.trim())
    .filter((one) => one !== "");
}

/** A switch. */
export function isSet(options: OptionValues, name: string): boolean {
  return options[name] !== undefined;
}

/** A value given as text. */
export function textOption(options: OptionValues, name: string): string | undefined {
  const given = options[name];
  return typeof given === "string" ? given : undefined;
}
