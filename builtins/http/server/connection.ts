/**
 * One connection of a server (RFC 9112): requests are read and answered strictly one after the other, so pipelined
 * ones keep their order. Input is handled as byte strings, which is what Lua gets.
 */
import type { Duplex } from "node:stream";
import type { Carried, Carrier } from "./carrier.ts";
import { ChunkedReader } from "./chunked.ts";
import { checkIncomplete, type Head, MAX_HEAD, parseHead, Refusal } from "./head.ts";
import { Pieces } from "./pieces.ts";
import { dateHeader, reasonOf } from "./status.ts";

/** What a connection needs of the server it belongs to. */
export interface ConnectionOwner {
  readonly limits: ConnectionLimits;
  /** Monotonic time of the next look at what takes too long, in milliseconds: limits count from it, never too short. */
  readonly now: number;
  /** Whether there is an access log. */
  readonly access: boolean;
  /** False once the server drains: no request after the current one. */
  readonly open: boolean;
  /** A request is complete; the owner answers it with `reply` or takes the socket with `upgrade`. */
  handle(connection: Connection, head: Head, body: string): void;
  /** A request was refused before it was complete. */
  refused(connection: Connection, refusal: Refusal): void;
  /** Notes that `bytes` more (or fewer) of bodies on their way are held; false if the script's memory has no room. */
  hold(bytes: number): boolean;
  /** The handler of the current request has taken too long. */
  overdue(connection: Connection): void;
  /** The connection is closed. */
  gone(connection: Connection): void;
}

/** Times in milliseconds. */
export interface ConnectionLimits {
  readonly maxBody: number;
  /** From the first byte of a request's head to its last. */
  readonly headMs: number;
  /** For a request's body; extended as long as the client sends at a minimal rate. */
  readonly bodyMs: number;
  /** Between requests. */
  readonly idleMs: number;
  /** For a client that takes nothing of what is sent to it. */
  readonly sendMs: number;
  /** From a complete request to the beginning of its reply. */
  readonly requestMs: number;
}

/** A body that keeps coming at this rate, in bytes a second, is waited for beyond `bodyMs`. */
const MIN_RATE = 500;
/** Input that is kept while a request is being answered; more waits in the socket. */
const MAX_AHEAD = 64 * 1024;
/** How long, and how many bytes, a connection that is being closed is still read, so that the last reply arrives. */
const LINGER_MS = 2000;
const MAX_LINGER = 1024 * 1024;
/** Bodies are handed to the socket in pieces of this size, so that a slow reader can be told from a stuck one. */
const PIECE = 256 * 1024;

const TEXT = "content-type: text/plain; charset=utf-8\r\n";

enum Phase {
  /** Between requests, or inside a head. */
  Head,
  Body,
  /** A request is being answered. */
  Busy,
  /** The last reply is written; what still comes is thrown away. */
  Lingering,
  /** The socket belongs to somebody else, or is closed. */
  Over,
}

export class Connection implements Carried {
  /** When the current request was complete, if there is an access log. */
  startedAt = 0;
  /** What the owner keeps for the current request. */
  current: unknown = undefined;
  private phase = Phase.Head;
  /** Input not yet used. */
  private pending = "";
  /** Monotonic time at which the present phase has taken too long. */
  private deadline: number;
  /** Whether the first bytes of a head have come, which starts the time it may take. */
  private inHead = true;
  private head: Head | undefined;
  private lastText = "";
  private lastHead: Head | undefined;
  private pieces = new Pieces();
  private received = 0;
  private held = 0;
  /** Bytes of the reply that are held because the client has not taken them. */
  private output = 0;
  private chunked: ChunkedReader | undefined;
  private keepAlive = true;
  private halfClosed = false;
  private reading = false;
  private lingered = 0;
  private paused = false;
  /** Bytes of `pending` that are counted as memory. */
  private ahead = 0;
  /** Since when the socket has not taken what was written to it; 0 if it has. */
  private blockedAt = 0;
  private drained: (() => void)[] = [];
  /** Told when the connection is lost while its reply is being streamed. */
  onLost: (() => void) | undefined = undefined;

  constructor(
    private readonly carrier: Carrier,
    private readonly owner: ConnectionOwner,
  ) {
    this.deadline = this.owner.now + owner.limits.headMs;
  }

  get remote(): string {
    return this.carrier.remoteAddress;
  }

  get closed(): boolean {
    return this.phase === Phase.Over;
  }

  /** Whether no request is under way. */
  get idle(): boolean {
    return this.phase === Phase.Head && this.pending === "";
  }

  // --- input --------------------------------------------------------------------------------------------------------

