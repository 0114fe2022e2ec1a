/**
 * Buffered streams over file descriptors: what `FILE` is to the reference implementation's io library.
 *
 * Regular files are read and written at once: the system answers without delay. Pipes, sockets and terminals may take
 * any time, so reading them is a promise. Writing always happens at once, as there is nothing else to do meanwhile.
 */
import { close, closeSync, fstatSync, read, readSync, type Stats, writeSync } from "node:fs";
import { isTerminal, lseek, SEEK_CUR, SEEK_END, SEEK_SET, type Whence } from "./posix.ts";
import { BAD_DESCRIPTOR, ILLEGAL_SEEK, INVALID_ARGUMENT, type SystemError, systemError } from "./system-error.ts";

/** Bytes that one system call reads, and that may wait to be written. */
const BLOCK = 64 * 1024;
/** Pause before a descriptor that somebody made non-blocking is tried again, in milliseconds. */
const RETRY_MS = 2;

/** `setvbuf`: write at once; when the buffer is full; when a line is complete. */
export type Buffering = "no" | "full" | "line";

/** What a stream is opened for. */
export interface Access {
  readonly read: boolean;
  readonly write: boolean;
  /** Every write goes to the end of the file. */
  readonly append: boolean;
}

/** Where the blocks of reads that happen at once arrive; they become strings before the next one. */
const block = Buffer.allocUnsafeSlow(BLOCK);

/** Streams with something in their buffers, for `flushAll`; others are nobody's concern but their owner's. */
const unwritten = new Set<Stream>();
const pause = new Int32Array(new SharedArrayBuffer(4));

/** Writes out what waits in any stream: before other processes look at it, and before this one ends (`fflush(NULL)`). */
export function flushAll(): void {
  for (const stream of unwritten) stream.flush();
}

/** What a descriptor leads to; undefined for a standard one that was closed before the start. */
function statusOf(fd: number): Stats | undefined {
  try {
    return fstatSync(fd);
  } catch {
    return undefined;
  }
}

export class Stream {
  /** What has been read and not yet been taken: `text` from `at` on. One char per byte. */
  text = "";
  at = 0;
  /** Set when the end of the file was seen, or reading failed, until the next call of a read function. */
  ended = false;
  failure: SystemError | undefined = undefined;
  buffering: Buffering = "full";
  closed = false;

  /** Told when the system refuses a write, before the script is. */
  onWriteError: ((error: SystemError) => void) | undefined = undefined;

  private pending = "";
  private capacity = BLOCK;
  /** The offset of the next transfer. Undefined where the system keeps it: it is shared, or there is none. */
  private offset: number | undefined;
  /** Whether reading may take any time. */
  private readonly waits: boolean;
  private filling: Promise<void> | undefined = undefined;
  private flushing = false;

  /**
   * `shared` says that others have the same open file (standard input and output): its offset must be left to the
   * system.
   */
  constructor(
    readonly fd: number,
    readonly access: Access,
    shared = false,
  ) {
    const stats = statusOf(fd);
    const terminal = stats?.isCharacterDevice() === true && isTerminal(fd);
    this.waits = terminal || stats?.isFIFO() === true || stats?.isSocket() === true;
    if (stats?.isFile() === true && !shared) this.offset = access.append && !access.read ? stats.size : 0;
    if (terminal) this.buffering = "line";
  }

  // --- reading ------------------------------------------------------------------------------------------------------

  /** Prepares for a read function: the end of a file that grows, or of a terminal's input, is looked for again. */
  beginRead(): void {
    this.ended = false;
    this.failure = undefined;
    if (!this.access.read) {
      this.failure = BAD_DESCRIPTOR;
      this.ended = true;
    } else if (this.pending !== "") this.failure = this.flush();
  }

  /** Bytes that can be taken without reading. */
  get available(): number {
    return this.text.length - this.at;
  }

  /**
   * Reads more, up to `wanted` bytes if nothing may be read ahead. Afterwards `available` has grown, or the stream has
   * `ended`. A promise when that takes time.
   */
  fill(wanted: number): Promise<void> | undefined {
    if (this.ended) return undefined;
    const size = this.buffering === "no" ? Math.min(wanted, BLOCK) : BLOCK;
    if (this.waits) {
      this.filling ??= this.readLater(size).finally(() => {
        this.filling = undefined;
      });
      return this.filling;
    }
    try {
      const count = readSync(this.fd, block, 0, size, this.offset ?? null);
      this.received(block, count);
    } catch (thrown) {
      this.failure = systemError(thrown);
      this.ended = true;
    }
    return undefined;
  }

