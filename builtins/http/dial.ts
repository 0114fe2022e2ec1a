/**
 * Opening connections: names are resolved here, so that permissions are asked about the very addresses that get
 * connected to; then through a proxy where there is one, and TLS on top.
 */
import { lookup } from "node:dns";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { Attempt } from "./attempt.ts";
import { Failure, failureOf } from "./failure.ts";
import type { ProxyServer } from "./proxy.ts";
import { authorities, type TlsSettings } from "./tls.ts";
import type { Target } from "./url.ts";

/** Who decides about connections (builtins/permissions.ts). Both throw a LuaError. */
export interface NetGate {
  /** Before a name is looked up. */
  checkLookup(name: string, port: number): void;
  /** Before an address is connected to. */
  checkNet(name: string, address: string | undefined, port: number): void;
}

/** Where a connection leads, and how. */
export interface Route {
  readonly target: Target;
  readonly proxy: ProxyServer | undefined;
  /** Whether the proxy is asked for a tunnel; without one it gets whole URLs. TLS always needs one. */
  readonly tunnel: boolean;
  readonly tls: TlsSettings;
  /** TLS settings towards a proxy that is itself reached by TLS. */
  readonly proxyTls: TlsSettings;
}

/** How long an address gets before the next one is tried beside it (RFC 8305 §5). */
const NEXT_ADDRESS_MS = 250;
/** The longest reply of a proxy to CONNECT that is read. */
const MAX_PROXY_REPLY = 64 * 1024;

/** A connection to the target on which requests can be sent at once. */
export async function dial(route: Route, gate: NetGate, attempt: Attempt): Promise<Socket> {
  const { target, proxy } = route;
  if (proxy === undefined) {
    const socket = await dialHost(target.host, target.port, gate, attempt);
    return target.secure ? secure(socket, target.host, route.tls, attempt) : socket;
  }
  // The proxy resolves the name: permissions can only be asked about the name.
  gate.checkNet(target.host, isIP(target.host) === 0 ? undefined : target.host, target.port);
  const socket = await reachProxy(proxy, route.proxyTls, gate, attempt);
  if (!route.tunnel) return socket;
  await tunnel(socket, target, proxy, attempt);
  if (!target.secure) return socket;
  return secure(socket, target.host, route.tls, attempt);
}

/** A connection to the proxy itself; what fails here is said to be the proxy's. */
async function reachProxy(proxy: ProxyServer, tls: TlsSettings, gate: NetGate, attempt: Attempt): Promise<Socket> {
  const { target } = proxy;
  try {
    const socket = await dialHost(target.host, target.port, gate, attempt);
    return target.secure ? await secure(socket, target.host, tls, attempt) : socket;
  } catch (error) {
    if (!(error instanceof Failure) || error === attempt.ended) throw error;
    throw new Failure(`proxy ${target.authority}: ${error.words}`, error.retry, error.cause);
  }
}

/** Resolves a name and connects to the first of its addresses that answers. */
async function dialHost(host: string, port: number, gate: NetGate, attempt: Attempt): Promise<Socket> {
  if (isIP(host) === 0) gate.checkLookup(host, port);
  const addresses = await resolve(host, attempt);
  for (const address of addresses) gate.checkNet(host, address, port);
  return race(interleave(addresses), port, attempt);
}

function resolve(host: string, attempt: Attempt): Promise<string[]> {
  if (isIP(host) !== 0) return Promise.resolve([host]);
  return new Promise((settle, fail) => {
    const withdraw = attempt.onEnd(fail);
    lookup(host, { all: true, verbatim: true }, (error, found) => {
      withdraw();
      if (error) fail(failureOf(error, "unsent"));
      else if (found.length === 0) fail(new Failure("host not found", "unsent"));
      else settle(found.map((one) => one.address));
    });
  });
}

/** Alternates the address families, beginning with the resolver's first (RFC 8305 §4). */
function interleave(addresses: string[]): string[] {
  const family = isIP(addresses[0]!);
  const same = addresses.filter((one) => isIP(one) === family);
  const other = addresses.filter((one) => isIP(one) !== family);
  const out: string[] = [];
  for (let i = 0; i < same.length || i < other.length; i++) {
    if (i < same.length) out.push(same[i]!);
    if (i < other.length) out.push(other[i]!);
  }
  return out;
}

