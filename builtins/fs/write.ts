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

async function writeAll(file: FileHandle, content: Content): Promise<void> {
  for await (const piece of content) {
    for (let at = 0; at < piece.length; ) at += (await file.write(piece, at, piece.length - at, null)).bytesWritten;
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

async function overwrite(call: FileCall, place: Place, content: Content): Promise<void> {
  const file = await open(place.path, constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    call.checkWrite(await realPathOf(file, place.real));
    await file.truncate(0);
    await writeAll(file, content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Adds to the end of a file, which is created if need be. */
export function appendFile(call: FileCall, path: string, content: Content): Promise<void> {
  return atTarget(call, path, async (place) => {
    const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
    const file = await open(place.path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o666);
    try {
      call.checkWrite(await realPathOf(file, place.real));
      await writeAll(file, content);
    } finally {
      await file.close();
    }
  });
}
