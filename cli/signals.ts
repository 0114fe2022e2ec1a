/** SIGINT and SIGTERM: the first one asks whatever runs to end, the second one ends the process. */
import { Status } from "./status.ts";

export type Signal = "SIGINT" | "SIGTERM";

/** The exit status of a command that a signal stopped. */
export function signalStatus(signal: Signal): Status {
  return signal === "SIGINT" ? Status.Interrupted : Status.Terminated;
}

let received: Signal | undefined;
let handler: ((signal: Signal) => void) | undefined;

/** The signal that came, if one has. */
export function receivedSignal(): Signal | undefined {
  return received;
}

/** Takes over both signals. `handle` is called once; without a handler (any more) the process just ends. */
export function handleSignals(handle: ((signal: Signal) => void) | undefined): void {
  const first = handler === undefined && handle !== undefined;
  handler = handle;
  if (!first) return;
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => receive(signal));
}

/** A signal has come. */
export function receive(signal: Signal): void {
  if (received !== undefined || handler === undefined) process.exit(signalStatus(received ?? signal));
  received = signal;
  handler(signal);
}
