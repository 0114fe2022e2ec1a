/** What is in folders, and what is at a path. */
import { constants, type Stats } from "node:fs";
import { lstat, open, readdir, realpath } from "node:fs/promises";
import { errorCode } from "../errno.ts";
import { type FileCall, inFolder, realPathOf, throughHandle } from "./access.ts";

/** Entries that are returned at most. */
export const MAX_ENTRIES = 1_000_000;

/** Entries of a folder as byte strings, in byte order. */
export async function entries(call: FileCall, path: string): Promise<string[]> {
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NONBLOCK);
  try {
    const real = await realPathOf(folder, path);
    call.checkRead(real);
    const names = await readdir(await throughHandle(folder, real), { encoding: "buffer" });
    if (names.length > MAX_ENTRIES) throw call.error(path, `more than ${MAX_ENTRIES} entries`);
    call.reserve(names.length * 64);
    return names.map((name) => name.toString("latin1")).sort();
  } finally {
    await folder.close();
  }
}

/** What is at a path, links followed unless told otherwise. */
export async function statOf(call: FileCall, path: string, follow: boolean): Promise<Stats> {
  if (!follow) {
    return inFolder(path, (place) => {
      call.checkRead(place.real);
      return lstat(place.path);
    });
  }
  // On the real path, so that what is looked at is what was checked.
  const real = await realpath(path);
  call.checkRead(real);
  return lstat(real);
}

export async function exists(call: FileCall, path: string): Promise<boolean> {
  try {
    await statOf(call, path, true);
    return true;
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"].includes(errorCode(error) ?? "")) return false;
    throw error;
  }
}
