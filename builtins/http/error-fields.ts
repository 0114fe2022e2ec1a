/** What the log says about an error that a handler raised. */
import { LuaError } from "../../interpreter/error.ts";
import { stackOfError, traceback } from "../../interpreter/stack.ts";
import { state } from "../../interpreter/state.ts";
import type { VirtualMachine } from "../../interpreter/vm.ts";
import type { LogFields } from "../log.ts";
import { Failure } from "./failure.ts";

export function errorFields(vm: VirtualMachine, error: unknown): LogFields {
  if (error instanceof LuaError) {
    // Functions are named by the machine they belong to; none runs now.
    state.vm = vm;
    const stack = stackOfError(error);
    const trace = error.traceback ?? (stack === undefined ? undefined : traceback(stack, undefined, 0));
    return { error: error.value, ...(trace === undefined ? undefined : { traceback: trace }) };
  }
  return { error: error instanceof Failure ? error.words : "internal error" };
}
