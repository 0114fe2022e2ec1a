/** Below HTTP: whether a port answers, what certificate a server shows, what a name resolves to. */
import { lookup } from "node:dns";
import { Resolver } from "node:dns/promises";
import { isIP, type Socket } from "node:net";
import type { PeerCertificate, TLSSocket } from "node:tls";
import {
  boolean,
  custom,
  failure,
  fn,
  integer,
  library,
  number,
  optional,
  options,
  returns,
  string,
} from "../interpreter/native.ts";
import { state } from "../interpreter/state.ts";
import { LuaTable } from "../interpreter/table.ts";
import type { Cancellable } from "../interpreter/task.ts";
import { fromText, toText } from "../interpreter/text.ts";
import { LuaFloat, type Results, type Value } from "../interpreter/value.ts";
import { hostOf } from "./host.ts";
import { Attempt } from "./http/attempt.ts";
import { environmentOf, type NetEnvironment } from "./http/context.ts";
import { dial } from "./http/dial.ts";
import { Failure, failureOf } from "./http/failure.ts";
import { DEFAULT_TLS, readTls, type TlsSettings, withDefaults } from "./http/tls.ts";
import type { Target } from "./http/url.ts";

const DEFAULT_TIMEOUT = 10;

/** Names and addresses as they may stand in a connection: no scheme, path, port or space. */
const HOST = /^\[?[A-Za-z0-9_.:%-]+\]?$/;

const host = string("host", { summary: "name or address" });
const port = integer("port", { min: 1, max: 65535 });
const timeout = optional(number("timeout", { unit: "seconds", min: 0.001, summary: "default 10" }), DEFAULT_TIMEOUT);

function targetOf(what: string, name: string, number: number, secure: boolean): Target {
  if (!HOST.test(name)) throw failure(`${what}: invalid host name`);
  const bare = name.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  const authority = `${bare.includes(":") ? `[${bare}]` : bare}:${number}`;
  const origin = `${secure ? "https" : "http"}://${authority}`;
  return { origin, secure, host: bare, port: number, authority, path: "/", credentials: undefined, text: `${origin}/` };
}

/** Connects, looks, and closes. What `look` returns becomes the table that the script gets. */
function connected(
  what: string,
  target: Target,
  tls: TlsSettings,
  seconds: number,
  environment: NetEnvironment,
  look: (socket: Socket) => Record<string, Value | readonly string[]>,
): Promise<Results> {
  const { vm } = state;
  const attempt = new Attempt(seconds);
  const resource = { close: () => attempt.end(new Failure("cancelled", "never")) };
  const { resources } = hostOf(vm);
  resources.add(resource);
  const began = performance.now();
  const route = { target, proxy: undefined, tunnel: false, tls, proxyTls: DEFAULT_TLS };
  const waiting: Cancellable = dial(route, environment, attempt)
    .then(
      (socket) => {
        const latency = Math.round(performance.now() - began);
        const seen = { address: socket.remoteAddress ?? "", latency_ms: latency, ...look(socket) };
        socket.on("error", () => {});
        socket.destroy();
        return tableOf(vm.newTable(), seen);
      },
      (error) => {
        throw error instanceof Failure ? failure(`${what}: ${target.authority}: ${error.words}`) : error;
      },
    )
    .finally(() => {
      attempt.finish();
      resources.delete(resource);
    });
  waiting.cancel = resource.close;
  return waiting;
}

function tableOf(table: LuaTable, fields: Record<string, Value | readonly string[]>): LuaTable {
  for (const [key, value] of Object.entries(fields)) {
    table.setString(key, Array.isArray(value) ? listOf(value as string[]) : (value as Value));
  }
  return table;
}

function listOf(texts: readonly string[]): LuaTable {
  const list = new LuaTable();
  for (const text of texts) list.append(fromText(text));
  return list;
}

function certificateOf(socket: TLSSocket): Record<string, Value | readonly string[]> {
  const found = socket.getPeerCertificate();
  const ends = new Date(found.valid_to);
  return {
    subject: distinguishedName(found.subject),
    issuer: distinguishedName(found.issuer),
    not_before: new Date(found.valid_from).toISOString(),
    not_after: ends.toISOString(),
    days_left: new LuaFloat((ends.getTime() - Date.now()) / 86_400_000),
    names: (found.subjectaltname ?? "")
      .split(", ")
      .map((name) => name.replace(/^(DNS|IP Address):/, ""))
      .filter((name) => name !== ""),
    protocol: socket.getProtocol() ?? "",
  };
}

/** `CN=…, O=…`. */
function distinguishedName(name: PeerCertificate["subject"] | undefined): string {
  return fromText(
    Object.entries(name ?? {})
      .map(([key, value]) => `${key}=${String(value)}`)
      .join(", "),
  );
}

// --- names ----------------------------------------------------------------------------------------------------------

const RECORDS = ["A", "AAAA", "CNAME", "MX", "NS", "PTR", "SRV", "TXT"] as const;
type RecordType = (typeof RECORDS)[number];

/** Answers that say that there is no such record. */
const NO_RECORDS = new Set(["ENODATA", "ENOTFOUND", "EAI_NODATA", "EAI_NONAME"]);