  onData(chunk: Buffer): void {
    if (this.phase === Phase.Lingering) {
      this.lingered += chunk.length;
      if (this.lingered > MAX_LINGER) this.destroy();
      return;
    }
    const text = chunk.toString("latin1");
    this.pending = this.pending === "" ? text : this.pending + text;
    if (this.phase !== Phase.Busy) this.read();
    else if (this.pending.length > MAX_AHEAD) this.wait();
  }

  /** Leaves further input in the socket until the request is answered. What has come already counts as memory. */
  private wait(): void {
    if (!this.paused) {
      this.paused = true;
      this.carrier.pause();
    }
    if (this.holdAhead(this.pending.length)) return;
    this.destroy();
  }

  private holdAhead(bytes: number): boolean {
    if (bytes === this.ahead) return true;
    if (!this.owner.hold(bytes - this.ahead)) return false;
    this.ahead = bytes;
    return true;
  }

  /** Takes input again once there is use for it: pipelined requests may have come by the thousand. */
  private goOn(): void {
    if (!this.paused || this.phase === Phase.Busy) return;
    this.paused = false;
    this.holdAhead(0);
    this.carrier.resume();
  }

  /** Uses what has come in, as far as it goes. */
  private read(): void {
    // A reply given at once leads back here; the loop below goes on instead.
    if (this.reading) return;
    this.reading = true;
    try {
      while (
        this.pending !== "" &&
        ((this.phase === Phase.Head && this.readHead()) || (this.phase === Phase.Body && this.readBody()))
      );
      if (this.halfClosed && this.phase < Phase.Busy) this.endOfInput();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.refuse(error);
    } finally {
      this.reading = false;
      this.goOn();
    }
  }

  /** Reads a head if it is complete; false if more has to come. */
  private readHead(): boolean {
    // RFC 9112 §2.2: an empty line before a request line is ignored. One, not many.
    const start = this.pending.startsWith("\r\n") ? 2 : 0;
    const end = this.pending.indexOf("\r\n\r\n", start);
    if (end < 0 || end > MAX_HEAD) {
      if (this.pending.length > MAX_HEAD) {
        const inLine = this.pending.lastIndexOf("\r\n", MAX_HEAD) < 2;
        throw inLine ? new Refusal(414, "URI too long") : new Refusal(431, "request header fields too large");
      }
      checkIncomplete(this.pending);
      if (!this.inHead) {
        this.inHead = true;
        this.deadline = this.owner.now + this.owner.limits.headMs;
      }
      return false;
    }
    this.inHead = false;
    const head = this.recall() ?? parseHead(this.pending, start, end);
    if (this.pending.length === end + 4) {
      this.lastText = this.pending;
      this.lastHead = head;
      this.pending = "";
    } else this.pending = this.pending.slice(end + 4);
    this.head = head;
    if (head.length > this.owner.limits.maxBody) throw new Refusal(413, "content too large");
    if (head.length === 0) {
      this.complete(head, "");
      return true;
    }
    this.hold(Math.max(0, head.length));
    this.phase = Phase.Body;
    this.deadline = this.owner.now + this.owner.limits.bodyMs;
    this.received = 0;
    if (head.length < 0) this.chunked = new ChunkedReader(this.owner.limits.maxBody);
    if (head.expectsContinue && this.pending === "") this.write("HTTP/1.1 100 Continue\r\n\r\n");
    return true;
  }

  /** The head of the request before, if this one is the same to the letter: probes, scrapers and proxies repeat themselves. */
  private recall(): Head | undefined {
    return this.pending === this.lastText ? this.lastHead : undefined;
  }

  private readBody(): boolean {
    const head = this.head!;
    if (this.chunked !== undefined) {
      this.pending = this.chunked.read(this.pending);
      this.hold(this.chunked.received);
      if (!this.chunked.done) return false;
      const body = this.chunked.body();
      this.chunked = undefined;
      this.complete(head, body);
      return true;
    }
    const missing = head.length - this.received;
    if (this.pending.length < missing) {
      this.pieces.add(this.pending);
      this.received += this.pending.length;
      this.pending = "";
      return false;
    }
    let body: string;
    if (this.pending.length === missing) {
      body = this.pending;
      this.pending = "";
    } else {
      body = this.pending.slice(0, missing);
      this.pending = this.pending.slice(missing);
    }
    if (this.received > 0) {
      this.pieces.add(body);
      body = this.pieces.take();
    }
    this.complete(head, body);
    return true;
  }

