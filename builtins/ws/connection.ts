/**
 * A websocket (RFC 6455), on either side, as scripts use it: messages wait in a queue for tasks that ask for them,
 * tasks wait in a queue for messages.
 */
import type { Duplex } from "node:stream";
import { toText } from "../../interpreter/text.ts";
import WebSocket from "../../node_modules/ws/lib/websocket.js";
import { Failure } from "../http/failure.ts";
import { after, type Timer } from "../timer.ts";

/** The largest message taken by default, in bytes. */
export const MAX_MESSAGE = 16 * 1024 * 1024;
/** Pieces that one message may come in. */
const MAX_FRAGMENTS = 16 * 1024;
const MAX_CHUNKS = 1024 * 1024;
/** Bytes that the other side may still send once it has been told that this one closes. */
const MAX_DROPPED = 16 << 20;
/** Messages not yet received by the script, and their bytes, beyond which the other side has to wait. */
const MAX_WAITING = 1000;
const MAX_WAITING_BYTES = 256 * 1024;
/** Bytes not yet sent beyond which `send` waits. */
const MAX_UNSENT = 256 * 1024;
/** How long the other side may take to answer a close frame. */
const CLOSE_MS = 2000;
/** Pings of the other side that are being answered. */
const MAX_PONGS = 100;
/** What a piece of a message takes beside its bytes. */
const PIECE_BYTES = 300;
/** The script's memory is asked for so many bytes at a time. */
const HOLD_STEP = 64 * 1024;

const OPEN = 1;
const CLOSED = 3;

export interface SocketOptions {
  readonly server: boolean;
  readonly maxMessage: number;
  /** Milliseconds between pings, each of which must be answered before the next; Infinity for none. */
  readonly pingMs: number;
  readonly subprotocol: string | undefined;
  /** Has bytes counted as the script's memory; raises when there is no room. */
  readonly hold: (bytes: number) => void;
}

class Endpoint extends WebSocket {
  constructor(server: boolean) {
    super(null, undefined, { autoPong: true, maxPendingAutoPongs: MAX_PONGS, closeTimeout: CLOSE_MS });
    this._isServer = server;
  }

  /** About how many bytes it keeps: of messages that are not complete, and of those that are not sent. */
  get size(): number {
    const { _receiver: receiver, bufferedAmount } = this;
    if (receiver === null) return bufferedAmount;
    const pieces = receiver._buffers.length + receiver._fragments.length;
    return bufferedAmount + receiver._bufferedBytes + receiver._messageLength + pieces * PIECE_BYTES;
  }

  /** Throws away what has come in and is no message. Only for one that gets no more: a script may keep it for long. */
  clear(): void {
    if (this._receiver === null) return;
    this._receiver._buffers = [];
    this._receiver._bufferedBytes = 0;
    this._receiver._fragments = [];
    this._receiver._messageLength = 0;
  }
}

/** Why a connection is closed: raised by whatever is asked of it then. */
export class Closed extends Failure {
  constructor(
    readonly code: number,
    reason: string,
  ) {
    super(`connection closed (${reason === "" ? code : `${code} ${reason}`})`, "never");
  }
}

/** Raised by what is asked of a connection that one side is about to close. */
export class Closing extends Failure {
  constructor() {
    super("connection is closing", "never");
  }
}

interface Waiter {
  settle(message: string): void;
  fail(failure: Failure): void;
}

export class WebsocketConnection {
  readonly subprotocol: string | undefined;
  /** Settles when the connection is closed. */
  readonly finished: Promise<void>;
  private finish!: () => void;
  private readonly endpoint: Endpoint;
  private readonly messages: string[] = [];
  private waitingBytes = 0;
  private readonly waiters = new Set<Waiter>();
  private paused = false;
  /** Bytes that came while it was being closed. */
  private dropped = 0;
  /** What it was closed with, by whichever side was first. */
  private closed: Closed | undefined;
  private broken: Closed | undefined;
  private pinger: ReturnType<typeof setInterval> | undefined;
  private readonly hold: (bytes: number) => void;
  /** Bytes that are counted as the script's memory. */
  private held = 0;
  private isGivenUp = false;

  /** @param rest what has been read beyond the handshake */
  constructor(
    private readonly socket: Duplex,
    rest: Buffer,
    options: SocketOptions,
  ) {
    this.subprotocol = options.subprotocol;
    this.hold = options.hold;
    this.finished = new Promise((settle) => {
      this.finish = settle;
    });
    this.endpoint = new Endpoint(options.server);
    this.endpoint.on("message", (data: Buffer) => this.received(data.toString("latin1")));
    this.endpoint.on("error", (error: Error & { code?: string }) => {
      this.broken ??= closedBy(error);
    });
    this.endpoint.on("close", (code: number, reason: Buffer) => this.ended(code, reason));
    this.endpoint.setSocket(socket, rest, {
      allowSynchronousEvents: true,
      maxPayload: options.maxMessage,
      maxFragments: MAX_FRAGMENTS,
      maxBufferedChunks: MAX_CHUNKS,
      skipUTF8Validation: false,
    });
    // After the endpoint's own listener: what has become of the bytes is known then.
    socket.on("data", () => this.account());
    socket.resume();
    if (options.pingMs !== Infinity) this.keepAsking(options.pingMs);
  }

  /** What it was closed with; undefined while it is open. */
  get end(): Closed | undefined {
    return this.closed;
  }

