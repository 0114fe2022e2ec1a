import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createServer, type Server, type Socket } from "node:net";
import type { Failure } from "../../../builtins/http/failure.ts";
import { readHead, verify } from "../../../builtins/ws/connect.ts";
import { acceptKey } from "../../../builtins/ws/handshake.ts";
import { Raw, Serving, statuses } from "../http/serving.ts";
import { errorOf, results } from "../script.ts";

let server: Serving;
let url: string;
beforeAll(async () => {
  server = await Serving.start(
    `{
      GET = {["/log"] = function() return log_text end},
      WS = {
        ["/echo"] = function(conn) while true do ws.send(conn, ws.recv(conn)) end end,
        ["/binary"] = function(conn) while true do conn:send(conn:recv(), {binary = true}) end end,
        ["/room/:name"] = function(conn, req) conn:send(req.params.name .. req.query_params.q .. req.headers["x-a"]) conn:recv() end,
        ["/bye"] = function(conn) ws.close(conn, 4001, "see you") end,
        ["/ends"] = function(conn) conn:send("last") end,
        ["/fails"] = function(conn) error("broken") end,
        ["/sub"] = function(conn) conn:send(tostring(conn:subprotocol())) conn:recv() end,
        ["/code"] = function(conn) local ok, e = pcall(ws.recv, conn) seen = e end,
        ["/flood"] = function(conn) for i = 1, 5000 do conn:send(("x"):rep(1000)) end sent = true conn:recv() end,
      },
    }`,
    `max_message = 100000, subprotocols = {"v2", "v1"}`,
  );
  url = `ws://127.0.0.1:${server.port}`;
});
afterAll(() => server[Symbol.asyncDispose]());

const run = (source: string) => results(`local url = "${url}" ${source}`);
const fail = async (source: string) =>
  (await errorOf(`local url = "${url}" ${source}`)).replace("test:1: ", "").replaceAll(url, "URL");

describe("messages", () => {
  test("are bytes, sent as text or as binary", async () => {
    expect(
      await run(`local c, b = ws.connect(url .. "/echo"), ws.connect(url .. "/binary")
        ws.send(c, "hé\\0") c:send("")
        ws.send(b, "\\0\\xff", {binary = true})
        return c:recv(), c:recv(), b:recv()`),
    ).toEqual(["h\xc3\xa9\0", "", "\0\xff"]);
  });
  test.each([1, 125, 126, 127, 65535, 65536, 100000])("of %d bytes", async (size) => {
    expect(
      await run(
        `local c <close> = ws.connect(url .. "/echo") local m = ("x"):rep(${size}) c:send(m) return c:recv() == m`,
      ),
    ).toEqual([true]);
  });
  test("keep their order, and wait for a reader", async () => {
    expect(
      await run(
        `local c <close> = ws.connect(url .. "/flood") sleep(0.05) local n = 0 for i = 1, 5000 do n = n + #c:recv() end return n`,
      ),
    ).toEqual([5000000]);
  });
  test("that are no text must say so", async () => {
    expect(await fail(`local c <close> = ws.connect(url .. "/echo") c:send("\\xff")`)).toBe(
      "ws.send: a text message must be valid UTF-8 (send other bytes with {binary = true})",
    );
  });
  test("go to one of the tasks that wait, first come, first served", async () => {
    expect(
      await run(`local c <close> = ws.connect(url .. "/echo")
        local got = {}
        local tasks = {}
        for i = 1, 3 do tasks[i] = async.spawn(function() got[i] = c:recv() end) end
        sleep(0.01)
        for i = 1, 3 do c:send("m" .. i) end
        async.all(tasks)
        return table.concat(got, ",")`),
    ).toEqual(["m1,m2,m3"]);
  });
  test("a task that gives up takes none", async () => {
    expect(
      await run(`local c <close> = ws.connect(url .. "/echo")
        local task = async.spawn(function() c:recv() end)
        sleep(0.01) task:cancel() sleep(0.01)
        c:send("m") return c:recv(1)`),
    ).toEqual(["m"]);
  });
});

