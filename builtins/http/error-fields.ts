/** What the log says about an error that a handler raised. */
import { LuaError } from "../../interpreter/error.ts";
import { stackOfError, traceback } from "../../interpreter/stack.ts";
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
