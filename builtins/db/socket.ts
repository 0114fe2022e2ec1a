/** Connections to database servers: name lookup, the permission for the address really used, TCP and Unix sockets. */
import { lookup } from "node:dns/promises";
import { closeSync, existsSync, openSync } from "node:fs";
import { isIP, connect as netConnect, type Socket } from "node:net";
import { LuaError } from "../../interpreter/error.ts";
import { toText } from "../../interpreter/text.ts";
import { realPathOfDescriptor } from "../opened.ts";
import type { Permissions } from "../permissions.ts";
import { DatabaseError, networkWords } from "./failure.ts";

/** Where a server listens. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** Path of a Unix socket, instead. */
  readonly socket: string | undefined;
}

/** Runs a check of the permissions; its refusal becomes a DatabaseError with the words of the refusal. */
export function permitted<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof LuaError)) throw error;
    const text = typeof error.value === "string" ? error.value : "not allowed";
    throw new DatabaseError(toText(text) ?? text, { complete: true });
  }
}

/**
 * Opens a connection. Each address of the host is tried in turn, if the permissions allow it; `timeoutMs` is for all
 * of them. Rejects with a DatabaseError that names the server.
 */
export async function openSocket(endpoint: Endpoint, permissions: Permissions, timeoutMs: number): Promise<Socket> {
  const { host, port, socket } = endpoint;
  const until = performance.now() + timeoutMs;
  if (socket !== undefined) {
    const real = permitted(() => {
      permissions.checkNet("db.connect", socket, undefined, 0);
      permissions.checkWrite("db.connect", socket);
      return permissions.checkRead("db.connect", socket);
    });
    return real === undefined ? attempt({ path: socket }, timeoutMs, socket) : attemptAt(real, timeoutMs, socket);
  }
  // A name that may not be reached is not asked for either.
  if (isIP(host) === 0) permitted(() => permissions.checkLookup("db.connect", host, port));
  const addresses = isIP(host) === 0 ? await resolve(host, timeoutMs) : [host];
  let last: unknown;
  for (const address of addresses) {
    permitted(() => permissions.checkNet("db.connect", host, address, port));
    try {
      return await attempt({ host: address, port }, until - performance.now(), `${host}:${port}`);
    } catch (error) {
      last = error;
    }
  }
  throw last;
}

/** Not to read or write, only to stand for the file (open(2), O_PATH); Linux has it on all processors. */
const O_PATH = 0o10000000;

/** Connects to the Unix socket that permissions were decided on, whatever happens to the links that led to it. */
async function attemptAt(real: string, timeoutMs: number, name: string): Promise<Socket> {
  let fd: number;
  try {
    fd = openSync(real, O_PATH);
  } catch (error) {
    throw new DatabaseError(`${name}: ${networkWords(error)}`, { fatal: true });
  }
  try {
    const found = realPathOfDescriptor(fd, real);
    if (found !== real) throw new DatabaseError(`${name}: the socket was exchanged while it was being opened`);
    const path = `/proc/self/fd/${fd}`;
    return await attempt({ path: existsSync(path) ? path : real }, timeoutMs, name);
  } finally {
    closeSync(fd);
  }
}

async function resolve(host: string, timeoutMs: number): Promise<string[]> {
  const slow = timeout<never>(timeoutMs, `${host}: host lookup`);
  try {
    const found = await Promise.race([lookup(host, { all: true, verbatim: true }), slow.promise]);
    return found.map((entry) => entry.address);
  } catch (error) {
    if (error instanceof DatabaseError) throw error;
    throw new DatabaseError(`${host}: host not found`, { fatal: true });
  } finally {
    slow.cancel();
  }
}

function timeout<T>(ms: number, what: string): { promise: Promise<T>; cancel(): void } {
  let timer: ReturnType<typeof setTimeout>;
  const promise = new Promise<T>((_resolve, reject) => {
    timer = setTimeout(() => reject(timedOut(what, ms)), Math.max(1, Math.min(ms, 2 ** 31 - 1)));
  });
  return { promise, cancel: () => clearTimeout(timer) };
}

function timedOut(what: string, _ms: number): DatabaseError {
  return new DatabaseError(`${what}: timeout`, { fatal: true });
}

function attempt(to: { path: string } | { host: string; port: number }, ms: number, name: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = netConnect({ ...to, noDelay: true });
    const timer = setTimeout(
      () => {
        socket.destroy();
        reject(timedOut(name, ms));
      },
      Math.max(1, Math.min(ms, 2 ** 31 - 1)),
    );
    const failed = (error: unknown) => {
      clearTimeout(timer);
      socket.destroy();
      reject(new DatabaseError(`${name}: ${networkWords(error)}`, { fatal: true }));
    };
    socket.once("error", failed);
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.removeListener("error", failed);
      resolve(socket);
    });
  });
}
