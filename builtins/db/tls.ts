/** TLS to database servers with libpq's modes (PostgreSQL documentation, "SSL Support"). */
import { isIP, type Socket } from "node:net";
import { type ConnectionOptions, connect, rootCertificates, type TLSSocket } from "node:tls";
import { readOpened } from "../opened.ts";
import { Permissions } from "../permissions.ts";
import { DatabaseError, networkWords } from "./failure.ts";
import { permitted } from "./socket.ts";
import type { ServerTarget, SslMode } from "./url.ts";

/** Largest file of certificates or a key, in bytes. */
const MAX_PEM = 16 * 1024 * 1024;

/** How to make and check a TLS connection. */
export interface TlsSettings {
  readonly mode: SslMode;
  /** For `tls.connect`, without the socket. */
  readonly options: ConnectionOptions;
}

/** The settings for a server. Reads the files that they name. */
export function tlsSettings(target: ServerTarget, permissions: Permissions, env: string | undefined): TlsSettings {
  const { host, tls } = target;
  let mode = target.sslMode;
  // As libpq: who names a CA and says "require" means it to be checked.
  if (mode === "require" && tls.ca !== undefined && tls.ca !== "system") mode = "verify-ca";
  const verify = mode === "verify-ca" || mode === "verify-full";
  const name = tls.serverName ?? host;
  const options: ConnectionOptions = {
    // Said in so many words: the default can be turned off by an environment variable.
    rejectUnauthorized: verify,
    minVersion: "TLSv1.2",
  };
  if (isIP(name) === 0) options.servername = name;
  if (verify) {
    options.ca = trusted(tls.ca, permissions, env);
    if (mode === "verify-ca") options.checkServerIdentity = () => undefined;
  }
  if (tls.cert !== undefined) options.cert = pem(tls.cert, "client certificate", permissions);
  if (tls.key !== undefined) options.key = pem(tls.key, "client key", permissions);
  return { mode, options };
}

/** Whose signatures are good: the given CA, else SSL_CERT_FILE, else the usual authorities. */
function trusted(ca: string | undefined, permissions: Permissions, env: string | undefined): string | string[] {
  if (ca !== undefined && ca !== "system") return pem(ca, "CA certificate", permissions);
  // Named by the environment, not by the script: not the permissions' matter.
  if (env !== undefined && env !== "") return pem(env, "SSL_CERT_FILE", Permissions.all());
  return [...rootCertificates];
}

/** PEM text, or the content of the file it names. */
function pem(textOrPath: string, what: string, permissions: Permissions): string {
  if (textOrPath.includes("-----BEGIN")) return textOrPath;
  let text = "";
  try {
    permitted(() => {
      const check = (path: string) => permissions.checkRead("db.connect", path);
      text = readOpened(textOrPath, check, MAX_PEM).toString("utf8");
    });
  } catch (error) {
    if (error instanceof DatabaseError) throw error;
    throw new DatabaseError(`${what} ${textOrPath}: ${networkWords(error)}`);
  }
  if (!text.includes("-----BEGIN")) throw new DatabaseError(`${what} ${textOrPath}: no PEM data in it`);
  return text;
}

/** Makes a connected socket a TLS one; resolves once the handshake is done and the certificate checked. */
export function secure(socket: Socket, settings: TlsSettings, name: string, timeoutMs: number): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const failed = (error: unknown) => {
      clearTimeout(timer);
      secured.destroy();
      socket.destroy();
      reject(new DatabaseError(`${name}: TLS: ${tlsWords(error)}`, { fatal: true }));
    };
    const timer = setTimeout(() => failed({ message: "timeout" }), Math.max(1, timeoutMs));
    const closed = () => failed({ message: "connection closed during the handshake" });
    let secured: TLSSocket;
    try {
      secured = connect({ ...settings.options, socket });
    } catch (error) {
      clearTimeout(timer);
      socket.destroy();
      reject(new DatabaseError(`${name}: TLS: ${tlsWords(error)}`, { fatal: true }));
      return;
    }
    secured.once("error", failed);
    secured.once("close", closed);
    secured.once("secureConnect", () => {
      clearTimeout(timer);
      const { mode } = settings;
      // The library has checked this too; a connection that is to be verified never depends on one check.
      if ((mode === "verify-ca" || mode === "verify-full") && !secured.authorized) {
        failed(secured.authorizationError ?? { message: "certificate not trusted" });
        return;
      }
      secured.removeListener("error", failed);
      secured.removeListener("close", closed);
      resolve(secured);
    });
  });
}

const WORDS: Record<string, string> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: "the server's certificate is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "the server's certificate is signed by an unknown authority",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the server's certificate is signed by an unknown authority",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the server's certificate is signed by an unknown authority",
  UNABLE_TO_GET_ISSUER_CERT: "the server's certificate is signed by an unknown authority",
  CERT_HAS_EXPIRED: "the server's certificate has expired",
  CERT_NOT_YET_VALID: "the server's certificate is not valid yet",
  ERR_TLS_CERT_ALTNAME_INVALID: "the server's certificate is for another name",
};

export function tlsWords(error: unknown): string {
  const code = typeof error === "string" ? error : (error as { code?: unknown }).code;
  if (typeof code === "string" && WORDS[code] !== undefined) return WORDS[code];
  return networkWords(error);
}
