/**
 * Standard output and standard error of the command: one queue for both, so that what a script prints and what it
 * logs keep their order when both go to the same place, and so that nothing is lost at exit.
 *
 * Writing never blocks the process: a signal must get through while the reader of a pipe takes its time. A writer
 * that is far ahead of the reader waits for the promise that `write` gives it.
 */

/** Standard output is 1, standard error 2. */
export type Descriptor = 1 | 2;

/** Bytes that may wait in the queue before writers are asked to wait too. */
const HIGH_WATER = 1 << 20;
/**
 * Bytes written in the simplest way before node:fs is loaded (0.7 ms, which a short script should not pay).
 * `Bun.write` writes small pieces at once and blocks on a full pipe, but any pipe holds this much.
 */
const SIMPLE_BYTES = 16 * 1024;

interface Piece {
  fd: Descriptor;
  bytes: Buffer;
}

let queue: Piece[] = [];
let queued = 0;
/** The writing under way. */
let writing: Promise<void> | undefined;
let simpleLeft = SIMPLE_BYTES;
let failure: OutputFailure | undefined;
let wrote = false;
let onFailure: ((failure: OutputFailure) => void) | undefined;

/** Standard output cannot be written any more. */
export interface OutputFailure {
  /** The system's code, such as `EPIPE` or `ENOSPC`. */
  code: string;
  message: string;
}

/** Why standard output could not be written, if it could not. */
export function outputFailure(): OutputFailure | undefined {
  return failure;
}

/** Whether anything was meant for standard output. */
export function wroteOutput(): boolean {
  return wrote;
}

/** Calls `handler` once when standard output fails: whoever produces it should stop. */
export function whenOutputFails(handler: (failure: OutputFailure) => void): void {
  onFailure = handler;
  if (failure !== undefined) handler(failure);
}

/** Queues text as UTF-8. Returns a promise when the queue is full: the writer should wait for it. */
export function writeText(fd: Descriptor, text: string): Promise<void> | undefined {
  return write(fd, Buffer.from(text, "utf8"));
}

/** Queues a byte string (one char per byte). Returns a promise when the queue is full. */
export function writeBytes(fd: Descriptor, bytes: string): Promise<void> | undefined {
  return write(fd, Buffer.from(bytes, "latin1"));
}

function write(fd: Descriptor, bytes: Buffer): Promise<void> | undefined {
  if (fd === 1) {
    if (failure !== undefined) return undefined;
    wrote = true;
  }
  queue.push({ fd, bytes });
  queued += bytes.length;
  writing ??= work();
  return queued > HIGH_WATER ? drained() : undefined;
}

/** Settles when everything queued so far is with the system, or cannot be. Never rejects. */
export async function drained(): Promise<void> {
  while (writing !== undefined) await writing;
}

async function work(): Promise<void> {
  // Not at once: what is written in the same turn goes out together.
  await turn();
  while (queue.length > 0) {
    const { fd, bytes } = take();
    try {
      await writeOut(fd, bytes);
    } catch (error) {
      if (fd === 1) fail(error as NodeJS.ErrnoException);
    }
  }
  writing = undefined;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Takes the longest run of pieces for the same descriptor off the queue. */
function take(): Piece {
  const fd = queue[0]!.fd;
  let count = 1;
  while (count < queue.length && queue[count]!.fd === fd) count++;
  const run = count === queue.length ? queue : queue.slice(0, count);
  queue = count === queue.length ? [] : queue.slice(count);
  const bytes = run.length === 1 ? run[0]!.bytes : Buffer.concat(run.map((piece) => piece.bytes));
  queued -= bytes.length;
  return { fd, bytes };
}

async function writeOut(fd: Descriptor, bytes: Buffer): Promise<void> {
  if (bytes.length <= simpleLeft) {
    simpleLeft -= bytes.length;
    await Bun.write(fd === 1 ? Bun.stdout : Bun.stderr, bytes);
    return;
  }
  const fs = await import("node:fs");
  for (let at = 0; at < bytes.length; ) {
    try {
      at += await new Promise<number>((resolve, reject) => {
        fs.write(fd, bytes, at, bytes.length - at, null, (error, written) =>
          error ? reject(error) : resolve(written),
        );
      });
    } catch (error) {
      // A pipe that another of its owners made non-blocking, and that is full: its reader needs a moment.
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
}

function fail(error: NodeJS.ErrnoException): void {
  const code = error.code ?? "EIO";
  failure = { code, message: WORDS[code] ?? code };
  queue = queue.filter((piece) => piece.fd !== 1);
  queued = queue.reduce((sum, piece) => sum + piece.bytes.length, 0);
  onFailure?.(failure);
}

const WORDS: Record<string, string> = {
  ENOSPC: "no space left on device",
  EDQUOT: "disk quota exceeded",
  EFBIG: "file too large",
  EBADF: "it is closed",
  EIO: "input/output error",
  EPIPE: "broken pipe",
};
