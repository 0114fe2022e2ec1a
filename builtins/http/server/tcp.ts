/** Connections over the runtime's own TCP sockets. */
import { Duplex } from "node:stream";
import type { Socket } from "bun";
import { BACKLOG, type Carried, type Carrier, type Listener } from "./carrier.ts";

/** Short texts are turned into bytes here: the socket takes what it can at once and keeps nothing. */
const scratch = Buffer.allocUnsafe(64 * 1024);

type TcpSocket = Socket<TcpCarrier>;

export class TcpCarrier implements Carrier {
  /** What the socket has not taken yet. */
  private waiting: Buffer[] = [];
  private sent: (() => void) | undefined;
  private closed = false;
  private stream: SocketStream | undefined;
  carried: Carried | undefined;

  constructor(private readonly socket: TcpSocket) {}

  get remoteAddress(): string {
    return this.socket.remoteAddress;
  }

  write(bytes: string): boolean {
    if (this.closed) return true;
    const { length } = bytes;
    if (length > scratch.length) return this.writeBuffer(Buffer.from(bytes, "latin1"));
    scratch.write(bytes, "latin1");
    if (this.waiting.length > 0) {
      this.waiting.push(Buffer.from(scratch.subarray(0, length)));
      return false;
    }
    const taken = Math.max(0, this.socket.write(scratch, 0, length));
    if (taken === length) return true;
    this.waiting.push(Buffer.from(scratch.subarray(taken, length)));
    return false;
  }

  /** The same for bytes, which are kept until the socket takes them. */
  writeBuffer(bytes: Buffer): boolean {
    if (this.closed) return true;
    if (this.waiting.length === 0) {
      const taken = Math.max(0, this.socket.write(bytes));
      if (taken === bytes.length) return true;
      bytes = bytes.subarray(taken);
    }
    this.waiting.push(bytes);
    return false;
  }

  end(sent: () => void): void {
    this.sent = sent;
    if (this.waiting.length === 0) this.shutDown();
  }

  private shutDown(): void {
    const { sent } = this;
    this.sent = undefined;
    if (this.closed || sent === undefined) return;
    this.socket.shutdown();
    queueMicrotask(sent);
  }

  destroy(): void {
    if (this.closed) return;
    this.closed = true;
    this.waiting = [];
    this.socket.end();
  }

  pause(): void {
    if (!this.closed) this.socket.pause();
  }

  resume(): void {
    if (!this.closed) this.socket.resume();
  }

  release(): Duplex {
    this.carried = undefined;
    this.stream = new SocketStream(this);
    return this.stream;
  }

  // --- what the socket tells ----------------------------------------------------------------------------------------

  data(chunk: Buffer): void {
    if (this.stream !== undefined) this.stream.arrived(chunk);
    else this.carried?.onData(chunk);
  }

  ended(): void {
    if (this.stream !== undefined) this.stream.push(null);
    else this.carried?.onEnd();
  }

  drain(): void {
    while (this.waiting.length > 0) {
      const first = this.waiting[0]!;
      const taken = Math.max(0, this.socket.write(first));
      if (taken < first.length) {
        this.waiting[0] = first.subarray(taken);
        return;
      }
      this.waiting.shift();
    }
    this.shutDown();
    if (this.stream !== undefined) this.stream.drained();
    else this.carried?.onDrain();
  }

  lost(): void {
    this.closed = true;
    this.waiting = [];
    if (this.stream !== undefined) this.stream.destroy();
    else this.carried?.onClose();
  }
}

/** A connection as a stream, for the websocket that takes it over. */
class SocketStream extends Duplex {
  private written: (() => void) | undefined;

  constructor(private readonly carrier: TcpCarrier) {
    super({ allowHalfOpen: true });
  }

  arrived(chunk: Buffer): void {
    if (!this.push(chunk)) this.carrier.pause();
  }

  drained(): void {
    const { written } = this;
    this.written = undefined;
    written?.();
  }

  override _read(): void {
    this.carrier.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.carrier.writeBuffer(chunk)) done();
    else this.written = done;
  }

  override _final(done: () => void): void {
    this.carrier.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.carrier.destroy();
    // Whoever waits for a write to be taken must not wait for ever.
    this.drained();
    done(error);
  }
}

/**
 * Listens. `accept` gives whoever is to be told about a new connection, or nothing if it is turned away. Throws what
 * the system says.
 */
export function listenTcp(address: string, port: number, accept: (carrier: Carrier) => Carried | undefined): Listener {
  const options = {
    hostname: address,
    port,
    backlog: BACKLOG,
    allowHalfOpen: true,
    socket: {
      open(socket: TcpSocket) {
        const carrier = new TcpCarrier(socket);
        socket.data = carrier;
        carrier.carried = accept(carrier);
      },
      data: (socket: TcpSocket, chunk: Buffer) => socket.data.data(chunk),
      end: (socket: TcpSocket) => socket.data.ended(),
      drain: (socket: TcpSocket) => socket.data.drain(),
      close: (socket: TcpSocket) => socket.data.lost(),
      error: () => {},
    },
  };
  const listener = Bun.listen<TcpCarrier>(options);
  return { port: listener.port, close: () => listener.stop(false) };
}
