/** How the builtins reach files: paths, permission checks on what was really opened, errors in words. */
import { constants } from "node:fs";
import { type FileHandle, lstat, open, readlink, realpath } from "node:fs/promises";
import { basename, dirname, isAbsolute, join } from "node:path";
import { failure, LuaError } from "../../interpreter/error.ts";
import { reserveMemory } from "../../interpreter/memory.ts";
import { state } from "../../interpreter/state.ts";
import { fromText, toText } from "../../interpreter/text.ts";
import type { VirtualMachine } from "../../interpreter/vm.ts";
import { errorCode, systemError } from "../errno.ts";
import { hostOf } from "../host.ts";
import type { Permissions } from "../permissions.ts";

/** Decisions that a call remembers: two paths, each asked about by its name and by what was opened. */
const MAX_GRANTED = 8;

/** One call of a file function: its name for messages, and on whose behalf it runs. */
export class FileCall {
  readonly vm: VirtualMachine = state.vm;
  readonly permissions: Permissions = hostOf(this.vm).permissions;
  /** Real paths that this call may use already. */
  private readonly granted = new Set<string>();

  constructor(
    /** Such as `fs.read`. */
    readonly what: string,
  ) {}

  /** A script's path as text. Raises for one that no file can have. */
  path(bytes: string): string {
    const text = toText(bytes);
    if (text === undefined) throw failure(`${this.what}: the path is not valid UTF-8`);
    if (text === "") throw failure(`${this.what}: the path is empty`);
    if (text.includes("\0")) throw failure(`${this.what}: the path contains a NUL byte`);
    return text;
  }

  /** `fs.read: /x: no such file or directory`. `path` is text. */
  error(path: string, problem: string): LuaError {
    return failure(fromText(`${this.what}: ${path}: ${problem}`));
  }

  /** Asks for permission; again for a file that has been opened, unless that is where the path has led before. */
  checkRead(path: string): void {
    if (this.granted.has(`read ${path}`)) return;
    this.grant("read", this.permissions.checkRead(this.what, path));
  }

  checkWrite(path: string): void {
    if (this.granted.has(`write ${path}`)) return;
    this.grant("write", this.permissions.checkWrite(this.what, path));
  }

  private grant(access: "read" | "write", real: string | undefined): void {
    if (real !== undefined && this.granted.size < MAX_GRANTED) this.granted.add(`${access} ${real}`);
  }

  /** Runs file operations on a path and words their errors. Only so many calls run at once: files in use are few. */
  async run<T>(path: string, work: () => Promise<T>): Promise<T> {
    await slots.take();
    try {
      return await this.named(path, work);
    } finally {
      slots.give();
    }
  }

  /** Words the errors of file operations on a path, inside a call that runs already. */
  async named<T>(path: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof LuaError) throw error;
      throw this.error(path, systemError(error) ?? `input/output error${suffix(error)}`);
    }
  }

  /** Checks the memory limit of the machine that called, from a callback. */
  reserve(bytes: number): void {
    const running = state.vm;
    state.vm = this.vm;
    try {
      reserveMemory(bytes);
    } finally {
      state.vm = running;
    }
  }
}

function suffix(error: unknown): string {
  const code = errorCode(error);
  return code !== undefined && /^E[A-Z0-9]+$/.test(code) ? ` (${code})` : "";
}

/** File operations under way at a time: each has one or two files open, and a container may allow very few. */
class Slots {
  private free = 8;
  private readonly waiting: (() => void)[] = [];

  async take(): Promise<void> {
    if (this.free > 0) this.free--;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  give(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.free++;
    else next();
  }
}
const slots = new Slots();

/**
 * Where an open file or folder really is. Permissions are decided on this, not on the path that led there: a link on
 * the way may have been changed between check and use.
 */
export async function realPathOf(file: FileHandle, path: string): Promise<string> {
  try {
    return await readlink(`/proc/self/fd/${file.fd}`);
  } catch {
    // Without /proc: the path's own answer counts if it still leads to the same file.
    const real = await realpath(path);
    const [there, here] = await Promise.all([lstat(real), file.stat()]);
    if (there.ino === here.ino && there.dev === here.dev) return real;
    throw Object.assign(new Error(), { code: "ESTALE" });
  }
}

/** A path to an open folder that leads there whatever happens to its names; the real path where there is no /proc. */
export async function throughHandle(folder: FileHandle, real: string): Promise<string> {
  const through = `/proc/self/fd/${folder.fd}`;
  return (await readlink(through).catch(() => undefined)) === undefined ? real : through;
}

/** A name in a folder that stays the same folder whatever happens to the path that led to it. */
export interface Place {
  /** Path of the entry by way of the open folder. */
  readonly path: string;
  /** The folder by the same way. */
  readonly folder: string;
  /** The entry's real path. */
  readonly real: string;
  /** The open folder; undefined where it could not be kept open. */
  readonly handle: FileHandle | undefined;
}

/** Opens the folder of a path and runs `use` with the entry's place in it. Links in the last component stay links. */
export async function inFolder<T>(path: string, use: (place: Place) => Promise<T>): Promise<T> {
  // `a/b/` and `a/b` name the same entry; `.` and `..` have none of their own.
  let trimmed = path.replace(/(?<=.)\/+$/, "");
  if (trimmed === "/" || /(?:^|\/)\.\.?$/.test(trimmed)) trimmed = await realpath(trimmed);
  const name = basename(trimmed);
  const parent = dirname(trimmed);
  let handle: FileHandle | undefined;
  try {
    handle = await open(parent, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    if (errorCode(error) !== "EACCES") throw error;
  }
  try {
    if (handle !== undefined) {
      const real = await realPathOf(handle, parent);
      const folder = await throughHandle(handle, real);
      return await use({ path: join(folder, name), folder, real: join(real, name), handle });
    }
    const real = await realpath(parent);
    return await use({ path: join(real, name), folder: real, real: join(real, name), handle: undefined });
  } finally {
    await handle?.close();
  }
}

/** How many links may lead to one another, as in the kernel. */
const MAX_LINKS = 40;

/** The path of the file that a write to `path` would reach: links in the last component followed, also dangling ones. */
export async function writeTarget(path: string): Promise<string> {
  let at = path;
  for (let i = 0; i < MAX_LINKS; i++) {
    let target: string;
    try {
      target = await readlink(at);
    } catch (error) {
      const code = errorCode(error);
      if (code === "EINVAL" || code === "ENOENT" || code === "ENOTDIR") return at;
      throw error;
    }
    const folder = await realpath(dirname(at));
    // The links of /proc stand for open files (/dev/stdout leads there): they are not ours to replace.
    if (folder.startsWith("/proc/")) return join(folder, basename(at));
    at = isAbsolute(target) ? target : join(folder, target);
  }
  throw Object.assign(new Error(), { code: "ELOOP" });
}
