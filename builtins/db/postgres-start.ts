/** How a connection to PostgreSQL begins: TLS or not, as `sslmode` says (libpq documentation §34.19). */
import type { Socket } from "node:net";
import type { Permissions } from "../permissions.ts";
import { DatabaseError } from "./failure.ts";
import type { Session } from "./session.ts";
import { openSocket } from "./socket.ts";
import { secure, type TlsSettings } from "./tls.ts";
import type { ServerTarget } from "./url.ts";

/** The message that asks for TLS (protocol documentation §55.2.10). */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

/** What pg_hba.conf's refusal of a connection with, or without, TLS is told as. */
const INVALID_AUTHORIZATION = "28000";

/** How long opening a connection may take that is to cancel a statement. */
const CANCEL_MS = 1000;

/** Opens a connection that is ready for the start-up message. */
type Open = (ms: number) => Promise<Socket>;
type Login = (socket: Socket, again: () => Promise<Socket>) => Promise<Session>;

/** Opens a connection and logs in, in the order that the mode asks for. */
export async function openPostgres(
  server: ServerTarget,
  tls: TlsSettings,
  permissions: Permissions,
  until: number,
  login: Login,
): Promise<Session> {
  const left = (): number => Math.max(1, until - performance.now());
  const plain: Open = (ms) => openSocket(server, permissions, ms);
  const encrypted: Open = (ms) => openSecure(server, tls, permissions, ms);
  const attempt = async (open: Open): Promise<Session> => login(await open(left()), () => open(CANCEL_MS));

  // Unix sockets carry no TLS, whatever the mode.
  if (server.socket !== undefined) return attempt(plain);
  switch (tls.mode) {
    case "disable":
      return attempt(plain);
    case "allow":
      try {
        return await attempt(plain);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        return attempt(encrypted);
      }
    case "prefer":
      try {
        return await attempt(encrypted);
      } catch (error) {
        if (!isRefusal(error) && !(error instanceof NoTls)) throw error;
        return attempt(plain);
      }
    default:
      return attempt(encrypted);
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof DatabaseError && error.details.code === INVALID_AUTHORIZATION;
}

/** The server offers no TLS, or the handshake failed: what `prefer` may take a plain connection for. */
class NoTls extends DatabaseError {}

async function openSecure(
  server: ServerTarget,
  tls: TlsSettings,
  permissions: Permissions,
  ms: number,
): Promise<Socket> {
  const until = performance.now() + ms;
  const left = (): number => Math.max(1, until - performance.now());
  const name = `${server.host}:${server.port}`;
  const socket = await openSocket(server, permissions, left());
  const answer = await ask(socket, left(), name);
  if (answer !== "S") {
    socket.destroy();
    throw new NoTls(`${name}: the server does not support TLS (sslmode=${server.sslMode})`, { fatal: true });
  }
  try {
    return await secure(socket, tls, name, left());
  } catch (error) {
    if (tls.mode === "prefer") throw new NoTls((error as DatabaseError).message, { fatal: true });
    throw error;
  }
}

/** Sends the request for TLS; gives the one byte that answers it. */
function ask(socket: Socket, ms: number, name: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const finish = (error: DatabaseError | undefined, answer: string) => {
      clearTimeout(timer);
      socket.removeAllListeners();
      if (error === undefined) {
        resolve(answer);
      } else {
        socket.destroy();
        reject(error);
      }
    };
    const closed = () => finish(new DatabaseError(`${name}: the server closed the connection`, { fatal: true }), "");
    const timer = setTimeout(() => finish(new DatabaseError(`${name}: timeout`, { fatal: true }), ""), ms);
    socket.once("error", closed);
    socket.once("close", closed);
    socket.once("data", (data: Buffer) => {
      // More than the one byte would be somebody slipping in data ahead of the handshake (CVE-2021-23222).
      if (data.length === 1) finish(undefined, data.toString("latin1"));
      else finish(new DatabaseError(`${name}: unexpected answer: not a PostgreSQL server?`, { fatal: true }), "");
    });
    socket.write(SSL_REQUEST);
  });
}