/** Tries addresses one after the other, the next one when an answer takes its time; the first connection wins. */
function race(addresses: string[], port: number, attempt: Attempt): Promise<Socket> {
  return new Promise((settle, fail) => {
    const trying = new Set<Socket>();
    let next = 0;
    let over = false;
    let firstError: Failure | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const finish = (keep?: Socket) => {
      over = true;
      clearTimeout(timer);
      withdraw();
      for (const socket of trying) if (socket !== keep) socket.destroy();
    };
    const withdraw = attempt.onEnd((reason) => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      for (const socket of trying) socket.destroy();
      fail(reason);
    });
    const tryNext = () => {
      if (over || next >= addresses.length) return;
      clearTimeout(timer);
      const socket = connectTcp({ host: addresses[next++]!, port, noDelay: true });
      trying.add(socket);
      const failed = (error: Error) => {
        trying.delete(socket);
        socket.on("error", () => {});
        socket.destroy();
        if (over) return;
        firstError ??= failureOf(error, "unsent");
        if (next < addresses.length) tryNext();
        else if (trying.size === 0) {
          finish();
          fail(firstError);
        }
      };
      socket.once("error", failed);
      socket.once("connect", () => {
        if (over) {
          socket.destroy();
          return;
        }
        socket.off("error", failed);
        finish(socket);
        settle(socket);
      });
      if (next < addresses.length) timer = setTimeout(tryNext, NEXT_ADDRESS_MS);
    };
    tryNext();
  });
}

/** TLS over a connection. Nothing is sent or believed before the other side's certificate is verified. */
function secure(socket: Socket, host: string, tls: TlsSettings, attempt: Attempt): Promise<TLSSocket> {
  return new Promise((settle, fail) => {
    const name = tls.serverName ?? host.replace(/\.$/, "");
    let secured: TLSSocket;
    const failed = (error: unknown) => {
      withdraw();
      socket.on("error", () => {});
      socket.destroy();
      fail(failureOf(error, "unsent"));
    };
    const withdraw = attempt.onEnd((reason) => {
      socket.destroy();
      secured?.destroy();
      fail(reason);
    });
    // Not obeyed (see below), so the runtime need not warn that it is.
    delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    try {
      secured = connectTls({
        socket,
        host: name,
        // Addresses are not sent as server names (RFC 6066 §3), but are verified all the same.
        servername: isIP(name) === 0 ? name : "",
        // Said explicitly: the environment must not decide.
        rejectUnauthorized: tls.insecure !== true,
        ca: authorities(tls),
        cert: tls.cert,
        key: tls.key,
        minVersion: "TLSv1.2",
      });
    } catch (error) {
      failed(error);
      return;
    }
    const closed = () => failed(new Failure("connection closed during the TLS handshake", "unsent"));
    secured.once("error", failed);
    secured.once("close", closed);
    secured.once("secureConnect", () => {
      withdraw();
      secured.off("error", failed);
      secured.off("close", closed);
      settle(secured);
    });
  });
}

/** Asks a proxy for a tunnel to the target (RFC 9110 §9.3.6). */
function tunnel(socket: Socket, target: Target, proxy: ProxyServer, attempt: Attempt): Promise<void> {
  const host = target.host.includes(":") ? `[${target.host}]` : target.host;
  const where = `${host}:${target.port}`;
  const authorization = proxy.authorization === undefined ? "" : `Proxy-Authorization: ${proxy.authorization}\r\n`;
  return new Promise((settle, fail) => {
    let reply = "";
    const done = () => {
      withdraw();
      socket.off("data", read);
      socket.off("error", failed);
      socket.off("close", closed);
    };
    const refuse = (words: string, retry: Failure["retry"] = "never") => {
      done();
      socket.on("error", () => {});
      socket.destroy();
      fail(new Failure(`proxy ${proxy.target.authority}: ${words}`, retry));
    };
    const withdraw = attempt.onEnd((reason) => {
      done();
      socket.destroy();
      fail(reason);
    });
    const failed = (error: Error) => refuse(failureOf(error, "unsent").words, "unsent");
    const closed = () => refuse("connection closed before it answered", "unsent");
    const read = (chunk: Buffer) => {
      reply += chunk.toString("latin1");
      const end = reply.indexOf("\r\n\r\n");
      if (end < 0) {
        if (reply.length > MAX_PROXY_REPLY) refuse("malformed reply");
        return;
      }
      const status = /^HTTP\/1\.[01] (\d{3})(?: ([^\r\n]*))?/.exec(reply);
      if (status === null) refuse("malformed reply");
      else if (!status[1]!.startsWith("2")) refuse(`${status[1]} ${proxyReason(status[1]!, status[2])}`.trim());
      else if (end + 4 < reply.length) refuse("malformed reply");
      else {
        done();
        settle();
      }
    };
    socket.on("data", read);
    socket.once("error", failed);
    socket.once("close", closed);
    socket.write(`CONNECT ${where} HTTP/1.1\r\nHost: ${where}\r\n${authorization}\r\n`, "latin1");
  });
}

/** The proxy's own reason, if it is plain text. */
function proxyReason(status: string, reason: string | undefined): string {
  if (status === "407") return "proxy authentication required";
  return reason !== undefined && /^[\x20-\x7e]{1,80}$/.test(reason) ? reason : "";
}
