/** HTTP requests of checks, made by the client that scripts use: the same redirects, TLS, proxies and limits. */
import { Attempt } from "../../builtins/http/attempt.ts";
import { type Plan, perform, type Response } from "../../builtins/http/client/perform.ts";
import { Pool } from "../../builtins/http/client/pool.ts";
import type { NetEnvironment } from "../../builtins/http/context.ts";
import { Failure } from "../../builtins/http/failure.ts";
import { type HeaderList, hasHeader, joinedHeader, readHeaders } from "../../builtins/http/headers.ts";
import { readTls, type TlsEnvironment, type TlsSettings } from "../../builtins/http/tls.ts";
import { traceHeaders } from "../../builtins/http/trace.ts";
import { parseUrl } from "../../builtins/http/url.ts";
import { LuaError } from "../../interpreter/error.ts";
import { LuaTable, rootShape } from "../../interpreter/table.ts";
import { fromText, toTextLossy } from "../../interpreter/text.ts";
import type { Value } from "../../interpreter/value.ts";
import { pathFrom } from "./input.ts";
import type { Body, Note, Run, RunContext } from "./types/type.ts";

/** The step's own timer is to strike first: its message is the check's. */
export const GRACE_MS = 1000;
const MAX_BODY = 32 * 1024 * 1024;
const MAX_REDIRECTS = 10;

/** The keys that requests of all types share. */
export interface RequestKeys {
  readonly url?: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly auth?: { user?: string; password?: string; bearer?: string };
  readonly tls?: Readonly<Record<string, unknown>>;
}

export interface RequestSpec extends RequestKeys {
  readonly method: string;
  readonly url: string;
  readonly body?: Buffer;
  readonly contentType?: string;
  readonly maxRedirects?: number;
}

/** The connections of each run, kept for further checks. */
const pools = new WeakMap<Run, Pool>();

/** A response, or why there is none. */
export type Answer = { readonly response: Response; readonly error?: undefined } | { readonly error: string };

/** Makes a request. Never rejects for what can happen on the way. */
export async function request(spec: RequestSpec, context: RunContext): Promise<Answer> {
  const operation = new Attempt(Infinity);
  const withdraw = context.halt.onGiven(() => operation.end(new Failure("stopped", "never")));
  try {
    const plan = planOf(spec, context);
    const environment = environmentOf(context.run, "http");
    const pool = poolOf(context.run);
    return { response: await perform(plan, { ...environment, pool, hold: () => {} }, operation) };
  } catch (error) {
    if (error instanceof Failure) return { error: toTextLossy(error.words) };
    if (error instanceof LuaError && typeof error.value === "string") return { error: toTextLossy(error.value) };
    throw error;
  } finally {
    withdraw();
  }
}

function poolOf(run: Run): Pool {
  let pool = pools.get(run);
  if (pool === undefined) {
    pool = new Pool();
    pools.set(run, pool);
  }
  return pool;
}

/** Environment variables and permissions, for what connects on behalf of a check of the type `what`. */
export function environmentOf({ permissions }: Run, what: string): NetEnvironment {
  return {
    env: (key) => process.env[key],
    checkRead: (path) => permissions.checkRead(what, path),
    checkLookup: (name, port) => permissions.checkLookup(what, name, port),
    checkNet: (name, address, port) => permissions.checkNet(what, name, address, port),
  };
}

function planOf(spec: RequestSpec, context: RunContext): Plan {
  const headers = headerList(spec.headers);
  const authorization = authorizationOf(spec.auth);
  if (authorization !== undefined && !hasHeader(headers, "authorization")) headers.push("Authorization", authorization);
  if (spec.contentType !== undefined && !hasHeader(headers, "content-type"))
    headers.push("Content-Type", spec.contentType);
  if (!hasHeader(headers, "traceparent")) headers.push(...traceHeaders(undefined, (key) => process.env[key]));
  return {
    method: spec.method,
    url: fromText(spec.url),
    headers,
    body: spec.body,
    // The step has a timer of its own, whose message is the check's.
    timeout: Infinity,
    maxRedirects: spec.maxRedirects ?? MAX_REDIRECTS,
    retries: undefined,
    tls: tlsOf(spec.tls, context.folder, environmentOf(context.run, "http")),
    proxy: undefined,
    maxBody: MAX_BODY,
    download: undefined,
  };
}

