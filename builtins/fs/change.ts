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

export async function move(call: FileCall, from: string, to: string): Promise<void> {
  await inFolder(from, (source) =>
    inFolder(to, async (target) => {
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
    }),
  );
}

export async function copy(call: FileCall, from: string, to: string): Promise<void> {
  await withFile(call, from, async (file, stats) => {
    const content = async function* () {
      const buffer = Buffer.allocUnsafe(Math.min(COPY_CHUNK, Math.max(4096, stats.size)));
      for (let at = 0; ; ) {
        const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
        if (bytesRead === 0) return;
        at += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    };
    const known = await lstat(to).catch(() => undefined);
    if (known !== undefined && known.ino === stats.ino && known.dev === stats.dev)
      throw call.error(to, "is the same file");
    await replaceFile(call, to, content, known === undefined ? stats.mode & 0o777 : undefined);
  });
}

export async function makeFolder(call: FileCall, path: string, mode: number | undefined): Promise<void> {
  const made = await mkdir(path, { recursive: true });
  const real = await realpath(path);
  call.checkWrite(real);
  if (made === undefined && !(await lstat(real)).isDirectory()) throw call.error(path, "file exists");
  if (made !== undefined && mode !== undefined) await chmod(real, mode);
}
