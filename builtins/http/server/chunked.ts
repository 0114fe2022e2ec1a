/** Decoding a chunked body (RFC 9112 §7.1) piece by piece. */
import { Refusal } from "./head.ts";
import { Pieces } from "./pieces.ts";

/** A chunk's size line with extensions, and all trailer fields together, may be this long. */
const MAX_LINE = 1024;
const MAX_TRAILERS = 8192;

const SIZE = /^([0-9A-Fa-f]{1,8})(?:[ \t]*;[\t\x20-\x7e\x80-\xff]*)?$/;
const TRAILER = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*$/;

export class ChunkedReader {
  done = false;
  /** Bytes of the body so far. */
  received = 0;
  private readonly pieces = new Pieces();
  /** Bytes of the current chunk that are missing; -1: a size line comes, -2: trailers. */
  private missing = -1;
  private trailers = 0;

  constructor(private readonly limit: number) {}

  body(): string {
    return this.pieces.take();
  }

  /** Uses up `input` as far as it goes and returns the rest. Throws a Refusal. */
  read(input: string): string {
    let at = 0;
    for (;;) {
      if (this.missing > 0) {
        const piece = input.slice(at, at + this.missing);
        if (piece === "") return "";
        this.pieces.add(piece);
        this.received += piece.length;
        this.missing -= piece.length;
        at += piece.length;
        if (this.missing > 0) return "";
      }
      if (this.missing === 0) {
        if (input.length < at + 2) return input.slice(at);
        if (!input.startsWith("\r\n", at)) throw new Refusal(400, "malformed chunk");
        at += 2;
        this.missing = -1;
      }
      const stop = input.indexOf("\r\n", at);
      const length = (stop < 0 ? input.length : stop) - at;
      if (length > MAX_LINE) throw new Refusal(400, "malformed chunk");
      if (stop < 0) {
        const rest = input.slice(at);
        // A line end that is none: what follows would be waited for in vain.
        if (/\n|\r./.test(rest))
          throw new Refusal(400, this.missing === -2 ? "malformed trailer" : "malformed chunk size");
        return rest;
      }
      const line = input.slice(at, stop);
      at = stop + 2;
      if (this.missing === -2) {
        if (line === "") {
          this.done = true;
          return input.slice(at);
        }
        this.trailers += line.length;
        if (this.trailers > MAX_TRAILERS) throw new Refusal(431, "request header fields too large");
        // Nobody reads them, but they must be what they seem.
        if (!TRAILER.test(line)) throw new Refusal(400, "malformed trailer");
        continue;
      }
      const size = SIZE.exec(line);
      if (size === null) throw new Refusal(400, "malformed chunk size");
      this.missing = Number.parseInt(size[1]!, 16);
      if (this.received + this.missing > this.limit) throw new Refusal(413, "content too large");
      if (this.missing === 0) this.missing = -2;
    }
  }
}