  private async readLater(size: number): Promise<void> {
    // A terminal shows what was written before it waits for an answer.
    for (const stream of unwritten) if (stream.buffering !== "full") stream.flush();
    const into = Buffer.allocUnsafe(size);
    for (;;) {
      const { error, count } = await new Promise<{ error: NodeJS.ErrnoException | null; count: number }>((resolve) => {
        read(this.fd, into, 0, size, null, (error, count) => resolve({ error, count }));
      });
      if (error === null) return this.received(into, count);
      if (error.code !== "EAGAIN") {
        this.failure = systemError(error);
        this.ended = true;
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  private received(from: Buffer, count: number): void {
    if (count === 0) {
      this.ended = true;
      return;
    }
    if (this.offset !== undefined) this.offset += count;
    const more = from.toString("latin1", 0, count);
    this.text = this.available === 0 ? more : this.text.slice(this.at) + more;
    this.at = 0;
  }

  /** Takes up to `count` bytes of what is available. */
  take(count: number): string {
    const end = Math.min(this.at + count, this.text.length);
    const taken = this.at === 0 && end === this.text.length ? this.text : this.text.substring(this.at, end);
    this.at = end;
    if (end === this.text.length) this.discard();
    return taken;
  }

  /** Gives back bytes for the next who reads; not for regular files. */
  putBack(bytes: string): void {
    this.text = bytes + this.text.slice(this.at);
    this.at = 0;
  }

  private discard(): void {
    this.text = "";
    this.at = 0;
  }

  /** How many bytes a regular file still has beyond what is available; undefined when that cannot be known. */
  remaining(): number | undefined {
    if (this.offset === undefined) return undefined;
    return Math.max(0, fstatSync(this.fd).size - this.offset);
  }

  /** Reads `count` bytes past what is available straight into one string, for large amounts of a regular file. */
  readLarge(count: number): string {
    const into = Buffer.allocUnsafe(count);
    let filled = 0;
    try {
      while (filled < count) {
        const more = readSync(this.fd, into, filled, count - filled, this.offset as number);
        if (more === 0) {
          this.ended = true;
          break;
        }
        filled += more;
        this.offset = (this.offset as number) + more;
      }
    } catch (thrown) {
      this.failure = systemError(thrown);
      this.ended = true;
    }
    return into.toString("latin1", 0, filled);
  }

  // --- writing ------------------------------------------------------------------------------------------------------

  /** Writes bytes, through the buffer. Returns how many were accepted before it failed, if it did. */
  write(bytes: string): { error: SystemError; accepted: number } | undefined {
    if (!this.access.write) return bytes === "" ? undefined : { error: BAD_DESCRIPTOR, accepted: 0 };
    if (this.available > 0) this.unread();
    const before = this.pending.length;
    this.pending += bytes;
    let due = 0;
    if (this.pending.length >= this.capacity || this.buffering === "no") due = this.pending.length;
    else if (this.buffering === "line" && bytes.includes("\n")) due = before + bytes.lastIndexOf("\n") + 1;
    if (due < this.pending.length) unwritten.add(this);
    if (due === 0) return undefined;
    const { error, written } = this.writeOut(due);
    return error === undefined ? undefined : { error, accepted: Math.min(bytes.length, Math.max(0, written - before)) };
  }

  /** Writes out what waits in the buffer. What could not be written is given up, as C streams do. */
  flush(): SystemError | undefined {
    unwritten.delete(this);
    if (this.pending === "") return undefined;
    return this.writeOut(this.pending.length).error;
  }

  /** Flushes before the event loop waits for anything: as good as at once to everybody outside. */
  flushSoon(): void {
    if (this.flushing) return;
    this.flushing = true;
    setImmediate(() => {
      this.flushing = false;
      this.flush();
    });
  }

  private writeOut(count: number): { error: SystemError | undefined; written: number } {
    const bytes = Buffer.from(count === this.pending.length ? this.pending : this.pending.slice(0, count), "latin1");
    this.pending = this.pending.slice(count);
    let written = 0;
    while (written < bytes.length) {
      try {
        const more = writeSync(
          this.fd,
          bytes,
          written,
          bytes.length - written,
          this.access.append ? null : (this.offset ?? null),
        );
        written += more;
        if (this.offset !== undefined) this.offset += more;
      } catch (thrown) {
        const error = systemError(thrown);
        if (error.code === "EAGAIN") Atomics.wait(pause, 0, 0, RETRY_MS);
        else if (error.code !== "EINTR") {
          this.pending = "";
          this.onWriteError?.(error);
          return { error, written };
        }
      }
    }
    if (this.access.append && this.offset !== undefined) this.offset = fstatSync(this.fd).size;
    return { error: undefined, written };
  }

  /** Gives up what was read ahead, so that the next transfer happens where the script is. */
  private unread(): void {
    if (this.offset !== undefined) this.offset -= this.available;
    else if (lseek(this.fd, -this.available, SEEK_CUR) === undefined) return;
    this.discard();
  }

  // --- the rest -----------------------------------------------------------------------------------------------------

  /** Moves to `offset` from the start, the current place or the end, and returns the new place. */
  seek(whence: Whence, offset: number): number | SystemError {
    const error = this.flush();
    if (error !== undefined) return error;
    this.ended = false;
    if (this.offset === undefined) {
      const from = whence === SEEK_CUR ? offset - this.available : offset;
      const at = lseek(this.fd, from, whence);
      // A file's own refusal is about the place asked for; others have no places.
      if (at === undefined) return lseek(this.fd, 0, SEEK_CUR) === undefined ? ILLEGAL_SEEK : INVALID_ARGUMENT;
      this.discard();
      return at;
    }
    const base = whence === SEEK_SET ? 0 : whence === SEEK_CUR ? this.offset - this.available : fstatSync(this.fd).size;
    const target = base + offset;
    if (target < 0 || target > Number.MAX_SAFE_INTEGER) return INVALID_ARGUMENT;
    // What was read ahead is still good when the place lies within it.
    const start = this.offset - this.text.length;
    if (target >= start && target <= this.offset && whence !== SEEK_END) this.at = target - start;
    else {
      this.discard();
      this.offset = target;
    }
    return target;
  }

  setBuffering(mode: Buffering, size: number): void {
    this.flush();
    this.buffering = mode;
    this.capacity = Math.max(1, Math.min(size, 1 << 24));
  }

  /** Flushes and closes. A second time does nothing. */
  close(): SystemError | undefined {
    if (this.closed) return undefined;
    this.closed = true;
    let error = this.flush();
    this.discard();
    if (this.filling !== undefined) {
      // The thread that reads has the descriptor; taking it away now could hand it the bytes of another file.
      void this.filling.finally(() => close(this.fd, () => {}));
      return error;
    }
    try {
      closeSync(this.fd);
    } catch (thrown) {
      error ??= systemError(thrown);
    }
    return error;
  }
}