describe("the end of a connection", () => {
  test.each([
    [`c = ws.connect(url .. "/echo") c:recv(0.02)`, "ws.recv: timeout"],
    [`c = ws.connect(url .. "/bye") c:recv()`, "ws.recv: connection closed (4001 see you)"],
    [`c = ws.connect(url .. "/ends") c:recv() c:recv()`, "ws.recv: connection closed (1000)"],
    [`c = ws.connect(url .. "/fails") c:recv()`, "ws.recv: connection closed (1011 internal error)"],
    [`c = ws.connect(url .. "/echo") c:close() c:send("x")`, "ws.send: connection closed (1000)"],
    [`c = ws.connect(url .. "/echo") c:close(3000, "mine") c:recv()`, "ws.recv: connection closed (3000 mine)"],
    [
      `c = ws.connect(url .. "/echo") c:close(1005)`,
      "ws.close: code 1005 cannot be sent (1000, 1001, 1011 and 3000 to 4999 can)",
    ],
    [`c = ws.connect(url .. "/echo") c:close(1000, ("x"):rep(124))`, "ws.close: reason is longer than 123 bytes"],
    [`c = ws.connect(url .. "/echo") c:send(("x"):rep(100001)) c:recv()`, "ws.recv: connection closed (1009)"],
    [
      `c = ws.connect(url .. "/echo", {max_message = 10}) c:send(("x"):rep(11)) c:recv()`,
      "ws.recv: connection closed (1009 message is larger than max_message)",
    ],
  ])("%s", async (source, message) => {
    expect(await fail(`local ${source}`)).toBe(message);
  });
  test("closing twice is fine", async () => {
    expect(
      await run(`local c = ws.connect(url .. "/echo") c:close() c:close(4000, "x") ws.close(c) return true`),
    ).toEqual([true]);
  });
  test("the server's handler is told the code", async () => {
    await run(`ws.connect(url .. "/code"):close(4002, "why")`);
    await Bun.sleep(10);
    expect(server.vm.globals.getString("seen")).toBe("ws.recv: connection closed (4002 why)");
  });
  test("messages that came before are still there", async () => {
    expect(await run(`local c = ws.connect(url .. "/ends") sleep(0.02) return c:recv()`)).toEqual(["last"]);
  });
  test("a script that ends closes its connections", async () => {
    await run(`ws.connect(url .. "/code")`);
    await Bun.sleep(10);
    expect(server.vm.globals.getString("seen")).toBe("ws.recv: connection closed (1001)");
  });
  test("handlers that fail are logged, clients that leave are not", async () => {
    server.logs.length = 0;
    await run(`local c = ws.connect(url .. "/fails") pcall(ws.recv, c) local d = ws.connect(url .. "/echo") d:close()`);
    await Bun.sleep(10);
    expect(server.logs.map((line) => line.error)).toEqual([expect.stringContaining("broken")]);
  });
});

