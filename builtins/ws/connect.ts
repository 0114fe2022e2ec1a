/** Opening a websocket from the client's side (RFC 6455 §4.1). */
import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { fromText } from "../../interpreter/text.ts";
import type { Attempt } from "../http/attempt.ts";
import type { NetEnvironment } from "../http/context.ts";
import { dial } from "../http/dial.ts";
import { brief, Failure, failureOf } from "../http/failure.ts";
import { type HeaderList, hasHeader, headerOf } from "../http/headers.ts";
import { environmentProxy, type ProxyServer, parseProxy } from "../http/proxy.ts";
import { DEFAULT_TLS, type TlsSettings, withDefaults } from "../http/tls.ts";
import { parseUrl, type Target } from "../http/url.ts";
import { WebsocketConnection } from "./connection.ts";
import { acceptKey } from "./handshake.ts";
import { refusal } from "./refusal.ts";

/** A connection as a script wants it. */
export interface ConnectPlan {
  /** The URL as bytes. */
  readonly url: string;
  readonly headers: HeaderList;
  readonly subprotocols: readonly string[];
  readonly tls: TlsSettings;
  readonly proxy: string | false | undefined;
  readonly maxMessage: number;
  readonly pingMs: number;
  /** Has bytes counted as the script's memory; raises when there is no room. */
  readonly hold: (bytes: number) => void;
}

const MAX_HEAD = 64 * 1024;

/** Connects; rejects with a Failure whose words begin with the URL, or with a LuaError. */
export async function connectWebsocket(
  plan: ConnectPlan,
  environment: NetEnvironment,
  attempt: Attempt,
): Promise<WebsocketConnection> {
  const target = parseUrl(plan.url, "ws");
  try {
    let proxy: ProxyServer | undefined;
    if (typeof plan.proxy === "string") proxy = parseProxy(plan.proxy, "proxy");
    else if (plan.proxy !== false) proxy = environmentProxy(target, (key) => environment.env(key));
    const socket = await dial(
      {
        target,
        proxy,
        tunnel: true,
        tls: target.secure ? withDefaults(plan.tls, target, environment) : DEFAULT_TLS,
        proxyTls: proxy?.target.secure === true ? withDefaults(DEFAULT_TLS, proxy.target, environment) : DEFAULT_TLS,
      },
      environment,
      attempt,
    );
    const key = randomBytes(16).toString("base64");
    const reply = await shakeHands(socket, requestText(plan, target, key), attempt);
    try {
      const answer = readHead(reply.head);
      if (answer.status !== "101") {
        throw await refusal(answer.status, answer.reason, answer.headers, socket, reply.rest, attempt);
      }
      const subprotocol = verify(answer.headers, key, plan.subprotocols);
      return new WebsocketConnection(socket, reply.rest, {
        server: false,
        maxMessage: plan.maxMessage,
        pingMs: plan.pingMs,
        subprotocol,
        hold: plan.hold,
      });
    } catch (error) {
      socket.destroy();
      throw error;
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(`${brief(fromText(target.text))}: ${error.words}`, error.retry, error.cause);
  } finally {
    attempt.finish();
  }
}

function requestText(plan: ConnectPlan, target: Target, key: string): string {
  const { headers } = plan;
  let text = `GET ${target.path} HTTP/1.1\r\n`;
  if (!hasHeader(headers, "host")) text += `Host: ${target.authority}\r\n`;
  text += `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n`;
  if (plan.subprotocols.length > 0) text += `Sec-WebSocket-Protocol: ${plan.subprotocols.join(", ")}\r\n`;
  if (target.credentials !== undefined && !hasHeader(headers, "authorization")) {
    text += `Authorization: Basic ${Buffer.from(target.credentials, "latin1").toString("base64")}\r\n`;
  }
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!.toLowerCase();
    if (name !== "connection") text += `${headers[i]}: ${headers[i + 1]}\r\n`;
  }
  return `${text}\r\n`;
}

interface Reply {
  readonly head: string;
  readonly rest: Buffer;
}

/** Sends the request and reads the reply's head. Nothing behind it is lost. */
function shakeHands(socket: Socket, request: string, attempt: Attempt): Promise<Reply> {
  return new Promise((settle, fail) => {
    let read: Buffer = Buffer.alloc(0);
    const done = () => {
      withdraw();
      socket.off("data", onData);
      socket.off("error", onError);
      socket.off("close", onClose);
    };
    const giveUp = (failure: unknown) => {
      done();
      socket.on("error", () => {});
      socket.destroy();
      fail(failure);
    };
    const withdraw = attempt.onEnd(giveUp);
    const onError = (error: Error) => giveUp(failureOf(error, "sent"));
    const onClose = () => giveUp(new Failure("connection closed during the handshake", "sent"));
    const onData = (chunk: Buffer) => {
      read = read.length === 0 ? chunk : Buffer.concat([read, chunk]);
      const end = read.indexOf("\r\n\r\n");
      if (end > MAX_HEAD || (end < 0 && read.length > MAX_HEAD)) {
        giveUp(new Failure("malformed response (headers are too large)", "never"));
      } else if (end >= 0) {
        done();
        socket.pause();
        settle({ head: read.toString("latin1", 0, end), rest: read.subarray(end + 4) });
      }
    };
    socket.on("data", onData);
    socket.once("error", onError);
    socket.once("close", onClose);
    socket.write(request, "latin1");
  });
}

/** The parts of a response's head. Throws a Failure. */
export function readHead(head: string): { status: string; reason: string; headers: HeaderList } {
  const lines = head.split("\r\n");
  const status = /^HTTP\/1\.1 (\d{3})(?: ([\x20-\x7e]{0,80}))?$/.exec(lines[0]!);
  if (status === null) throw new Failure("malformed response (not HTTP/1.1)", "never");
  const headers: HeaderList = [];
  for (const line of lines.slice(1)) {
    const field = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/.exec(line);
    if (field === null) throw new Failure("malformed response (bad header)", "never");
    headers.push(field[1]!, field[2]!);
  }
  return { status: status[1]!, reason: status[2] ?? "", headers };
}

/** Checks the headers of the server's consent (RFC 6455 §4.1); the subprotocol it chose. Throws a Failure. */
export function verify(headers: HeaderList, key: string, offered: readonly string[]): string | undefined {
  const connection = (headerOf(headers, "connection") ?? "").toLowerCase().split(/\s*,\s*/);
  if (headerOf(headers, "upgrade")?.toLowerCase() !== "websocket" || !connection.includes("upgrade")) {
    throw new Failure("the server did not agree to a websocket", "never");
  }
  if (headerOf(headers, "sec-websocket-accept") !== acceptKey(key))
    throw new Failure("wrong accept key in the handshake", "never");
  if (hasHeader(headers, "sec-websocket-extensions"))
    throw new Failure("the server chose an extension that was not offered", "never");
  const chosen = headerOf(headers, "sec-websocket-protocol");
  if (chosen !== undefined && !offered.includes(chosen))
    throw new Failure("the server chose a subprotocol that was not offered", "never");
  return chosen;
}
