/** Runs a Lua script in a process of its own: `bun run-script.ts SOURCE ARGUMENTS…`. Prints its results, one a line. */
import { runScript } from "../builtins/script.ts";

const [source, ...args] = process.argv.slice(2);
const { results, error } = await runScript(source!, { args, stdout: (bytes) => process.stdout.write(bytes) });
if (error !== undefined) console.error(error);
for (const result of results) console.log(String(result));
process.exit(error === undefined ? 0 : 1);
