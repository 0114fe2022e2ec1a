import { heapSize } from "bun:jsc";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Raw, raw, Serving, statuses } from "./serving.ts";

const H = "Host: h\r\n";
const CLOSE = `${H}Connection: close\r\n`;

let server: Serving;
beforeAll(async () => {
  server = await Serving.start(
    `{
      GET = {
        ["/"] = function() return "root" end,
        ["/json"] = function() return {json = {a = 1}} end,
        ["/nil"] = function() end,
        ["/html"] = function() return {html = "<p>"} end,
        ["/made"] = function() return {status = 201, headers = {["X-A"] = {"1", "2"}, Location = "/x"}, body = "b"} end,
        ["/users/:id/posts/:post"] = function(req) return {json = {req.params.id, req.params.post}} end,
        ["/rest/*"] = function(req) return req.path .. " " .. req.params["*"] end,
        ["/query"] = function(req)
          local q = req.query_params
          return {json = {raw = req.query, a = q.a, list = q.b, none = q.__proto__ == nil and q.constructor == nil}}
        end,
        ["/headers"] = function(req) return req.headers["x-a"] .. "|" .. tostring(req.headers.constructor) end,
        ["/remote"] = function(req) return req.remote end,
        ["/error"] = function() error("secret detail") end,
        ["/error-table"] = function() error({code = 7}) end,
        ["/sleep"] = function() sleep(0.03) return "slept" end,
        ["/big"] = function() return ("x"):rep(3000000) end,
        ["/bytes"] = function() return {body = "\\0\\xff\\n", headers = {["content-type"] = "application/octet-stream"}} end,
        ["/close"] = function() return {body = "bye", headers = {Connection = "close"}} end,
        ["/pairs"] = function(req) local n = {} for k in pairs(req) do n[#n + 1] = k end table.sort(n) return table.concat(n, " ") end,
        ["/path"] = function(req) return req.path end,
        ["/no-content"] = function() return {status = 204} end,
        ["/redirect"] = function() return {status = 302, headers = {Location = "/"}} end,
      },
      HEAD = {["/own"] = function() return {headers = {["x-own"] = "yes"}} end},
      POST = {
        ["/echo"] = function(req) return req.body end,
        ["/length"] = function(req) return tostring(#req.body) end,
        ["/json"] = function(req) return {json = req:json()} end,
      },
      ANY = {["/any"] = function(req) return req.method end},
    }`,
    "max_body = 1000",
  );
});
afterAll(() => server[Symbol.asyncDispose]());

const get = async (path: string, fields = "") => raw(server.port, `GET ${path} HTTP/1.1\r\n${CLOSE}${fields}\r\n`);
const bodyOf = (text: string) => text.slice(text.indexOf("\r\n\r\n") + 4);

describe("results of handlers", () => {
  test.each([
    ["/", 200, "text/plain; charset=utf-8", "root"],
    ["/json", 200, "application/json", '{"a":1}'],
    ["/nil", 204, undefined, ""],
    ["/html", 200, "text/html; charset=utf-8", "<p>"],
    ["/made", 201, "text/plain; charset=utf-8", "b"],
    ["/bytes", 200, "application/octet-stream", "\0\xff\n"],
    ["/no-content", 204, undefined, ""],
    ["/redirect", 302, undefined, ""],
    ["/users/a%20b/posts/7", 200, "application/json", '["a b","7"]'],
    ["/rest/a//b/../c", 200, "text/plain; charset=utf-8", "/rest/a/c a/c"],
    [
      "/query?a=1+2%21&b=x&b=y",
      200,
      "application/json",
      '{"raw":"a=1+2%21&b=x&b=y","a":"1 2!","list":["x","y"],"none":true}',
    ],
    ["/remote", 200, "text/plain; charset=utf-8", "127.0.0.1"],
    ["/pairs", 200, "text/plain; charset=utf-8", "body headers method path query query_params remote"],
    ["/any", 200, "text/plain; charset=utf-8", "GET"],
  ] as [string, number, string | undefined, string][])("%s", async (path, status, type, body) => {
    const text = await get(path);
    expect(statuses(text)).toEqual([status]);
    expect(/content-type: (.*)\r\n/.exec(text)?.[1]).toBe(type as string);
    expect(bodyOf(text)).toBe(body);
    expect(text).toMatch(/\r\ndate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n/);
  });

  test("repeated response headers are separate lines", async () => {
    expect(await get("/made")).toContain("x-a: 1\r\nx-a: 2\r\nlocation: /x\r\n");
  });
  test("a large body arrives whole", async () => {
    expect(bodyOf(await get("/big"))).toBe("x".repeat(3000000));
  });
  test("HEAD is GET without the body, unless it has a handler", async () => {
    const text = await raw(server.port, `HEAD / HTTP/1.1\r\n${H}\r\nHEAD /own HTTP/1.1\r\n${CLOSE}\r\n`);
    expect(statuses(text)).toEqual([200, 200]);
    expect(text).toContain("content-length: 4\r\n");
    expect(text).toContain("x-own: yes\r\n");
    expect(text).not.toContain("root");
  });
  test("request headers are joined and are plain keys", async () => {
    expect(bodyOf(await get("/headers", "X-A: 1\r\nx-a: 2\r\n"))).toBe("1, 2|nil");
  });
});

