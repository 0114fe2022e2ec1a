/** Where programs for worker threads are: in the executable that scripts/build.ts makes, or beside the code that starts them. */
import { compiled } from "./version.ts";

/** The folder under which the executable shows its own files; nothing of the machine's. */
export const INSIDE = "/$bunfs/root/";

/** What `new Worker` takes for a program of this project, such as `builtins/db/sqlite-worker`; never a file of the current directory. */
export function workerProgram(name: string): string {
  return compiled ? `${INSIDE}${name}.js` : new URL(`../${name}.ts`, import.meta.url).href;
}