  /** The next message as bytes: at once if there is one. `cancel` withdraws the request. */
  receive(timeoutMs: number): string | { promise: Promise<string>; cancel: () => void } {
    const message = this.messages.shift();
    if (message !== undefined) {
      this.waitingBytes -= message.length;
      this.account();
      if (this.paused && this.messages.length < MAX_WAITING / 2 && this.waitingBytes < MAX_WAITING_BYTES / 2) {
        this.paused = false;
        this.endpoint.resume();
      }
      return message;
    }
    if (this.closed !== undefined) throw this.closed;
    let withdraw = () => {};
    const promise = new Promise<string>((settle, fail) => {
      let timer: Timer | undefined;
      const waiter: Waiter = {
        settle: (given) => {
          withdraw();
          settle(given);
        },
        fail: (failure) => {
          withdraw();
          fail(failure);
        },
      };
      withdraw = () => {
        timer?.cancel();
        this.waiters.delete(waiter);
      };
      if (timeoutMs !== Infinity) timer = after(timeoutMs, () => waiter.fail(new Failure("timeout", "never")));
      this.waiters.add(waiter);
    });
    return { promise, cancel: () => withdraw() };
  }

  /** Sends a message; a promise when the other side is slow to take what is sent. Throws a Failure. */
  send(bytes: string, binary: boolean): Promise<void> | undefined {
    if (this.closed !== undefined) throw this.closed;
    if (this.endpoint.readyState !== OPEN) throw this.broken ?? new Closing();
    if (!binary && toText(bytes) === undefined) {
      throw new Failure("a text message must be valid UTF-8 (send other bytes with {binary = true})", "never");
    }
    let waiting: Promise<void> | undefined;
    let done = () => {};
    if (this.endpoint.bufferedAmount + bytes.length > MAX_UNSENT) {
      waiting = new Promise((settle) => {
        done = settle;
      });
    }
    this.endpoint.send(Buffer.from(bytes, "latin1"), { binary }, () => {
      done();
      this.account();
    });
    this.account();
    // Losing the connection settles it too; the next operation says what happened.
    return waiting === undefined ? undefined : Promise.race([waiting, this.finished]);
  }

  /** Begins to close; settles when the other side has agreed, or had its time. */
  close(code: number, reason: string): Promise<void> {
    if (this.endpoint.readyState === OPEN) this.endpoint.close(code, Buffer.from(reason, "latin1"));
    // Messages that nobody received must not keep the other side's answer from being read.
    this.endpoint.resume();
    return this.finished;
  }

  /** Closes without a word. */
  destroy(): void {
    this.endpoint.terminate();
  }

  /** Has what it keeps counted as the script's memory. Closes the connection when there is no room. */
  private account(): void {
    const bytes =
      this.endpoint.readyState === CLOSED ? 0 : this.endpoint.size + this.waitingBytes + this.socket.readableLength;
    const rounded = Math.floor(bytes / HOLD_STEP) * HOLD_STEP;
    if (rounded === this.held) return;
    try {
      this.hold(rounded - this.held);
      this.held = rounded;
    } catch {
      this.giveUp();
    }
  }

  /** Closes because there is no room for what comes in; nothing more of it is looked at. */
  private giveUp(): void {
    if (this.isGivenUp) return;
    this.isGivenUp = true;
    this.broken ??= new Closed(1013, "not enough memory");
    if (this.endpoint.readyState === OPEN) this.endpoint.close(1013, Buffer.from("not enough memory"));
    this.endpoint.clear();
    this.socket.removeAllListeners("data");
    this.socket.on("data", (chunk: Buffer) => this.drop(chunk.length));
    this.account();
  }

  private received(message: string): void {
    if (this.endpoint.readyState !== OPEN) return this.drop(message.length);
    for (const waiter of this.waiters) {
      waiter.settle(message);
      return;
    }
    this.messages.push(message);
    this.waitingBytes += message.length;
    if (!this.paused && (this.messages.length >= MAX_WAITING || this.waitingBytes >= MAX_WAITING_BYTES)) {
      this.paused = true;
      this.endpoint.pause();
    }
  }

  /** What comes while it is being closed is for nobody; who sends on and on is not waited for. */
  private drop(bytes: number): void {
    this.dropped += bytes;
    if (this.dropped > MAX_DROPPED) this.destroy();
  }

  private ended(code: number, reason: Buffer): void {
    clearInterval(this.pinger);
    this.endpoint.clear();
    this.account();
    const words = code === 1006 ? "connection lost" : reason.toString("latin1");
    this.closed = this.broken ?? new Closed(code, words.replace(/[\x00-\x1f\x7f]/g, " "));
    for (const waiter of this.waiters) waiter.fail(this.closed);
    this.finish();
  }

  /** Pings at intervals; a ping that is not answered before the next one means that the connection is lost. */
  private keepAsking(ms: number): void {
    let answered = true;
    this.endpoint.on("pong", () => {
      answered = true;
    });
    this.pinger = setInterval(() => {
      if (!answered) {
        this.broken ??= new Closed(1006, "ping not answered");
        this.destroy();
        return;
      }
      answered = false;
      if (this.endpoint.readyState === OPEN) this.endpoint.ping();
    }, ms);
  }
}

/** What ws found wrong with what came in, and the code it closes the connection with. */
function closedBy(error: Error & { code?: string }): Closed {
  switch (error.code) {
    case "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH":
      return new Closed(1009, "message is larger than max_message");
    case "WS_ERR_TOO_MANY_BUFFERED_PARTS":
      return new Closed(1008, "message comes in too many pieces");
    case "WS_ERR_INVALID_UTF8":
      return new Closed(1007, "text message is not valid UTF-8");
    default:
      return error.code?.startsWith("WS_ERR_") === true
        ? new Closed(1002, `protocol error: ${error.code.slice(7).toLowerCase().replaceAll("_", " ")}`)
        : new Closed(1006, "connection lost");
  }
}
