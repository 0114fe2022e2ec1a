/** Running scripts with all builtins in tests. */
import { finishTasks } from "../../builtins/async.ts";
import { Host, type HostSettings } from "../../builtins/host.ts";
import { openBuiltins, type Selection } from "../../builtins/index.ts";
import { createVm, LuaError, load, Stop, Task } from "../../interpreter/index.ts";
import type { Limits } from "../../interpreter/limits.ts";
import { pausing } from "../../interpreter/task.ts";
import { fromText } from "../../interpreter/text.ts";
import { list, type Value } from "../../interpreter/value.ts";

export interface ScriptOptions extends HostSettings {
  limits?: Limits;
  selection?: Selection;
  args?: Value[];
  /** Suspend at every so many ticks, to try each point. */
  pauseEvery?: number;
}

export interface Outcome {
  results: Value[];
  /** The error's text; undefined when the script ended well. */
  error: string | undefined;
  /** What the script logged, one line each; JSON unless asked for text. */
  log: string[];
  host: Host;
}

/** Runs a script as the command does: the main chunk, then its tasks; resources are closed at the end. */
export async function runScript(source: string, options: ScriptOptions = {}): Promise<Outcome> {
  const { limits, selection = "script", args = [], pauseEvery, ...settings } = options;
  const log: string[] = [];
  const vm = createVm(limits);
  const host = new Host({ logFormat: "json", logSink: (line) => log.push(line), stdout: () => {}, ...settings });
  openBuiltins(vm, host, selection);
  const before = { ...pausing };
  if (pauseEvery !== undefined) Object.assign(pausing, { ticks: pauseEvery, always: true });
  try {
    const results = list(await new Task(vm, load(vm, fromText(source), "=test"), args).start().promise);
    await finishTasks(vm);
    return { results, error: undefined, log, host };
  } catch (error) {
    if (error instanceof LuaError) return { results: [], error: String(error.value), log, host };
    if (error instanceof Stop) return { results: [], error: error.message, log, host };
    throw error;
  } finally {
    Object.assign(pausing, before);
    await host.closeResources();
  }
}

/** The results of a script that must end well. */
export async function results(source: string, options: ScriptOptions = {}): Promise<Value[]> {
  const outcome = await runScript(source, options);
  if (outcome.error !== undefined) throw new Error(`script failed: ${outcome.error}`);
  return outcome.results;
}

/** The error text of a script that must fail. */
export async function errorOf(source: string, options: ScriptOptions = {}): Promise<string> {
  const outcome = await runScript(source, options);
  if (outcome.error === undefined) throw new Error(`expected an error, got ${outcome.results.length} results`);
  return outcome.error;
}

/** A function of a script, to be called many times in one machine. The source is the function's body; `...` its arguments. */
export function prepare(source: string, options: HostSettings = {}): (...args: Value[]) => Promise<Value[]> {
  const vm = createVm();
  openBuiltins(vm, new Host({ logSink: () => {}, stdout: () => {}, ...options }), "script");
  const fn = load(vm, fromText(source), "=test");
  return async (...args) => list(await new Task(vm, fn, args).start().promise);
}