/** All answers as text. */
async function query(name: string, type: RecordType, ms: number): Promise<string[]> {
  const resolver = new Resolver({ timeout: ms, tries: 1 });
  switch (type) {
    case "MX":
      return (await resolver.resolveMx(name)).map(({ priority, exchange }) => `${priority} ${exchange}`);
    case "SRV":
      return (await resolver.resolveSrv(name)).map((one) => `${one.priority} ${one.weight} ${one.port} ${one.name}`);
    case "TXT":
      return (await resolver.resolveTxt(name)).map((parts) => parts.join(""));
    default:
      return (await resolver.resolve(name, type)) as string[];
  }
}

/** The system's own way, with its hosts file and search domains. */
function systemLookup(name: string): Promise<string[]> {
  return new Promise((settle, fail) => {
    lookup(name, { all: true, verbatim: true }, (error, found) => {
      if (error) fail(error);
      else settle([...new Set(found.map((one) => one.address))]);
    });
  });
}

function resolve(what: string, name: string, type: RecordType | undefined, seconds: number): Promise<Results> {
  const text = toText(name);
  if (text === undefined || !HOST.test(text)) throw failure(`${what}: invalid host name`);
  const { vm } = state;
  hostOf(vm).permissions.checkNet(what, text, isIP(text) === 0 ? undefined : text, 53);
  const attempt = new Attempt(seconds);
  const waiting: Cancellable = new Promise<string[]>((settle, fail) => {
    attempt.onEnd(fail);
    (type === undefined ? systemLookup(text) : query(text, type, seconds * 1000)).then(settle, fail);
  })
    .catch((error: unknown) => {
      if (error instanceof Failure) throw failure(`${what}: ${name}: ${error.words}`);
      const { code } = error as { code?: string };
      if (NO_RECORDS.has(code ?? "")) return [];
      throw failure(`${what}: ${name}: ${failureOf(error, "unsent").words}`);
    })
    .then((records) => listOf(records.sort()))
    .finally(() => attempt.finish());
  waiting.cancel = () => attempt.end(new Failure("cancelled", "never"));
  return waiting;
}

const recordType = custom("type", RECORDS.map((one) => `"${one}"`).join("|"), RECORDS.join(", "), (value) =>
  RECORDS.find((one) => one === value),
);

export const netLibrary = library("net", "Connections below HTTP, certificates and names.", [
  fn("tcp", {
    summary: "Connects to a port, and closes the connection again.",
    params: [host, port, options("opts", [timeout])],
    returns: [returns("connection", "{ address: string, latency_ms: integer }")],
    raises: ["`net.tcp: HOST:PORT: connection refused`, and so on"],
    source: "RFC 9293",
    example: `assert(not pcall(net.tcp, "127.0.0.1", 1))`,
    run: (name, number, opts) => {
      const environment = environmentOf(state.vm, "net.tcp");
      const target = targetOf("net.tcp", name, number, false);
      return connected("net.tcp", target, DEFAULT_TLS, opts.timeout, environment, () => ({}));
    },
  }),
  fn("tls", {
    summary:
      "Connects with TLS and looks at the server's certificate, which must be trusted and for that host unless `insecure`.",
    params: [
      host,
      port,
      options("opts", [
        timeout,
        optional(string("server_name", { summary: "the name to ask for and to find in the certificate" })),
        optional(string("ca", { summary: "authorities to trust besides the system's: PEM, or a path" })),
        optional(boolean("insecure", { summary: "do not verify" }), false),
      ]),
    ],
    returns: [
      returns(
        "certificate",
        "{ address: string, latency_ms: integer, subject: string, issuer: string, not_before: string, not_after: string, days_left: number, names: string[], protocol: string }",
      ),
    ],
    raises: ["`net.tls: HOST:PORT: certificate has expired`, and so on"],
    source: "RFC 8446, RFC 5280",
    example: `assert(not pcall(net.tls, "127.0.0.1", 1))`,
    run: (name, number, opts) => {
      const environment = environmentOf(state.vm, "net.tls");
      const target = targetOf("net.tls", name, number, true);
      try {
        const given = new LuaTable();
        for (const field of ["server_name", "ca", "insecure"] as const) given.setString(field, opts[field]);
        const tls = withDefaults(readTls(given, environment), target, environment);
        return connected("net.tls", target, tls, opts.timeout, environment, (socket) =>
          certificateOf(socket as TLSSocket),
        );
      } catch (error) {
        throw error instanceof Failure ? failure(`net.tls: ${error.words}`) : error;
      }
    },
  }),
  fn("resolve", {
    summary: "What a name resolves to: its addresses as the system finds them, or the records of one type; sorted.",
    params: [string("name"), options("opts", [optional(recordType), timeout])],
    returns: [returns("records", "string[]", "empty when there are none")],
    raises: ["`net.resolve: NAME: host not found (name server unavailable)`, and so on"],
    source: "RFC 1035",
    example: `assert(net.resolve("127.0.0.1")[1] == "127.0.0.1")`,
    run: (name, opts) => resolve("net.resolve", name, opts.type, opts.timeout),
  }),
]);