describe("what has no handler (S06)", () => {
  test.each([
    ["GET", "/nope", 404, "not found\n"],
    ["DELETE", "/echo", 405, "method not allowed\n"],
    ["OPTIONS", "*", 404, "not found\n"],
    ["BREW", "/any", 200, "BREW"],
    ["GET", "/healthz", 200, "ok\n"],
    ["GET", "/readyz", 200, "ok\n"],
    ["POST", "/healthz", 404, "not found\n"],
  ])("%s %s", async (method, path, status, body) => {
    const text = await raw(server.port, `${method} ${path} HTTP/1.1\r\n${CLOSE}\r\n`);
    expect([statuses(text), bodyOf(text)]).toEqual([[status], body]);
  });
  test("405 says what is allowed", async () => {
    expect(await raw(server.port, `PUT /json HTTP/1.1\r\n${CLOSE}\r\n`)).toContain("\r\nallow: GET, HEAD, POST\r\n");
  });
  test("a method nobody knows", async () => {
    await using other = await Serving.start(`{GET = {["/"] = function() end}}`);
    expect(statuses(await raw(other.port, `BREW / HTTP/1.1\r\n${CLOSE}\r\n`))).toEqual([501]);
  });
  test("healthz can be routed", async () => {
    await using other = await Serving.start(`{GET = {["/healthz"] = function() return "mine" end}}`);
    expect(bodyOf(await raw(other.port, `GET /healthz HTTP/1.1\r\n${CLOSE}\r\n`))).toBe("mine");
  });
});

describe("what is refused, and the connection closed (hostile.md S01, S02, S07)", () => {
  test.each([
    [`POST /echo HTTP/1.1\r\n${H}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    [`POST /echo HTTP/1.1\r\n${H}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc`, 400],
    [`POST /echo HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, 400],
    ["GET / HTTP/1.1\r\n\r\n", 400],
    [`GET / HTTP/1.1\r\n${H}${H}\r\n`, 400],
    [`GET / HTTP/1.1\r\n${H}X: a\r\n b\r\n\r\n`, 400],
    ["GET / HTTP/1.1\nHost: h\r\n\r\n", 400],
    [`GET /%00 HTTP/1.1\r\n${H}\r\n`, 400],
    [`GET /%zz HTTP/1.1\r\n${H}\r\n`, 400],
    ["\x16\x03\x01\r\n\r\n", 400],
    [`GET / HTTP/1.1\r\n${H}X: ${"x".repeat(40000)}\r\n\r\n`, 431],
    [`GET /${"x".repeat(40000)}`, 414],
    [`POST /echo HTTP/1.1\r\n${H}Content-Length: 1001\r\n\r\n`, 413],
    [`POST /echo HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n3e9\r\n`, 413],
    [
      `POST /echo HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n${`64\r\n${"x".repeat(100)}\r\n`}`.padEnd(100) +
        `${`64\r\n${"x".repeat(100)}\r\n`}`.repeat(10),
      413,
    ],
    [`POST /echo HTTP/1.1\r\n${H}Expect: nothing\r\nContent-Length: 1\r\n\r\n`, 417],
    [`GET / HTTP/3.0\r\n${H}\r\n`, 505],
    // Refused at once, though the end of the head has not come.
    ["GET / HTTP/1.1\nHost: h\n\n", 400],
    ["GET / HTTP/1.1\rHost: h\r\r", 400],
    ["GET / HTTP/1.1\r\nHost: h\n\r\n", 400],
    [`\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03${"\0".repeat(100)}`, 400],
    [`POST /echo HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n1\na\n0\n\n`, 400],
    ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505],
  ])("%j", async (request, status) => {
    const text = await raw(server.port, request);
    expect(statuses(text)).toEqual([status]);
    expect(text).toContain("connection: close\r\n");
    expect(text).not.toContain("[still open]");
  });

  test("a large body that is being sent does not hide the 413", async () => {
    const client = new Raw(server.port).send(`POST /echo HTTP/1.1\r\n${H}Content-Length: 300000\r\n\r\n`);
    for (let i = 0; i < 10; i++) client.send("x".repeat(30000));
    expect(statuses(await client.end())).toEqual([413]);
  });
});

