/** What Kubernetes streams: commands in containers, watches, logs that are followed. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { plain, script } from "./fixture.ts";

// --- commands -------------------------------------------------------------------------------------------------------

interface Session {
  url: URL;
  offered: string;
  authorization: string | null;
  received: Buffer[];
}

let exec: Bun.Server<Session>;
const sessions: Session[] = [];
/** What the server does with a session once it is open. */
let play: (socket: Bun.ServerWebSocket<Session>) => void = () => {};
/** What it does with a message. */
let hear: (socket: Bun.ServerWebSocket<Session>, message: Buffer) => void = () => {};
let protocol = "v5.channel.k8s.io";

beforeAll(() => {
  exec = Bun.serve<Session>({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request, server) {
      const data: Session = {
        url: new URL(request.url),
        offered: request.headers.get("sec-websocket-protocol") ?? "",
        authorization: request.headers.get("authorization"),
        received: [],
      };
      if (data.url.pathname.includes("forbidden")) return new Response("no", { status: 403 });
      sessions.push(data);
      server.upgrade(request, { data, headers: { "Sec-WebSocket-Protocol": protocol } });
    },
    websocket: {
      open: (socket) => play(socket),
      message: (socket, message) => {
        socket.data.received.push(Buffer.from(message as Buffer));
        hear(socket, Buffer.from(message as Buffer));
      },
    },
  });
});
afterAll(() => exec.stop(true));

const channel = (number: number, data: string | Buffer) => Buffer.concat([Buffer.from([number]), Buffer.from(data)]);
const success = channel(3, '{"metadata":{},"status":"Success"}');
const exited = (code: number) =>
  channel(
    3,
    JSON.stringify({
      status: "Failure",
      reason: "NonZeroExitCode",
      message: `command terminated with non-zero exit code: exit status ${code}`,
      details: { causes: [{ reason: "ExitCode", message: String(code) }] },
    }),
  );

async function run(source: string) {
  sessions.length = 0;
  const address = `http://127.0.0.1:${exec.port}`;
  const { results, error } = await script(
    `clock.now = monotonic local k8s = require("assay.k8s") local o = { base_url = "${address}/prefix", token = "sesame" } ${source}`,
  );
  return { results: results.map(plain), error };
}

