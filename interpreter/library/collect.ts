/** Collections that the program asks for, and the finalizers they find due (manual §2.5.3, §6.1). */
import { call } from "../call.ts";
import { LuaError } from "../error.ts";
import { finalizerOf } from "../finalizers.ts";
import { NativeFunction } from "../function.ts";
import { isFunction } from "../native.ts";
import { state } from "../state.ts";
import { Task } from "../task.ts";
import { NOTHING, type Results, type Suspended, type Value } from "../value.ts";
import type { VirtualMachine } from "../vm.ts";
import { protectedCall } from "./protected.ts";
import { runSteps, type Steps } from "./steps.ts";
import { plainText } from "./tostring.ts";

/** Runs all finalizers that are due; their errors become warnings. */
function* finalizeAll(result: Value): Steps<Results> {
  const { vm } = state;
  vm.finalizers.running = true;
  for (let object = vm.finalizers.next(); object !== undefined; object = vm.finalizers.next()) {
    const finalizer = finalizerOf(object);
    if (!isFunction(finalizer)) continue;
    const guarded = new NativeFunction("__gc", unused, (args) => {
      const outcome = protectedCall(args);
      return outcome;
    });
    const given = (yield* outcomes(call(guarded, [finalizer, object]))) as Value[];
    if (given[0] === false) {
      const message = given[1];
      const text = typeof message === "string" ? message : `error object is not a string (${plainText(message)})`;
      vm.warn(`error in __gc (${text})`, false);
    }
  }
  vm.finalizers.running = false;
  return result;
}

function* outcomes(given: Results | Suspended): Steps<Results> {
  if (typeof given === "symbol") return yield;
  return given;
}

function unused(): never {
  throw new LuaError("finalizers are called with their arguments in an array");
}

/** A full collection; `result` is what `collectgarbage` returns. */
export function collect(result: Value): Results | Suspended {
  if (state.vm.finalizers.running) return undefined; // the collector is not reentrant
  state.vm.memory.collect();
  return state.vm.finalizers.hasDue ? runSteps(finalizeAll(result)) : result;
}

/** A machine is done: runs every finalizer that is left, in the reverse order of marking. */
export async function closeMachine(vm: VirtualMachine): Promise<void> {
  vm.finalizers.takeAll();
  if (vm.finalizers.hasDue) await finalizerTask(vm).promise;
}

function finalizerTask(vm: VirtualMachine): Task {
  const run = new NativeFunction("finalizers", unused, () => runSteps(finalizeAll(undefined)));
  return new Task(vm, run, []).start();
}

/** Lets a machine run finalizers that an automatic collection finds due. */
export function openFinalizers(vm: VirtualMachine): void {
  let running = false;
  vm.finalize = () => {
    if (running) return;
    running = true;
    finalizerTask(vm)
      .promise.catch(() => NOTHING)
      .finally(() => {
        running = false;
      });
  };
}
