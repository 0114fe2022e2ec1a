/**
 * A recording HTTP server for tests of the embedded modules: gives canned answers, and keeps what was asked, with the
 * path exactly as it stood on the wire (a server of Bun would tidy it up).
 */
import { afterAll, expect, test } from "bun:test";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { Host, type HostSettings } from "../../builtins/host.ts";
import { openBuiltins } from "../../builtins/index.ts";
import { createVm, LuaError, load, Stop, Task } from "../../interpreter/index.ts";
import { LuaTable } from "../../interpreter/table.ts";
import { fromText, toTextLossy } from "../../interpreter/text.ts";
import { isNumber, list, toDouble, type Value } from "../../interpreter/value.ts";

/** One request as it came. */
export interface Call {
  method: string;
  /** Path and query, undecoded. */
  target: string;
  /** The path alone, undecoded. */
  path: string;
  /** Decoded parameters in their order, `name=value`. */
  query: string[];
  /** By lower-case name. */
  headers: Record<string, string>;
  body: string;
  /** The body, if it is JSON. */
  json: unknown;
}

export interface Reply {
  status?: number;
  headers?: Record<string, string>;
  /** Objects go out as JSON. */
  body?: unknown;
  /** Sends nothing and leaves the connection open. */
  silent?: boolean;
  /** Closes the connection in the middle of the body. */
  cut?: boolean;
}

export type Answer = Reply | ((call: Call, nth: number) => Reply);

/** Answers by `METHOD path` (undecoded, with or without the query); `*` for everything else. */
export type Routes = Record<string, Answer>;

export function json(body: unknown, status = 200): Reply {
  return { status, headers: { "content-type": "application/json" }, body };
}

export function text(body: string, status = 200, type = "text/plain"): Reply {
  return { status, headers: { "content-type": type }, body };
}

export class Fixture {
  readonly calls: Call[] = [];
  private readonly counts = new Map<string, number>();
  routes: Routes = {};
  url = "";
  port = 0;

  private constructor(readonly server: Server) {}

  /** @param tls certificate and key as PEM texts, for a server that speaks TLS */
  static async start(
    routes: Routes = {},
    tls?: { cert: string; key: string; ca?: string; requestCert?: boolean },
  ): Promise<Fixture> {
    const server = tls === undefined ? createServer() : (createTlsServer(tls) as unknown as Server);
    const fixture = new Fixture(server);
    fixture.routes = routes;
    server.on("request", (request, response) => void fixture.serve(request, response));
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", () => ready()));
    fixture.port = (server.address() as AddressInfo).port;
    fixture.url = `${tls === undefined ? "http" : "https"}://127.0.0.1:${fixture.port}`;
    return fixture;
  }

  /** Forgets what was asked, and answers by new routes. */
  reset(routes: Routes): void {
    this.calls.length = 0;
    this.counts.clear();
    this.routes = routes;
  }

  /** What was asked, one `METHOD target` each. */
  get asked(): string[] {
    return this.calls.map(({ method, target }) => `${method} ${target}`);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((closed) => this.server.close(() => closed()));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const call = callOf(request, Buffer.concat(chunks).toString("utf8"));
    this.calls.push(call);
    const key = this.find(call);
    const nth = (this.counts.get(key) ?? 0) + 1;
    this.counts.set(key, nth);
    const answer = this.routes[key];
    const reply = typeof answer === "function" ? answer(call, nth) : answer;
    send(response, reply ?? text("404 page not found\n", 404));
  }

  private find(call: Call): string {
    const keys = [`${call.method} ${call.target}`, `${call.method} ${call.path}`, "*"];
    return keys.find((key) => Object.hasOwn(this.routes, key)) ?? "";
  }
}

function callOf(request: IncomingMessage, body: string): Call {
  const target = request.url!;
  const [path, ...rest] = target.split("?") as [string, ...string[]];
  const query = rest.length === 0 ? [] : rest.join("?").split("&").map(decodeURIComponent);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers))
    headers[name] = Array.isArray(value) ? value.join(", ") : value!;
  return { method: request.method!, target, path, query, headers, body, json: parsed(body) };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function send(response: ServerResponse, reply: Reply): void {
  if (reply.silent) return;
  const { body = "" } = reply;
  const bytes = body instanceof Buffer ? body : Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  response.writeHead(reply.status ?? 200, { ...reply.headers, "content-length": bytes.length + (reply.cut ? 10 : 0) });
  if (reply.cut) response.write(bytes, () => response.destroy());
  else response.end(bytes);
}

// --- values ---------------------------------------------------------------------------------------------------------

