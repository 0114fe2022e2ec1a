/**
 * Whether a script asserts anything (hostile.md K11). One that does not can only fail by accident; neither can one whose
 * assertions all stand in a loop over an empty list, so those that are there must also have run.
 */
import { NativeFunction } from "../../../interpreter/function.ts";
import { LuaTable } from "../../../interpreter/table.ts";
import type { VirtualMachine } from "../../../interpreter/vm.ts";

/** Comments and strings of a Lua program that parses (manual §3.1). */
const NOT_CODE =
  /--\[(=*)\[[\s\S]*?\]\1\]|--[^\n]*|\[(=*)\[[\s\S]*?\]\2\]|"(?:\\[\s\S]|[^"\\])*"|'(?:\\[\s\S]|[^'\\])*'/g;
/** Raises by its own decision, or may: modules can do anything. Fields of that name (`log.error`) do not. */
const RAISES = /(?<!(?<!\.)\.\s*|:\s*)\b(?:error|require)\b/;
const ASSERTS = /(?<!(?<!\.)\.\s*|:\s*)\bassert\b/;

/** What a script's text promises. */
export type Promised = "nothing" | "assertions" | "errors";

export function promisedBy(source: string): Promised {
  const code = source.replace(NOT_CODE, " ");
  if (RAISES.test(code)) return "errors";
  return ASSERTS.test(code) ? "assertions" : "nothing";
}

/**
 * Counts the calls of a machine's assertions from now on: the functions of its `assert` are replaced by ones that
 * count and go on. The function returned tells whether there was one.
 */
export function watchAssertions(vm: VirtualMachine): () => boolean {
  let ran = false;
  const counted = ({ name, run, variadic, held }: NativeFunction): NativeFunction => {
    const made = new NativeFunction(
      name,
      (a, b, c) => {
        ran = true;
        return run(a, b, c);
      },
      variadic === undefined
        ? undefined
        : (args) => {
            ran = true;
            return variadic(args);
          },
    );
    made.held = held;
    vm.markBuiltin(made);
    return made;
  };
  const library = vm.globals.getString("assert");
  if (!(library instanceof LuaTable)) return () => false;
  for (const table of [library, library.metatable]) {
    const functions: [string, NativeFunction][] = [];
    table?.forEach((key, value) => {
      if (typeof key === "string" && value instanceof NativeFunction) functions.push([key, value]);
    });
    for (const [key, value] of functions) table!.setString(key, counted(value));
  }
  return () => ran;
}

/** What to warn of; undefined when there is nothing. `ran`: whether an assertion did. */
export function warningFor(promised: Promised, ran: boolean): string | undefined {
  if (promised === "nothing") return "the script asserts nothing: it can only fail by accident";
  if (promised === "assertions" && !ran) return "none of the script's assertions ran";
  return undefined;
}
