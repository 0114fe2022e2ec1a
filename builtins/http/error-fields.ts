/** Errors that handlers raise: what the log says about them, and what they leave behind. */
import { LuaError } from "../../interpreter/error.ts";
import { stackOfError, traceback } from "../../interpreter/stack.ts";
import type { Task } from "../../interpreter/task.ts";
import type { VirtualMachine } from "../../interpreter/vm.ts";
import type { LogFields } from "../log.ts";
import { Failure } from "./failure.ts";
import { within } from "./within.ts";

export function errorFields(vm: VirtualMachine, error: unknown): LogFields {
  if (error instanceof LuaError) {
    const stack = stackOfError(error);
    // Functions are named by the machine they belong to.
    const made = stack === undefined ? undefined : within(vm, () => traceback(stack, undefined, 0));
    const trace = error.traceback ?? made;
    return { error: error.value, ...(trace === undefined ? undefined : { traceback: trace }) };
  }
  return { error: error instanceof Failure ? error.words : "internal error" };
}

/** Errors of a handler that held much: the last words of their messages. */
const HELD_MUCH = /not enough memory$|stack overflow$/;

/**
 * After a handler ended for want of memory or stack, and that is logged: what it held is to be gone before other
 * requests take their share. The engine would collect it some time later.
 */
export function releaseMemory(vm: VirtualMachine, task: Task, error: unknown): void {
  if (!(error instanceof LuaError) || typeof error.value !== "string" || !HELD_MUCH.test(error.value)) return;
  // Nobody looks at the stack of a task that has ended, but it may be kept as the one that ran last.
  task.coroutine.R.fill(undefined);
  within(vm, () => vm.memory.relieve());
}
