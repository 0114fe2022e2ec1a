/** Why a request or a connection failed, in the words that scripts see. */
import { failure } from "../../interpreter/error.ts";

/**
 * A failed operation on its way to becoming a Lua error. `words` is one line without secrets. Its own class, because
 * a Lua error is made last, when the function's name and the URL are known.
 */
export class Failure {
  constructor(
    readonly words: string,
    /** What trying again might change: nothing, the connection (nothing was sent yet), or the exchange. */
    readonly retry: "never" | "unsent" | "sent",
    /** What was caught, for the log only. */
    readonly cause?: unknown,
  ) {}
}

/** A Failure as the error of the function `what`; other errors as they are. */
export function raised(what: string, error: unknown): unknown {
  return error instanceof Failure ? failure(`${what}: ${error.words}`) : error;
}

/** Words for what the operating system, the resolver and TLS report, by error code. */
const WORDS: Record<string, string> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset by the other side",
  ECONNABORTED: "connection aborted",
  EPIPE: "connection closed by the other side",
  ETIMEDOUT: "connection timed out",
  EHOSTUNREACH: "no route to host",
  EHOSTDOWN: "host is down",
  ENETUNREACH: "network is unreachable",
  EADDRNOTAVAIL: "address not available",
  EADDRINUSE: "address already in use",
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  EMFILE: "too many open files",
  ENFILE: "too many open files in the system",
  ENOBUFS: "no buffer space",
  ENOTFOUND: "host not found",
  EAI_NONAME: "host not found",
  EAI_NODATA: "host not found",
  ENODATA: "host not found",
  EAI_AGAIN: "host not found (name server unavailable)",
  ESERVFAIL: "host not found (name server failed)",
  EREFUSED: "host not found (name server refused)",
  ETIMEOUT: "host not found (name server timed out)",
  ENOENT: "no such file or directory",
  EISDIR: "is a directory",
  ENOTDIR: "not a directory",
  EROFS: "read-only file system",
  ENOSPC: "no space left on device",
  EDQUOT: "disk quota exceeded",
  EFBIG: "file too large",
  EIO: "input/output error",
  ENOTREG: "is not a regular file",
  ESTALE: "was exchanged while it was being opened",
  CERT_HAS_EXPIRED: "certificate has expired",
  CERT_NOT_YET_VALID: "certificate is not yet valid",
  CERT_REVOKED: "certificate is revoked",
  CERT_UNTRUSTED: "certificate is not trusted",
  CERT_SIGNATURE_FAILURE: "certificate has a wrong signature",
  INVALID_PURPOSE: "certificate is not meant for a server",
  INVALID_CA: "certificate has an invalid issuer",
  DEPTH_ZERO_SELF_SIGNED_CERT: "self-signed certificate",
  SELF_SIGNED_CERT_IN_CHAIN: "certificate signed by an unknown authority (self-signed certificate in the chain)",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "certificate signed by an unknown authority",
  UNABLE_TO_GET_ISSUER_CERT: "certificate signed by an unknown authority",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "certificate signed by an unknown authority",
  ERR_SSL_WRONG_VERSION_NUMBER: "the server does not speak TLS on this port",
  ERR_SSL_TLSV1_ALERT_CERTIFICATE_REQUIRED: "the server requires a client certificate",
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: "the server requires a client certificate",
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: "the server refused the client certificate",
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: "the server refused the client certificate (unknown authority)",
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: "the server refused the client certificate (expired)",
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: "TLS handshake refused by the server",
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: "no TLS version in common with the server",
  ERR_SSL_UNSUPPORTED_PROTOCOL: "no TLS version in common with the server",
  ERR_SSL_KEY_VALUES_MISMATCH: "the private key does not belong to the certificate",
  ERR_OSSL_X509_KEY_VALUES_MISMATCH: "the private key does not belong to the certificate",
  ERR_SSL_X509_KEY_VALUES_MISMATCH: "the private key does not belong to the certificate",
  ERR_BORINGSSL: "unreadable certificate or key",
  UND_ERR_HEADERS_OVERFLOW: "response headers are too large",
  // The parser gives this for any mistake where a length was given.
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH:
    "malformed response (its content-length is given twice, too large, or does not fit its body)",
  ERR_ASSERTION: "malformed response",
  UND_ERR_RES_EXCEEDED_MAX_SIZE: "response body is too large",
};

