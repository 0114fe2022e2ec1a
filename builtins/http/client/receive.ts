/** What becomes of a response's body: collected for the script, written to a file, or thrown away. */

import { randomBytes } from "node:crypto";
import { closeSync, constants, existsSync, openSync, renameSync, unlinkSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fromText } from "../../../interpreter/text.ts";
import { type CheckFile, realPathOfDescriptor } from "../../opened.ts";
import { after, type Timer } from "../../timer.ts";
import { Failure, failureOf, quoted } from "../failure.ts";
import { headerOf, joinedHeader } from "../headers.ts";
import { codings, Decoder, type Sink } from "./decode.ts";
import type { Head, Receiver } from "./exchange.ts";
import type { Stream } from "./stream.ts";

/** Bytes of an unwanted body (of a redirect, of a response that is tried again) that are read to keep the connection. */
const MAX_DISCARDED = 256 * 1024;
/** How long such a body is waited for. */
const DISCARD_MS = 500;

/** What a body may take without being asked about, in bytes. */
const HOLD_STEP = 64 * 1024;

/**
 * Shorter pieces are copied together into blocks: each costs some hundred bytes beside its own, and keeps alive
 * whatever it was read with. A server may send a body byte by byte.
 */
const SMALL_PIECE = 16 * 1024;
const BLOCK = 64 * 1024;

/** Collects a body in memory, up to a limit. */
export class Collector implements Sink {
  private readonly chunks: Buffer[] = [];
  /** What short pieces are copied into, and how much of it is used. */
  private block: Buffer | undefined;
  private used = 0;
  size = 0;
  private held = 0;

  constructor(
    private readonly limit: number,
    /** Notes that the script's memory holds that many bytes more; raises when there is no room. */
    private readonly hold: (bytes: number) => void,
  ) {}

  /** Notes how long the body says it is, to fail before it is read. */
  expect(bytes: number): void {
    if (bytes > this.limit) throw this.tooLarge();
    this.holdUpTo(bytes);
  }

  add(chunk: Buffer): boolean {
    this.size += chunk.length;
    if (this.size > this.limit) throw this.tooLarge();
    if (this.size > this.held && this.size > HOLD_STEP) this.holdUpTo(this.size * 2);
    // Most bodies come in one piece.
    if (chunk.length >= SMALL_PIECE || this.size === chunk.length) {
      this.endBlock();
      this.chunks.push(chunk);
    } else this.copy(chunk);
    return true;
  }

  private copy(chunk: Buffer): void {
    if (this.block === undefined || this.used + chunk.length > this.block.length) {
      this.endBlock();
      this.block = Buffer.allocUnsafeSlow(BLOCK);
    }
    this.used += chunk.copy(this.block, this.used);
  }

  /** Puts the used part of the block among the pieces; the rest of it goes on as the block. */
  private endBlock(): void {
    if (this.block === undefined || this.used === 0) return;
    this.chunks.push(this.block.subarray(0, this.used));
    this.block = this.block.subarray(this.used);
    this.used = 0;
  }

  /** The body as a byte string. */
  bytes(): string {
    const { chunks } = this;
    this.endBlock();
    this.release();
    if (chunks.length === 0) return "";
    const whole = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, this.size);
    return whole.toString("latin1");
  }

  private holdUpTo(bytes: number): void {
    if (bytes < HOLD_STEP) return;
    this.hold(bytes - this.held);
    this.held = bytes;
  }

  /** The bytes are the script's now, or given up. */
  release(): void {
    if (this.held === 0) return;
    this.hold(-this.held);
    this.held = 0;
  }

  private tooLarge(): Failure {
    return new Failure(`response body is larger than max_body (${this.limit} bytes)`, "never");
  }
}

/** The file that a body goes to. */
export interface DownloadTarget {
  /** Absolute; the real path where writing is restricted. */
  readonly path: string;
  readonly check: CheckFile;
}

/**
 * Writes a body to a new file beside its target, which it replaces only when complete. The folder is held open, so
 * that it stays the one that permissions were decided on.
 */
export class Download implements Sink {
  size = 0;
  private readonly path: string;
  private folder: number | undefined;
  private readonly temporary: string = "";
  private readonly target: string = "";
  private file: number | undefined;
  /** In place, or removed. */
  private written = false;

