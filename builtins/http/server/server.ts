/** A running HTTP server: connections, routing, handlers, and its orderly end. */

import { randomBytes } from "node:crypto";
import { lookup } from "node:dns/promises";
import { isIP, isIPv6 } from "node:net";
import { LuaError, Stop } from "../../../interpreter/error.ts";
import { Task } from "../../../interpreter/task.ts";
import { first, type Results } from "../../../interpreter/value.ts";
import type { VirtualMachine } from "../../../interpreter/vm.ts";
import { type Host, hostOf, type Resource } from "../../host.ts";
import { logs, writeLog } from "../../log.ts";
import type { acceptWebsocket, OpenWebsocket, WebsocketLimits } from "../../ws/accept.ts";
import { holderOf } from "../context.ts";
import { errorFields, releaseMemory } from "../error-fields.ts";
import { failureOf } from "../failure.ts";
import { headerOf } from "../headers.ts";
import { BadRequest } from "../json-body.ts";
import type { TlsSettings } from "../tls.ts";
import type { TraceContext } from "../trace.ts";
import { within } from "../within.ts";
import { type Carrier, type Listener, listenTls } from "./carrier.ts";
import { Connection, type ConnectionLimits, type ConnectionOwner } from "./connection.ts";
import { isWithin, sendFile, withinRoot } from "./file.ts";
import type { Head, Refusal } from "./head.ts";
import { type Reply, readReply } from "./reply.ts";
import { RequestMaker } from "./request.ts";
import type { Match, Routes } from "./routes.ts";
import { closeIteration, sendStream } from "./stream.ts";
import { listenTcp } from "./tcp.ts";

export interface ServerOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsSettings | undefined;
  readonly limits: ConnectionLimits;
  /** Connections at a time; further ones are turned away. */
  readonly maxConnections: number;
  /** Milliseconds between being asked to stop and no longer accepting. */
  readonly drainDelayMs: number;
  /** Milliseconds that running requests get then. */
  readonly drainMs: number;
  readonly websockets: WebsocketLimits;
}

const TEXT = "content-type: text/plain; charset=utf-8\r\n";
/** How long a client that is turned away has to read why. */
const TURN_AWAY_MS = 100;
/** Bodies on their way may take so many bytes together uncounted; the others are counted in steps. */
const HELD_UNCOUNTED = 1024 * 1024;
const HOLD_STEP = 256 * 1024;
const STANDARD_METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]);

/** A request whose handler runs. */
interface Running {
  readonly head: Head;
  readonly match: Match;
  readonly task: Task;
}

export class Server implements ConnectionOwner, Resource {
  readonly limits: ConnectionLimits;
  /** False once it drains. */
  open = true;
  /** Settles when it has stopped. */
  readonly stopped: Promise<void>;
  private settle!: () => void;
  /** False from the moment it is asked to stop: what /readyz tells. */
  private ready = true;
  private stopping: Promise<void> | undefined;
  private over = false;
  private listener: Listener | undefined;
  private sweeper: ReturnType<typeof setInterval> | undefined;
  private readonly connections = new Set<Connection>();
  /** Open websockets, to be closed in the end. */
  private readonly websockets = new Set<OpenWebsocket>();
  /** Loaded for a server that has routes for them. */
  private acceptWebsocket: typeof acceptWebsocket | undefined;
  private wake: (() => void) | undefined;
  private port: number;
  private readonly requests: RequestMaker;
  private readonly host: Host;
  private readonly holdMemory: (bytes: number) => void;
  /** Bytes of bodies on their way, and how many of them are counted as the script's memory. */
  private held = 0;
  private counted = 0;
  readonly access: boolean;
  now: number;
  /** Milliseconds between two looks at what takes too long. */
  private readonly period: number;

  constructor(
    private readonly vm: VirtualMachine,
    private readonly routes: Routes,
    private readonly options: ServerOptions,
  ) {
    this.limits = options.limits;
    const { headMs, bodyMs, idleMs, requestMs } = options.limits;
    this.period = Math.min(1000, Math.max(10, Math.min(headMs, bodyMs, idleMs, requestMs) / 4));
    this.now = performance.now() + this.period;
    this.port = options.port;
    this.host = hostOf(vm);
    this.access = logs(this.host, "debug");
    this.requests = new RequestMaker(vm);
    this.holdMemory = holderOf(vm);
    this.stopped = new Promise((settle) => {
      this.settle = settle;
    });
  }

