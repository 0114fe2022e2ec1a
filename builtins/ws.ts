/** Websockets. */
import { failure } from "../interpreter/error.ts";
import { charge } from "../interpreter/memory.ts";
import {
  custom,
  documentKinds,
  fn,
  integer,
  library,
  newUserdata,
  number,
  optional,
  options,
  returns,
  string,
  table,
} from "../interpreter/native.ts";
import { state } from "../interpreter/state.ts";
import { LuaTable } from "../interpreter/table.ts";
import { type Cancellable, runningTask } from "../interpreter/task.ts";
import type { Value } from "../interpreter/value.ts";
import type { VirtualMachine } from "../interpreter/vm.ts";
import { hostOf } from "./host.ts";
import { Attempt } from "./http/attempt.ts";
import { environmentOf, holderOf } from "./http/context.ts";
import { Failure, raised } from "./http/failure.ts";
import { hasHeader, isToken, readHeaders } from "./http/headers.ts";
import { readTls } from "./http/tls.ts";
import { type TraceContext, traceHeaders } from "./http/trace.ts";
import { within } from "./http/within.ts";
import { connectWebsocket } from "./ws/connect.ts";
import { MAX_MESSAGE, type WebsocketConnection } from "./ws/connection.ts";
import { connectionKind, rows } from "./ws/kind.ts";

/** A list of names, or one. */
function names(value: Value): string[] | undefined {
  const list = value instanceof LuaTable ? value.toArray() : [value];
  return list.every((one): one is string => typeof one === "string" && isToken(one)) ? list : undefined;
}

const connectOptions = options("opts", [
  optional(table("headers", { summary: "further header fields", type: "table<string, string|number|string[]>" })),
  optional(custom("subprotocols", "string[]", "list of names", names), []),
  optional(
    number("timeout", { unit: "seconds", min: 0.001, summary: "for the connection to be made; default 30" }),
    30,
  ),
  optional(table("tls", { summary: "`ca`, `cert`, `key` (PEM texts or paths), `insecure`, `server_name`" })),
  optional(
    custom(
      "proxy",
      "string|false",
      "string or false",
      (value) => (typeof value === "string" || value === false ? value : undefined),
      {
        summary: "URL of a proxy; false: none, whatever the environment says",
      },
    ),
  ),
  optional(
    integer("max_message", { unit: "bytes", min: 1, max: 2 ** 30, summary: "larger messages close the connection" }),
    MAX_MESSAGE,
  ),
  optional(
    number("ping", { unit: "seconds", min: 0.01, summary: "asks the other side now and then whether it is there" }),
    Infinity,
  ),
]);

export const wsLibrary = library("ws", "Websockets, as a client; servers have them in the routes of `http.serve`.", [
  fn("connect", {
    summary: "Connects to a websocket server.",
    params: [string("url", { summary: "ws:// or wss://" }), connectOptions],
    returns: [returns("conn", "ws.connection")],
    raises: [
      "`ws.connect: ws://host/: connection refused`, and so on, when there is no connection",
      "`ws.connect: ws://host/: HTTP 403: BODY` when the server refuses the handshake",
    ],
    source: "RFC 6455",
    example: `http.serve(0, {WS = {["/echo"] = function(conn) ws.send(conn, ws.recv(conn)) end}}, {
  host = "127.0.0.1",
  on_listen = function(address)
    local conn <close> = ws.connect("ws://" .. address .. "/echo")
    ws.send(conn, "hello")
    assert(ws.recv(conn, 5) == "hello")
    http.stop()
  end,
})`,
    run: (url, opts) => {
      const { vm } = state;
      const host = hostOf(vm);
      const open = opened.get(vm) ?? 0;
      if (open >= MAX_OPEN) throw failure(`ws.connect: too many connections (${open} are not closed)`);
      const environment = environmentOf(vm, "ws.connect");
      const attempt = new Attempt(opts.timeout);
      let connecting: Promise<WebsocketConnection>;
      try {
        const headers = readHeaders(opts.headers, "request");
        for (let i = 0; i < headers.length; i += 2) {
          const name = headers[i]!;
          if (/^sec-websocket-/i.test(name))
            throw new Failure(`header "${name}" cannot be set: it follows from the options`, "never");
        }
        const trace = traceHeaders(runningTask()?.context as TraceContext | undefined, (key) => environment.env(key));
        if (!hasHeader(headers, "traceparent")) headers.push(...trace);
        const tls = opts.tls === undefined ? {} : readTls(opts.tls, environment);
        connecting = connectWebsocket(
          {
            url,
            headers,
            subprotocols: opts.subprotocols,
            tls,
            proxy: opts.proxy,
            maxMessage: opts.max_message,
            pingMs: opts.ping * 1000,
            hold: holderOf(vm),
          },
          environment,
          attempt,
        );
      } catch (error) {
        attempt.finish();
        throw raised("ws.connect", error);
      }
      count(vm, 1);
      const waiting: Cancellable = connecting.then(
        (connection) => {
          const resource = { close: () => settledWithin(connection) };
          host.resources.add(resource);
          void connection.finished.then(() => {
            count(vm, -1);
            host.resources.delete(resource);
          });
          return within(vm, () => {
            charge(2000);
            return newUserdata(connectionKind, connection);
          });
        },
        (error) => {
          count(vm, -1);
          throw raised("ws.connect", error);
        },
      );
      waiting.cancel = () => attempt.end(new Failure("cancelled", "never"));
      return waiting;
    },
  }),
  rows.send,
  rows.recv,
  rows.close,
]);

/** Websockets that each machine has open or is opening. */
const opened = new WeakMap<VirtualMachine, number>();
const MAX_OPEN = 1000;

function count(vm: VirtualMachine, more: number): void {
  opened.set(vm, (opened.get(vm) ?? 0) + more);
}

/** How long the other side may take to answer that the script has ended; a stop must not be late because of it. */
const GOODBYE_MS = 300;

/** Closes a connection that the script left open. */
async function settledWithin(connection: WebsocketConnection): Promise<void> {
  const timer = setTimeout(() => connection.destroy(), GOODBYE_MS);
  await connection.close(1001, "");
  clearTimeout(timer);
}
documentKinds(wsLibrary, connectionKind);
