/**
 * The modules against answers of the real products: each script in recorded/ once ran against a server, and the answers
 * it got then are in test/fixtures/recorded/. What is sent must be what the server took.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Call, Fixture, Machine, type Reply } from "./fixture.ts";

interface Exchange {
  readonly request: string;
  readonly sent?: unknown;
  readonly status: number;
  readonly type?: string;
  readonly headers?: Record<string, string>;
  /** Where the server named itself, it says SERVER. */
  readonly body?: unknown;
}

const scripts = join(import.meta.dir, "recorded");
const fixtures = join(import.meta.dir, "../fixtures/recorded");
let server: Fixture;
beforeAll(async () => {
  server = await Fixture.start();
});
afterAll(() => server.close());

/** The answers in their order, for each request of its own; the last one again for whoever asks once more. */
function playing(exchanges: readonly Exchange[], wrong: string[]): (call: Call) => Reply {
  const left = new Map<string, Exchange[]>();
  for (const exchange of exchanges) {
    const same = left.get(exchange.request) ?? [];
    left.set(exchange.request, [...same, exchange]);
  }
  const text = (body: unknown) =>
    (typeof body === "string" ? body : JSON.stringify(body)).replaceAll("SERVER", server.url);
  return (call) => {
    const request = `${call.method} ${call.target}`;
    const answers = left.get(request);
    if (answers === undefined) {
      wrong.push(`not asked of the server: ${request}`);
      return { status: 501 };
    }
    const { sent, status, type, headers, body } = answers.length > 1 ? answers.shift()! : answers[0]!;
    const given = withoutIds(call.json) ?? (call.body === "" ? undefined : call.body);
    if (!Bun.deepEquals(given, sent))
      wrong.push(`${request}: ${JSON.stringify(given)} instead of ${JSON.stringify(sent)}`);
    return {
      status,
      headers: { ...(type === undefined ? {} : { "content-type": type }), ...headers },
      ...(body === undefined ? {} : { body: text(body) }),
    };
  };
}

/** What is sent, but for what differs each time. */
function withoutIds(sent: unknown): unknown {
  if (typeof sent !== "object" || sent === null || !("requestId" in sent)) return sent;
  const { requestId: _, ...rest } = sent;
  return rest;
}

test.each(readdirSync(scripts).sort())("%s", async (name) => {
  const recorded = JSON.parse(readFileSync(join(fixtures, name.replace(".lua", ".json")), "utf8")) as {
    server: string;
    exchanges: Exchange[];
  };
  const wrong: string[] = [];
  server.reset({ "*": playing(recorded.exchanges, wrong) });
  const machine = new Machine();
  const source = readFileSync(join(scripts, name), "utf8");
  const { error } = await machine.run(`return (function(...) ${source}\nend)(URL)`, server);
  await machine.close();
  expect(wrong).toEqual([]);
  expect(error).toBeUndefined();
});
