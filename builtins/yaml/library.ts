/** The library yaml, loaded when first needed: a script that reads no such YAML does not pay for it. */
import type * as Yaml from "yaml";

/** Variables at which the library prints what it reads. */
const DEBUG_VARIABLES = ["LOG_TOKENS", "LOG_STREAM"];

/** Runs a piece of code that reads with the library, deaf to the environment. Not for code that waits. */
export function withLibrary<T>(run: (yaml: typeof Yaml) => T): T {
  const yaml = require("yaml") as typeof Yaml;
  const set = DEBUG_VARIABLES.filter((name) => process.env[name] !== undefined);
  if (set.length === 0) return run(yaml);
  const values = set.map((name) => process.env[name]);
  for (const name of set) delete process.env[name];
  try {
    return run(yaml);
  } finally {
    set.forEach((name, i) => {
      process.env[name] = values[i];
    });
  }
}