  constructor(
    { path, check }: DownloadTarget,
    private readonly limit: number,
  ) {
    this.path = path;
    try {
      this.folder = this.attempt(() => openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY));
      const real = this.attempt(() => realPathOfDescriptor(this.folder!, dirname(path)));
      if (real !== dirname(path)) check(join(real, basename(path)));
      const place = existsSync(`/proc/self/fd/${this.folder}`) ? `/proc/self/fd/${this.folder}` : real;
      this.target = join(place, basename(path));
      this.temporary = join(place, `.${basename(path)}.${randomBytes(6).toString("hex")}.part`);
      this.file = this.attempt(() => openSync(this.temporary, "wx", 0o666));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  add(chunk: Buffer): boolean {
    this.size += chunk.length;
    if (this.size > this.limit)
      throw new Failure(`response body is larger than max_body (${this.limit} bytes)`, "never");
    const { file } = this;
    if (file === undefined) return true;
    this.attempt(() => {
      for (let at = 0; at < chunk.length; ) at += writeSync(file, chunk, at);
    });
    return true;
  }

  /** Puts the file in place. */
  commit(): void {
    this.attempt(() => {
      this.closeFile();
      renameSync(this.temporary, this.target);
      this.written = true;
    });
    this.close();
  }

  /** Removes what was written, unless it is in place already. */
  discard(): void {
    if (this.written) return;
    this.written = true;
    try {
      this.closeFile();
      unlinkSync(this.temporary);
    } catch {
      // Whoever removed it first did our work.
    }
    this.close();
  }

  private closeFile(): void {
    const { file } = this;
    this.file = undefined;
    if (file !== undefined) closeSync(file);
  }

  private close(): void {
    const { folder } = this;
    this.folder = undefined;
    if (folder !== undefined) closeSync(folder);
  }

  private attempt<T>(step: () => T): T {
    try {
      return step();
    } catch (error) {
      throw new Failure(
        `cannot write ${quoted(fromText(this.path))}: ${failureOf(error, "unsent").words}`,
        "never",
        error,
      );
    }
  }
}

class Discard implements Sink {
  private size = 0;
  add(chunk: Buffer): boolean {
    this.size += chunk.length;
    if (this.size > MAX_DISCARDED) throw TOO_LONG_TO_DISCARD;
    return true;
  }
}

/** Thrown by a receiver that has seen enough; the connection is closed, the head counts. */
export const TOO_LONG_TO_DISCARD = new Failure("unwanted body is too long", "never");

/** What a caller wants to happen with a response, once its head is known. */
export type Wanted = Collector | Download | Stream | "nothing";

/** The receiver of one exchange. */
export class BodyReceiver implements Receiver {
  received: Head | undefined = undefined;
  sink: Wanted = "nothing";
  private target: Sink = new Discard();
  private decoder: Decoder | undefined;
  private discarding: Timer | undefined;

  constructor(
    private readonly method: string,
    private readonly choose: (head: Head) => Wanted,
  ) {}

  head(head: Head, giveUp: (reason: unknown) => void): void {
    this.received = head;
    const transfer = joinedHeader(head.headers, "transfer-encoding");
    if (transfer !== undefined && transfer.toLowerCase() !== "chunked") {
      throw new Failure("malformed response (unsupported transfer encoding)", "never");
    }
    this.sink = this.choose(head);
    if (this.sink === "nothing") {
      this.discarding = after(DISCARD_MS, () => giveUp(TOO_LONG_TO_DISCARD));
      return;
    }
    this.target = this.sink;
    if (this.method === "HEAD") return;
    const list = codings(joinedHeader(head.headers, "content-encoding"));
    if (list.length > 0) this.decoder = new Decoder(list, this.target, giveUp);
    else if (this.sink instanceof Collector) {
      const length = Number(headerOf(head.headers, "content-length"));
      if (length > 0) this.sink.expect(length);
    }
  }

  data(chunk: Buffer, resume: () => void): boolean {
    if (this.decoder !== undefined) return this.decoder.write(chunk, resume);
    return this.target.add(chunk, resume);
  }

  end(): void | Promise<void> {
    this.discarding?.cancel();
    return this.decoder?.end();
  }

  abort(): void {
    this.discarding?.cancel();
    this.decoder?.abort();
    if (this.sink instanceof Download) this.sink.discard();
    else if (this.sink instanceof Collector) this.sink.release();
  }
}
