/** Native code on behalf of a virtual machine between its tasks: when a request comes in, or a response. */
import { state } from "../../interpreter/state.ts";
import type { VirtualMachine } from "../../interpreter/vm.ts";

/** Runs `step`, which makes Lua values or asks for memory, with `vm` as the machine that they count for. */
export function within<T>(vm: VirtualMachine, step: () => T): T {
  const { vm: other, active } = state;
  // What a script asks for may at once bring in what it waited for: then the machine is running already.
  if (active && other === vm) return step();
  if (active) other.memory.leave();
  state.vm = vm;
  vm.memory.enter();
  try {
    return step();
  } finally {
    vm.memory.leave();
    state.vm = other;
    if (active) other.memory.enter();
  }
}
