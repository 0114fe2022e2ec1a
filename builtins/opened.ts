/**
 * Files that are opened on a script's behalf beside the functions of fs: certificates, modules. Permissions are asked
 * about the path first, so that a refusal says nothing about what is there, and again about the file that has really
 * been opened if that is another one: a link on the way may have been changed in between.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, readlinkSync, readSync, realpathSync } from "node:fs";

/** Asks about a path; returns the real path decided on, undefined when nothing is restricted. Throws if not allowed. */
export type CheckFile = (path: string) => string | undefined;

/**
 * The content of a regular file of at most `maxBytes`. Throws what `check` throws, and errors with a `code`: the
 * system's, ENOTREG for what is no file, EFBIG for what is too large. `expect` is told the size before it is read.
 */
export function readOpened(path: string, check: CheckFile, maxBytes: number, expect?: (bytes: number) => void): Buffer {
  const decided = check(path);
  // Without waiting for somebody to write into a pipe.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    if (decided !== undefined) {
      const real = realPathOfDescriptor(fd, path);
      if (real !== decided) check(real);
    }
    const stats = fstatSync(fd);
    if (!stats.isFile()) throw coded(stats.isDirectory() ? "EISDIR" : "ENOTREG");
    if (stats.size > maxBytes) throw coded("EFBIG");
    expect?.(stats.size);
    const buffer = Buffer.alloc(stats.size);
    let length = 0;
    while (length < buffer.length) {
      const count = readSync(fd, buffer, length, buffer.length - length, null);
      if (count === 0) break;
      length += count;
    }
    return buffer.subarray(0, length);
  } finally {
    closeSync(fd);
  }
}

/** Where an open file really is. */
export function realPathOfDescriptor(fd: number, path: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    // Without /proc: the path's own answer counts if it still leads to the same file.
    const real = realpathSync(path);
    const there = lstatSync(real);
    const here = fstatSync(fd);
    if (there.ino === here.ino && there.dev === here.dev) return real;
    throw coded("ESTALE");
  }
}

function coded(code: string): Error {
  return Object.assign(new Error(code), { code });
}
