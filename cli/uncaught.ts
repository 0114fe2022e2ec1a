/** An uncaught Lua error for the user: the message, the line it happened in, the traceback. */
import { show } from "../builtins/difference.ts";
import { LuaError, Stop, Task } from "../interpreter/index.ts";
import { plainText } from "../interpreter/library/tostring.ts";
import { Event, metamethod } from "../interpreter/metatable.ts";
import { stackOfError, traceback } from "../interpreter/stack.ts";
import { LuaTable } from "../interpreter/table.ts";
import { toTextLossy } from "../interpreter/text.ts";
import { first, type Value } from "../interpreter/value.ts";
import type { VirtualMachine } from "../interpreter/vm.ts";
import { printableLines } from "./printable.ts";

/** Time for the `__tostring` of an error object, in milliseconds. */
const TOSTRING_MS = 1000;

/** A chunk that errors may refer to: its name as messages show it, and its text. */
export interface Source {
  readonly chunkId: string;
  readonly text: string;
}

/** What is printed for an error that nothing caught; `details` adds what lies behind an internal error. */
export async function describeUncaught(
  vm: VirtualMachine,
  error: unknown,
  source: Source,
  details: boolean,
): Promise<string> {
  if (error instanceof Stop) return `error: ${error.message}\n`;
  if (!(error instanceof LuaError)) throw error;
  const message = await errorText(vm, error.value);
  let out = `error: ${printableLines(message)}\n${sourceLine(message, source)}`;
  const trace = error.traceback ?? traceback(stackOfError(error), undefined, 0);
  if (trace.includes("\n")) out += `${printableLines(toTextLossy(trace))}\n`;
  const { cause } = error;
  if (details && cause instanceof Error) out += `${cause.stack ?? cause.message}\n`;
  return out;
}

/** An error object as text: its own `__tostring`, or the fields of a table. */
export async function errorText(vm: VirtualMachine, value: Value): Promise<string> {
  if (typeof value === "string") return toTextLossy(value);
  const handler = metamethod(value, Event.ToString);
  if (handler !== undefined) {
    const task = new Task(vm, handler, [value]).start();
    const timer = setTimeout(() => task.cancel(new Stop("timeout", "")), TOSTRING_MS);
    try {
      const text = first(await task.promise);
      if (typeof text === "string") return toTextLossy(text);
    } catch {
      // The object cannot say what it is; its kind will do.
    } finally {
      clearTimeout(timer);
    }
    return toTextLossy(plainText(value));
  }
  return value instanceof LuaTable ? show(value) : toTextLossy(plainText(value));
}

/** The line that the message's position names, with its number. */
function sourceLine(message: string, { chunkId, text }: Source): string {
  if (!message.startsWith(`${chunkId}:`)) return "";
  const line = /^(\d+):/.exec(message.slice(chunkId.length + 1))?.[1];
  const found = line === undefined ? undefined : toTextLossy(text).split("\n")[Number(line) - 1];
  if (found === undefined || found.trim() === "") return "";
  return `${line!.padStart(5)} | ${printableLines(found.replace(/\r$/, "").slice(0, 200))}\n`;
}