  /** What is held of the current body, in bytes, from now on. */
  private hold(bytes: number): void {
    const more = bytes - this.held;
    if (more === 0) return;
    if (!this.owner.hold(more)) throw new Refusal(503, "service unavailable");
    this.held = bytes;
  }

  private complete(head: Head, body: string): void {
    this.hold(0);
    this.phase = Phase.Busy;
    if (this.owner.access) this.startedAt = performance.now();
    this.deadline = this.owner.now + this.owner.limits.requestMs;
    this.keepAlive = head.keepAlive;
    this.owner.handle(this, head, body);
  }

  onEnd(): void {
    this.halfClosed = true;
    if (this.phase === Phase.Lingering) this.destroy();
    else if (this.phase === Phase.Busy) {
      this.keepAlive = false;
      // Whoever gets a stream and closes its side is not listening any more.
      this.onLost?.();
    } else if (!this.reading) this.endOfInput();
  }

  /** The client has closed its side between requests, or inside one. */
  private endOfInput(): void {
    if (this.idle) this.closeGently();
    else this.destroy();
  }

  onClose(): void {
    this.destroy();
  }

  // --- output -------------------------------------------------------------------------------------------------------

  /** Writes the whole reply to the current request. `fields` are header lines, each ending in CRLF. */
  reply(status: number, fields: string, body: string): void {
    if (this.phase !== Phase.Busy) return;
    if (this.begun) {
      // Something failed after the head of another reply went out: all that can be done is not to complete it.
      this.destroy();
      return;
    }
    const silent = this.head!.method === "HEAD";
    const length = status === 204 || status === 304 ? "" : `content-length: ${body.length}\r\n`;
    const head = `${this.statusLine(status)}${fields}${length}\r\n`;
    if (silent || body.length <= PIECE) {
      const flushed = this.write(silent ? head : head + body);
      if (flushed) this.finish();
      else this.whenDrained(() => this.finish());
      return;
    }
    if (!this.holdOutput(body.length)) {
      this.reply(503, TEXT, "service unavailable\n");
      return;
    }
    this.write(head);
    this.deadline = Infinity;
    void this.writePieces(body).then(() => {
      this.holdOutput(0);
      this.finish();
    });
  }

  /** What is held of the current reply, in bytes, from now on; false if there is no room. */
  private holdOutput(bytes: number): boolean {
    if (bytes === this.output) return true;
    if (!this.owner.hold(bytes - this.output)) return false;
    this.output = bytes;
    return true;
  }

  private async writePieces(body: string): Promise<void> {
    for (let at = 0; at < body.length && !this.closed; at += PIECE) {
      if (!this.write(body.slice(at, at + PIECE))) await this.flushed();
    }
  }

  /**
   * Begins a reply whose body follows by `send`. `length` is the body's, or undefined when nobody knows: it is sent
   * in chunks then, or up to the end of the connection for HTTP/1.0. Returns false if there will be no body (HEAD).
   */
  begin(status: number, fields: string, length: number | undefined): boolean {
    if (this.phase !== Phase.Busy) return false;
    const head = this.head!;
    this.deadline = Infinity;
    this.begun = true;
    this.chunking = length === undefined && head.http11;
    if (length === undefined && !head.http11) this.keepAlive = false;
    const framing =
      length !== undefined ? `content-length: ${length}\r\n` : head.http11 ? "transfer-encoding: chunked\r\n" : "";
    this.write(`${this.statusLine(status)}${fields}${framing}\r\n`);
    return head.method !== "HEAD";
  }
  private begun = false;
  private chunking = false;

  /** Writes a piece of the body begun with `begin`; false: wait for `flushed`. */
  send(piece: string): boolean {
    if (piece === "" || this.phase !== Phase.Busy) return true;
    return this.write(this.chunking ? `${piece.length.toString(16)}\r\n${piece}\r\n` : piece);
  }

  /** The body begun with `begin` is complete. */
  end(): void {
    if (this.phase !== Phase.Busy) return;
    if (this.chunking && this.head!.method !== "HEAD") this.write("0\r\n\r\n");
    this.chunking = false;
    this.finish();
  }

  /** Settles when what was written has been taken, or the connection is lost. */
  flushed(): Promise<void> {
    return new Promise((settle) => this.whenDrained(settle));
  }

  private whenDrained(then: () => void): void {
    if (this.blockedAt === 0 || this.closed) then();
    else this.drained.push(then);
  }

  private write(text: string): boolean {
    if (this.closed) return true;
    const taken = this.carrier.write(text);
    if (taken) return true;
    if (this.blockedAt === 0) this.blockedAt = this.owner.now;
    if (!this.holdOutput(Math.max(this.output, text.length))) this.destroy();
    return false;
  }