  /** Where it listens: `127.0.0.1:8080`. */
  get address(): string {
    const { host } = this.options;
    return `${isIPv6(host) ? `[${host}]` : host}:${this.port}`;
  }

  /** Starts listening; the port it got. Rejects with a Failure. */
  async listen(): Promise<number> {
    if (this.routes.haveWebsockets) ({ acceptWebsocket: this.acceptWebsocket } = await import("../../ws/accept.ts"));
    const { host, port, tls } = this.options;
    const { headMs } = this.limits;
    const accept = (carrier: Carrier) => this.accept(carrier);
    if (isIP(host) === 0) this.host.permissions.checkLookup("http.serve", host, port);
    const address = await resolved(host);
    this.host.permissions.checkNet("http.serve", host, address, port);
    try {
      this.listener =
        tls === undefined ? listenTcp(address, port, accept) : await listenTls(address, port, tls, headMs, accept);
    } catch (error) {
      throw failureOf(error, "unsent");
    }
    this.port = this.listener.port;
    this.sweeper = setInterval(() => this.sweep(), this.period);
    if (this.over) this.stopListening();
    return this.port;
  }

  private stopListening(): void {
    clearInterval(this.sweeper);
    this.listener?.close();
  }

  // --- connections --------------------------------------------------------------------------------------------------

