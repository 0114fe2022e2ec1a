/** Long strings out of many pieces. */
import { reserveString } from "./size.ts";

/** Bytes that are collected before they become a string of their own. */
const CHUNK = 1 << 14;
/** Pieces from this length on are copied by the engine; shorter ones faster byte by byte. */
const LONG = 48;
/** Pieces from this length on are not copied at all. */
const HUGE = 1 << 11;
/** Lengths up to this one are not checked against the memory limit. */
const UNCHECKED = 100_000;

let spare: Buffer | undefined = Buffer.allocUnsafe(CHUNK);

/**
 * Collects the bytes of a string in a buffer: for many short pieces several times faster than concatenation, and
 * without a string object for each.
 */
export class ByteBuilder {
  private readonly buffer: Buffer;
  private used = 0;
  /** What has been collected before the buffer's contents. */
  private text = "";

  constructor() {
    // Another builder may be at work, further out.
    this.buffer = spare ?? Buffer.allocUnsafe(CHUNK);
    spare = undefined;
  }

  private flush(): void {
    if (this.used === 0) return;
    this.text += this.buffer.toString("latin1", 0, this.used);
    this.used = 0;
  }

  /** Adds a long piece. */
  private addLong(piece: string): void {
    const { length } = piece;
    if (length < HUGE) {
      if (this.used + length > CHUNK) this.flush();
      this.buffer.write(piece, this.used, "latin1");
      this.used += length;
    } else {
      this.flush();
      if (this.text.length + length > UNCHECKED) reserveString(this.text.length + length);
      this.text += piece;
    }
  }

  /** Adds a text. */
  add(piece: string): void {
    const { length } = piece;
    if (length >= LONG) this.addLong(piece);
    else {
      if (this.used + length > CHUNK) this.makeRoom();
      const { buffer } = this;
      let at = this.used;
      for (let i = 0; i < length; i++) buffer[at++] = piece.charCodeAt(i);
      this.used = at;
    }
  }

  /** Adds the part of a text from `from` up to `to`. */
  addPart(text: string, from: number, to: number): void {
    if (to - from >= LONG) this.addLong(text.substring(from, to));
    else {
      if (this.used + to - from > CHUNK) this.makeRoom();
      const { buffer } = this;
      let at = this.used;
      for (let i = from; i < to; i++) buffer[at++] = text.charCodeAt(i);
      this.used = at;
    }
  }

  private makeRoom(): void {
    this.flush();
    if (this.text.length > UNCHECKED) reserveString(this.text.length);
  }

  /** The string; the builder must not be used any more. */
  finish(): string {
    this.flush();
    spare = this.buffer;
    return this.text;
  }
}
