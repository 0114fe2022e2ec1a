/** `type: http`: one request, and what its response must be. */
import type { Response } from "../../../builtins/http/client/perform.ts";
import { joinedHeader } from "../../../builtins/http/headers.ts";
import { toTextLossy } from "../../../interpreter/text.ts";
import { certificateOf, daysLeftError, withConnection } from "../connect.ts";
import { unsatisfied } from "../jq.ts";
import { matches } from "../regex.ts";
import { checkRequest, environmentOf, excerpt, headerRecord, jsonError, request, tlsOf } from "../request.ts";
import { AUTH, COUNT, HEADERS, JQ, oneOrMore, TLS } from "../schema-parts.ts";
import { type Body, type CheckType, listOf, type Outcome, type RunContext } from "./type.ts";

const STATUS_CLASS = "^[1-5]xx$";
const STATUS = {
  title: "an integer",
  $comment: "or a class such as 2xx, or a list of them",
  anyOf: [
    { type: "integer", minimum: 100, maximum: 599 },
    { type: "string", pattern: STATUS_CLASS },
  ],
} as const;

const HEADER_EXPECTATION = {
  title: "a string, true, false, or a mapping with equals, contains or matches",
  anyOf: [
    { type: "string" },
    { type: "boolean" },
    {
      type: "object",
      minProperties: 1,
      additionalProperties: false,
      properties: { equals: { type: "string" }, contains: { type: "string" }, matches: { type: "string" } },
    },
  ],
} as const;

interface Expectation {
  status?: unknown;
  json?: string | string[];
  body?: string | string[];
  body_matches?: string | string[];
  headers?: Record<string, string | boolean | { equals?: string; contains?: string; matches?: string }>;
  max_ms?: number;
  tls_days_left?: number;
}

interface HttpBody {
  url: string;
  method?: string;
  headers?: Record<string, unknown>;
  body?: string;
  json?: unknown;
  auth?: { user?: string; password?: string; bearer?: string };
  tls?: Record<string, unknown>;
  follow?: boolean | number;
  expect?: Expectation;
}

export const http: CheckType = {
  name: "http",
  summary: "one HTTP request, and what its response must be",
  fields: {
    url: { type: "string", minLength: 1 },
    method: { type: "string", pattern: "^[A-Z][A-Z-]*$", title: "a method in capital letters", default: "GET" },
    headers: HEADERS,
    body: { type: "string", description: "sent as it is" },
    json: { description: "sent as JSON" },
    auth: AUTH,
    tls: TLS,
    follow: {
      title: "true, false or a number of redirects",
      anyOf: [{ type: "boolean" }, { type: "integer", minimum: 0, maximum: 100 }],
      description: "whether, or how many, redirects are followed",
      default: 10,
    },
  },
  required: ["url"],
  expect: {
    status: { ...STATUS, anyOf: [...STATUS.anyOf, { type: "array", minItems: 1, items: STATUS }], default: "2xx" },
    json: { ...oneOrMore("a jq expression or a list of them", JQ), description: "jq expressions that must be true" },
    body: { ...oneOrMore("a string or a list of strings"), description: "must be in the body" },
    body_matches: oneOrMore("a regular expression or a list of them"),
    headers: { type: "object", minProperties: 1, additionalProperties: HEADER_EXPECTATION },
    max_ms: { type: "number", minimum: 0, description: "the whole exchange, in milliseconds" },
    tls_days_left: { ...COUNT, description: "days that the certificate must still be valid" },
  },

  validate(body, { note, jq, regex }) {
    checkRequest(body, note);
    const { body: text, json, url, expect } = body as unknown as HttpBody;
    if (text !== undefined && json !== undefined) note(["json"], "either body or json");
    for (const [i, expression] of listOf(expect?.json).entries()) jq(pathIn(expect?.json, "json", i), expression);
    for (const [i, pattern] of listOf(expect?.body_matches).entries()) {
      regex(pathIn(expect?.body_matches, "body_matches", i), pattern);
    }
    for (const [name, wanted] of Object.entries(expect?.headers ?? {})) {
      if (typeof wanted === "object") regex(["expect", "headers", name, "matches"], wanted.matches);
    }
    if (expect?.tls_days_left !== undefined && typeof url === "string" && !/^https:/i.test(url)) {
      note(["expect", "tls_days_left"], "only https: has a certificate");
    }
  },

  async run(body: Body, context: RunContext): Promise<Outcome> {
    const spec = body as unknown as HttpBody;
    const { body: text, json, expect = {} } = spec;
    const content = text ?? (json === undefined ? undefined : JSON.stringify(json));
    const answer = await request(
      {
        method: spec.method ?? "GET",
        url: spec.url,
        headers: spec.headers,
        auth: spec.auth,
        tls: spec.tls,
        body: content === undefined ? undefined : Buffer.from(content, "utf8"),
        contentType: json === undefined ? undefined : "application/json",
        maxRedirects: spec.follow === false ? 0 : typeof spec.follow === "number" ? spec.follow : undefined,
      },
      context,
    );
    if (answer.error !== undefined) return { error: answer.error };
    const { response } = answer;
    const result = () => resultText(response);
    const errors = await differences(expect, response, context);
    if (expect.tls_days_left !== undefined && errors.length === 0) {
      const error = await certificateError(response.url, spec.tls, expect.tls_days_left, context);
      if (error !== undefined) errors.push(error);
    }
    return errors.length === 0 ? { result } : { error: errors.join("; "), result, details: excerpt(response) };
  },
};

