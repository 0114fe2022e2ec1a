/** `http.serve`: its options, and a server's life from listening to having stopped. */
import { failure } from "../../../interpreter/error.ts";
import {
  callable,
  custom,
  type Fields,
  integer,
  isFunction,
  number,
  optional,
  options,
  string,
  table,
} from "../../../interpreter/native.ts";
import { LuaTable } from "../../../interpreter/table.ts";
import { Task } from "../../../interpreter/task.ts";
import { toText } from "../../../interpreter/text.ts";
import { NOTHING, type Results, type Value } from "../../../interpreter/value.ts";
import type { VirtualMachine } from "../../../interpreter/vm.ts";
import { hostOf } from "../../host.ts";
import { environmentOf } from "../context.ts";
import { Failure, quoted } from "../failure.ts";
import { isToken } from "../headers.ts";
import { serversOf } from "../running.ts";
import { readTls, type TlsSettings } from "../tls.ts";
import { Routes } from "./routes.ts";
import { Server } from "./server.ts";

function tokens(value: Value): string[] | undefined {
  const list = value instanceof LuaTable ? value.toArray() : [value];
  return list.every((one): one is string => typeof one === "string" && isToken(one)) ? list : undefined;
}

/** A duration with its default, which the summary names. */
function duration<N extends string>(name: N, summary: string, fallback: number, min = 0.001) {
  const text = fallback === Infinity ? "none" : String(fallback);
  return optional(number(name, { unit: "seconds", min, summary: `${summary}; default ${text}` }), fallback);
}

const MAX_BODY = 1024 * 1024;
const MAX_CONNECTIONS = 10_000;
const MAX_MESSAGE = 16 * 1024 * 1024;

const fields = [
  optional(string("host", { summary: "address or name to listen on; default 0.0.0.0" }), "0.0.0.0"),
  optional(
    table("tls", { summary: "`cert` and `key` (PEM texts or paths); with `ca`, clients need a certificate of it" }),
  ),
  optional(integer("max_body", { unit: "bytes", min: 0, summary: "of a request, else 413; default 1 MiB" }), MAX_BODY),
  duration("request_timeout", "for a handler, else 503", 30),
  duration("header_timeout", "for a request's head to arrive, else 408", 10),
  duration("body_timeout", "for a request's body, and longer while it comes at 500 bytes a second, else 408", 30),
  duration("idle_timeout", "between two requests of a connection", 60),
  duration("send_timeout", "for a client that takes nothing of a response", 60),
  optional(integer("max_connections", { min: 1, summary: "further ones get 503; default 10000" }), MAX_CONNECTIONS),
  duration("drain", "that running requests get when it is asked to stop", 10, 0),
  duration("drain_delay", "between being asked to stop and no longer accepting; /readyz says 503 meanwhile", 0, 0),
  optional(
    callable("on_listen", {
      summary: 'called with the address, such as "127.0.0.1:8080", and the port',
      type: "fun(address: string, port: integer)",
    }),
  ),
  optional(
    integer("max_message", {
      unit: "bytes",
      min: 1,
      max: 2 ** 30,
      summary: "of a websocket, else it is closed; default 16 MiB",
    }),
    MAX_MESSAGE,
  ),
  optional(
    custom("subprotocols", "string[]", "list of names", tokens, {
      summary: "that websockets may use, the preferred one first",
    }),
    [],
  ),
  duration("ping", "asks the clients of websockets whether they are still there", 30, 0.01),
] as const;

export const serveOptions = options("opts", fields);
export type ServeOptions = Fields<typeof fields>;

/** What `http.serve` has to check before it begins; throws Failures and LuaErrors. */
export function makeServer(vm: VirtualMachine, port: number, table: LuaTable, opts: ServeOptions): Server {
  const environment = environmentOf(vm, "http.serve");
  const host = toText(opts.host);
  if (host === undefined || !/^[A-Za-z0-9.:_%-]+$/.test(host))
    throw new Failure(`invalid host ${quoted(opts.host)}`, "never");
  let tls: TlsSettings | undefined;
  if (opts.tls !== undefined) {
    tls = readTls(opts.tls, environment);
    if (tls.cert === undefined) throw new Failure("tls needs cert and key", "never");
  }
  return new Server(vm, new Routes(table), {
    host,
    port,
    tls,
    limits: {
      maxBody: opts.max_body,
      headMs: opts.header_timeout * 1000,
      bodyMs: opts.body_timeout * 1000,
      idleMs: opts.idle_timeout * 1000,
      sendMs: opts.send_timeout * 1000,
      requestMs: opts.request_timeout * 1000,
    },
    maxConnections: opts.max_connections,
    drainDelayMs: opts.drain_delay * 1000,
    drainMs: opts.drain * 1000,
    websockets: { maxMessage: opts.max_message, pingMs: opts.ping * 1000, subprotocols: opts.subprotocols },
  });
}

/** Listens, and settles when the server has stopped. */
export async function runServer(vm: VirtualMachine, server: Server, onListen: Value): Promise<Results> {
  const { resources } = hostOf(vm);
  const servers = serversOf(vm);
  servers.add(server);
  resources.add(server);
  try {
    const port = await server.listen();
    const told = isFunction(onListen) ? new Task(vm, onListen, [server.address, port]).start().promise : undefined;
    // It may go on for as long as the server does; its error ends both.
    await Promise.race([server.stopped, told?.then(() => server.stopped) ?? server.stopped]);
    return NOTHING;
  } catch (error) {
    server.close();
    if (!(error instanceof Failure)) throw error;
    throw failure(`http.serve: cannot listen on ${server.address}: ${error.words}`);
  } finally {
    servers.delete(server);
    resources.delete(server);
  }
}
