/** Reading whole files, within the limits. */
import { constants, type Stats } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { charge } from "../../interpreter/memory.ts";
import { fromBuffer } from "../../interpreter/text.ts";
import { type FileCall, realPathOf } from "./access.ts";

/** Largest file read unless the script says otherwise; the memory limit is usually lower. */
export const MAX_READ = 512 * 1024 * 1024;
const CHUNK = 64 * 1024;

/** What a thing that is not a file is. */
export function kindOf(stats: Stats): string {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  if (stats.isSymbolicLink()) return "link";
  if (stats.isFIFO()) return "fifo";
  if (stats.isSocket()) return "socket";
  return stats.isBlockDevice() ? "block device" : "character device";
}

/**
 * Opens a file for reading and runs `use`. Anything but a regular file is refused: devices and pipes have no end, or
 * none in sight.
 */
export async function withFile<T>(
  call: FileCall,
  path: string,
  use: (file: FileHandle, stats: Stats, real: string) => Promise<T>,
): Promise<T> {
  // Without waiting, so that a pipe nobody writes to is noticed instead of opened.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const real = await realPathOf(file, path);
    call.checkRead(real);
    const stats = await file.stat();
    if (stats.isDirectory()) throw call.error(path, "is a directory");
    if (!stats.isFile()) throw call.error(path, `is a ${kindOf(stats)}, not a regular file`);
    return await use(file, stats, real);
  } finally {
    await file.close();
  }
}

/** The bytes of a file. `accept` may refuse it by its real path before it is read, by throwing. */
export function readFile(
  call: FileCall,
  path: string,
  maxSize: number,
  accept?: (real: string) => void,
): Promise<string> {
  return withFile(call, path, async (file, { size }, real) => {
    accept?.(real);
    if (size > maxSize) throw tooLarge(call, path, maxSize);
    // The buffer and the string that it becomes.
    call.reserve(2 * size);
    const collected = new Collector(call, path, maxSize, size + 1);
    for (;;) {
      const { bytesRead } = await file.read(collected.buffer, collected.length, collected.room(), null);
      if (bytesRead === 0) return collected.finish();
      collected.added(bytesRead);
    }
  });
}

/** What comes in on standard input, to its end. */
export async function readStandardInput(call: FileCall, maxSize: number): Promise<string> {
  const collected = new Collector(call, "/dev/stdin", maxSize, CHUNK);
  for await (const chunk of Bun.stdin.stream()) collected.append(chunk);
  return collected.finish();
}

function tooLarge(call: FileCall, path: string, maxSize: number) {
  return call.error(path, `file too large (more than ${maxSize} bytes)`);
}

/** Bytes as they come, in one growing buffer. Files of /proc say they are empty, others grow while they are read. */
class Collector {
  buffer: Buffer;
  length = 0;

  constructor(
    private readonly call: FileCall,
    private readonly path: string,
    private readonly maxSize: number,
    expected: number,
  ) {
    this.buffer = Buffer.allocUnsafe(Math.max(CHUNK, expected));
  }

  room(): number {
    return this.buffer.length - this.length;
  }

  added(bytes: number): void {
    this.length += bytes;
    if (this.length > this.maxSize) throw tooLarge(this.call, this.path, this.maxSize);
    if (this.room() > 0) return;
    const size = this.buffer.length * 2;
    this.call.reserve(size + this.length);
    const grown = Buffer.allocUnsafe(size);
    this.buffer.copy(grown, 0, 0, this.length);
    this.buffer = grown;
  }

  append(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + this.room());
      this.buffer.set(part, this.length);
      at += part.length;
      this.added(part.length);
    }
  }

  finish(): string {
    charge(this.length);
    return fromBuffer(this.buffer.subarray(0, this.length));
  }
}
