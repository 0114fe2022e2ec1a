/** URLs of requests: http and https only, nothing that could smuggle a second request or hide where it goes. RFC 3986. */
import { toText } from "../../interpreter/text.ts";
import { escaped, Failure, quoted } from "./failure.ts";

/** Where a request goes. */
export interface Target {
  /** Scheme, host and port: what "the same origin" compares. */
  readonly origin: string;
  readonly secure: boolean;
  /** Host name or address without brackets, lower case, IDN in its ASCII form. */
  readonly host: string;
  readonly port: number;
  /** What the Host header says: with brackets, and the port unless it is the scheme's own. */
  readonly authority: string;
  /** Path and query, as sent. */
  readonly path: string;
  /** `user:password` from the URL, decoded, as bytes; never shown. */
  readonly credentials: string | undefined;
  /** The URL without credentials and fragment, for results and messages. */
  readonly text: string;
}

// Characters that the standard parser would drop or bend, so that the URL would mean something else than it says.
const FORBIDDEN = /[\x00-\x1f\x7f\\]/;

/** Reads an absolute URL given as bytes. Throws a Failure that says what is wrong with it. */
export function parseUrl(bytes: string, schemes: "http" | "ws" = "http"): Target {
  const text = toText(bytes);
  if (text === undefined) throw invalid(bytes, "not valid UTF-8");
  const bad = FORBIDDEN.exec(text);
  if (bad !== null) throw invalid(bytes, bad[0] === "\\" ? "a backslash" : "a control character");
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text)?.[1]?.toLowerCase();
  const [plain, secure] = schemes === "http" ? ["http", "https"] : ["ws", "wss"];
  if (scheme === undefined) throw invalid(bytes, `no scheme, ${plain}:// or ${secure}:// expected`);
  if (scheme !== plain && scheme !== secure) {
    // "host:80/x" reads as a scheme too.
    const words = /^[a-z0-9.-]+:\d/i.test(text)
      ? `no scheme, ${plain}:// or ${secure}:// expected`
      : `scheme "${scheme}" is not supported`;
    throw invalid(bytes, words);
  }
  if (!/^[A-Za-z]+:\/\/[^/?#]/.test(text)) throw invalid(bytes, "no host");
  const url = parse(text, undefined);
  if (url === null || url.port === "0") throw invalid(bytes, detail(text));
  return targetOf(url, scheme === secure);
}

/** The target of a redirect's Location, relative to the URL that gave it. */
export function parseLocation(bytes: string, base: Target): Target {
  const text = toText(bytes);
  if (text === undefined || FORBIDDEN.test(text))
    throw new Failure(`redirect to an invalid URL ${shown(bytes)}`, "never");
  const url = parse(text, base.text);
  if (url === null) throw new Failure(`redirect to an invalid URL ${shown(bytes)}`, "never");
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new Failure(`redirect to an unsupported scheme "${url.protocol.slice(0, -1)}"`, "never");
  }
  if (url.hostname === "") throw new Failure(`redirect to an invalid URL ${shown(bytes)}`, "never");
  return targetOf(url, url.protocol === "https:");
}

/**
 * A path given to a client object, put behind its base URL: it never leaves the base's host, whatever it looks like
 * (`//evil/x` and `http://evil/` are paths here).
 */
export function joinPath(base: string, path: string): string {
  if (path === "") return base;
  const [, front, rest] = /^([^?#]*)(.*)$/s.exec(base) as unknown as [string, string, string];
  if (path.startsWith("?") || path.startsWith("#")) return front + path;
  return `${front.replace(/\/+$/, "")}/${path.replace(/^\/+/, "")}${rest.startsWith("?") && !path.includes("?") ? rest : ""}`;
}

/** Adds encoded query parameters to a URL, before its fragment. */
export function withQuery(url: string, query: string): string {
  if (query === "") return url;
  const hash = url.indexOf("#");
  const front = hash < 0 ? url : url.slice(0, hash);
  const joint = !front.includes("?") ? "?" : front.endsWith("?") || front.endsWith("&") ? "" : "&";
  return front + joint + query;
}

/** A URL as messages show it: without password, on one line. */
export function shown(url: string): string {
  return quoted(withoutCredentials(url));
}

/** Takes `user:password@` out of anything that looks like a URL. */
export function withoutCredentials(url: string): string {
  return url.replace(/^((?:[a-zA-Z][a-zA-Z0-9+.-]*:)?[/\\]+)?[^/?#\\]*@/, "$1");
}

function invalid(url: string, reason: string): Failure {
  return new Failure(`invalid URL ${shown(url)} (${reason})`, "never");
}

function parse(text: string, base: string | undefined): URL | null {
  return URL.parse(text, base);
}

/** Why the standard parser refused it, as far as that can be told. */
function detail(text: string): string {
  const authority = /^[a-z]+:\/\/([^/?#]*)/i.exec(text)?.[1] ?? "";
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  const port = /:(\d+)$/.exec(host)?.[1];
  if (port !== undefined && (Number(port) > 65535 || Number(port) === 0)) return "port out of range";
  return `bad host ${quoted(escaped(host))}`;
}

function targetOf(url: URL, secure: boolean): Target {
  const { hostname } = url;
  const port = url.port === "" ? (secure ? 443 : 80) : Number(url.port);
  const credentials =
    url.username === "" && url.password === "" ? undefined : `${decoded(url.username)}:${decoded(url.password)}`;
  url.username = "";
  url.password = "";
  url.hash = "";
  const authority = url.host;
  return {
    origin: `${secure ? "https" : "http"}://${hostname}:${port}`,
    secure,
    host: hostname.startsWith("[") ? hostname.slice(1, -1) : hostname,
    port,
    authority,
    path: url.pathname + url.search,
    credentials,
    text: url.href,
  };
}

/** Percent-decoding to bytes; what is not an escape stays. */
function decoded(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
