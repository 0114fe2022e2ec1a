/** Check types that are made of Assay's own builtins: a few lines of Lua, run like a script with all of them. */
import { Host } from "../../../builtins/host.ts";
import { openBuiltins } from "../../../builtins/index.ts";
import { createVm, LuaError, load, Stop, Task } from "../../../interpreter/index.ts";
import { fromText, toTextLossy } from "../../../interpreter/text.ts";
import { list } from "../../../interpreter/value.ts";
import { errorText } from "../../uncaught.ts";
import type { RunContext } from "./type.ts";

/**
 * Runs Lua code that gets texts as its arguments and returns one text. An error comes back as its message, without the
 * position in our code.
 */
export async function runLua(
  name: string,
  code: string,
  args: readonly string[],
  context: RunContext,
): Promise<{ value: string; error?: undefined } | { error: string }> {
  const vm = createVm({ memoryBytes: context.run.memoryBytes, timeoutMs: Infinity });
  const host = new Host({
    ...context.run.hostSettings,
    scriptFolder: context.folder,
    logSink: (line) => context.print(line),
  });
  openBuiltins(vm, host, "script");
  const withdraw = context.halt.onGiven(() => vm.stop(new Stop("timeout", "stopped")));
  try {
    const [value] = list(await new Task(vm, load(vm, fromText(code), `=${name}`), args.map(fromText)).start().promise);
    return { value: toTextLossy(String(value)) };
  } catch (error) {
    if (error instanceof Stop) return { error: error.message };
    if (!(error instanceof LuaError)) throw error;
    const message = await errorText(vm, error.value);
    return { error: message.replace(new RegExp(`^${name}:\\d+: `), "") };
  } finally {
    withdraw();
    await host.closeResources();
  }
}
