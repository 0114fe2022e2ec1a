/** Standard output that was closed before the process began. */

/**
 * Whether standard output was closed when the process began: the runtime then opens /dev/null in its place, and,
 * unlike whatever a process inherits, marks it to be closed on exec (O_CLOEXEC, 02000000). Linux only.
 */
export function isStdoutClosed(): boolean {
  try {
    const { readFileSync } = require("node:fs") as typeof import("node:fs");
    const flags = /^flags:\s*(\d+)$/m.exec(readFileSync("/proc/self/fdinfo/1", "latin1"))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & 0o2000000) !== 0;
  } catch {
    return false;
  }
}