/** Codes that mean the other side may answer another time. */
const PASSING = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "EHOSTDOWN",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ESERVFAIL",
  "ETIMEOUT",
  "UND_ERR_SOCKET",
  "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
]);

interface Coded {
  name?: unknown;
  code?: unknown;
  message?: unknown;
  cause?: unknown;
}

/** Words for anything that was caught, never the text of a JavaScript error. `stage` tells whether bytes were sent. */
export function failureOf(caught: unknown, stage: "unsent" | "sent"): Failure {
  if (caught instanceof Failure) return caught;
  const { code, message, name: type } = caught as Coded;
  const name = typeof code === "string" ? code : "";
  const retry = PASSING.has(name) ? stage : "never";
  if (name === "ERR_TLS_CERT_ALTNAME_INVALID") return new Failure(wrongHost(String(message)), "never", caught);
  const words = WORDS[name];
  if (words !== undefined) return new Failure(words, retry, caught);
  if (type === "HTTPParserError") return new Failure(`malformed response (${protocolWords(message)})`, "never", caught);
  if (name === "UND_ERR_SOCKET") return new Failure(socketWords(String(message)), retry, caught);
  if (name.startsWith("ERR_SSL_") || name.startsWith("ERR_TLS_") || name.startsWith("ERR_OSSL")) {
    return new Failure(`TLS failure (${spaced(name.replace(/^ERR_(SSL|TLS|OSSL)_?/, ""))})`, "never", caught);
  }
  if (name.startsWith("EAI_") || name.startsWith("DNS_")) return new Failure("host not found", retry, caught);
  return new Failure(name === "" ? "internal failure" : `failure (${spaced(name)})`, "never", caught);
}

/** What the client's HTTP parser found: its own sentence, which names the offending part. */
function protocolWords(message: unknown): string {
  const reason = /\(([^()]*)\)$/.exec(String(message))?.[1];
  if (reason === undefined || reason === "" || reason.startsWith("Expected HTTP/")) return "not HTTP/1.1";
  return lowerFirst(reason);
}

function socketWords(message: string): string {
  if (message === "bad response" || message === "bad upgrade") return "malformed response (unexpected status)";
  return "connection closed before the response was complete";
}

/** Names the hosts that the certificate is for. */
function wrongHost(message: string): string {
  const names = /altnames: (?:.*?)(DNS:.*|IP Address:.*)$/.exec(message)?.[1];
  const list = names?.replaceAll("DNS:", "").replaceAll("IP Address:", "");
  return list === undefined || list === ""
    ? "certificate is for another host"
    : `certificate is for another host (it names ${escaped(list.length > 200 ? `${list.slice(0, 200)}...` : list)})`;
}

function spaced(code: string): string {
  return code.toLowerCase().replaceAll("_", " ");
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** The message of a failed file operation, for a path. */
export function fileWords(caught: unknown): string {
  return failureOf(caught, "unsent").words;
}

/** A byte string as an error message may quote it: one line, control characters written out, of bounded length. */
export function quoted(text: string): string {
  const cut = text.length > 200 ? `${text.slice(0, 200)}...` : text;
  return `"${escaped(cut)}"`;
}

/** A URL, which holds no control characters, as messages say where something failed: of bounded length. */
export function brief(url: string): string {
  return url.length > 1000 ? `${url.slice(0, 1000)}...` : url;
}

/** Control characters of a byte string written out. */
export function escaped(text: string): string {
  return text.replace(/[\x00-\x1f\x7f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** Seconds as messages write them: `30s`, `0.5s`. */
export function secondsText(seconds: number): string {
  return `${Number(seconds.toFixed(3))}s`;
}