/** A Lua value as a test compares it: tables as arrays or objects, an empty table as an empty array. */
export function plain(value: Value): unknown {
  if (typeof value === "string") return toTextLossy(value);
  if (isNumber(value)) return toDouble(value);
  if (!(value instanceof LuaTable))
    return typeof value === "boolean" ? value : value === undefined ? undefined : "(function)";
  const length = value.length();
  let others = 0;
  const out: Record<string, unknown> = {};
  value.forEach((key, one) => {
    if (isNumber(key) && toDouble(key) <= length) return;
    others++;
    out[String(plain(key))] = plain(one);
  });
  if (others === 0) return value.toArray().map(plain);
  for (let i = 1; i <= length; i++) out[i] = plain(value.getIndex(i));
  return out;
}

// --- tables of tests ------------------------------------------------------------------------------------------------

/** What one row of a table says about a piece of Lua. */
export interface Row {
  /** Answers besides those of the whole table. */
  routes?: Routes;
  /** Every request, `METHOD target`, in order. */
  asked?: string[];
  /** Bodies of the requests that have one, in order; JSON is compared decoded. */
  sent?: unknown[];
  /** Headers of the last request; undefined: absent. */
  headers?: Record<string, string | undefined>;
  /** First result; results beyond the first in `also`. */
  gives?: unknown;
  also?: unknown[];
  /** The error that is raised, whole or as a pattern. */
  raises?: string | RegExp;
  /** Pauses that were made. */
  slept?: number[];
  settings?: HostSettings;
}

export type Table = Record<string, Row>;

/** Declares one test for each row; the key is the Lua code, after `prelude`. Comments in the key tell rows apart. */
export function rows(server: () => Fixture, prelude: string, routes: Routes, table: Table): void {
  let shared: Machine | undefined;
  afterAll(() => shared?.close());
  for (const [code, row] of Object.entries(table)) {
    test(code, async () => {
      const machine = row.settings === undefined ? (shared ??= new Machine()) : new Machine(row.settings);
      const fixture = server();
      fixture.reset({ ...routes, ...row.routes });
      const source = `${prelude}\nlocal results = table.pack((function() ${code}\nend)()) return slept, table.unpack(results, 1, results.n)`;
      const { results, error } = await machine.run(source, fixture);
      if (row.raises === undefined) expect(error).toBeUndefined();
      else if (typeof row.raises === "string") expect(error?.replaceAll(fixture.url, "URL")).toBe(row.raises);
      else expect(error).toMatch(row.raises);
      if (row.asked !== undefined) expect(fixture.asked).toEqual(row.asked);
      if (row.sent !== undefined) {
        const bodies = fixture.calls.filter(({ body }) => body !== "").map((call) => call.json ?? call.body);
        expect(bodies as unknown).toEqual(row.sent);
      }
      for (const [name, value] of Object.entries(row.headers ?? {}))
        expect(fixture.calls.at(-1)?.headers[name]).toBe(value);
      const [slept, first, ...others] = results.map(plain);
      if ("gives" in row) expect(first).toEqual(row.gives);
      if (row.also !== undefined) expect(others).toEqual(row.also);
      if (row.slept !== undefined) expect(slept).toEqual(row.slept);
    });
  }
}

// --- scripts --------------------------------------------------------------------------------------------------------

export interface Outcome {
  results: Value[];
  /** The error's text; undefined when the script ended well. */
  error: string | undefined;
  /** What the script logged, one line each. */
  log: string[];
}

/** A clock on which nothing takes time but sleeping; `slept` lists the pauses. */
const CLOCK = `
local clock, slept = require("assay._time").clock, {}
do
  local now = 1700000000
  clock.now = function() return now end
  clock.time = clock.now
  clock.sleep = function(seconds) now = now + seconds; slept[#slept + 1] = seconds end
end
`;

/** A virtual machine with all builtins, for several scripts: loading the modules is most of the work of a test. */
export class Machine {
  readonly log: string[] = [];
  private readonly vm = createVm();
  private readonly host: Host;

  constructor(settings: HostSettings = {}) {
    this.host = new Host({ logFormat: "json", logSink: (line) => this.log.push(line), stdout: () => {}, ...settings });
    openBuiltins(this.vm, this.host, "script");
  }

  /** Runs a script; `URL` in it is the fixture's address. Its waits run on a virtual clock that starts anew. */
  async run(source: string, fixture?: Fixture): Promise<Outcome> {
    const { vm, log } = this;
    log.length = 0;
    vm.globals.setString("URL", fixture?.url);
    try {
      const task = new Task(vm, load(vm, fromText(CLOCK + source), "=test"), []);
      return { results: list(await task.start().promise), error: undefined, log };
    } catch (error) {
      if (error instanceof LuaError) return { results: [], error: toTextLossy(String(error.value)), log };
      if (error instanceof Stop) return { results: [], error: error.message, log };
      throw error;
    }
  }

  /** Closes what its scripts left open; it runs no more of them. */
  async close(): Promise<void> {
    await this.host.closeResources();
  }
}

/** Runs one script in a machine of its own. */
export async function script(source: string, fixture?: Fixture, settings: HostSettings = {}): Promise<Outcome> {
  const machine = new Machine(settings);
  try {
    return await machine.run(source, fixture);
  } finally {
    await machine.close();
  }
}
