/** Running Lua in tests with all of Lua's libraries, as `assay lua` has them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFullVm } from "../interpreter/full.ts";
import { LuaError, load, Task } from "../interpreter/index.ts";
import { flushAll } from "../interpreter/library/io-stream.ts";
import { pausing } from "../interpreter/task.ts";
import { list, type Value } from "../interpreter/value.ts";

/** What a chunk printed and returned, or the message of its error. */
export interface Outcome {
  results: Value[];
  error: Value;
}

/**
 * Runs a chunk in a fresh virtual machine, with the global `dir` set to an empty directory of its own. `pauseEvery`
 * forces a suspension at every so many ticks.
 */
export async function runFull(source: string, pauseEvery?: number): Promise<Outcome> {
  const dir = mkdtempSync(join(tmpdir(), "assay-test-"));
  const before = { ...pausing };
  if (pauseEvery !== undefined) Object.assign(pausing, { always: true, ticks: pauseEvery });
  try {
    const vm = createFullVm(() => undefined);
    vm.globals.setString("dir", dir);
    const task = new Task(vm, load(vm, source, "=test"), []).start();
    return { results: list(await task.promise), error: undefined };
  } catch (error) {
    if (!(error instanceof LuaError)) throw error;
    return { results: [], error: error.value };
  } finally {
    Object.assign(pausing, before);
    flushAll();
    rmSync(dir, { recursive: true });
  }
}