describe("bodies", () => {
  test.each([
    ["Content-Length: 5\r\n\r\nhello", "hello"],
    ["Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", "hello"],
    ["Content-Length: 4\r\n\r\n\0\xff\r\n", "\0\xff\r\n"],
    ["Content-Length: 0\r\n\r\n", ""],
    [`Content-Length: 1000\r\n\r\n${"y".repeat(1000)}`, "y".repeat(1000)],
  ])("%j", async (rest, body) => {
    const request = `POST /echo HTTP/1.1\r\n${CLOSE}${rest}`;
    expect(bodyOf(await raw(server.port, request))).toBe(body);
    // The same in pieces, wherever they end.
    for (const size of [1, 7]) {
      const client = new Raw(server.port);
      client.socket.setNoDelay(true);
      for (let at = 0; at < Math.min(request.length, 120); at += size) {
        client.send(request.slice(at, at + size));
        await new Promise(setImmediate);
      }
      client.send(request.slice(Math.ceil(Math.min(request.length, 120) / size) * size));
      expect(bodyOf(await client.end())).toBe(body);
    }
  });

  test("100 Continue comes when the body is wanted, and not before a refusal", async () => {
    const client = new Raw(server.port).send(
      `POST /echo HTTP/1.1\r\n${CLOSE}Content-Length: 2\r\nExpect: 100-continue\r\n\r\n`,
    );
    expect(await client.until(/\r\n\r\n/)).toBe("HTTP/1.1 100 Continue\r\n\r\n");
    expect(statuses(await client.send("hi").end())).toEqual([100, 200]);
    const refused = `POST /echo HTTP/1.1\r\n${H}Content-Length: 2000\r\nExpect: 100-continue\r\n\r\n`;
    expect(statuses(await raw(server.port, refused))).toEqual([413]);
  });

  test("req:json, and 400 for a body that is none", async () => {
    const post = (body: string) =>
      raw(server.port, `POST /json HTTP/1.1\r\n${CLOSE}Content-Length: ${body.length}\r\n\r\n${body}`);
    expect(bodyOf(await post('{"a":[1,2.5]}'))).toBe('{"a":[1,2.5]}');
    const text = await post('{"a":');
    expect(statuses(text)).toEqual([400]);
    expect(bodyOf(text)).toStartWith("bad request: invalid JSON: ");
  });
});

