/** Bodies that a Lua iterator gives piece by piece (server-sent events), at the pace at which the client takes them. */
import { call } from "../../../interpreter/call.ts";
import { Coroutine } from "../../../interpreter/coroutine.ts";
import { LuaError, Stop, typeName } from "../../../interpreter/error.ts";
import { NativeFunction } from "../../../interpreter/function.ts";
import { coroutineLibrary } from "../../../interpreter/library/coroutine.ts";
import { Event, metamethod } from "../../../interpreter/metatable.ts";
import type { Declaration } from "../../../interpreter/native.ts";
import { formatNumber } from "../../../interpreter/number.ts";
import { Task } from "../../../interpreter/task.ts";
import { isNumber, list, NOTHING, type Results, type Value } from "../../../interpreter/value.ts";
import type { VirtualMachine } from "../../../interpreter/vm.ts";
import { Failure } from "../failure.ts";
import type { Connection } from "./connection.ts";
import type { Iteration } from "./reply.ts";

/**
 * Sends what the iterator gives until it gives nil. When the client goes away, an iterator that waits is stopped
 * (its to-be-closed variables are closed), and the closing value is closed. Rejects with what the iterator raised.
 */
export async function sendStream(
  vm: VirtualMachine,
  connection: Connection,
  iteration: Iteration,
  context: unknown,
): Promise<void> {
  const { next, state } = iteration;
  let { control } = iteration;
  let running: Task | undefined;
  let gone = false;
  connection.onLost = () => {
    gone = true;
    running?.cancel(new Stop("cancelled", "the client has gone"));
  };
  let failed: unknown;
  try {
    while (!gone) {
      running = next instanceof Coroutine ? new Task(vm, RESUME, [next]) : new Task(vm, next, [state, control]);
      running.context = context;
      const results = await running.start().promise;
      control = next instanceof Coroutine ? resumed(results) : first(results);
      if (control === undefined) break;
      if (!connection.send(pieceOf(control))) await connection.flushed();
    }
  } catch (error) {
    failed = error;
  }
  await closeIteration(vm, iteration, failed);
  // A client that has closed its side gets no more, and nothing that looks like the end.
  if (gone) connection.destroy();
  // One that has gone is no failure of the handler's.
  if (failed !== undefined && !(failed instanceof Stop && gone)) throw failed;
}

function first(results: Results): Value {
  return Array.isArray(results) ? results[0] : results;
}

/** What a coroutine yielded, from the results of `coroutine.resume`; throws what it raised. */
function resumed(results: Results): Value {
  const [ok, value] = list(results);
  if (ok === true) return value;
  throw new LuaError(value);
}

function pieceOf(value: Value): string {
  if (typeof value === "string") return value;
  if (isNumber(value)) return formatNumber(value);
  throw new Failure(`a stream must give strings (got a ${typeName(value)} value)`, "never");
}

/** Closes what was iterated over, whichever way the stream ended: a coroutine, and the closing value. */
export async function closeIteration(vm: VirtualMachine, iteration: Iteration, failed: unknown): Promise<void> {
  const { closing, next } = iteration;
  if (next instanceof Coroutine && next.status === "suspended") await new Task(vm, CLOSE, [next]).start().promise;
  if (closing === undefined || closing === false) return;
  const error = failed instanceof LuaError ? failed.value : undefined;
  await new Task(vm, CLOSE_VALUE, [closing, error]).start().promise;
}

/** `coroutine.resume` and `coroutine.close`, whatever the script has made of its globals. */
const RESUME = new NativeFunction("resume", unused, row("resume").rawVariadic);
const CLOSE = new NativeFunction("close", row("close").raw ?? unused, undefined);

const CLOSE_VALUE = new NativeFunction(
  "close",
  (value, error) => {
    const handler = metamethod(value, Event.Close);
    return handler === undefined ? NOTHING : call(handler, [value, error]);
  },
  undefined,
);

function row(name: string): Declaration {
  return coroutineLibrary.functions.find((one) => one.name === name)!;
}

function unused(): never {
  throw new Error("takes its arguments as an array");
}
