/** Failures of the operating system as Lua's libraries report them: nil, a message, and the error's number. */
import type { Results } from "../value.ts";

/** `strerror`, by the names the runtime gives its errors. Here and not taken from it: its own wording differs. */
const WORDS: Readonly<Record<string, string>> = {
  E2BIG: "Argument list too long",
  EACCES: "Permission denied",
  EAGAIN: "Resource temporarily unavailable",
  EBADF: "Bad file descriptor",
  EBUSY: "Device or resource busy",
  ECHILD: "No child processes",
  ECONNRESET: "Connection reset by peer",
  EDQUOT: "Disk quota exceeded",
  EEXIST: "File exists",
  EFAULT: "Bad address",
  EFBIG: "File too large",
  EINTR: "Interrupted system call",
  EINVAL: "Invalid argument",
  EIO: "Input/output error",
  EISDIR: "Is a directory",
  ELOOP: "Too many levels of symbolic links",
  EMFILE: "Too many open files",
  EMLINK: "Too many links",
  ENAMETOOLONG: "File name too long",
  ENFILE: "Too many open files in system",
  ENODEV: "No such device",
  ENOENT: "No such file or directory",
  ENOEXEC: "Exec format error",
  ENOLCK: "No locks available",
  ENOMEM: "Cannot allocate memory",
  ENOSPC: "No space left on device",
  ENOSYS: "Function not implemented",
  ENOTDIR: "Not a directory",
  ENOTEMPTY: "Directory not empty",
  ENOTSUP: "Operation not supported",
  ENOTTY: "Inappropriate ioctl for device",
  ENXIO: "No such device or address",
  EOPNOTSUPP: "Operation not supported",
  EOVERFLOW: "Value too large for defined data type",
  EPERM: "Operation not permitted",
  EPIPE: "Broken pipe",
  EROFS: "Read-only file system",
  ESPIPE: "Illegal seek",
  ESRCH: "No such process",
  ESTALE: "Stale file handle",
  ETIMEDOUT: "Connection timed out",
  ETXTBSY: "Text file busy",
  EXDEV: "Invalid cross-device link",
};

/** A failed system call: what `errno` and `strerror` would say. */
export interface SystemError {
  /** The error's name, such as `ENOENT`. */
  readonly code: string;
  /** Its number on this system. */
  readonly errno: number;
  readonly message: string;
}

/** The failure that a call of node:fs or a spawn threw; throws on what is no failure of the system. */
export function systemError(thrown: unknown): SystemError {
  const { code, errno } = thrown as { code?: unknown; errno?: unknown };
  if (typeof code !== "string" || typeof errno !== "number") throw thrown;
  const number = Math.abs(errno);
  return { code, errno: number, message: WORDS[code] ?? `Unknown error ${number}` };
}

/** A failure that no call reported. The numbers are the same on all systems that Assay runs on. */
export const BAD_DESCRIPTOR: SystemError = { code: "EBADF", errno: 9, message: "Bad file descriptor" };
export const INVALID_ARGUMENT: SystemError = { code: "EINVAL", errno: 22, message: "Invalid argument" };
export const ILLEGAL_SEEK: SystemError = { code: "ESPIPE", errno: 29, message: "Illegal seek" };

/** What a library function returns when the system failed (`luaL_fileresult`): nil, `path: message`, the number. */
export function failed(error: SystemError, path?: string): Results {
  return [undefined, path === undefined ? error.message : `${path}: ${error.message}`, error.errno];
}

/** How a process ended, as Lua reports it (`luaL_execresult`): true or nil, "exit" or "signal", the number. */
export function ended(status: number | null, signal: number | undefined): Results {
  if (signal !== undefined) return [undefined, "signal", signal];
  return [status === 0 ? true : undefined, "exit", status ?? 1];
}

/** A path of the file system from a Lua string, which ends at the first zero byte as it does in C. */
export function systemPath(bytes: string): string | Buffer {
  const zero = bytes.indexOf("\0");
  const path = zero < 0 ? bytes : bytes.slice(0, zero);
  // Bytes as they are, whatever encoding they are in; plain ASCII needs no buffer.
  for (let i = 0; i < path.length; i++) if (path.charCodeAt(i) > 0x7f) return Buffer.from(path, "latin1");
  return path;
}

/** The same path as messages show it. */
export function shownPath(bytes: string): string {
  const zero = bytes.indexOf("\0");
  return zero < 0 ? bytes : bytes.slice(0, zero);
}
