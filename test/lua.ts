/** Running Lua in tests: snippets to their results, or to their error message. */
import { Host, type HostSettings } from "../builtins/host.ts";
import { createVm, LuaError, load, Stop, Task } from "../interpreter/index.ts";
import type { Limits } from "../interpreter/limits.ts";
import { pausing } from "../interpreter/task.ts";
import { list, type Value } from "../interpreter/value.ts";
import type { VirtualMachine } from "../interpreter/vm.ts";

export interface RunOptions {
  args?: Value[];
  host?: HostSettings;
  limits?: Limits;
  chunkName?: string;
  /** Opens more libraries before the chunk is loaded. */
  open?: (vm: VirtualMachine) => void;
}

/** Runs a chunk in a fresh virtual machine; its results. Throws a LuaError or Stop. */
export async function run(source: string, options: RunOptions = {}): Promise<Value[]> {
  const vm = createVm(options.limits);
  vm.host = new Host(options.host);
  options.open?.(vm);
  const fn = load(vm, source, options.chunkName ?? "=test");
  return list(await new Task(vm, fn, options.args ?? []).start().promise);
}

/** The message of the error that a chunk raises; fails if it raises none. */
export async function runError(source: string, options: RunOptions = {}): Promise<string> {
  let results: Value[];
  try {
    results = await run(source, options);
  } catch (error) {
    if (error instanceof LuaError) return String(error.value);
    if (error instanceof Stop) return error.message;
    throw error;
  }
  throw new Error(`expected an error, got ${results.length} results`);
}

/** Runs the same with a forced suspension at every `interval`-th tick. */
export async function runPausing(source: string, interval: number, options: RunOptions = {}): Promise<Value[]> {
  const before = { ...pausing };
  pausing.always = true;
  pausing.ticks = interval;
  try {
    return await run(source, options);
  } finally {
    Object.assign(pausing, before);
  }
}