function headerList(headers: RequestKeys["headers"]): HeaderList {
  return headers === undefined ? [] : readHeaders(luaTable(headers), "request");
}

function authorizationOf(auth: RequestKeys["auth"]): string | undefined {
  if (auth === undefined) return undefined;
  if (auth.bearer !== undefined) return `Bearer ${auth.bearer}`;
  return `Basic ${Buffer.from(`${auth.user}:${auth.password}`, "utf8").toString("base64")}`;
}

/** TLS settings; paths are relative to the check file. */
export function tlsOf(tls: RequestKeys["tls"], folder: string, environment: TlsEnvironment): TlsSettings {
  if (tls === undefined) return {};
  return readTls(luaTable(pathsFrom(tls, folder)), environment);
}

/** TLS keys with paths that are relative to the check file made absolute. */
export function pathsFrom(tls: Readonly<Record<string, unknown>>, folder: string): Record<string, unknown> {
  const placed: Record<string, unknown> = { ...tls };
  for (const key of ["ca", "cert", "key"]) {
    const value = placed[key];
    if (typeof value === "string" && !value.includes("-----BEGIN ")) {
      placed[key] = pathFrom(folder, value);
    }
  }
  return placed;
}

/** Data as a Lua table, for code that reads what scripts give. */
function luaTable(data: Readonly<Record<string, unknown>>): LuaTable {
  const table = new LuaTable(rootShape());
  for (const [key, value] of Object.entries(data)) table.set(fromText(key), luaValue(value));
  return table;
}

function luaValue(value: unknown): Value {
  if (Array.isArray(value)) {
    const list = new LuaTable(rootShape());
    for (const [i, item] of value.entries()) list.set(i + 1, luaValue(item));
    return list;
  }
  return typeof value === "boolean" ? (value as boolean) : fromText(String(value));
}

/** Notes what is wrong with the keys of a request, as far as that shows without making it. */
export function checkRequest(body: Body, note: Note): void {
  const { url, headers } = body as RequestKeys;
  if (typeof url === "string") {
    attempt(
      () => parseUrl(fromText(url)),
      (words) => note(["url"], words),
    );
  }
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (typeof value === "object" && !Array.isArray(value)) continue;
    attempt(
      () => headerList({ [name]: value }),
      (words) => note(["headers", name], words),
    );
  }
}

function attempt(step: () => unknown, complain: (words: string) => void): void {
  try {
    step();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    complain(toTextLossy(error.words));
  }
}

/** Header fields whose values help a reader of a failure. */
const SHOWN_HEADERS = [
  "content-type",
  "server",
  "location",
  "retry-after",
  "date",
  "via",
  "x-request-id",
  "www-authenticate",
];
/** Characters of a body that a failure shows. */
const EXCERPT = 2048;

/** What a failed check shows of a response: status, some headers, the beginning of the body. */
export function excerpt(response: Response): Readonly<Record<string, unknown>> {
  const headers: Record<string, string> = {};
  for (const name of SHOWN_HEADERS) {
    const value = joinedHeader(response.headers, name);
    if (value !== undefined) headers[name] = toTextLossy(value);
  }
  const body = toTextLossy(response.body.slice(0, EXCERPT));
  const cut = response.body.length > EXCERPT ? { body_bytes: response.body.length } : {};
  return { response: { status: response.status, url: response.url, headers, body, ...cut } };
}

/** All header fields by lower-case name, repeated ones joined. */
export function headerRecord(list: HeaderList): Record<string, string> {
  const out: Record<string, string> = Object.create(null);
  for (let i = 0; i < list.length; i += 2) {
    const name = list[i]!.toLowerCase();
    const value = toTextLossy(list[i + 1]!);
    out[name] = name in out ? `${out[name]}, ${value}` : value;
  }
  return out;
}

/** Why a body is not one JSON document; undefined when it is. */
export function jsonError(text: string): string | undefined {
  if (text.trim() === "") return "the body is empty, not JSON";
  try {
    JSON.parse(text);
    return undefined;
  } catch {
    return `the body is not JSON (it begins with ${JSON.stringify(text.slice(0, 40))})`;
  }
}
