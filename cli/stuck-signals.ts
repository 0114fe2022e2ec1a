/**
 * Signals during native code that runs for long: a pattern that backtracks, a huge `table.move`. The runtime tells of
 * a signal when its event loop turns, which it does not do then; such code looks around, though. When the loop has
 * stood still for a while, SIGINT and SIGTERM are made to leave a trace that can be looked at: their handler becomes
 * the C library's `alarm`, which may be called in a handler and, called with the signal's number, sets the alarm clock to
 * as many seconds. Asking for the time left answers which signal came, and stops the clock. If nobody asks in
 * time, the alarm ends the process, which is what was wanted. Linux only.
 */
import { receive } from "./signals.ts";

/** The event loop has stood still for so long. */
const STUCK_MS = 250;
const POLL_MS = 100;

const SIGNALS = { SIGINT: 2, SIGTERM: 15 } as const;
/** `struct sigaction` of 64-bit Linux: handler, mask of 128 bytes, flags, restorer. */
const ACTION_BYTES = 152;
const FLAGS_AT = 136;
const SA_RESTART = 0x10000000;

interface Calls {
  alarm: ((seconds: number) => number) & { ptr: number };
  sigaction(signal: number, action: Uint8Array, old: Uint8Array | null): number;
}

let calls: Calls | null | undefined;
/** What the runtime had installed, by signal, while `alarm` stands in its place. */
let replaced: Map<number, Uint8Array> | undefined;
let waiting = false;
let since = 0;
let polled = 0;

/** To be called whenever running code looks around; `now` is `performance.now()`. */
export function lookForSignals(now: number): void {
  if (!waiting) {
    waiting = true;
    since = polled = now;
    setImmediate(turned);
  } else if (now - polled >= POLL_MS) {
    polled = now;
    if (now - since >= STUCK_MS) poll();
  }
}

/** The event loop has turned: the runtime's own handlers are enough again. */
function turned(): void {
  waiting = false;
  if (replaced === undefined) return;
  for (const [signal, action] of replaced) calls!.sigaction(signal, action, null);
  replaced = undefined;
  tell();
}

function poll(): void {
  if (replaced !== undefined) return tell();
  if (calls === undefined) calls = open();
  if (calls === null) return;
  const action = new Uint8Array(ACTION_BYTES);
  const view = new DataView(action.buffer);
  view.setBigUint64(0, BigInt(calls.alarm.ptr), true);
  view.setUint32(FLAGS_AT, SA_RESTART, true);
  replaced = new Map();
  for (const signal of Object.values(SIGNALS)) {
    const old = new Uint8Array(ACTION_BYTES);
    if (calls.sigaction(signal, action, old) === 0) replaced.set(signal, old);
  }
}

function tell(): void {
  const left = calls!.alarm(0);
  if (left > 0) receive(left > SIGNALS.SIGINT ? "SIGTERM" : "SIGINT");
}

function open(): Calls | null {
  if (process.platform !== "linux") return null;
  const { dlopen } = require("bun:ffi") as typeof import("bun:ffi");
  const arch = process.arch === "arm64" ? "aarch64" : "x86_64";
  for (const name of ["libc.so.6", `libc.musl-${arch}.so.1`, `/lib/ld-musl-${arch}.so.1`]) {
    try {
      const { symbols } = dlopen(name, {
        alarm: { args: ["u32"], returns: "u32" },
        sigaction: { args: ["int", "ptr", "ptr"], returns: "int" },
      });
      const found = symbols as unknown as Calls;
      return typeof found.alarm.ptr === "number" ? found : null;
    } catch {
      // Not this one.
    }
  }
  return null;
}