describe("connections (S15)", () => {
  test("stay open, and pipelined requests are answered in order", async () => {
    const client = new Raw(server.port);
    client.send(
      `GET /sleep HTTP/1.1\r\n${H}\r\nGET / HTTP/1.1\r\n${H}\r\n\r\nPOST /echo HTTP/1.1\r\n${H}Content-Length: 2\r\n\r\nhiGET /nope HTTP/1.1\r\n${H}\r\nGET /json HTTP/1.1\r\n${CLOSE}\r\n`,
    );
    const text = await client.end();
    expect(statuses(text)).toEqual([200, 200, 200, 404, 200]);
    expect(text.replace(/HTTP[\s\S]*?\r\n\r\n/g, "|")).toBe('|slept|root|hi|not found\n|{"a":1}');
  });

  test("pipelined requests whose replies nobody reads are left in the socket", async () => {
    const client = new Raw(server.port);
    client.socket.pause();
    const requests = `GET /json HTTP/1.1\r\n${H}\r\n`.repeat(10_000);
    let sent = 0;
    const more = () => {
      while (sent < 200 << 20) {
        sent += requests.length;
        if (!client.socket.write(requests)) return;
      }
    };
    client.socket.on("drain", more);
    more();
    let before = -1;
    for (let i = 0; i < 100 && before !== sent; i++) {
      before = sent;
      await Bun.sleep(50);
    }
    // The sockets' own buffers, and little more.
    expect(sent).toBeLessThan(50 << 20);
    expect(statuses(await raw(server.port, `GET / HTTP/1.1\r\n${CLOSE}\r\n`))).toEqual([200]);
    client.socket.destroy();
  });

  test("a hundred pipelined requests", async () => {
    const client = new Raw(server.port).send(
      `${`GET /json HTTP/1.1\r\n${H}\r\n`.repeat(99)}GET /json HTTP/1.1\r\n${CLOSE}\r\n`,
    );
    expect(statuses(await client.end()).length).toBe(100);
  });

  test("HTTP/1.0 closes unless asked not to", async () => {
    expect(await raw(server.port, "GET / HTTP/1.0\r\n\r\n")).toContain("connection: close\r\n");
    const client = new Raw(server.port).send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    expect(await client.until(/root/)).toContain("connection: keep-alive\r\n");
    client.socket.destroy();
  });

  test("a handler can close the connection", async () => {
    expect(await raw(server.port, `GET /close HTTP/1.1\r\n${H}\r\n`)).toContain("connection: close\r\n");
  });

  test("a client that closes its side still gets its reply", async () => {
    const client = new Raw(server.port).send(`GET /sleep HTTP/1.1\r\n${H}\r\n`);
    client.socket.end();
    expect(bodyOf(await client.end())).toBe("slept");
  });

  test("handlers run side by side", async () => {
    const started = performance.now();
    const all = await Promise.all(Array.from({ length: 20 }, () => get("/sleep")));
    expect(all.every((text) => bodyOf(text) === "slept")).toBe(true);
    expect(performance.now() - started).toBeLessThan(500);
  });
});

describe("one form of a path, for routing and for handlers (S04)", () => {
  test.each([
    ["/../../path", "/path"],
    ["/x/%2e%2e/path", "/path"],
    ["/..%2fpath", "/path"],
    ["//path", "/path"],
    ["http://elsewhere/path", "/path"],
  ])("%s", async (target, path) => {
    expect(bodyOf(await get(target))).toBe(path);
  });
});

describe("handlers that fail: 500 with an id, the rest is in the log (S05)", () => {
  test.each([
    ["error('secret detail')", "server:1: secret detail"],
    ["error({code = 7})", undefined],
    ["return {headers = {X = 'a\\r\\nX: y'}}", 'invalid character in the value of header "X"'],
    ["return {status = 0}", "status 0 is not between 200 and 599"],
    ["return {status = 99}", "status 99 is not between 200 and 599"],
    ["return {status = 1000}", "status 1000 is not between 200 and 599"],
    ["return {status = '200'}", "status must be an integer"],
    ["return {status = 200.5}", "status must be an integer"],
    ["return 7", "a handler must return a table, a string or nil"],
    ["return true", "a handler must return a table, a string or nil"],
    ["return {body = {}}", "body must be a string (a table is sent with json = ...)"],
    ["return {body = 'a', json = {}}", "a response has either body or json"],
    ["return {ok = true}", 'a handler returned a table with "ok" (expected body, json, html, file or stream)'],
    ["return {status = 204, body = 'x'}", "a response with status 204 cannot have a body"],
    [
      "return {headers = {['Content-Length'] = 5}}",
      'header "Content-Length" cannot be set: it follows from the response',
    ],
    ["local t = {} t.t = t return {json = t}", "http.serve: json: $.t: a table inside itself"],
    ["return {stream = 7}", "stream must be an iterator: a function, a coroutine, or a list of a for loop's values"],
    ["local x = nil; return x.y", "server:1: attempt to index a nil value (local 'x')"],
  ] as [string, string | RegExp | undefined][])("%s", async (code, message) => {
    await using failing = await Serving.start(
      `{GET = {["/x"] = function() ${code} end, ["/"] = function() return "alive" end}}`,
    );
    failing.logs.length = 0;
    const text = await raw(failing.port, `GET /x HTTP/1.1\r\n${H}\r\nGET / HTTP/1.1\r\n${CLOSE}\r\n`);
    expect(statuses(text)).toEqual([500, 200]);
    expect(text).toContain("\r\n\r\ninternal server error\n");
    expect(text).not.toContain("detail");
    const id = /x-request-id: ([0-9a-f]{16})\r\n/.exec(text)?.[1];
    expect(failing.logs.length).toBe(1);
    expect(failing.logs[0]).toMatchObject({ level: "error", route: "GET /x", path: "/x", request_id: id });
    if (typeof message === "string") expect(failing.logs[0]!.error).toBe(message);
    else if (message !== undefined) expect(failing.logs[0]!.error).toMatch(message);
  });
});

