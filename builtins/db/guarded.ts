/** Sockets whose listeners may fail: what a server sends must never end the process, whatever a library makes of it. */
import type { Socket } from "node:net";
import tls from "node:tls";

type Listener = (...args: unknown[]) => void;

/**
 * Makes a socket catch what its listeners throw, from now on: the socket is then destroyed with the error that `fault`
 * makes, which the library hears of as of any broken connection. Sockets for TLS that a listener puts on top of it are
 * treated the same.
 */
export function guardListeners(socket: Socket, fault: () => Error): Socket {
  const guarded = (listener: Listener): Listener => {
    const call = (...args: unknown[]): void => {
      const { connect } = tls;
      const layered = (...given: Parameters<typeof connect>) => guardListeners(connect(...given), fault);
      // The library upgrades to TLS inside the listener for data, with its own reference to this module.
      tls.connect = layered as typeof connect;
      try {
        listener.apply(socket, args);
      } catch {
        socket.destroy(fault());
      } finally {
        tls.connect = connect;
      }
    };
    // As `once` does it: the listener can be removed by its own name.
    return Object.assign(call, { listener });
  };
  const { on } = socket;
  socket.on = ((event: string, listener: Listener) => on.call(socket, event, guarded(listener))) as Socket["on"];
  return socket;
}
