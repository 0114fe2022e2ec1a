/** Plain connections of checks, opened as the HTTP client opens its own: same name resolution, permissions and TLS. */
import type { Socket } from "node:net";
import type { PeerCertificate, TLSSocket } from "node:tls";
import { Attempt } from "../../builtins/http/attempt.ts";
import { dial } from "../../builtins/http/dial.ts";
import { Failure } from "../../builtins/http/failure.ts";
import { DEFAULT_TLS, type TlsSettings, withDefaults } from "../../builtins/http/tls.ts";
import type { Target } from "../../builtins/http/url.ts";
import { LuaError } from "../../interpreter/error.ts";
import { toTextLossy } from "../../interpreter/text.ts";
import { environmentOf, GRACE_MS } from "./request.ts";
import type { RunContext } from "./types/type.ts";

export interface Destination {
  readonly host: string;
  readonly port: number;
  /** TLS settings; undefined for a connection without TLS. */
  readonly tls: TlsSettings | undefined;
}

/** Runs `use` with a connection that is closed afterwards. The error is in words for the result. */
export async function withConnection<T>(
  what: string,
  { host, port, tls }: Destination,
  context: RunContext,
  use: (socket: Socket, attempt: Attempt) => T | Promise<T>,
): Promise<{ value: T; error?: undefined } | { error: string }> {
  const attempt = new Attempt((context.limitMs + GRACE_MS) / 1000);
  const withdraw = context.halt.onGiven(() => attempt.end(new Failure("stopped", "never")));
  const environment = environmentOf(context.run, what);
  const target = targetOf(host, port, tls !== undefined);
  let socket: Socket | undefined;
  try {
    const settings = tls === undefined ? DEFAULT_TLS : withDefaults(tls, target, environment);
    const route = { target, proxy: undefined, tunnel: false, tls: settings, proxyTls: DEFAULT_TLS };
    socket = await dial(route, environment, attempt);
    return { value: await use(socket, attempt) };
  } catch (error) {
    if (error instanceof Failure) return { error: `${target.authority}: ${toTextLossy(error.words)}` };
    if (error instanceof LuaError && typeof error.value === "string") return { error: toTextLossy(error.value) };
    throw error;
  } finally {
    withdraw();
    attempt.finish();
    socket?.on("error", () => {});
    socket?.destroy();
  }
}

function targetOf(host: string, port: number, secure: boolean): Target {
  const bare = host.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  const authority = `${bare.includes(":") ? `[${bare}]` : bare}:${port}`;
  const scheme = secure ? "https" : "http";
  return {
    origin: `${scheme}://${authority}`,
    secure,
    host: bare,
    port,
    authority,
    path: "/",
    credentials: undefined,
    text: `${scheme}://${authority}/`,
  };
}

/** What a check looks at in a certificate. */
export interface Certificate {
  readonly daysLeft: number;
  readonly subject: string;
  readonly issuer: string;
  /** RFC 3339. */
  readonly validTo: string;
  readonly names: readonly string[];
}

/** The certificate that the other side of a connection has shown. */
export function certificateOf(socket: Socket): Certificate {
  const found = (socket as TLSSocket).getPeerCertificate();
  const validTo = new Date(found.valid_to);
  return {
    daysLeft: Math.floor((validTo.getTime() - Date.now()) / 86_400_000),
    subject: distinguishedName(found.subject),
    issuer: distinguishedName(found.issuer),
    validTo: validTo.toISOString(),
    names: (found.subjectaltname ?? "").split(", ").filter((name) => name !== ""),
  };
}

/** `CN=…, O=…`. */
function distinguishedName(name: PeerCertificate["subject"] | undefined): string {
  return Object.entries(name ?? {})
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(", ");
}

/** Why a certificate is not valid for that many days more, if it is not. */
export function daysLeftError(certificate: Certificate, days: number): string | undefined {
  const { daysLeft, validTo } = certificate;
  if (daysLeft >= days) return undefined;
  return `expected a certificate valid for ${days} days, got ${daysLeft} (it expires ${validTo.slice(0, 10)})`;
}