describe("N10: exec", () => {
  test("output of both kinds, and the exit code", async () => {
    play = (socket) => {
      socket.send(channel(1, "out "));
      socket.send(channel(2, "err"));
      socket.send(channel(1, Buffer.from([0, 255])));
      socket.send(channel(1, ""));
      socket.send(exited(3));
      socket.close();
    };
    const { results, error } = await run(`local r = k8s.exec("shop", "api 1", { "sh", "-c", "a b&c" }, o)
      return r.exit_code, r.stderr, #r.stdout, r.stdout:byte(6)`);
    expect(error).toBeUndefined();
    expect(results).toEqual([3, "err", 6, 255]);
    const [session] = sessions;
    expect(session!.url.pathname).toBe("/prefix/api/v1/namespaces/shop/pods/api%201/exec");
    expect([...session!.url.searchParams].map((pair) => pair.join("="))).toEqual([
      "command=sh",
      "command=-c",
      "command=a b&c",
      "stdout=true",
      "stderr=true",
    ]);
    expect(session!.offered).toBe("v5.channel.k8s.io, v4.channel.k8s.io");
    expect(session!.authorization).toBe("Bearer sesame");
  });

  test("standard input, and its end", async () => {
    play = () => {};
    hear = (socket, message) => {
      if (message[0] !== 255) return;
      const input = Buffer.concat(socket.data.received.filter((one) => one[0] === 0).map((one) => one.subarray(1)));
      socket.send(channel(1, String(input.length)));
      socket.send(success);
    };
    const { results } = await run(
      `o.stdin = ("x"):rep(100000) o.container = "main" local r = k8s.pods:exec("shop", "api", "cat", o) return r.stdout, r.exit_code`,
    );
    expect(results).toEqual(["100000", 0]);
    expect([...sessions[0]!.url.searchParams].map((pair) => pair.join("="))).toEqual([
      "container=main",
      "command=cat",
      "stdin=true",
      "stdout=true",
      "stderr=true",
    ]);
    expect(sessions[0]!.received.at(-1)).toEqual(Buffer.from([255, 0]));
    hear = () => {};
  });

  test("the older protocol, and a terminal", async () => {
    protocol = "v4.channel.k8s.io";
    play = (socket) => void socket.send(success);
    const { results } = await run(`o.tty = true o.stdin = "a" return k8s.exec("shop", "api", { "sh" }, o).exit_code`);
    expect(results).toEqual([0]);
    expect([...sessions[0]!.url.searchParams].map((pair) => pair.join("="))).toEqual([
      "command=sh",
      "stdin=true",
      "stdout=true",
      "stderr=false",
      "tty=true",
    ]);
    expect(sessions[0]!.received).toEqual([Buffer.from("\0a")]);
    protocol = "v5.channel.k8s.io";
  });

  test.each([
    [
      "a command that cannot be run",
      (s: Bun.ServerWebSocket<Session>) =>
        void s.send(channel(3, '{"status":"Failure","message":"no such container"}')),
      `{ "x" }`,
      "k8s.exec: GET /api/v1/namespaces/shop/pods/api/exec: no such container",
    ],
    [
      "a connection that ends early",
      (s: Bun.ServerWebSocket<Session>) => s.close(1011, "gone"),
      `{ "x" }`,
      /^k8s\.exec: GET \/api\/v1\/namespaces\/shop\/pods\/api\/exec: connection closed \(1011/,
    ],
    ["no end in time", () => {}, `{ "x" }`, "k8s.exec: GET /api/v1/namespaces/shop/pods/api/exec: timeout after 0.1s"],
    ["no command", () => {}, "{}", "k8s.exec: command is required"],
  ])("%s", async (_, plays, command, message) => {
    play = plays;
    const { error } = await run(`o.timeout_secs = 0.1 k8s.exec("shop", "api", ${command}, o)`);
    if (typeof message === "string") expect(error).toBe(message);
    else expect(error).toMatch(message);
  });

  test("a refusal", async () => {
    const { error } = await run(`k8s.exec("shop", "forbidden", { "x" }, o)`);
    expect(error).toBe(
      "k8s.exec: HTTP 403 /api/v1/namespaces/shop/pods/forbidden/exec?command=x&stdout=true&stderr=true: no",
    );
  });
});

// --- watches --------------------------------------------------------------------------------------------------------

let watches: Server;
let base: string;
const asked: string[] = [];
/** Answers of the server to one watch after the other. */
let answers: ((request: IncomingMessage, response: ServerResponse) => void)[] = [];

beforeAll(async () => {
  watches = createServer((request, response) => {
    asked.push(request.url!);
    const answer = answers[Math.min(asked.length, answers.length) - 1]!;
    answer(request, response);
  });
  await new Promise<void>((ready) => watches.listen(0, "127.0.0.1", () => ready()));
  base = `http://127.0.0.1:${(watches.address() as AddressInfo).port}`;
});
afterAll(() => {
  watches.closeAllConnections();
  watches.close();
});

const event = (type: string, name: string, version: number) =>
  `${JSON.stringify({ type, object: { metadata: { name, resourceVersion: String(version) } } })}\n`;
const status = (code: number) => JSON.stringify({ kind: "Status", status: "Failure", message: "no", code });

async function watch(source: string, ...given: typeof answers) {
  asked.length = 0;
  answers = given;
  const { results, error } =
    await script(`local k8s = require("assay.k8s") local o = { base_url = "${base}" } local seen = {}
    local function note(event, object) seen[#seen + 1] = event .. " " .. object.metadata.name end ${source}
    return seen, slept`);
  return { seen: plain(results[0]), slept: plain(results[1]), error };
}
const PODS = "/api/v1/namespaces/shop/pods?watch=1&allowWatchBookmarks=true";
const LONG = "&timeoutSeconds=300";
const hold =
  (...lines: string[]) =>
  (_: IncomingMessage, response: ServerResponse) =>
    void response.write(lines.join(""));
const end =
  (...lines: string[]) =>
  (_: IncomingMessage, response: ServerResponse) =>
    void response.end(lines.join(""));

describe("N03 N06 N09: watch", () => {
  test("events in pieces, bookmarks kept to itself, stopped by the function", async () => {
    const whole =
      event("ADDED", "a", 1) +
      event("BOOKMARK", "", 5) +
      event("MODIFIED", "a", 6) +
      event("DELETED", "a", 7) +
      event("ADDED", "b", 8);
    const { seen, error } = await watch(
      `o.label_selector = "a=b" k8s.watch("shop", "pod", function(event, object) note(event, object) return event == "DELETED" end, o)`,
      (_, response) => {
        response.write(whole.slice(0, 40));
        setImmediate(() => response.write(whole.slice(40)));
      },
    );
    expect(error).toBeUndefined();
    expect(seen).toEqual(["ADDED a", "MODIFIED a", "DELETED a"]);
    expect(asked).toEqual([`${PODS}&labelSelector=a%3Db${LONG}`]);
  });

  test("as an iterator; the connection goes on where it ended", async () => {
    const { seen, slept } = await watch(
      `for event, object in k8s.watch("shop", "pod", o) do note(event, object) if #seen == 3 then break end end`,
      end(event("ADDED", "a", 1), event("BOOKMARK", "", 9)),
      end(event("MODIFIED", "a", 10)),
      hold(event("MODIFIED", "a", 11)),
    );
    expect(seen).toEqual(["ADDED a", "MODIFIED a", "MODIFIED a"]);
    expect(asked).toEqual([PODS + LONG, `${PODS}&resourceVersion=9${LONG}`, `${PODS}&resourceVersion=10${LONG}`]);
    expect(slept).toEqual([0, 0]);
  });

  test("a server that closes at once is not asked again at once", async () => {
    const { slept } = await watch(
      `k8s.watch("shop", "pod", function(e, p) note(e, p) return true end, o)`,
      end(),
      end(),
      end(),
      hold(event("ADDED", "a", 1)),
    );
    expect(slept).toEqual([0, 1, 3]);
  });

  test("too old, in an event: everything anew; a second time it is raised", async () => {
    const old = `${JSON.stringify({ type: "ERROR", object: { kind: "Status", code: 410 } })}\n`;
    const code = `o.resource_version = "5" k8s.watch("shop", "pod", function(e, p) note(e, p) return true end, o)`;
    expect((await watch(code, end(old), hold(event("ADDED", "a", 1)))).seen).toEqual(["ADDED a"]);
    expect(asked).toEqual([`${PODS}&resourceVersion=5${LONG}`, PODS + LONG]);
    const twice = await watch(code, end(old), (_, response) => void response.writeHead(410).end(status(410)));
    expect(twice.error).toBe(`k8s.watch: HTTP 410 ${PODS}${LONG}: ${status(410)}`);
  });

  test("too old, in the answer's head", async () => {
    const { seen } = await watch(
      `o.resource_version = "5" k8s.watch("shop", "pod", function(e, p) note(e, p) return true end, o)`,
      (_, response) => void response.writeHead(410).end(status(410)),
      hold(event("ADDED", "a", 1)),
    );
    expect(asked).toEqual([`${PODS}&resourceVersion=5${LONG}`, PODS + LONG]);
    expect(seen).toEqual(["ADDED a"]);
  });

  test("broken connections and busy servers pass", async () => {
    const { seen } = await watch(
      `k8s.watch("shop", "pod", function(e, p) note(e, p) return #seen == 2 end, o)`,
      (_, response) => void response.writeHead(503).end(),
      (_, response) => {
        response.write(event("ADDED", "a", 1), () => response.destroy());
      },
      hold(event("MODIFIED", "a", 2)),
    );
    expect(seen).toEqual(["ADDED a", "MODIFIED a"]);
  });

  test("what does not pass is raised", async () => {
    const forbidden = await watch(
      `k8s.watch("shop", "pod", print, o)`,
      (_, response) => void response.writeHead(403).end(status(403)),
    );
    expect(forbidden.error).toBe(`k8s.watch: HTTP 403 ${PODS}${LONG}: ${status(403)}`);
    const error = `${JSON.stringify({ type: "ERROR", object: { code: 500, message: "etcd" } })}`;
    expect((await watch(`k8s.watch("shop", "pod", print, o)`, end(`${error}\n`))).error).toBe(
      `k8s.watch: HTTP 500 /api/v1/namespaces/shop/pods: ${error}`,
    );
    expect(
      (await watch(`k8s.watch("shop", "pod", function() error("mine", 0) end, o)`, hold(event("ADDED", "a", 1)))).error,
    ).toBe("mine");
  });

  test("an end in time, though the server never answers", async () => {
    const begun = performance.now();
    const { seen, error } = await watch(
      `clock.now = monotonic o.timeout_secs = 0.2 for event, object in k8s.watch("shop", "pod", o) do note(event, object) end`,
      () => {},
    );
    expect([seen, error]).toEqual([[], undefined]);
    expect(performance.now() - begun).toBeLessThan(5000);
  });

  test("an end in time", async () => {
    const { seen } = await watch(
      `clock.now = monotonic o.timeout_secs = 0.2 for event, object in k8s.watch("shop", "pod", o) do note(event, object) end`,
      hold(event("ADDED", "a", 1)),
    );
    expect(seen).toEqual(["ADDED a"]);
    expect(asked).toEqual([`${PODS}&timeoutSeconds=1`]);
  });
});
