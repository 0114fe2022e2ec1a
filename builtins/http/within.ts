/** Native code on behalf of a virtual machine between its tasks: when a request comes in, or a response. */
import { state } from "../../interpreter/state.ts";
import type { VirtualMachine } from "../../interpreter/vm.ts";

/** Runs `step`, which makes Lua values or asks for memory, with `vm` as the machine that they count for. */
export function within<T>(vm: VirtualMachine, step: () => T): T {
  const { vm: other } = state;
  state.vm = vm;
  vm.memory.enter();
  try {
    return step();
  } finally {
    vm.memory.leave();
    state.vm = other;
  }
}