describe("limits of time (S07, S08)", () => {
  test("a handler that takes too long: 503, and its task is stopped", async () => {
    await using slow = await Serving.start(
      `{GET = {["/"] = function() local x <close> = setmetatable({}, {__close = function() closed = true end}) sleep(10) end, ["/closed"] = function() return tostring(closed) end}}`,
      "request_timeout = 0.05",
    );
    const text = await raw(slow.port, `GET / HTTP/1.1\r\n${H}\r\nGET /closed HTTP/1.1\r\n${CLOSE}\r\n`);
    expect(statuses(text)).toEqual([503, 200]);
    expect(text).toEndWith("true");
  });
  test.each([
    ["slow head", "header_timeout = 0.05", "GET / HTTP/1.1\r\nHo", [408]],
    ["slow body", "body_timeout = 0.05", `POST / HTTP/1.1\r\n${H}Content-Length: 10\r\n\r\nabc`, [408]],
    [
      "slow chunked body",
      "body_timeout = 0.05",
      `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n5\r\nab`,
      [408],
    ],
    ["nothing at all", "header_timeout = 0.05", "", []],
    ["idle after a request", "idle_timeout = 0.05", `GET / HTTP/1.1\r\n${H}\r\n`, [200]],
    ["next head never ends", "header_timeout = 0.05", `GET / HTTP/1.1\r\n${H}\r\nGET`, [200, 408]],
  ] as [string, string, string, number[]][])("%s", async (_name, options, request, expected) => {
    await using slow = await Serving.start(
      `{GET = {["/"] = function() return "x" end}, POST = {["/"] = function() return "x" end}}`,
      options,
    );
    const text = await raw(slow.port, request, 1500);
    expect(statuses(text)).toEqual(expected);
    expect(text).not.toContain("[still open]");
  });
  test("a head that drips in is cut off", async () => {
    await using slow = await Serving.start("{}", "header_timeout = 0.1");
    const client = new Raw(slow.port);
    const drip = setInterval(() => client.send("x"), 10);
    expect(statuses(await client.end(1500))).toEqual([408]);
    clearInterval(drip);
  });
  test("more connections than allowed are turned away", async () => {
    await using small = await Serving.start(`{GET = {["/"] = function() return "x" end}}`, "max_connections = 2");
    const clients = [new Raw(small.port), new Raw(small.port)];
    for (const client of clients) await client.send(`GET / HTTP/1.1\r\n${H}\r\n`).until(/x$/);
    expect(statuses(await new Raw(small.port).end())).toEqual([503]);
    for (const client of clients) client.socket.destroy();
  });
});

