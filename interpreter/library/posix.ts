/**
 * System calls that the runtime does not offer: real pipes (its own are sockets, which a child cannot reopen by name
 * and which end in an error instead of SIGPIPE), and the offset of a descriptor shared with other processes. And one
 * that it offers at the price of loading all its streams: whether a descriptor is a terminal.
 */
import { dlopen } from "bun:ffi";

const SEEK_SET = 0;
const SEEK_CUR = 1;
const SEEK_END = 2;
export type Whence = typeof SEEK_SET | typeof SEEK_CUR | typeof SEEK_END;
export { SEEK_CUR, SEEK_END, SEEK_SET };

interface Calls {
  pipe(fds: Int32Array): number;
  isatty(fd: number): number;
  lseek(fd: number, offset: bigint, whence: number): number | bigint;
}

let calls: Calls | null | undefined;

/** The C library goes by several names. */
function libraries(): string[] {
  if (process.platform === "darwin") return ["libSystem.B.dylib"];
  const arch = process.arch === "arm64" ? "aarch64" : "x86_64";
  return ["libc.so.6", `libc.musl-${arch}.so.1`, `/lib/ld-musl-${arch}.so.1`];
}

function open(): Calls | null {
  for (const name of libraries()) {
    try {
      return dlopen(name, {
        pipe: { args: ["ptr"], returns: "int" },
        isatty: { args: ["int"], returns: "int" },
        lseek: { args: ["int", "i64", "int"], returns: "i64" },
      }).symbols as unknown as Calls;
    } catch {
      // Not this one.
    }
  }
  return null;
}

function library(): Calls | null {
  if (calls === undefined) calls = open();
  return calls;
}

/** A pipe (a spawned child gets only what it is given of it); undefined when it cannot be had. */
export function pipe(): { read: number; write: number } | undefined {
  const libc = library();
  if (libc === null) return undefined;
  const fds = new Int32Array(2);
  if (libc.pipe(fds) !== 0) return undefined;
  const [read, write] = fds as unknown as [number, number];
  return { read, write };
}

/** Moves the offset of a descriptor and returns the new one; undefined when it has none. */
export function lseek(fd: number, offset: number, whence: Whence): number | undefined {
  const libc = library();
  if (libc === null) return undefined;
  const at = Number(libc.lseek(fd, BigInt(offset), whence));
  return at < 0 ? undefined : at;
}

export function isTerminal(fd: number): boolean {
  const libc = library();
  if (libc === null) return (require("node:tty") as typeof import("node:tty")).isatty(fd);
  return libc.isatty(fd) === 1;
}
