/** Removing, moving, copying, and making folders. */
import { chmod, lstat, mkdir, realpath, rename, rm, rmdir, unlink } from "node:fs/promises";
import { errorCode } from "../errno.ts";
import { type FileCall, inFolder } from "./access.ts";
import { withFile } from "./read.ts";
import { replaceFile } from "./write.ts";

const COPY_CHUNK = 1024 * 1024;

export async function remove(call: FileCall, path: string, recursive: boolean): Promise<void> {
  await inFolder(path, async (place) => {
    if (place.real === "/") throw call.error(path, "the root folder cannot be removed");
    call.checkWrite(place.real);
    const stats = await lstat(place.path);
    if (!stats.isDirectory()) await unlink(place.path);
    else if (recursive) await rm(place.path, { recursive: true });
    else await rmdir(place.path);
  });
}

/** What is wrong with the place that something is moved to, not with what is moved. */
const TARGET_PROBLEMS = new Set(["EISDIR", "ENOTEMPTY", "EEXIST", "ENOSPC", "EDQUOT"]);

export async function move(call: FileCall, from: string, to: string): Promise<void> {
  await inFolder(from, async (source) => {
    let isThere = false;
    const moving = inFolder(to, async (target) => {
      isThere = true;
      call.checkWrite(source.real);
      call.checkWrite(target.real);
      try {
        await rename(source.path, target.path);
      } catch (error) {
        // Between file systems a file is copied; the copy appears whole or not at all.
        if (errorCode(error) !== "EXDEV" || !(await lstat(source.path)).isFile()) throw error;
        await copy(call, source.real, target.real);
        await unlink(source.path);
      }
    });
    try {
      await moving;
    } catch (error) {
      if (isThere && !TARGET_PROBLEMS.has(errorCode(error) ?? "")) throw error;
      await call.named(to, () => Promise.reject(error));
    }
  });
}

export async function copy(call: FileCall, from: string, to: string): Promise<void> {
  await withFile(call, from, async (file, stats) => {
    const content = async function* () {
      const buffer = Buffer.allocUnsafe(Math.min(COPY_CHUNK, Math.max(4096, stats.size)));
      for (let at = 0; ; ) {
        const { bytesRead } = await call.named(from, () => file.read(buffer, 0, buffer.length, at));
        if (bytesRead === 0) return;
        at += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    };
    const known = await lstat(to).catch(() => undefined);
    if (known !== undefined && known.ino === stats.ino && known.dev === stats.dev)
      throw call.error(to, "is the same file");
    const mode = known === undefined ? stats.mode & 0o777 : undefined;
    await call.named(to, () => replaceFile(call, to, content, mode));
  });
}

export async function makeFolder(call: FileCall, path: string, mode: number | undefined): Promise<void> {
  const made = await mkdir(path, { recursive: true });
  const real = await realpath(path);
  call.checkWrite(real);
  if (made === undefined && !(await lstat(real)).isDirectory()) throw call.error(path, "file exists");
  if (made !== undefined && mode !== undefined) await chmod(real, mode);
}