describe("the handshake", () => {
  test("carries path, query and headers", async () => {
    expect(
      await run(`local c <close> = ws.connect(url .. "/room/a%20b?q=1", {headers = {["X-A"] = "h"}}) return c:recv()`),
    ).toEqual(["a b1h"]);
  });
  test.each([
    [`{"v1", "v2"}`, "v2"],
    [`{"v1"}`, "v1"],
    [`"v1"`, "v1"],
    [`{"v3"}`, "nil"],
    [`{}`, "nil"],
  ])("subprotocols %s", async (offered, chosen) => {
    expect(
      await run(
        `local c <close> = ws.connect(url .. "/sub", {subprotocols = ${offered}}) return c:recv(), tostring(c:subprotocol())`,
      ),
    ).toEqual([chosen, chosen]);
  });
  test.each([
    [`ws.connect(url .. "/nope")`, "ws.connect: URL/nope: HTTP 404: not found"],
    [`ws.connect("ws://127.0.0.1:1/")`, "ws.connect: ws://127.0.0.1:1/: connection refused"],
    [`ws.connect("http://h/")`, 'ws.connect: invalid URL "http://h/" (scheme "http" is not supported)'],
    [`ws.connect("ws://u:secret@127.0.0.1:1/")`, "ws.connect: ws://127.0.0.1:1/: connection refused"],
    [
      `ws.connect(url .. "/echo", {headers = {X = "a\\nb"}})`,
      'ws.connect: invalid character in the value of header "X"',
    ],
    [
      `ws.connect(url .. "/echo", {headers = {["Sec-WebSocket-Protocol"] = "v1"}})`,
      'ws.connect: header "Sec-WebSocket-Protocol" cannot be set: it follows from the options',
    ],
    [
      `ws.connect(url .. "/echo", {subprotocols = {"a b"}})`,
      "bad argument #2 to 'ws.connect' (field 'subprotocols': list of names expected, got table)",
    ],
    [`ws.recv({})`, "bad argument #1 to 'ws.recv' (ws.connection expected, got table)"],
  ])("%s", async (source, message) => {
    expect(await fail(source)).toBe(message);
  });
  test.each([
    ["no version", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", 400],
    [
      "another version",
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
      400,
    ],
    [
      "a bad key",
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n",
      400,
    ],
    ["no upgrade", "", 405],
  ])("a client with %s", async (_name, fields, status) => {
    const client = new Raw(server.port).send(`GET /echo HTTP/1.1\r\nHost: h\r\n${fields}\r\n`);
    expect(statuses(await client.until(/\r\n\r\n/))).toEqual([status]);
    client.socket.destroy();
  });
});

test("what a server's answer must be (RFC 6455 §4.1)", () => {
  const key = "dGhlIHNhbXBsZSBub25jZQ==";
  expect(acceptKey(key)).toBe("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  const good = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Accept: ${acceptKey(key)}`;
  const check = (head: string, offered: string[]) => verify(readHead(head).headers, key, offered);
  expect(check(good, [])).toBeUndefined();
  expect(check(`${good}\r\nSec-WebSocket-Protocol: a`, ["a"])).toBe("a");
  const words = (head: string) => {
    try {
      check(head, []);
    } catch (error) {
      return (error as Failure).words;
    }
  };
  expect(words(good.replace("s3pP", "x3pP"))).toBe("wrong accept key in the handshake");
  expect(words(good.replace("Upgrade: WebSocket\r\n", ""))).toBe("the server did not agree to a websocket");
  expect(words(`${good}\r\nSec-WebSocket-Extensions: permessage-deflate`)).toBe(
    "the server chose an extension that was not offered",
  );
  expect(words(`${good}\r\nSec-WebSocket-Protocol: a`)).toBe("the server chose a subprotocol that was not offered");
  expect(words(`${good}\r\nbad header`)).toBe("malformed response (bad header)");
  expect(words("SSH-2.0")).toBe("malformed response (not HTTP/1.1)");
});

test.each([
  ["403 Forbidden\r\nContent-Length: 6\r\n\r\nsecret rest", "HTTP 403: secret"],
  ["500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nits\r\n5;x=y\r\n bad\n\r\n0\r\n\r\n", "HTTP 500: its bad"],
  ["401 Unauthorized\r\nContent-Length: 0\r\n\r\n", "HTTP 401: Unauthorized"],
  ["200 OK\r\n\r\n", "HTTP 200: OK"],
  ["403 No\r\nContent-Length: 14\r\n\r\n{\n  \x1b[31mred\n}", "HTTP 403: { \\x1b[31mred }"],
])("a refusal: %j", async (answer, words) => {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(`HTTP/1.1 ${answer}`));
  });
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  const address = `ws://127.0.0.1:${(server.address() as { port: number }).port}/`;
  expect(await errorOf(`ws.connect("${address}")`)).toBe(`test:1: ws.connect: ${address}: ${words}`);
  server.close();
});

/** A server that shakes hands and then sends the given bytes. */
async function sending(
  bytes: Buffer,
  then?: (socket: Socket) => void,
): Promise<{ url: string; received: () => Buffer; [Symbol.dispose](): void }> {
  let received: Buffer = Buffer.alloc(0);
  const server: Server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (head) => {
      const key = /Sec-WebSocket-Key: (\S+)/.exec(head.toString())![1]!;
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptKey(key)}\r\n\r\n`,
      );
      socket.write(bytes);
      socket.on("data", (chunk) => {
        received = Buffer.concat([received, Buffer.from(chunk)]);
        then?.(socket);
      });
    });
  });
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  const { port } = server.address() as { port: number };
  return { url: `ws://127.0.0.1:${port}/`, received: () => received, [Symbol.dispose]: () => server.close() };
}

