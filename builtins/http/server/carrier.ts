/**
 * What carries the bytes of a server's connections. Plain TCP goes straight over the runtime's sockets (tcp.ts), which
 * costs a third of what node:net's streams do; TLS goes over node:tls, which verifies client certificates.
 */
import type { Duplex } from "node:stream";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import type { TlsSettings } from "../tls.ts";

export interface Carrier {
  readonly remoteAddress: string;
  /** Writes a byte string; false: what was written has not all been taken, `onDrain` follows. */
  write(bytes: string): boolean;
  /** Closes our side once everything is written; calls `sent` then. */
  end(sent: () => void): void;
  /** Closes both sides at once. */
  destroy(): void;
  pause(): void;
  resume(): void;
  /** Gives the connection away, as a stream. Nothing more is told to `Carried`. */
  release(): Duplex;
}

/** Who is told what happens on a connection. */
export interface Carried {
  onData(chunk: Buffer): void;
  /** The other side sends nothing more. */
  onEnd(): void;
  /** Everything written has been taken. */
  onDrain(): void;
  onClose(): void;
}

/** A socket that accepts connections. */
export interface Listener {
  readonly port: number;
  /** Accepts no more; open connections stay. */
  close(): void;
}

class StreamCarrier implements Carrier {
  constructor(
    private readonly socket: TLSSocket,
    carried: (carrier: Carrier) => Carried | undefined,
  ) {
    socket.on("error", ignore);
    const to = carried(this);
    if (to === undefined) return;
    socket.on("data", (chunk: Buffer) => to.onData(chunk));
    socket.on("end", () => to.onEnd());
    socket.on("drain", () => to.onDrain());
    socket.on("close", () => to.onClose());
  }

  get remoteAddress(): string {
    return this.socket.remoteAddress ?? "";
  }

  write(bytes: string): boolean {
    return this.socket.write(bytes, "latin1");
  }

  end(sent: () => void): void {
    this.socket.end(sent);
  }

  destroy(): void {
    this.socket.destroy();
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  release(): Duplex {
    for (const event of ["data", "end", "drain", "close"]) this.socket.removeAllListeners(event);
    return this.socket;
  }
}

function ignore(): void {
  // `close` follows.
}

/**
 * Listens with TLS. `accept` gives whoever is to be told about a new connection, or nothing if it is turned away.
 * Rejects with what the system says.
 */
export function listenTls(
  address: string,
  port: number,
  tls: TlsSettings,
  handshakeMs: number,
  accept: (carrier: Carrier) => Carried | undefined,
): Promise<Listener> {
  return new Promise((settle, fail) => {
    const server = createTlsServer(
      {
        cert: tls.cert,
        key: tls.key,
        ca: tls.ca,
        requestCert: tls.ca !== undefined,
        rejectUnauthorized: tls.ca !== undefined,
        minVersion: "TLSv1.2",
        handshakeTimeout: handshakeMs,
        allowHalfOpen: true,
        noDelay: true,
      },
      (socket) => new StreamCarrier(socket, accept),
    );
    server.on("tlsClientError", (_error, socket) => socket.destroy());
    server.once("error", fail);
    server.listen({ host: address, port, backlog: BACKLOG }, () => {
      server.off("error", fail);
      server.on("error", ignore);
      settle({ port: (server.address() as { port: number }).port, close: () => server.close() });
    });
  });
}

/** Connections that may wait to be accepted. */
export const BACKLOG = 1024;
