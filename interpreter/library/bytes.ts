/** Long strings out of many pieces. */
import { reserveString } from "./size.ts";

/** Pieces from this length on are copied by the engine; shorter ones faster byte by byte. */
const LONG = 48;
/** Buffers up to this size are kept for the next string. */
const MAX_SPARE = 1 << 18;
/** Lengths up to this one are not checked against the memory limit. */
const UNCHECKED = 100_000;

let spare: Buffer | undefined = Buffer.allocUnsafe(1 << 13);

/**
 * Collects the bytes of a string in a buffer: for many short pieces several times faster than concatenation, and
 * without a string object for each.
 */
export class ByteBuilder {
  private buffer: Buffer;
  length = 0;

  constructor() {
    // Another builder may be at work, further out.
    this.buffer = spare ?? Buffer.allocUnsafe(1 << 13);
    spare = undefined;
  }

  private grow(needed: number): void {
    if (needed > UNCHECKED) reserveString(needed);
    const larger = Buffer.allocUnsafe(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(larger, 0, 0, this.length);
    this.buffer = larger;
  }

  /** Adds a text. */
  add(text: string): void {
    const { length } = text;
    const end = this.length + length;
    if (end > this.buffer.length) this.grow(end);
    const { buffer } = this;
    if (length >= LONG) buffer.write(text, this.length, "latin1");
    else for (let i = 0, at = this.length; i < length; i++) buffer[at++] = text.charCodeAt(i);
    this.length = end;
  }

  /** Adds the part of a text from `from` up to `to`. */
  addPart(text: string, from: number, to: number): void {
    if (to - from >= LONG) {
      this.add(text.substring(from, to));
      return;
    }
    const end = this.length + to - from;
    if (end > this.buffer.length) this.grow(end);
    const { buffer } = this;
    for (let i = from, at = this.length; i < to; i++) buffer[at++] = text.charCodeAt(i);
    this.length = end;
  }

  /** The string; the builder must not be used any more. */
  finish(): string {
    const text = this.buffer.toString("latin1", 0, this.length);
    if (this.buffer.length <= MAX_SPARE) spare = this.buffer;
    return text;
  }
}