describe("streams (S12)", () => {
  const events = `function() local i = 0 return {stream = function() i = i + 1 if i <= 3 then sleep(0.005) return "data: " .. i .. "\\n\\n" end end} end`;
  test("are sent in chunks as they come", async () => {
    await using streaming = await Serving.start(`{GET = {["/"] = ${events}}}`);
    const client = new Raw(streaming.port).send(`GET / HTTP/1.1\r\n${H}\r\n`);
    const first = await client.until(/data: 1\n\n/);
    expect(first).toContain(
      "content-type: text/event-stream\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n",
    );
    expect(first).not.toContain("data: 3");
    expect(await client.until(/0\r\n\r\n$/)).toEndWith("9\r\ndata: 2\n\n\r\n9\r\ndata: 3\n\n\r\n0\r\n\r\n");
    // The connection is as good as new.
    client.received = "";
    expect(await client.send(`GET /nope HTTP/1.1\r\n${CLOSE}\r\n`).end()).toContain("404");
  });
  test("a HEAD request closes what would have been iterated over", async () => {
    await using streaming = await Serving.start(
      `{GET = {
        ["/"] = function()
          return {stream = {function() end, nil, nil, setmetatable({}, {__close = function() closed = true end})}}
        end,
        ["/closed"] = function() return tostring(closed) end,
      }}`,
    );
    expect(statuses(await raw(streaming.port, `HEAD / HTTP/1.1\r\n${CLOSE}\r\n`))).toEqual([200]);
    expect(bodyOf(await raw(streaming.port, `GET /closed HTTP/1.1\r\n${CLOSE}\r\n`))).toBe("true");
  });
  test("to HTTP/1.0 clients end with the connection", async () => {
    await using streaming = await Serving.start(`{GET = {["/"] = ${events}}}`);
    const text = await raw(streaming.port, "GET / HTTP/1.0\r\n\r\n");
    expect(bodyOf(text)).toBe("data: 1\n\ndata: 2\n\ndata: 3\n\n");
    expect(text).not.toContain("transfer-encoding");
  });
  test.each([
    ["a coroutine", `coroutine.create(function() coroutine.yield("a") sleep(0.001) coroutine.yield("b") end)`],
    ["a wrapped coroutine", `coroutine.wrap(function() coroutine.yield("a") sleep(0.001) coroutine.yield("b") end)`],
    [
      "a list of a for loop's values",
      `{function(s, c) if c < 2 then return c + 1 == 1 and "a" or "b" end end, nil, 0}`,
    ],
    [
      "a callable table",
      `setmetatable({n = 0}, {__call = function(self) self.n = self.n + 1 return ({"a", "b"})[self.n] end})`,
    ],
  ])("from %s", async (_name, iterator) => {
    const source = iterator.includes("c < 2")
      ? `(function() local n = 0 return {function() n = n + 1 return ({"a", "b"})[n] end} end)()`
      : iterator;
    await using streaming = await Serving.start(`{GET = {["/"] = function() return {stream = ${source}} end}}`);
    expect(bodyOf(await raw(streaming.port, `GET / HTTP/1.1\r\n${CLOSE}\r\n`))).toBe("1\r\na\r\n1\r\nb\r\n0\r\n\r\n");
  });
  test("an error cuts the body short and is logged", async () => {
    await using streaming = await Serving.start(
      `{GET = {["/"] = function() local n = 0 return {stream = function() n = n + 1 if n == 1 then return "a" end error("broken") end} end}}`,
    );
    const text = await raw(streaming.port, `GET / HTTP/1.1\r\n${CLOSE}\r\n`);
    expect(text).not.toContain("0\r\n\r\n");
    expect(streaming.logs[0]).toMatchObject({ error: "server:1: broken", route: "GET /" });
  });
  test.each([
    [
      "a waiting iterator",
      `{stream = function() local x <close> = setmetatable({}, {__close = function() closed = true end}) sleep(0.01) return "tick" end}`,
    ],
    [
      "a closing value",
      `{stream = {function() sleep(0.005) return "tick" end, nil, nil, setmetatable({}, {__close = function() closed = true end})}}`,
    ],
    [
      "a coroutine",
      `{stream = coroutine.create(function() local x <close> = setmetatable({}, {__close = function() closed = true end}) while true do coroutine.yield("tick") sleep(0.005) end end)}`,
    ],
  ])("a client that goes away closes %s", async (_name, reply) => {
    await using streaming = await Serving.start(
      `{GET = {["/"] = function() return ${reply} end, ["/closed"] = function() return tostring(closed) end}}`,
    );
    const client = new Raw(streaming.port).send(`GET / HTTP/1.1\r\n${H}\r\n`);
    await client.until(/tick/);
    client.socket.destroy();
    for (let i = 0; i < 100; i++) {
      if (bodyOf(await raw(streaming.port, `GET /closed HTTP/1.1\r\n${CLOSE}\r\n`)) === "true") return;
      await Bun.sleep(5);
    }
    throw new Error("not closed");
  });
  test.each([
    ["waits", `{stream = function() sleep(0.01) return "tick" end}`],
    ["does not wait", `{stream = function() return "tick" end}`],
  ])("a client that closes its side ends an iterator that %s, which is no failure", async (_name, reply) => {
    await using streaming = await Serving.start(`{GET = {["/"] = function() return ${reply} end}}`);
    const client = new Raw(streaming.port).send(`GET / HTTP/1.1\r\n${H}\r\n`);
    await client.until(/tick/);
    expect(statuses(await raw(streaming.port, `GET /healthz HTTP/1.1\r\n${CLOSE}\r\n`))).toEqual([200]);
    client.socket.end();
    const text = await client.end();
    expect(text).not.toContain("[still open]");
    expect(text).not.toContain("0\r\n\r\n");
    expect(streaming.logs).toEqual([]);
  });
  test("wait for a slow reader", async () => {
    await using streaming = await Serving.start(
      `{GET = {["/"] = function() local piece = ("x"):rep(65536) return {stream = function() made = (made or 0) + 1 return piece end} end, ["/made"] = function() return tostring(made) end}}`,
    );
    const client = new Raw(streaming.port);
    client.socket.pause();
    client.send(`GET / HTTP/1.1\r\n${H}\r\n`);
    await Bun.sleep(150);
    const made = Number(bodyOf(await raw(streaming.port, `GET /made HTTP/1.1\r\n${CLOSE}\r\n`)));
    expect(made).toBeGreaterThan(0);
    // What fits into the sockets' buffers, not what a free run would have made.
    expect(made).toBeLessThan(300);
    client.socket.destroy();
  });
});

