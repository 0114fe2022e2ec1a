/** Following redirects (RFC 9110 §15.4; the Fetch standard's method changes), and what may follow them. */
import type { HeaderList } from "../headers.ts";
import type { Target } from "../url.ts";

export function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

/**
 * What a script's headers may carry to another origin. Everything else could be a credential under a name that
 * nobody has heard of, so it stays behind.
 */
const HARMLESS = new Set([
  "accept",
  "accept-charset",
  "accept-encoding",
  "accept-language",
  "cache-control",
  "content-language",
  "content-type",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "if-unmodified-since",
  "pragma",
  "range",
  "traceparent",
  "tracestate",
  "user-agent",
  "x-correlation-id",
  "x-request-id",
]);

/** What describes a body; dropped with it. */
const BODY_HEADERS = new Set(["content-type", "content-language", "content-encoding", "content-location"]);

export interface Redirectable {
  readonly method: string;
  readonly target: Target;
  /** What the script set, its credentials included. Once a header was dropped it does not come back. */
  readonly headers: HeaderList;
  readonly body: Buffer | undefined;
}

/** The request that a redirect asks for. */
export function redirected(request: Redirectable, status: number, target: Target): Redirectable {
  const dropsBody =
    (status === 303 && request.method !== "GET" && request.method !== "HEAD") ||
    ((status === 301 || status === 302) && request.method === "POST");
  const elsewhere = target.origin !== request.target.origin;
  // A relative Location does not repeat the user and password of the URL it belongs to.
  const { credentials = elsewhere ? undefined : request.target.credentials } = target;
  const headers: HeaderList = [];
  for (let i = 0; i < request.headers.length; i += 2) {
    const name = request.headers[i]!.toLowerCase();
    if (dropsBody && BODY_HEADERS.has(name)) continue;
    if (elsewhere && !HARMLESS.has(name)) continue;
    headers.push(request.headers[i]!, request.headers[i + 1]!);
  }
  return {
    method: dropsBody ? "GET" : request.method,
    target: { ...target, credentials },
    headers,
    body: dropsBody ? undefined : request.body,
  };
}
