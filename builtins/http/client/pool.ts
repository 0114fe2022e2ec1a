/**
 * Connections that are kept for further requests. The protocol on each is spoken by undici's client, one client per
 * connection: who is connected to, and how, is decided here (dial.ts) and not by the library.
 */
import type { Socket } from "node:net";
import type { Client } from "undici/types";
import type { Attempt } from "../attempt.ts";
import { dial, type NetGate, type Route } from "../dial.ts";
import { Failure } from "../failure.ts";
import { tlsKey } from "../tls.ts";

/** Connections to one place at a time; further requests wait for one of them. */
const MAX_PER_ROUTE = 128;
/** Connections of all routes together. */
const MAX_CONNECTIONS = 512;
/** How long an idle connection is kept when the server does not say. */
const IDLE_MS = 4000;
/** Response headers, in bytes. */
export const MAX_RESPONSE_HEADERS = 64 * 1024;

export class Connection {
  /** Requests sent on it so far: above 0, the server may have closed it just now. */
  uses = 0;
  constructor(
    readonly route: string,
    readonly client: Client,
    readonly socket: Socket,
  ) {}
}

interface Place {
  readonly idle: Connection[];
  /** Connections open or being opened. */
  count: number;
  readonly waiting: (() => void)[];
}

export class Pool {
  private readonly places = new Map<string, Place>();
  private readonly open = new Set<Connection>();
  private closed = false;
  /** Connections open or being opened, of all routes. */
  private count = 0;

  /** A connection for one request: an idle one unless `fresh`, else a new one. */
  async acquire(route: Route, gate: NetGate, attempt: Attempt, fresh: boolean): Promise<Connection> {
    const key = routeKey(route);
    for (;;) {
      attempt.check();
      if (this.closed) throw new Failure("the script has ended", "never");
      const place = this.place(key);
      if (!fresh) {
        const idle = takeIdle(place);
        if (idle !== undefined) return idle;
      }
      if (place.count < MAX_PER_ROUTE) {
        this.makeRoom();
        return this.connect(key, place, route, gate, attempt);
      }
      const stale = fresh ? takeIdle(place) : undefined;
      if (stale !== undefined) this.discard(stale);
      else await turn(place, attempt);
    }
  }

  /** Gives a connection back after a complete response. */
  release(connection: Connection): void {
    connection.uses++;
    const place = this.places.get(connection.route);
    if (this.closed || place === undefined || !isUsable(connection)) {
      this.discard(connection);
      return;
    }
    place.idle.push(connection);
    place.waiting.shift()?.();
  }

  /** Closes a connection that cannot be used again. */
  discard(connection: Connection): void {
    connection.socket.destroy();
    void connection.client.destroy().catch(() => {});
    this.gone(connection);
  }

  /** Takes an idle connection of another route away when there are too many; fails when none is idle. */
  private makeRoom(): void {
    if (this.count < MAX_CONNECTIONS) return;
    for (const place of this.places.values()) {
      const [oldest] = place.idle;
      if (oldest === undefined) continue;
      this.discard(oldest);
      return;
    }
    throw new Failure(`too many connections (${this.count} are open)`, "never");
  }

  close(): void {
    this.closed = true;
    for (const connection of [...this.open]) this.discard(connection);
    for (const place of this.places.values()) for (const wake of place.waiting.splice(0)) wake();
  }

  get size(): number {
    return this.open.size;
  }

  private place(key: string): Place {
    let place = this.places.get(key);
    if (place === undefined) {
      place = { idle: [], count: 0, waiting: [] };
      this.places.set(key, place);
    }
    return place;
  }

