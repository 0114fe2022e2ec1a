/** Websockets from the server's side (RFC 6455 §4.2): the handshake, and the handler's task. */
import { LuaError, Stop } from "../../interpreter/error.ts";
import { newUserdata } from "../../interpreter/native.ts";
import type { LuaTable } from "../../interpreter/table.ts";
import { Task } from "../../interpreter/task.ts";
import type { VirtualMachine } from "../../interpreter/vm.ts";
import { hostOf } from "../host.ts";
import { holderOf } from "../http/context.ts";
import { errorFields, releaseMemory } from "../http/error-fields.ts";
import { headerOf, joinedHeader } from "../http/headers.ts";
import type { Connection } from "../http/server/connection.ts";
import type { Head } from "../http/server/head.ts";
import type { Match } from "../http/server/routes.ts";
import { within } from "../http/within.ts";
import { writeLog } from "../log.ts";
import { Closed, Closing, WebsocketConnection } from "./connection.ts";
import { acceptKey, isKey } from "./handshake.ts";
import { connectionKind } from "./kind.ts";

/** Settings of a server's websockets. */
export interface WebsocketLimits {
  readonly maxMessage: number;
  readonly pingMs: number;
  /** In order of preference. */
  readonly subprotocols: readonly string[];
}

/** A websocket of a server, and the task of its handler. */
export interface OpenWebsocket {
  /** Settles when the connection is closed and the handler has ended. */
  readonly ended: Promise<unknown>;
  close(code: number): void;
  destroy(): void;
}

/** Answers the handshake and starts the handler; or returns why it is refused, with nothing sent. */
export function acceptWebsocket(
  vm: VirtualMachine,
  connection: Connection,
  head: Head,
  match: Match,
  request: LuaTable,
  context: unknown,
  limits: WebsocketLimits,
): OpenWebsocket | string {
  const key = joinedHeader(head.headers, "sec-websocket-key");
  if (headerOf(head.headers, "sec-websocket-version") !== "13") return "websocket version 13 expected";
  if (key === undefined || !isKey(key)) return "malformed sec-websocket-key";
  const offered = (headerOf(head.headers, "sec-websocket-protocol") ?? "").split(",").map((one) => one.trim());
  const subprotocol = limits.subprotocols.find((one) => offered.includes(one));
  const { socket, rest } = connection.upgrade();
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n` +
      `sec-websocket-accept: ${acceptKey(key)}\r\n${subprotocol === undefined ? "" : `sec-websocket-protocol: ${subprotocol}\r\n`}\r\n`,
    "latin1",
  );
  const { maxMessage, pingMs } = limits;
  const websocket = new WebsocketConnection(socket, rest, {
    server: true,
    maxMessage,
    pingMs,
    subprotocol,
    hold: holderOf(vm),
  });
  const task = startHandler(vm, match, websocket, request, context);
  const handled = task.promise.then(
    () => websocket.close(1000, ""),
    (error) => failed(vm, match, websocket, task, error),
  );
  return {
    ended: Promise.allSettled([handled, websocket.finished]),
    close: (code) => void websocket.close(code, ""),
    destroy: () => {
      task.cancel(new Stop("cancelled", "the server has stopped"));
      websocket.destroy();
    },
  };
}

function startHandler(
  vm: VirtualMachine,
  match: Match,
  websocket: WebsocketConnection,
  request: LuaTable,
  context: unknown,
): Task {
  const handle = within(vm, () => newUserdata(connectionKind, websocket));
  const task = new Task(vm, match.handler, [handle, request]);
  task.context = context;
  return task.start();
}

/** A handler that raises because the other side has closed the connection has simply come to its end. */
async function failed(
  vm: VirtualMachine,
  match: Match,
  websocket: WebsocketConnection,
  task: Task,
  error: unknown,
): Promise<void> {
  if (error instanceof Stop) {
    if (error.reason === "exit") vm.stop(error);
    websocket.destroy();
    return;
  }
  const cause = error instanceof LuaError ? error.cause : undefined;
  if (!(cause instanceof Closed || cause instanceof Closing)) {
    writeLog(hostOf(vm), "error", "http.serve: websocket handler failed", {
      route: match.route,
      ...errorFields(vm, error),
    });
    releaseMemory(vm, task, error);
  }
  await websocket.close(1011, "internal error");
}
