/** The servers that run in each virtual machine, so that they can be stopped from outside. */
import type { VirtualMachine } from "../../interpreter/vm.ts";

export interface Stoppable {
  /** Stops in good order; settles when it is done. */
  stop(): Promise<void>;
}

const running = new WeakMap<VirtualMachine, Set<Stoppable>>();

/** The servers of a machine; those that have stopped take themselves out. */
export function serversOf(vm: VirtualMachine): Set<Stoppable> {
  let servers = running.get(vm);
  if (servers === undefined) {
    servers = new Set();
    running.set(vm, servers);
  }
  return servers;
}

/**
 * Stops the servers of a machine: they accept nothing more, requests that run get their time, then every `http.serve`
 * returns. Settles when all have stopped; false if there were none. For SIGTERM and SIGINT.
 */
export async function stopServers(vm: VirtualMachine): Promise<boolean> {
  const servers = [...serversOf(vm)];
  await Promise.all(servers.map((server) => server.stop()));
  return servers.length > 0;
}
