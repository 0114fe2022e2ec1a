/** What the requests and connections of one virtual machine share. */
import type { VirtualMachine } from "../../interpreter/vm.ts";
import { hostOf } from "../host.ts";
import type { ClientContext } from "./client/perform.ts";
import { Pool } from "./client/pool.ts";
import type { NetGate } from "./dial.ts";
import type { TlsEnvironment } from "./tls.ts";
import { within } from "./within.ts";

export interface NetEnvironment extends TlsEnvironment, NetGate {}

/** Environment variables and permissions of a machine, on behalf of the function `what`. */
export function environmentOf(vm: VirtualMachine, what: string): NetEnvironment {
  const host = hostOf(vm);
  return {
    env: (key) => host.env(key),
    checkRead: (path) => host.permissions.checkRead(what, path),
    checkLookup: (name, port) => host.permissions.checkLookup(what, name, port),
    checkNet: (name, address, port) => host.permissions.checkNet(what, name, address, port),
  };
}

const pools = new WeakMap<VirtualMachine, Pool>();

/** The kept connections of a machine, closed when its script ends. */
function poolOf(vm: VirtualMachine): Pool {
  let pool = pools.get(vm);
  if (pool === undefined) {
    pool = new Pool();
    pools.set(vm, pool);
    hostOf(vm).resources.add(pool);
  }
  return pool;
}

/** Has bytes that native code keeps for a machine counted as the machine's memory; raises when there is no room. */
export function holderOf(vm: VirtualMachine): (bytes: number) => void {
  return (bytes) => within(vm, () => vm.memory.hold(bytes));
}

/** What a request of the function `what` needs. */
export function clientContext(vm: VirtualMachine, what: string): ClientContext {
  return {
    ...environmentOf(vm, what),
    pool: poolOf(vm),
    hold: holderOf(vm),
  };
}
