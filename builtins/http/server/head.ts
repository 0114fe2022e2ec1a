/** Reading the head of a request (RFC 9112 §2–§3, §5), strictly: what is ambiguous is refused, not interpreted. */
import { type HeaderList, isHostHeader, trimmed } from "../headers.ts";
import { normalPath } from "./path.ts";

/** Bytes of a request line and its header fields. */
export const MAX_HEAD = 32 * 1024;

/** A request that is refused before any handler sees it. The connection is closed after the reply. */
export class Refusal {
  constructor(
    readonly status: number,
    /** For the log, and in the reply. */
    readonly reason: string,
  ) {}
}

export interface Head {
  readonly method: string;
  /** In its normal form (path.ts). */
  readonly path: string;
  /** Raw, without the question mark; empty if there is none. */
  readonly query: string;
  /** Names in lower case. */
  readonly headers: HeaderList;
  /** False for HTTP/1.0. */
  readonly http11: boolean;
  /** Whether the client wants the connection to stay open. */
  readonly keepAlive: boolean;
  /** Bytes of the body; -1 for a chunked one. */
  readonly length: number;
  /** The client waits for `100 Continue` before it sends the body. */
  readonly expectsContinue: boolean;
  /** Whether it asks to become a websocket. */
  readonly upgrade: boolean;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;

/** Reads the head in `text` from `start` to `end`, where its empty line begins. Throws a Refusal. */
export function parseHead(text: string, start: number, end: number): Head {
  let lineEnd = text.indexOf("\r\n", start);
  if (lineEnd < 0 || lineEnd > end) lineEnd = end;
  const space = text.indexOf(" ", start);
  const second = text.indexOf(" ", space + 1);
  if (space < 0 || second < 0 || second > lineEnd) throw new Refusal(400, "malformed request line");
  const method = text.slice(start, space);
  if (!TOKEN.test(method)) throw new Refusal(400, "malformed method");
  const version = text.slice(second + 1, lineEnd);
  if (version !== "HTTP/1.1" && version !== "HTTP/1.0") {
    throw /^HTTP\/\d\.\d$/.test(version)
      ? new Refusal(505, "HTTP version not supported")
      : new Refusal(400, "malformed request line");
  }
  const http11 = version === "HTTP/1.1";
  const { path, query } = readTarget(method, text.slice(space + 1, second));

  const headers: HeaderList = [];
  let host: string | undefined;
  let contentLength: string | undefined;
  let transferEncoding: string | undefined;
  let connection = "";
  let expect: string | undefined;
  let upgrade = "";
  for (let at = lineEnd + 2; at < end; ) {
    let stop = text.indexOf("\r\n", at);
    if (stop < 0 || stop > end) stop = end;
    const colon = text.indexOf(":", at);
    if (colon < 0 || colon > stop) throw new Refusal(400, "malformed header line");
    const name = text.slice(at, colon).toLowerCase();
    // No white space before the colon, no folded lines: a name is a token.
    if (!NAME.test(name)) throw new Refusal(400, "malformed header name");
    const value = trimmed(text.slice(colon + 1, stop));
    if (!VALUE.test(value)) throw new Refusal(400, "malformed header value");
    headers.push(name, value);
    switch (name) {
      case "host":
        if (host !== undefined) throw new Refusal(400, "more than one host header");
        host = value;
        break;
      case "content-length":
        if (contentLength !== undefined) throw new Refusal(400, "more than one content-length");
        contentLength = value;
        break;
      case "transfer-encoding":
        if (transferEncoding !== undefined) throw new Refusal(400, "more than one transfer-encoding");
        transferEncoding = value;
        break;
      case "connection":
        connection += `,${value.toLowerCase()}`;
        break;
      case "expect":
        expect = value.toLowerCase();
        break;
      case "upgrade":
        upgrade = value.toLowerCase();
        break;
    }
    at = stop + 2;
  }
  if (host === undefined ? http11 : !isHostHeader(host)) throw new Refusal(400, "missing or malformed host header");
  if (expect !== undefined && expect !== "100-continue") throw new Refusal(417, "unsupported expectation");
  const tokens = connection === "" ? [] : connection.split(",").map(trimmed);
  return {
    method,
    path,
    query,
    headers,
    http11,
    keepAlive: http11 ? !tokens.includes("close") : tokens.includes("keep-alive"),
    length: bodyLength(contentLength, transferEncoding, http11),
    expectsContinue: expect !== undefined && http11,
    upgrade: http11 && upgrade === "websocket" && tokens.includes("upgrade"),
  };
}

/** What no head contains, wherever it ends: other control characters, and line ends that are none. */
const NO_HEAD = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r[^\n]|(?<!\r)\n/;

/** Looks at a head that is not complete yet: nobody needs to wait for the rest of one that is malformed already. */
export function checkIncomplete(text: string): void {
  if (NO_HEAD.test(text)) throw new Refusal(400, "malformed request");
}

/** RFC 9112 §6.3, without any of its leniency. */
function bodyLength(contentLength: string | undefined, transferEncoding: string | undefined, http11: boolean): number {
  if (transferEncoding !== undefined) {
    if (contentLength !== undefined) throw new Refusal(400, "both content-length and transfer-encoding");
    if (!http11) throw new Refusal(400, "transfer-encoding in HTTP/1.0");
    if (transferEncoding.toLowerCase() !== "chunked") throw new Refusal(400, "unsupported transfer-encoding");
    return -1;
  }
  if (contentLength === undefined) return 0;
  if (!/^\d{1,15}$/.test(contentLength)) throw new Refusal(400, "malformed content-length");
  return Number(contentLength);
}

/** Path and query of a request target (RFC 9112 §3.2). */
function readTarget(method: string, target: string): { path: string; query: string } {
  let local = target;
  if (!target.startsWith("/")) {
    if (target === "*" && method === "OPTIONS") return { path: "*", query: "" };
    if (method === "CONNECT") throw new Refusal(501, "not implemented");
    // The absolute form, as proxies get it. Its authority has to be ours in any case.
    const absolute = /^https?:\/\/[^/?#@]+([/?].*)?$/i.exec(target);
    if (absolute === null) throw new Refusal(400, "malformed request target");
    local = absolute[1] ?? "/";
    if (local.startsWith("?")) local = `/${local}`;
  }
  if (!/^[\x21-\x22\x24-\x7e\x80-\xff]*$/.test(local)) throw new Refusal(400, "malformed request target");
  const mark = local.indexOf("?");
  const path = normalPath(mark < 0 ? local : local.slice(0, mark));
  if (path === undefined) throw new Refusal(400, "malformed path");
  return { path, query: mark < 0 ? "" : local.slice(mark + 1) };
}