/** The certificate is looked at on a connection of its own, to the server that answered at last. */
async function certificateError(
  url: string,
  tls: HttpBody["tls"],
  days: number,
  context: RunContext,
): Promise<string | undefined> {
  const { protocol, hostname, port } = new URL(url);
  if (protocol !== "https:") return `expected a certificate, but ${url} has none`;
  const settings = tlsOf(tls, context.folder, environmentOf(context.run, "http"));
  const destination = { host: hostname, port: Number(port || 443), tls: settings };
  const looked = await withConnection("http", destination, context, (socket) => certificateOf(socket));
  return looked.error ?? daysLeftError(looked.value, days);
}

function pathIn(given: unknown, key: string, i: number): (string | number)[] {
  return Array.isArray(given) ? ["expect", key, i] : ["expect", key];
}

/** What is not as expected. A wrong status explains the rest, so nothing else is looked at then. */
async function differences(expect: Expectation, response: Response, context: RunContext): Promise<string[]> {
  const wanted = listOf<number | string>(expect.status ?? "2xx");
  if (!wanted.some((one) => statusFits(one, response.status))) {
    return [`expected status ${wanted.join(" or ")}, got ${response.status}`];
  }
  const errors: string[] = [];
  if (expect.max_ms !== undefined && response.elapsedMs > expect.max_ms) {
    errors.push(`expected an answer within ${expect.max_ms} ms, took ${response.elapsedMs} ms`);
  }
  for (const [name, expectation] of Object.entries(expect.headers ?? {})) {
    const value = joinedHeader(response.headers, name.toLowerCase());
    const error = headerError(name, expectation, value === undefined ? undefined : toTextLossy(value));
    if (error !== undefined) errors.push(error);
  }
  const { body, body_matches: patterns, json } = expect;
  if (body === undefined && patterns === undefined && json === undefined) return errors;
  const bodyText = toTextLossy(response.body);
  for (const part of listOf<string>(body)) {
    if (!bodyText.includes(part)) errors.push(`expected ${JSON.stringify(part)} in the body`);
  }
  for (const pattern of listOf<string>(patterns)) {
    if (!matches(pattern, bodyText)) errors.push(`expected a body that matches ${JSON.stringify(pattern)}`);
  }
  const expressions = listOf<string>(json);
  const notJson = expressions.length === 0 ? undefined : jsonError(bodyText);
  if (notJson !== undefined) return [...errors, notJson];
  for (const expression of expressions) {
    const error = await unsatisfied(context.run.jq, expression, bodyText, context.halt);
    if (error !== undefined) errors.push(error);
  }
  return errors;
}

function statusFits(wanted: number | string, status: number): boolean {
  if (typeof wanted === "string" && /^[1-5]xx$/.test(wanted)) return Math.floor(status / 100) === Number(wanted[0]);
  return Number(wanted) === status;
}

function headerError(
  name: string,
  wanted: string | boolean | { equals?: string; contains?: string; matches?: string },
  value: string | undefined,
): string | undefined {
  if (wanted === false)
    return value === undefined ? undefined : `expected no header ${name}, got ${JSON.stringify(value)}`;
  if (value === undefined) return `expected a header ${name}, got none`;
  if (wanted === true) return undefined;
  const {
    equals,
    contains,
    matches: pattern,
  } = typeof wanted === "string"
    ? { equals: wanted }
    : (wanted as { equals?: string; contains?: string; matches?: string });
  const got = `got ${JSON.stringify(value)}`;
  if (equals !== undefined && value !== equals)
    return `expected header ${name} to be ${JSON.stringify(equals)}, ${got}`;
  if (contains !== undefined && !value.includes(contains))
    return `expected ${JSON.stringify(contains)} in header ${name}, ${got}`;
  if (pattern !== undefined && !matches(pattern, value))
    return `expected header ${name} to match ${JSON.stringify(pattern)}, ${got}`;
  return undefined;
}

/** The result as JSON text. A JSON body goes in as it came, so that no number loses digits. */
function resultText(response: Response): string {
  const body = toTextLossy(response.body);
  const json = jsonError(body) === undefined ? `,"json":${body}` : "";
  const head = JSON.stringify({
    status: response.status,
    url: response.url,
    elapsed_ms: response.elapsedMs,
    headers: headerRecord(response.headers),
    body,
  });
  return `${head.slice(0, -1)}${json}}`;
}