describe("stopping (S09)", () => {
  test("requests under way are finished, idle connections closed, http.serve returns", async () => {
    const stopping = await Serving.start(`{GET = {["/"] = function() sleep(0.05) return "done" end}}`);
    const idle = new Raw(stopping.port);
    await idle.send(`GET /nope HTTP/1.1\r\n${H}\r\n`).until(/not found/);
    const busy = new Raw(stopping.port).send(`GET / HTTP/1.1\r\n${H}\r\nGET / HTTP/1.1\r\n${H}\r\n`);
    await Bun.sleep(10);
    const stopped = stopping.stop();
    const text = await busy.end();
    expect(statuses(text)).toEqual([200]);
    expect(text).toContain("connection: close\r\n");
    expect(await idle.end()).not.toContain("[still open]");
    expect(await stopped).toBe(true);
    expect(await stopping.ended).toBe("stopped");
    expect(await new Raw(stopping.port).end()).toBe("");
  });
  test("drain limits how long", async () => {
    const stopping = await Serving.start(`{GET = {["/"] = function() sleep(10) end}}`, "drain = 0.05");
    const busy = new Raw(stopping.port).send(`GET / HTTP/1.1\r\n${H}\r\n`);
    await Bun.sleep(10);
    await stopping.stop();
    expect(await busy.end()).toBe("");
    expect(await stopping.ended).toBe("stopped");
  });
  test("readyz turns false first", async () => {
    const stopping = await Serving.start("{}", "drain_delay = 0.1");
    const stopped = stopping.stop();
    expect(statuses(await raw(stopping.port, `GET /readyz HTTP/1.1\r\n${CLOSE}\r\n`))).toEqual([503]);
    expect(statuses(await raw(stopping.port, `GET /healthz HTTP/1.1\r\n${CLOSE}\r\n`))).toEqual([200]);
    await stopped;
  });
  test("http.stop from a handler", async () => {
    const stopping = await Serving.start(`{POST = {["/stop"] = function() http.stop() return "stopping" end}}`);
    expect(bodyOf(await raw(stopping.port, `POST /stop HTTP/1.1\r\n${H}\r\n`))).toBe("stopping");
    expect(await stopping.ended).toBe("stopped");
  });
});

test("tasks share the script's state between waits (S11)", async () => {
  await using counting = await Serving.start(
    `{GET = {["/"] = function() local n = count sleep(0) count = n + 1 total = total + 1 return "x" end, ["/total"] = function() return tostring(total) end}}`,
    "",
    "count, total = 0, 0",
  );
  const clients = Array.from({ length: 50 }, () =>
    new Raw(counting.port).send(`${`GET / HTTP/1.1\r\n${H}\r\n`.repeat(19)}GET / HTTP/1.1\r\n${CLOSE}\r\n`),
  );
  for (const client of clients) expect(statuses(await client.end()).length).toBe(20);
  expect(bodyOf(await raw(counting.port, `GET /total HTTP/1.1\r\n${CLOSE}\r\n`))).toBe("1000");
});