  private async connect(key: string, place: Place, route: Route, gate: NetGate, attempt: Attempt): Promise<Connection> {
    place.count++;
    this.count++;
    let socket: Socket;
    let client: Client;
    try {
      // Loaded with the first request: a script that makes none does not pay for it.
      const loading = Promise.all([import("undici/lib/dispatcher/client.js"), import("undici/lib/core/symbols.js")]);
      socket = await dial(route, gate, attempt);
      const [{ default: ClientClass }, { default: symbols }] = await loading;
      client = new ClientClass("http://connection.invalid", {
        connect: useOnce(socket),
        pipelining: 1,
        // Time limits are the attempt's.
        headersTimeout: 0,
        bodyTimeout: 0,
        keepAliveTimeout: IDLE_MS,
        maxHeaderSize: MAX_RESPONSE_HEADERS,
      });
      client.on("connect", () => acceptContinue(socket, symbols.kParser));
    } catch (error) {
      this.leave(key, place);
      throw error;
    }
    const connection = new Connection(key, client, socket);
    this.open.add(connection);
    client.on("disconnect", () => this.gone(connection));
    if (this.closed) {
      this.discard(connection);
      throw new Failure("the script has ended", "never");
    }
    return connection;
  }

  /** Forgets a closed connection. May be called more than once. */
  private gone(connection: Connection): void {
    if (!this.open.delete(connection)) return;
    const place = this.places.get(connection.route);
    if (place === undefined) return;
    const at = place.idle.indexOf(connection);
    if (at >= 0) place.idle.splice(at, 1);
    this.leave(connection.route, place);
  }

  private leave(key: string, place: Place): void {
    place.count--;
    this.count--;
    const next = place.waiting.shift();
    if (next !== undefined) next();
    else if (place.count === 0) this.places.delete(key);
  }
}

/** The idle connection used last, which is the least likely to have been closed by the server. */
function takeIdle(place: Place): Connection | undefined {
  for (;;) {
    const connection = place.idle.pop();
    if (connection === undefined || isUsable(connection)) return connection;
  }
}

function isUsable(connection: Connection): boolean {
  return !connection.socket.destroyed && !connection.client.destroyed;
}

/** Waits until a connection of the place is free or gone. */
function turn(place: Place, attempt: Attempt): Promise<void> {
  return new Promise((settle, fail) => {
    const wake = () => {
      withdraw();
      settle();
    };
    place.waiting.push(wake);
    const withdraw = attempt.onEnd((reason) => {
      const at = place.waiting.indexOf(wake);
      if (at >= 0) place.waiting.splice(at, 1);
      fail(reason);
    });
  });
}

/** Hands the client its one connection; it asks again when that is lost, and gets none. */
function useOnce(socket: Socket): NonNullable<Client.Options["connect"]> {
  let used = false;
  return (_options, callback) => {
    if (used) {
      callback(Object.assign(new Error("connection lost"), { code: "ECONNRESET" }), null);
      return;
    }
    used = true;
    // Not at once: the client does not look for requests again while it is asking.
    queueMicrotask(() => callback(null, socket));
  };
}

/**
 * Has the parser of a connection take `100 Continue` as it takes `102 Processing`. Servers may send it unasked, and
 * clients must bear that (RFC 9110 §15.2); undici closes the connection.
 */
function acceptContinue(socket: Socket, kParser: symbol): void {
  const parser = (socket as unknown as Record<symbol, ResponseParser | undefined>)[kParser];
  if (parser === undefined) return;
  const headersComplete = parser.onHeadersComplete;
  parser.onHeadersComplete = (status, upgrade, keepAlive) =>
    headersComplete.call(parser, status === 100 ? 102 : status, upgrade, keepAlive);
}

interface ResponseParser {
  onHeadersComplete(status: number, upgrade: boolean, keepAlive: boolean): number;
}

function routeKey(route: Route): string {
  const { target, proxy } = route;
  // Plain requests through a proxy share its connections, wherever they go.
  const destination = proxy !== undefined && !target.secure ? "*" : target.origin;
  const via =
    proxy === undefined ? "" : `${proxy.target.origin} ${proxy.authorization ?? ""} ${tlsKey(route.proxyTls)}`;
  return `${destination}\n${via}\n${target.secure ? tlsKey(route.tls) : ""}`;
}