  onDrain(): void {
    this.blockedAt = 0;
    const waiting = this.drained;
    if (waiting.length === 0) {
      this.holdOutput(0);
      return;
    }
    this.drained = [];
    for (const then of waiting) then();
  }

  private statusLine(status: number): string {
    if (!this.owner.open) this.keepAlive = false;
    const connection = this.keepAlive
      ? this.head!.http11
        ? ""
        : "connection: keep-alive\r\n"
      : "connection: close\r\n";
    return `HTTP/1.1 ${status} ${reasonOf(status)}\r\n${dateHeader()}${connection}`;
  }

  /** The script's wish: this reply is the last one on the connection. */
  closeAfterReply(): void {
    this.keepAlive = false;
  }

  /** The current request is answered. */
  private finish(): void {
    if (this.phase !== Phase.Busy) return;
    this.current = undefined;
    this.onLost = undefined;
    this.head = undefined;
    this.begun = false;
    this.holdOutput(0);
    if (!this.keepAlive) {
      this.linger();
      return;
    }
    this.phase = Phase.Head;
    this.deadline = this.owner.now + this.owner.limits.idleMs;
    if (this.pending !== "" || this.halfClosed) this.read();
    else this.goOn();
  }

  /** Answers what cannot be understood or is too large, and closes. */
  private refuse(refusal: Refusal): void {
    this.hold(0);
    this.owner.refused(this, refusal);
    this.pending = "";
    this.pieces = new Pieces();
    this.chunked = undefined;
    const body = `${refusal.reason}\n`;
    this.write(
      `HTTP/1.1 ${refusal.status} ${reasonOf(refusal.status)}\r\n${dateHeader()}connection: close\r\n` +
        `${TEXT}content-length: ${body.length}\r\n\r\n${this.head?.method === "HEAD" ? "" : body}`,
    );
    this.linger();
  }

  /**
   * Closes our side and reads on for a moment: closing a socket that has unread input resets the connection, and the
   * client might lose the reply (RFC 9112 §9.6).
   */
  private linger(): void {
    this.phase = Phase.Lingering;
    // What is still being sent has its own limit; then the client has a moment.
    this.deadline = Infinity;
    this.pending = "";
    this.holdAhead(0);
    if (this.paused) this.carrier.resume();
    this.carrier.end(() => {
      this.deadline = this.owner.now + LINGER_MS;
      if (this.halfClosed) this.destroy();
    });
  }

  /** Closes when what was written is on its way. */
  private closeGently(): void {
    this.phase = Phase.Lingering;
    this.deadline = this.owner.now + LINGER_MS;
    this.carrier.end(() => this.destroy());
  }

  // --- life ---------------------------------------------------------------------------------------------------------

  /** Hands the connection over, with what has been read beyond the head. */
  upgrade(): { socket: Duplex; rest: Buffer } {
    const rest = Buffer.from(this.pending, "latin1");
    this.phase = Phase.Over;
    this.holdAhead(0);
    if (this.paused) this.carrier.resume();
    this.owner.gone(this);
    return { socket: this.carrier.release(), rest };
  }

  /** Looks for what has taken too long. */
  check(now: number): void {
    if (this.blockedAt !== 0 && now - this.blockedAt > this.owner.limits.sendMs) {
      this.destroy();
      return;
    }
    if (now <= this.deadline) return;
    switch (this.phase) {
      case Phase.Head:
        if (this.pending === "") this.destroy();
        else this.refuse(new Refusal(408, "request timeout"));
        return;
      case Phase.Body: {
        const received = this.chunked?.received ?? this.received;
        if (now < this.deadline + (received / MIN_RATE) * 1000) return;
        this.refuse(new Refusal(408, "request timeout"));
        return;
      }
      case Phase.Busy:
        this.deadline = Infinity;
        this.owner.overdue(this);
        return;
      default:
        this.destroy();
    }
  }

  /** Closes a connection between requests; one that is busy closes after its reply. */
  closeWhenIdle(): void {
    this.keepAlive = false;
    if (this.idle) this.closeGently();
  }

  destroy(): void {
    if (this.phase === Phase.Over) return;
    this.phase = Phase.Over;
    this.carrier.destroy();
    this.hold(0);
    this.holdOutput(0);
    this.holdAhead(0);
    this.pending = "";
    this.pieces = new Pieces();
    this.chunked = undefined;
    this.owner.gone(this);
    this.onLost?.();
    this.onLost = undefined;
    const waiting = this.drained;
    this.drained = [];
    for (const then of waiting) then();
  }
}