test("the access log is at debug level", async () => {
  await using logging = await Serving.start(`{GET = {["/a/:b"] = function() return "x" end}}`, "", "", {
    logLevel: "debug",
  });
  await raw(logging.port, `GET /a/1 HTTP/1.1\r\n${CLOSE}\r\n`);
  expect(logging.logs[0]).toMatchObject({
    level: "debug",
    method: "GET",
    path: "/a/1",
    status: 200,
    route: "GET /a/:b",
    remote: "127.0.0.1",
  });
});

test("bodies that do not fit into the script's memory together are refused (S07)", async () => {
  await using small = await Serving.start(
    `{POST = {["/"] = function(req) return tostring(#req.body) end}}`,
    "max_body = 1 << 30",
    "",
    {},
    { memoryBytes: 64 << 20, timeoutMs: Infinity },
  );
  const head = (length: number) => `POST / HTTP/1.1\r\n${CLOSE}Content-Length: ${length}\r\n\r\n`;
  expect(statuses(await raw(small.port, head(100 << 20)))).toEqual([503]);
  const waiting = new Raw(small.port).send(head(40 << 20)).send("x");
  await Bun.sleep(10);
  expect(statuses(await raw(small.port, head(40 << 20)))).toEqual([503]);
  waiting.socket.destroy();
  await Bun.sleep(10);
  const chunk = `100000\r\n${"x".repeat(1 << 20)}\r\n`;
  const client = new Raw(small.port).send(`POST / HTTP/1.1\r\n${CLOSE}Transfer-Encoding: chunked\r\n\r\n`);
  for (let i = 0; i < 80; i++) client.send(chunk);
  expect(statuses(await client.end())).toEqual([503]);
  expect(await raw(small.port, `${head(1 << 20)}${"x".repeat(1 << 20)}`)).toEndWith("1048576");
});

test("S12: replies that nobody reads count as the script's memory", async () => {
  await using small = await Serving.start(
    `{GET = {["/"] = function() return ("x"):rep(10000000) end, ["/small"] = function() return "x" end}}`,
    "",
    "",
    {},
    { memoryBytes: 64 << 20, timeoutMs: Infinity },
  );
  const clients = Array.from({ length: 20 }, () => new Raw(small.port).send(`GET / HTTP/1.1\r\n${H}\r\n`));
  for (const client of clients) client.socket.pause();
  await Bun.sleep(100);
  expect(statuses(await raw(small.port, `GET /small HTTP/1.1\r\n${CLOSE}\r\n`))).toEqual([200]);
  // One that reads gets what there is no room for either: an error, or a 503.
  expect(await raw(small.port, `GET / HTTP/1.1\r\n${CLOSE}\r\n`)).toMatch(/^HTTP\/1\.1 50[03] /);
  for (const client of clients) client.socket.destroy();
  await Bun.sleep(50);
  expect((await raw(small.port, `GET / HTTP/1.1\r\n${CLOSE}\r\n`)).length).toBeGreaterThan(10_000_000);
});

test("S07: after a handler ran out of memory the next one has all of it", async () => {
  await using small = await Serving.start(
    `{GET = {["/"] = function() local t = {} for i = 1, math.huge do t[i] = i end end}}`,
    "",
    "",
    {},
    { memoryBytes: 16 << 20, timeoutMs: Infinity },
  );
  Bun.gc(true);
  const before = heapSize();
  expect(statuses(await raw(small.port, `GET / HTTP/1.1\r\n${CLOSE}\r\n`))).toEqual([500]);
  expect(small.logs[0]).toMatchObject({ error: "not enough memory" });
  Bun.gc(true);
  // Its table held 16 MB, and the task that ran last is kept.
  expect(heapSize() - before).toBeLessThan(4 << 20);
});

test.each(["::1", "localhost", "127.0.0.1"])("S10: listens on %s", async (host) => {
  await using other = await Serving.start(`{GET = {["/"] = function(req) return req.remote end}}`, `host = "${host}"`);
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${other.port}/`;
  const [body] = [await other.lua(`return http.get("${url}").body`)];
  expect(body).toBe(host === "::1" ? "::1" : "127.0.0.1");
});
