/** Environment variables, as far as the script may see them. */
import { failure } from "../interpreter/error.ts";
import { any, fn, library, optional, returns, string } from "../interpreter/native.ts";
import { fromText, toText } from "../interpreter/text.ts";
import { type Host, host } from "./host.ts";

/** A variable as bytes; undefined when it is unset or hidden from the script. */
export function readVariable(from: Host, key: string): string | undefined {
  const name = toText(key);
  // No variable has such a name; asking the system for it would be an error of its own.
  if (name === undefined || name === "" || /[=\0]/.test(name)) return undefined;
  if (!from.permissions.mayReadEnv(name)) return undefined;
  const value = from.env(name);
  return value === undefined ? undefined : fromText(value);
}

export const envLibrary = library("env", "Environment variables; a check's own `env:` overrides the process's.", [
  fn("get", {
    summary: "The value of an environment variable, or the default when it is unset.",
    params: [string("key"), optional(any("default", { summary: "what to return when it is unset" }))],
    returns: [returns("value", "string?", "the default, or nil, when it is unset")],
    source: "Assay",
    example: `assert(env.get("NO_SUCH_VARIABLE", "none") == "none")`,
    run: (key, fallback) => readVariable(host(), key) ?? fallback,
  }),
  fn("require", {
    summary: "The value of an environment variable that must be set.",
    params: [string("key")],
    returns: [returns("value", "string", "possibly empty")],
    raises: ["`env.require: KEY is not set`"],
    source: "Assay",
    example: `assert(not pcall(env.require, "NO_SUCH_VARIABLE"))`,
    run: (key) => {
      const value = readVariable(host(), key);
      if (value === undefined) throw failure(`env.require: ${key} is not set`);
      return value;
    },
  }),
]);
