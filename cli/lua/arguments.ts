/** The arguments of the `lua` command (manual §7). */

export interface LuaArguments {
  /** All of them, the command's name first. */
  readonly argv: readonly string[];
  /** Index of the script in `argv`, 0 if there is none. */
  readonly script: number;
  /** `-i`: a conversation after the script. */
  readonly interactive: boolean;
  /** `-v`, or `-i`, which means it too. */
  readonly showVersion: boolean;
  /** Whether there is an `-e`. */
  readonly hasCode: boolean;
  /** `-E`: the environment's variables do not count. */
  readonly ignoreEnvironment: boolean;
}

/** What is to be done before the script, in order. */
export type Preparation =
  | { readonly kind: "run"; readonly code: string }
  | { readonly kind: "require"; readonly module: string }
  | { readonly kind: "warnings" };

/** An option that is wrong: unknown, or without what it needs. */
export interface BadOption {
  readonly bad: string;
}

/** Reads the options up to the script. */
export function readArguments(argv: readonly string[]): LuaArguments | BadOption {
  let interactive = false;
  let showVersion = false;
  let hasCode = false;
  let ignoreEnvironment = false;
  let script = 0;
  for (let i = 1; i < argv.length; i++) {
    const arg = argv[i]!;
    if (!arg.startsWith("-") || arg === "-") {
      script = i;
      break;
    }
    if (arg === "--") {
      script = i + 1 < argv.length ? i + 1 : 0;
      break;
    }
    const letter = arg[1] as string;
    if (letter === "e" || letter === "l") {
      hasCode ||= letter === "e";
      if (arg.length > 2) continue;
      const value = argv[++i];
      // The option itself is what its message names, not what stands in its value's place.
      if (value === undefined || value.startsWith("-")) return { bad: arg };
    } else if (arg.length > 2 || !"EWiv".includes(letter)) return { bad: arg };
    else {
      interactive ||= letter === "i";
      showVersion ||= letter === "i" || letter === "v";
      ignoreEnvironment ||= letter === "E";
    }
  }
  return { argv, script, interactive, showVersion, hasCode, ignoreEnvironment };
}

/** The options that do something before the script, in their order. */
export function preparations({ argv, script }: LuaArguments): Preparation[] {
  const found: Preparation[] = [];
  const end = script > 0 ? script : argv.length;
  for (let i = 1; i < end; i++) {
    const arg = argv[i]!;
    if (arg[1] === "W") found.push({ kind: "warnings" });
    else if (arg[1] === "e" || arg[1] === "l") {
      const value = arg.length > 2 ? arg.slice(2) : (argv[++i] as string);
      found.push(arg[1] === "e" ? { kind: "run", code: value } : { kind: "require", module: value });
    }
  }
  return found;
}

/** What is printed for a wrong option. */
export function usage(program: string, option: string): string {
  const fault =
    option[1] === "e" || option[1] === "l" ? `'${option}' needs argument` : `unrecognized option '${option}'`;
  return `${program}: ${fault}
usage: ${program} [options] [script [args]]
options:
  -e code   run 'code'
  -i        after the script, read and run what is typed
  -l mod    make the global 'mod' of module 'mod'
  -l g=mod  make the global 'g' of module 'mod'
  -v        print the version
  -E        ignore LUA_INIT, LUA_PATH and LUA_CPATH
  -W        turn warnings on
  --        end of the options
  -         end of the options; the script is standard input
`;
}
