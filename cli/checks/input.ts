/** Reading the files that check files name: at their place, and only if they end. */
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";

/** Where a file is that a check file in `folder` names: beside it, unless the path says otherwise. */
export function pathFrom(folder: string, path: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}

/** The bytes of a file. Devices are refused (code ENXIO): some never end. Raises what the file system raises. */
export function readInput(path: string): Buffer {
  const file = openSync(path, "r");
  try {
    const found = fstatSync(file);
    if (found.isCharacterDevice() || found.isBlockDevice()) {
      throw Object.assign(new Error("is a device"), { code: "ENXIO" });
    }
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}