  private accept(carrier: Carrier): Connection | undefined {
    if (this.over) {
      carrier.destroy();
      return undefined;
    }
    if (this.connections.size + this.websockets.size >= this.options.maxConnections) {
      carrier.write("HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
      carrier.end(() => setTimeout(() => carrier.destroy(), TURN_AWAY_MS));
      return undefined;
    }
    const connection = new Connection(carrier, this);
    this.connections.add(connection);
    return connection;
  }

  hold(bytes: number): boolean {
    this.held += bytes;
    const counted = this.held < HELD_UNCOUNTED ? 0 : Math.ceil(this.held / HOLD_STEP) * HOLD_STEP;
    try {
      if (counted !== this.counted) this.holdMemory(counted - this.counted);
      this.counted = counted;
      return true;
    } catch {
      this.held -= bytes;
      return false;
    }
  }

  gone(connection: Connection): void {
    this.connections.delete(connection);
    if (this.connections.size === 0) this.wake?.();
  }

  private sweep(): void {
    const now = performance.now();
    this.now = now + this.period;
    for (const connection of this.connections) connection.check(now);
  }

  // --- requests -----------------------------------------------------------------------------------------------------

  handle(connection: Connection, head: Head, body: string): void {
    const { method, path } = head;
    if (head.upgrade && method === "GET" && this.open) {
      const match = this.routes.findWebsocket(path);
      if (match !== undefined) {
        this.upgrade(connection, head, match);
        return;
      }
    }
    const match = this.routes.find(method, path);
    if (match === undefined) {
      this.unrouted(connection, head);
      return;
    }
    const request = within(this.vm, () => this.requests.make(head, body, match.params, connection.remote));
    const task = new Task(this.vm, match.handler, [request]);
    task.context = traceOf(head);
    const running: Running = { head, match, task };
    connection.current = running;
    task.start().promise.then(
      (results) => this.returned(connection, running, results),
      (error) => this.raised(connection, running, error),
    );
  }

  /** Replies that need no handler. */
  private unrouted(connection: Connection, head: Head): void {
    const { method, path } = head;
    const reading = method === "GET" || method === "HEAD";
    if (reading && path === "/healthz") {
      this.answer(connection, head, 200, TEXT, "ok\n");
      return;
    }
    if (reading && path === "/readyz") {
      if (this.ready) this.answer(connection, head, 200, TEXT, "ok\n");
      else this.answer(connection, head, 503, TEXT, "stopping\n");
      return;
    }
    if (!STANDARD_METHODS.has(method) && !this.routes.knows(method)) {
      this.answer(connection, head, 501, TEXT, "not implemented\n");
      return;
    }
    const allowed = this.routes.allowed(path);
    if (allowed.length === 0) this.answer(connection, head, 404, TEXT, "not found\n");
    else this.answer(connection, head, 405, `${TEXT}allow: ${allowed.join(", ")}\r\n`, "method not allowed\n");
  }

  private answer(connection: Connection, head: Head, status: number, fields: string, body: string): void {
    if (this.access) this.note(connection, head, status, undefined);
    connection.reply(status, fields, body);
  }

  private returned(connection: Connection, running: Running, results: Results): void {
    if (connection.current !== running) return;
    let reply: Reply;
    try {
      reply = within(this.vm, () => readReply(first(results)));
    } catch (error) {
      this.raised(connection, running, error);
      return;
    }
    if (reply.close) connection.closeAfterReply();
    const { content } = reply;
    if (content.kind === "text") {
      if (this.access) this.note(connection, running.head, reply.status, running.match);
      connection.reply(reply.status, reply.fields, content.text);
      return;
    }
    const sending =
      content.kind === "file"
        ? this.replyFile(connection, running, reply)
        : this.replyStream(connection, running, reply);
    sending.catch((error) => this.raised(connection, running, error));
  }

  private async replyFile(connection: Connection, running: Running, reply: Reply): Promise<void> {
    if (reply.content.kind !== "file") return;
    const { root, path: named } = reply.content;
    const path = named === undefined || root === undefined ? named : withinRoot(named, root);
    let status = 404;
    if (path !== undefined) {
      const { permissions } = this.host;
      const decided = permissions.checkRead("http.serve", path);
      // Links on the way may be changed until the file is open.
      const accept = (real: string): boolean => {
        if (decided !== undefined && real !== decided) permissions.checkRead("http.serve", real);
        return root === undefined || isWithin(real, root);
      };
      status = await sendFile(connection, running.head, path, reply.status, reply.fields, accept);
    }
    if (this.access) this.note(connection, running.head, status, running.match);
    if (status === 404) connection.reply(404, TEXT, "not found\n");
  }

  private async replyStream(connection: Connection, running: Running, reply: Reply): Promise<void> {
    if (reply.content.kind !== "stream") return;
    const { iteration } = reply.content;
    if (this.access) this.note(connection, running.head, reply.status, running.match);
    const wanted = connection.begin(reply.status, reply.fields, undefined);
    try {
      if (wanted) await sendStream(this.vm, connection, iteration, running.task.context);
      else await closeIteration(this.vm, iteration, undefined);
    } catch (error) {
      // The status is gone already: cutting the body short is the only way to say that it is not complete.
      if (!this.isStop(error)) this.report(running, error, undefined);
      connection.destroy();
      return;
    }
    connection.end();
  }

  /** A handler has failed: the client learns an id, the log everything. */
  private raised(connection: Connection, running: Running, error: unknown): void {
    if (this.isStop(error)) {
      connection.destroy();
      return;
    }
    if (connection.current !== running) {
      if (!(error instanceof Stop)) this.report(running, error, undefined);
      return;
    }
    if (error instanceof LuaError && error.cause instanceof BadRequest) {
      if (this.access) this.note(connection, running.head, 400, running.match);
      connection.reply(400, TEXT, `bad request: ${error.cause.reason}\n`);
      return;
    }
    const id = randomBytes(8).toString("hex");
    this.report(running, error, id);
    if (this.access) this.note(connection, running.head, 500, running.match);
    connection.reply(500, `${TEXT}x-request-id: ${id}\r\n`, "internal server error\n");
  }

  /** Whether the whole script is being stopped. Passes on what only the main program can handle. */
  private isStop(error: unknown): boolean {
    if (!(error instanceof Stop)) return false;
    if (error.reason === "exit") this.vm.stop(error);
    return error.reason !== "cancelled";
  }

  private report(running: Running, error: unknown, id: string | undefined): void {
    writeLog(this.host, "error", "http.serve: handler failed", {
      route: running.match.route,
      path: running.head.path,
      ...(id === undefined ? undefined : { request_id: id }),
      ...errorFields(this.vm, error),
    });
    releaseMemory(this.vm, running.task, error);
  }

  overdue(connection: Connection): void {
    const running = connection.current as Running | undefined;
    connection.current = undefined;
    running?.task.cancel(new Stop("cancelled", "request timeout"));
    if (running !== undefined) {
      writeLog(this.host, "warn", "http.serve: handler timed out", {
        route: running.match.route,
        path: running.head.path,
      });
      if (this.access) this.note(connection, running.head, 503, running.match);
    }
    connection.reply(503, TEXT, "service unavailable\n");
  }

  refused(connection: Connection, refusal: Refusal): void {
    if (this.access) {
      writeLog(this.host, "debug", "http.serve: request refused", {
        status: refusal.status,
        reason: refusal.reason,
        remote: connection.remote,
      });
    }
  }

  /** One line of the access log. */
  private note(connection: Connection, head: Head, status: number, match: Match | undefined): void {
    writeLog(this.host, "debug", "http.serve: request", {
      method: head.method,
      path: head.path,
      status,
      ms: Math.round((performance.now() - connection.startedAt) * 1000) / 1000,
      remote: connection.remote,
      ...(match === undefined ? undefined : { route: match.route }),
    });
  }

  private upgrade(connection: Connection, head: Head, match: Match): void {
    const request = within(this.vm, () => this.requests.make(head, "", match.params, connection.remote));
    const { websockets } = this.options;
    const accepted = this.acceptWebsocket!(this.vm, connection, head, match, request, traceOf(head), websockets);
    if (this.access) this.note(connection, head, typeof accepted === "string" ? 400 : 101, match);
    if (typeof accepted === "string") {
      connection.reply(400, `${TEXT}sec-websocket-version: 13\r\n`, `${accepted}\n`);
      return;
    }
    this.websockets.add(accepted);
    void accepted.ended.then(() => {
      this.websockets.delete(accepted);
      this.wake?.();
    });
  }

  // --- the end ------------------------------------------------------------------------------------------------------

  /** Stops in good order; settles when it is done. */
  stop(): Promise<void> {
    this.stopping ??= this.drain();
    return this.stopping;
  }

  private async drain(): Promise<void> {
    this.ready = false;
    if (this.options.drainDelayMs > 0) await this.wait(this.options.drainDelayMs, () => false);
    this.open = false;
    this.listener?.close();
    for (const socket of this.websockets) socket.close(1001);
    for (const connection of [...this.connections]) connection.closeWhenIdle();
    await this.wait(this.options.drainMs, () => this.connections.size === 0 && this.websockets.size === 0);
    this.close();
  }

  /** Waits until `done`, asked whenever a connection goes, but not longer than `ms`. */
  private wait(ms: number, done: () => boolean): Promise<void> {
    return new Promise((settle) => {
      if (this.over || done()) {
        settle();
        return;
      }
      const finish = () => {
        clearTimeout(timer);
        this.wake = undefined;
        settle();
      };
      const timer = setTimeout(finish, Math.min(ms, 2 ** 31 - 1));
      this.wake = () => {
        if (this.over || done()) finish();
      };
    });
  }

  /** Stops at once. */
  close(): void {
    if (this.over) return;
    this.over = true;
    this.open = false;
    this.ready = false;
    this.stopListening();
    for (const connection of [...this.connections]) {
      const running = connection.current as Running | undefined;
      running?.task.cancel(new Stop("cancelled", "the server has stopped"));
      connection.destroy();
    }
    for (const socket of [...this.websockets]) socket.destroy();
    this.wake?.();
    this.settle();
  }
}

/** The address that a name to listen on stands for. */
async function resolved(host: string): Promise<string> {
  try {
    return (await lookup(host)).address;
  } catch (error) {
    throw failureOf(error, "unsent");
  }
}

/** What an incoming request says about the trace it belongs to. */
function traceOf(head: Head): TraceContext | undefined {
  const parent = headerOf(head.headers, "traceparent");
  if (parent === undefined) return undefined;
  return { traceparent: parent, tracestate: headerOf(head.headers, "tracestate") };
}
