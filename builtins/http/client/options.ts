/** What scripts say about a request, and the plan that comes of it. */
import { resolve } from "node:path";
import { failure } from "../../../interpreter/error.ts";
import { custom, type Fields, integer, number, optional, options, string, table } from "../../../interpreter/native.ts";
import { formatNumber } from "../../../interpreter/number.ts";
import { LuaTable } from "../../../interpreter/table.ts";
import { toText } from "../../../interpreter/text.ts";
import { isInteger, isNumber, toDouble, type Value } from "../../../interpreter/value.ts";
import { encodeJson } from "../../json-writer.ts";
import type { CheckFile } from "../../opened.ts";
import { Failure, quoted } from "../failure.ts";
import { hasHeader, isToken, overlay, readHeaders } from "../headers.ts";
import { readTls, type TlsEnvironment, type TlsSettings } from "../tls.ts";
import { joinPath, withQuery } from "../url.ts";
import { encodePairs } from "./encode.ts";
import type { Plan } from "./perform.ts";
import type { DownloadTarget } from "./receive.ts";
import { DEFAULT_BACKOFF, DEFAULT_STATUSES, type RetryPlan } from "./retry.ts";

const DEFAULT_TIMEOUT = 30;
const DEFAULT_REDIRECTS = 10;
const DEFAULT_MAX_BODY = 32 * 1024 * 1024;

function tableOr<T>(accept: (value: Value) => T | undefined): (value: Value) => LuaTable | T | undefined {
  return (value) => (value instanceof LuaTable ? value : accept(value));
}

/** Fields of the options of every request. Absent ones are filled from the client object, then with defaults. */
const fields = [
  optional(
    table("headers", { summary: "header fields; a list repeats one", type: "table<string, string|number|string[]>" }),
  ),
  optional(
    number("timeout", { unit: "seconds", min: 0.001, summary: "for one attempt with its redirects; default 30" }),
  ),
  optional(table("query", { summary: "added to the URL, percent-encoded; a list repeats its key" })),
  optional(table("form", { summary: "sent as application/x-www-form-urlencoded" })),
  optional(table("auth", { summary: "`{user, password}` for basic authentication" })),
  optional(string("bearer", { summary: "a token for the Authorization header" })),
  optional(integer("max_redirects", { min: 0, max: 100, summary: "default 10; 0 returns the redirect itself" })),
  optional(
    custom(
      "retries",
      "integer|table",
      "integer or table",
      tableOr((value) => (isInteger(value) ? Number(value) : undefined)),
      {
        summary:
          "further attempts: a number, or `{count, backoff = 0.5, statuses = {429, 502, 503, 504}, unsafe = false}`; only idempotent methods unless `unsafe`",
      },
    ),
  ),
  optional(table("tls", { summary: "`ca`, `cert`, `key` (PEM texts or paths), `insecure`, `server_name`" })),
  optional(
    custom(
      "proxy",
      "string|false",
      "string or false",
      (value) => (typeof value === "string" || value === false ? value : undefined),
      {
        summary: "URL of a proxy; false: none, whatever the environment says",
      },
    ),
  ),
  optional(
    integer("max_body", {
      unit: "bytes",
      min: 0,
      summary: "of the decoded response body; default 32 MiB, none for downloads",
    }),
  ),
  optional(string("download", { summary: "path of a file that a successful response's body goes to" })),
] as const;

export const requestOptions = options("opts", fields);
export type RequestOptions = Fields<typeof fields>;

const bodyParam = custom(
  "body",
  "string|table",
  "string, table or nil",
  tableOr((value) => (typeof value === "string" ? value : isNumber(value) ? formatNumber(value) : undefined)),
  {
    summary: "bytes as they are, or a table to be sent as JSON",
  },
);
export const optionalBody = optional(bodyParam);

/** The options of `http.request` and of methods without a body parameter, which may have one all the same. */
const fieldsWithBody = [...fields, optional(bodyParam)] as const;
export const requestOptionsWithBody = options("opts", fieldsWithBody);

const clientFields = [...fields, optional(string("base_url", { summary: "in front of every path" }))] as const;
export const clientOptions = options("opts", clientFields);
export type ClientOptions = Fields<typeof clientFields>;

export type Body = string | LuaTable | undefined;

/** A method as scripts write it: any token in capital letters. Throws a LuaError. */
export function checkMethod(method: string): string {
  if (isToken(method) && method === method.toUpperCase() && method !== "CONNECT" && method !== "TRACE") return method;
  throw failure(`http.request: invalid method ${quoted(method)}`);
}

