/** Writing files so that a crash leaves the old content or the new, never half of it. */
import { constants, type Stats } from "node:fs";
import { access, type FileHandle, lstat, mkdir, open, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { errorCode } from "../errno.ts";
import { type FileCall, inFolder, type Place, realPathOf, writeTarget } from "./access.ts";
import { kindOf } from "./read.ts";

const CHUNK = 1024 * 1024;

/** What is to be written. */
export type Content = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** The bytes of a string, in pieces, so that it is not there twice. */
export function* piecesOf(bytes: string): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CHUNK) yield Buffer.from(bytes.slice(at, at + CHUNK), "latin1");
}

/** Runs `use` with the place a write to `path` goes to, after creating its folders and asking for permission. */
async function atTarget<T>(
  call: FileCall,
  path: string,
  use: (place: Place, old: Stats | undefined) => Promise<T>,
): Promise<T> {
  if (path.endsWith("/")) throw call.error(path, "is a directory");
  const target = await writeTarget(path);
  call.checkWrite(target);
  await mkdir(dirname(target), { recursive: true }).catch((error) => {
    throw errorCode(error) === "EEXIST" ? call.error(path, "not a directory") : error;
  });
  return inFolder(target, async (place) => {
    call.checkWrite(place.real);
    let old: Stats | undefined;
    try {
      old = await lstat(place.path);
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error;
    }
    // The files of /proc are doors into processes, not files; those of /proc/sys are settings.
    if (/^\/proc\/(?!sys\/)/.test(place.real)) throw call.error(path, "is not a regular file");
    if (old?.isDirectory()) throw call.error(path, "is a directory");
    if (old !== undefined && !old.isFile()) throw call.error(path, `is a ${kindOf(old)}, not a regular file`);
    return use(place, old);
  });
}

async function writeAll(file: FileHandle, content: Content, progress = { written: 0 }): Promise<void> {
  for await (const piece of content) {
    for (let at = 0; at < piece.length; ) {
      const { bytesWritten } = await file.write(piece, at, piece.length - at, null);
      at += bytesWritten;
      progress.written += bytesWritten;
    }
  }
}

/**
 * Writes a file under another name in the same folder and renames it. An existing file keeps its mode and owner. A
 * single file mounted into a container, or one in a folder where nothing can be created, is written in place.
 */
export function replaceFile(
  call: FileCall,
  path: string,
  content: () => Content,
  mode: number | undefined,
): Promise<void> {
  return atTarget(call, path, async (place, old) => {
    // Renaming would get around the protection of a read-only file.
    if (old !== undefined) await access(place.path, constants.W_OK);
    const temporary = `${place.folder}/.assay-${Bun.randomUUIDv7().slice(0, 18)}${process.pid}.tmp`;
    let file: FileHandle;
    try {
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
      file = await open(temporary, flags, old === undefined ? (mode ?? 0o666) : 0o600);
    } catch (error) {
      if (old === undefined || !["EACCES", "EPERM", "EROFS"].includes(errorCode(error) ?? "")) throw error;
      return overwrite(call, place, content());
    }
    try {
      try {
        await writeAll(file, content());
        if (old !== undefined) await keepOwner(file, old);
        if (mode !== undefined || old !== undefined) await file.chmod((mode ?? old!.mode) & 0o7777);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, place.path);
    } catch (error) {
      await unlink(temporary).catch(() => {});
      if (old !== undefined && errorCode(error) === "EBUSY") return overwrite(call, place, content());
      throw error;
    }
    // The new name must survive a crash too; some file systems cannot sync a folder.
    await place.handle?.sync().catch(() => {});
  });
}

async function keepOwner(file: FileHandle, old: Stats): Promise<void> {
  const now = await file.stat();
  if (now.uid === old.uid && now.gid === old.gid) return;
  // Only root may give files away.
  await file.chown(old.uid, old.gid).catch(() => {});
}

/** Most bytes of old content that are kept to be put back when there is no room for the new. */
const MAX_KEPT = 16 * 1024 * 1024;

async function overwrite(call: FileCall, place: Place, content: Content): Promise<void> {
  const { O_RDWR, O_WRONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const file = await open(place.path, O_RDWR | O_NOFOLLOW | O_NONBLOCK).catch(() =>
    open(place.path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK),
  );
  try {
    call.checkWrite(await realPathOf(file, place.real));
    const old = await contentOf(call, file);
    await file.truncate(0);
    try {
      await writeAll(file, content);
      await file.sync();
    } catch (error) {
      if (old !== undefined) await putBack(file, old);
      throw error;
    }
  } finally {
    await file.close();
  }
}

/** What a file holds; undefined for one that cannot be read, or holds too much to be kept. */
async function contentOf(call: FileCall, file: FileHandle): Promise<Uint8Array | undefined> {
  const { size } = await file.stat();
  if (size > MAX_KEPT) return undefined;
  try {
    call.reserve(size);
    const old = Buffer.allocUnsafe(size);
    for (let at = 0; at < size; ) {
      const { bytesRead } = await file.read(old, at, size - at, at);
      if (bytesRead === 0) return old.subarray(0, at);
      at += bytesRead;
    }
    return old;
  } catch {
    return undefined;
  }
}

/** Writes old content again: the room that it took is there, unless somebody else was quicker. */
async function putBack(file: FileHandle, old: Uint8Array): Promise<void> {
  try {
    await file.truncate(0);
    for (let at = 0; at < old.length; ) at += (await file.write(old, at, old.length - at, at)).bytesWritten;
    await file.sync();
  } catch {
    // The first error says what is wrong.
  }
}

/** Adds to the end of a file, which is created if need be: all of it, or nothing when there is no room. */
export function appendFile(call: FileCall, path: string, content: Content): Promise<void> {
  return atTarget(call, path, async (place, old) => {
    const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
    const file = await open(place.path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o666);
    try {
      call.checkWrite(await realPathOf(file, place.real));
      const { size } = await file.stat();
      const progress = { written: 0 };
      try {
        await writeAll(file, content, progress);
      } catch (error) {
        const isBack = await takeBack(file, size, progress.written);
        if (isBack && size === 0 && old === undefined) await unlink(place.path).catch(() => {});
        throw error;
      }
    } finally {
      await file.close();
    }
  });
}

/** Cuts off what was added, unless others have added something as well. */
async function takeBack(file: FileHandle, size: number, written: number): Promise<boolean> {
  try {
    if ((await file.stat()).size !== size + written) return false;
    await file.truncate(size);
    return true;
  } catch {
    // The first error says what is wrong.
    return false;
  }
}