const frame = (first: number, payload: Buffer | string, length = Buffer.byteLength(payload as string)) =>
  Buffer.concat([
    length < 126
      ? Buffer.from([first, length])
      : length < 65536
        ? Buffer.from([first, 126, length >> 8, length & 255])
        : Buffer.from([first, 127, 0, 0, 0, 0, length >>> 24, (length >> 16) & 255, (length >> 8) & 255, length & 255]),
    Buffer.from(payload as string),
  ]);

describe("peers that misbehave (hostile.md H23)", () => {
  test.each([
    [
      "a compressed message nobody agreed on",
      frame(0xc1, "hi"),
      /^ws.recv: connection closed \(1002 protocol error: unexpected rsv 1\)/,
    ],
    [
      "a masked frame from a server",
      Buffer.from([0x81, 0x82, 0, 0, 0, 0, 1, 2]),
      /1002 protocol error: unexpected mask/,
    ],
    [
      "a control frame of 126 bytes",
      frame(0x89, "x".repeat(126)),
      /1002 protocol error: invalid control payload length/,
    ],
    ["a control frame in pieces", frame(0x09, "x"), /1002 protocol error: expected fin/],
    ["text that is not UTF-8", frame(0x81, Buffer.from([0xff, 0xfe])), /1007 text message is not valid UTF-8/],
    ["close code 1005", frame(0x88, Buffer.from([0x03, 0xed])), /1002 protocol error: invalid close code/],
    ["close code 999", frame(0x88, Buffer.from([0x03, 0xe7])), /1002 protocol error: invalid close code/],
    ["a close frame of one byte", frame(0x88, "x"), /1002 protocol error/],
    ["an unknown opcode", frame(0x83, "x"), /1002 protocol error: invalid opcode/],
    ["a continuation of nothing", frame(0x80, "x"), /1002 protocol error: invalid opcode/],
    ["a message beyond all bounds", frame(0x82, "x", 300 << 20), /1009 message is larger than max_message/],
    ["a length of 64 bits", Buffer.from([0x82, 127, 255, 255, 255, 255, 255, 255, 255, 255]), /1009|1002/],
    [
      "a million fragments",
      Buffer.concat([frame(0x01, "x"), ...Array.from({ length: 200_000 }, () => frame(0x00, "x"))]),
      /1008 message comes in too many pieces/,
    ],
    [
      "fragments that grow too large",
      Buffer.concat([frame(0x02, Buffer.alloc(9 << 20)), frame(0x80, Buffer.alloc(9 << 20))]),
      /1009 message is larger than max_message/,
    ],
  ] as [string, Buffer, RegExp][])("%s", async (_name, bytes, message) => {
    using peer = await sending(bytes);
    const started = performance.now();
    expect(
      await errorOf(`local c = ws.connect("${peer.url}") c:recv(5)`).then((text) => text.replace("test:1: ", "")),
    ).toMatch(message);
    // Our close frame went out, masked, with the code.
    expect(peer.received()[0]).toBe(0x88);
    expect(performance.now() - started).toBeLessThan(4500);
  });

  test("pings are answered, fragments put together, control frames may come between", async () => {
    using peer = await sending(
      Buffer.concat([frame(0x01, "he"), frame(0x89, "p"), frame(0x00, "l"), frame(0x80, "lo")]),
    );
    expect(await results(`local c = ws.connect("${peer.url}") local m = c:recv() sleep(0.01) return m`)).toEqual([
      "hello",
    ]);
    expect(peer.received()[0]).toBe(0x8a);
  });

  test("a peer that answers no ping is lost", async () => {
    using peer = await sending(Buffer.alloc(0));
    expect(await errorOf(`local c = ws.connect("${peer.url}", {ping = 0.03}) c:recv()`)).toContain(
      "connection closed (1006 ping not answered)",
    );
  });

  test("a connection that breaks off", async () => {
    using peer = await sending(frame(0x81, "x"), (socket) => socket.destroy());
    expect(await errorOf(`local c = ws.connect("${peer.url}") c:recv() c:send("y") c:recv()`)).toContain(
      "connection closed (1006 connection lost)",
    );
  });

  test("a client that does not mask", async () => {
    const client = new Raw(server.port);
    client.send(
      "GET /echo HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    expect(statuses(await client.until(/\r\n\r\n/))).toEqual([101]);
    client.socket.write(frame(0x81, "hi"));
    // 1002: protocol error.
    expect((await client.end()).slice(-4)).toBe("\x88\x02\x03\xea");
  });
});

describe("S14, H23: what is on its way counts as the script's memory", () => {
  const limits = { memoryBytes: 16 << 20, timeoutMs: Infinity };
  const upgrade =
    "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  const masked = (first: number, payload: Buffer) => {
    const whole = frame(first, payload);
    whole[1]! |= 0x80;
    const head = whole.length - payload.length;
    return Buffer.concat([whole.subarray(0, head), Buffer.alloc(4), payload]);
  };
  test.each([
    ["messages that do not end", masked(0x02, Buffer.alloc(5 << 20))],
    [
      "tiny fragments",
      Buffer.concat(Array.from({ length: 15_000 }, (_, i) => masked(i === 0 ? 2 : 0, Buffer.alloc(1)))),
    ],
    [
      "messages that nobody receives",
      Buffer.concat(Array.from({ length: 30 }, () => masked(0x82, Buffer.alloc(60_000)))),
    ],
  ])("%s, of many clients", async (_name, bytes) => {
    const small = await Serving.start(`{WS = {["/"] = function(conn) sleep(60) end}}`, "", "", {}, limits);
    const clients: Raw[] = [];
    for (let i = 0; i < 120; i++) {
      const client = new Raw(small.port).send(upgrade);
      await client.until(/\r\n\r\n/);
      client.socket.write(bytes);
      clients.push(client);
      await Bun.sleep(1);
      if (clients.some((one) => one.received.includes("not enough memory"))) break;
    }
    // 1013: try again later.
    const told = () => clients.some((one) => one.received.includes("\x03\xf5not enough memory"));
    for (let i = 0; i < 100 && !told(); i++) await Bun.sleep(10);
    expect(told()).toBe(true);
    for (const client of clients) client.socket.destroy();
    await small.host.closeResources();
  });
  test("of a client", async () => {
    using peer = await sending(frame(0x02, Buffer.alloc(20 << 20), 30 << 20));
    expect(
      await errorOf(`local c = ws.connect("${peer.url}", {max_message = 1 << 30}) c:recv(5)`, { limits }),
    ).toContain("ws.recv: connection closed (1013 not enough memory)");
  });
  test("several keys are refused", async () => {
    const client = new Raw(server.port);
    client.send(
      upgrade
        .replace("GET /", "GET /echo")
        .replace("\r\n\r\n", "\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"),
    );
    expect(statuses(await client.until(/\r\n\r\n/))).toEqual([400]);
    client.socket.destroy();
  });
});

test("the other side may be slow to accept", async () => {
  const silent = createServer((socket) => socket.on("error", () => {}));
  await new Promise<void>((settle) => silent.listen(0, "127.0.0.1", settle));
  const { port } = silent.address() as { port: number };
  expect(await errorOf(`ws.connect("ws://127.0.0.1:${port}/", {timeout = 0.05})`)).toContain("timed out after 0.05s");
  silent.close();
});

test("a server that stops says 1001", async () => {
  const stopping = await Serving.start(`{WS = {["/"] = function(conn) conn:recv() end}}`);
  const client = stopping.lua(`local c = ws.connect((url:gsub("http", "ws", 1))) return select(2, pcall(ws.recv, c))`);
  await Bun.sleep(20);
  await stopping.stop();
  expect(await client).toBe("ws.recv: connection closed (1001)");
  expect(await stopping.ended).toBe("stopped");
});