/** The plan of a request; `defaults` are a client object's options. Throws a Failure or a LuaError. */
export function makePlan(
  what: string,
  method: string,
  url: string,
  body: Body,
  given: RequestOptions,
  defaults: ClientOptions | undefined,
  environment: TlsEnvironment & { checkWrite: CheckFile },
): Plan {
  const opts = defaults === undefined ? given : merged(defaults, given);
  const [bytes, type] = readBody(what, body, opts.form);
  let headers = readHeaders(opts.headers, "request");
  if (defaults?.headers !== undefined && given.headers !== undefined) {
    headers = overlay(readHeaders(defaults.headers, "request"), headers);
  }
  const authorization = readAuthorization(opts);
  if (authorization !== undefined) {
    if (hasHeader(headers, "authorization"))
      throw new Failure("either auth, bearer or an Authorization header", "never");
    headers.push("Authorization", authorization);
  }
  if (type !== undefined && !hasHeader(headers, "content-type")) headers.push("Content-Type", type);
  const base = defaults?.base_url;
  const query = opts.query === undefined ? "" : encodePairs(opts.query, "query", false);
  return {
    method,
    url: withQuery(base === undefined ? url : joinPath(base, url), query),
    headers,
    body: bytes,
    timeout: opts.timeout ?? DEFAULT_TIMEOUT,
    maxRedirects: opts.max_redirects ?? DEFAULT_REDIRECTS,
    retries: opts.retries === undefined ? undefined : readRetries(opts.retries),
    tls: opts.tls === undefined ? NO_TLS : readTls(opts.tls, environment),
    proxy: opts.proxy,
    maxBody: opts.max_body ?? (opts.download === undefined ? DEFAULT_MAX_BODY : Infinity),
    download: opts.download === undefined ? undefined : readDownload(opts.download, environment),
  };
}

const NO_TLS: TlsSettings = {};

/** A client's options with those of one request over them. Headers are put over each other one by one elsewhere. */
function merged(defaults: ClientOptions, given: RequestOptions): RequestOptions {
  const out: Record<string, unknown> = { ...defaults };
  for (const [key, value] of Object.entries(given)) if (value !== undefined) out[key] = value;
  // A request that authenticates in its own way does not inherit the client's.
  if (given.bearer !== undefined) out.auth = given.auth;
  if (given.auth !== undefined) out.bearer = given.bearer;
  return out as RequestOptions;
}

/** The body's bytes, and the content type they have by themselves. */
function readBody(what: string, body: Body, form: LuaTable | undefined): [Buffer | undefined, string | undefined] {
  if (form !== undefined) {
    if (body !== undefined) throw failure(`${what}: either a body or a form`);
    return [Buffer.from(encodePairs(form, "form", true), "latin1"), "application/x-www-form-urlencoded"];
  }
  if (body === undefined) return [undefined, undefined];
  if (typeof body === "string") return [Buffer.from(body, "latin1"), undefined];
  return [Buffer.from(encodeJson(what, body), "latin1"), "application/json"];
}

function readAuthorization(opts: RequestOptions): string | undefined {
  if (opts.bearer !== undefined) {
    if (opts.auth !== undefined) throw new Failure("either auth or bearer", "never");
    if (!/^[\x21-\x7e]+$/.test(opts.bearer)) throw new Failure("invalid character in bearer", "never");
    return `Bearer ${opts.bearer}`;
  }
  if (opts.auth === undefined) return undefined;
  const [user, password] = [opts.auth.getIndex(1), opts.auth.getIndex(2)];
  const pair = typeof user === "string" && typeof password === "string" && !user.includes(":");
  if (!pair) throw new Failure("auth must be {user, password}, and the user without a colon", "never");
  return `Basic ${Buffer.from(`${user}:${password}`, "latin1").toString("base64")}`;
}

function readRetries(given: LuaTable | number): RetryPlan {
  const wrong = (field: string, expected: string) => new Failure(`retries.${field} must be ${expected}`, "never");
  const table = typeof given === "number" ? undefined : given;
  const count = typeof given === "number" ? given : (given.getString("count") ?? given.getIndex(1));
  if (typeof count !== "number" || !Number.isInteger(count) || count < 0) throw wrong("count", "an integer from 0");
  const backoff = table?.getString("backoff") ?? DEFAULT_BACKOFF;
  if (!isNumber(backoff) || !(toDouble(backoff) >= 0)) throw wrong("backoff", "a number of seconds");
  const unsafe = table?.getString("unsafe") ?? false;
  if (typeof unsafe !== "boolean") throw wrong("unsafe", "a boolean");
  const statuses = table?.getString("statuses");
  const list =
    statuses === undefined ? DEFAULT_STATUSES : statuses instanceof LuaTable ? statuses.toArray() : [undefined];
  if (!list.every((one): one is number => typeof one === "number")) throw wrong("statuses", "a list of integers");
  return { count, backoff: toDouble(backoff), statuses: new Set(list), unsafe };
}

function readDownload(path: string, { checkWrite }: { checkWrite: CheckFile }): DownloadTarget {
  const text = toText(path);
  if (text === undefined || text === "" || text.includes("\0"))
    throw new Failure(`invalid path ${quoted(path)} to download to`, "never");
  const whole = resolve(text);
  return { path: checkWrite(whole) ?? whole, check: checkWrite };
}
