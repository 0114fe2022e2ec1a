import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { failure, Stop } from "../../../interpreter/error.ts";
import { errorOf, results } from "../script.ts";
import { Misbehaving, ok } from "./misbehaving.ts";
import { Serving } from "./serving.ts";

let server: Serving;
const folder = mkdtempSync(join(tmpdir(), "http-"));
beforeAll(async () => {
  server = await Serving.start(`{
    ANY = {["/echo"] = function(req)
      return {
        headers = {["x-method"] = req.method, ["x-query"] = req.query, ["x-type"] = req.headers["content-type"] or "none",
          ["x-auth"] = req.headers.authorization or "none", ["x-a"] = req.headers["x-a"] or "none",
          ["x-trace"] = req.headers.traceparent or "none"},
        body = req.body,
      }
    end},
    GET = {
      ["/json"] = function() return {json = {a = {1, 2}}} end,
      ["/cookies"] = function() return {headers = {["Set-Cookie"] = {"a=1; Path=/", "b=2"}}, body = ""} end,
      ["/status/:n"] = function(req) return {status = math.tointeger(tonumber(req.params.n)), body = "s"} end,
      ["/to/*"] = function(req) return {status = 302, headers = {Location = "/" .. req.params["*"]}} end,
      ["/slow"] = function() sleep(5) end,
      ["/file/*"] = function(req) return {file = "${folder}/" .. req.params["*"], root = "${folder}"} end,
      ["/relay"] = function(req) return http.get("http://" .. req.headers.host .. "/echo").headers["x-trace"] end,
      ["/relay-spawned"] = function(req)
        return async.spawn(function() return http.get("http://" .. req.headers.host .. "/echo").headers["x-trace"] end):await()
      end,
    },
  }`);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** Runs Lua with the global `url`. */
const run = (source: string, env?: Record<string, string>) => results(`local url = "${server.url}" ${source}`, { env });
const fail = async (source: string, env?: Record<string, string>) => {
  const message = await errorOf(`local url = "${server.url}" ${source}`, { env });
  expect(message).toStartWith("test:1: ");
  return message.slice("test:1: ".length).replaceAll(server.url, "URL");
};

describe("results", () => {
  test("of a response", async () => {
    expect(
      await run(`local r = http.get(url .. "/json")
        return r.status, r.body, r.headers["content-type"], r.url == url .. "/json", math.type(r.elapsed_ms), r.ok, r:json().a[2], #r.cookies, r.nope`),
    ).toEqual([200, '{"a":[1,2]}', "application/json", true, "integer", true, 2, 0, undefined]);
  });
  test("any status is a result", async () => {
    expect(await run(`local r = http.get(url .. "/status/503") return r.status, r.ok, r.body`)).toEqual([
      503,
      false,
      "s",
    ]);
  });
  test("cookies are a list as well", async () => {
    expect(
      await run(`local r = http.get(url .. "/cookies") return r.headers["set-cookie"], r.cookies[1], r.cookies[2]`),
    ).toEqual(["a=1; Path=/, b=2", "a=1; Path=/", "b=2"]);
  });
  test("the URL is the last one's", async () => {
    expect(
      await run(
        `local r = http.get(url .. "/to/json") return r.url == url .. "/json", http.get(url .. "/to/x", {max_redirects = 0}).status`,
      ),
    ).toEqual([true, 302]);
  });
  test("resp:json says what is wrong", async () => {
    expect(await fail(`http.get(url .. "/status/200"):json()`)).toStartWith("resp:json: ");
  });
});

describe("requests", () => {
  test.each([
    ["http.get(URL)", "GET", "", "none", ""],
    ["http.head(URL)", "HEAD", "", "none", ""],
    ["http.delete(URL)", "DELETE", "", "none", ""],
    ["http.options(URL)", "OPTIONS", "", "none", ""],
    ["http.post(URL)", "POST", "", "none", ""],
    ['http.post(URL, "a\\0\\xff")', "POST", "", "none", "a\0\xff"],
    ["http.post(URL, 12)", "POST", "", "none", "12"],
    ["http.put(URL, {a = 1})", "PUT", "", "application/json", '{"a":1}'],
    [
      'http.patch(URL, {1, 2}, {headers = {["content-type"] = "application/merge-patch+json"}})',
      "PATCH",
      "",
      "application/merge-patch+json",
      "[1,2]",
    ],
    [
      'http.post(URL, nil, {form = {a = "x y&", b = {1, 2}}})',
      "POST",
      "",
      "application/x-www-form-urlencoded",
      "a=x+y%26&b=1&b=2",
    ],
    ['http.request("PROPFIND", URL, {body = "x"})', "PROPFIND", "", "none", "x"],
    ['http.request("DELETE", URL, {body = {1}})', "DELETE", "", "application/json", "[1]"],
    [
      'http.get(URL, {query = {q = "a b/é", n = {1, 2.5}, t = true}})',
      "GET",
      "q=a%20b%2F%C3%A9&n=1&n=2.5&t=true",
      "none",
      "",
    ],
    ['http.get(URL .. "?x=1#f", {query = {y = 2}})', "GET", "x=1&y=2", "none", ""],
    ['http.client({base_url = url}):get("echo", {query = {a = 1}})', "GET", "a=1", "none", ""],
    ['http.client({base_url = url .. "/"}):post("/echo", {1})', "POST", "", "application/json", "[1]"],
    ['http.client():request("PUT", URL, {body = "x"})', "PUT", "", "none", "x"],
  ])("%s", async (call, method, query, type, body) => {
    const given = await run(
      `local URL = url .. "/echo" local r = ${call} return r.headers["x-method"], r.headers["x-query"], r.headers["x-type"], r.body`,
    );
    expect(given).toEqual([method, query, type, method === "HEAD" ? "" : body]);
  });

  test.each([
    ['{auth = {"user", "p:w"}}', `Basic ${btoa("user:p:w")}`],
    ['{bearer = "tok"}', "Bearer tok"],
    ['{headers = {Authorization = "X"}}', "X"],
  ])("%s", async (opts, value) => {
    expect(await run(`return http.get(url .. "/echo", ${opts}).headers["x-auth"]`)).toEqual([value]);
  });

  test("a client's options, and those of one request over them", async () => {
    expect(
      await run(`local c = http.client({base_url = url .. "/echo", bearer = "c", headers = {["X-A"] = "client", Accept = "x"}, query = {v = 1}})
        local a, b = c:get(""), c:get("", {bearer = "r", headers = {["x-a"] = {"1", "2"}}})
        local d = c:get("", {auth = {"u", "p"}, query = {w = 2}})
        return a.headers["x-auth"], a.headers["x-a"], b.headers["x-auth"], b.headers["x-a"], d.headers["x-auth"], a.headers["x-query"], d.headers["x-query"]`),
    ).toEqual(["Bearer c", "client", "Bearer r", "1, 2", `Basic ${btoa("u:p")}`, "v=1", "w=2"]);
  });
});

describe("arguments and options that do not fit (H02, H10, H15, S10)", () => {
  test.each([
    ["http.get()", "bad argument #1 to 'http.get' (string expected, got no value)"],
    ["http.get(url, 7)", "bad argument #2 to 'http.get' (table expected, got number)"],
    ["http.post(url, true)", "bad argument #2 to 'http.post' (string, table or nil expected, got boolean)"],
    ["http.get(url, {timeout = 'x'})", "bad argument #2 to 'http.get' (field 'timeout': number expected, got string)"],
    [
      "http.get(url, {timeout = 0})",
      "bad argument #2 to 'http.get' (field 'timeout': value out of range: 0 is below 0.001)",
    ],
    [
      "http.get(url, {timeout = 0/0})",
      "bad argument #2 to 'http.get' (field 'timeout': value out of range: not a number)",
    ],
    ["http.get(url, {headers = {['X: y'] = '1'}})", 'http.get: invalid header name "X: y"'],
    ["http.get(url, {headers = {X = 'a\\r\\nY: z'}})", 'http.get: invalid character in the value of header "X"'],
    ["http.get(url, {bearer = 'a b'})", "http.get: invalid character in bearer"],
    ["http.get(url, {auth = {'u'}})", "http.get: auth must be {user, password}, and the user without a colon"],
    ["http.get(url, {auth = {'u', 'p'}, bearer = 'x'})", "http.get: either auth or bearer"],
    ["http.post(url, 'x', {form = {}})", "http.post: either a body or a form"],
    [
      "http.get(url, {query = {a = {{}}}})",
      'http.get: query: value of "a" must be a string, number, boolean or a list of them',
    ],
    ["http.get(url, {tls = {cart = 'x'}})", 'http.get: unknown field "cart" in tls'],
    ["http.get(url, {tls = {ca = '/nonexistent'}})", 'http.get: tls.ca: "/nonexistent": no such file or directory'],
    ["http.get(url, {tls = {cert = '-----BEGIN CERTIFICATE-----'}})", "http.get: tls.cert and tls.key belong together"],
    ["http.get(url, {retries = {count = -1}})", "http.get: retries.count must be an integer from 0"],
    [
      "http.get(url, {proxy = true})",
      "bad argument #2 to 'http.get' (field 'proxy': string or false expected, got boolean)",
    ],
    ["http.get('file:///etc/passwd')", 'http.get: invalid URL "file:///etc/passwd" (scheme "file" is not supported)'],
    ["http.get('http://u:secret@h\\\\/')", 'http.get: invalid URL "http://h\\/" (a backslash)'],
    ["http.request('get', url)", 'http.request: invalid method "get"'],
    ["http.request('', url)", 'http.request: invalid method ""'],
    ["http.request('FOO BAR', url)", 'http.request: invalid method "FOO BAR"'],
    ["http.request('GET / HTTP/1.1\\r\\nX: y', url)", 'http.request: invalid method "GET / HTTP/1.1\\x0d\\x0aX: y"'],
    ["http.get('http://127.0.0.1:1/x')", "http.get: GET http://127.0.0.1:1/x: connection refused"],
    ["http.post('http://u:secret@127.0.0.1:1/x', '')", "http.post: POST http://127.0.0.1:1/x: connection refused"],
    [
      "http.client({base_url = 'http://127.0.0.1:1'}):get('/x')",
      "http.get: GET http://127.0.0.1:1/x: connection refused",
    ],
    ["http.get(url .. '/slow', {timeout = 0.05})", "http.get: GET URL/slow: timed out after 0.05s"],
    [
      "http.get(url .. '/to/to/to/json', {max_redirects = 2})",
      "http.get: GET URL/to/to/to/json: more than 2 redirects",
    ],
    [
      "http.get(url .. '/json', {max_body = 5})",
      "http.get: GET URL/json: response body is larger than max_body (5 bytes)",
    ],
    ["http.serve(65536, {})", "bad argument #1 to 'http.serve' (value out of range: 65536 is above 65535)"],
    ["http.serve(-1, {})", "bad argument #1 to 'http.serve' (value out of range: -1 is below 0)"],
    ["http.serve(1.5, {})", "bad argument #1 to 'http.serve' (number has no integer representation)"],
    ["http.serve('x', {})", "bad argument #1 to 'http.serve' (number expected, got string)"],
    ["http.serve(0, {get = {}})", 'http.serve: routes: method "get" must be in capital letters'],
    ["http.serve(0, {}, {host = '300.1.1.1'})", /^http\.serve: cannot listen on 300\.1\.1\.1:0: /],
    ["http.serve(0, {}, {tls = {}})", "http.serve: tls needs cert and key"],
  ] as [string, string | RegExp][])("%s", async (call, message) => {
    const given = await fail(call);
    if (typeof message === "string") expect(given).toBe(message);
    else expect(given).toMatch(message);
  });

  test("a port that is taken", async () => {
    expect(await fail(`http.serve(${server.port}, {}, {host = "127.0.0.1"})`)).toBe(
      `http.serve: cannot listen on 127.0.0.1:${server.port}: address already in use`,
    );
  });
  test("an error can be caught, and names its place", async () => {
    expect(await run(`local ok, e = pcall(http.get, "http://127.0.0.1:1/") return ok, e`)).toEqual([
      false,
      "http.get: GET http://127.0.0.1:1/: connection refused",
    ]);
  });
});

describe("downloads", () => {
  test("go to a file, whole or not at all", async () => {
    const path = join(folder, "out.bin");
    writeFileSync(path, "old");
    mkdirSync(join(folder, "taken"));
    using good = await Misbehaving.answering(ok("\0new\xff"));
    using bad = await Misbehaving.answering("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "end");
    using none = await Misbehaving.answering("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope");
    const get = (url: string) =>
      `local r = http.get("${url}", {download = "${path}"}) return r.status, r.body, r.file, r.size`;
    expect(await errorOf(get(bad.url))).toContain("connection closed before the response was complete");
    expect(readFileSync(path, "latin1")).toBe("old");
    expect(await results(get(none.url))).toEqual([404, "nope", undefined, undefined]);
    expect(readFileSync(path, "latin1")).toBe("old");
    expect(await results(get(good.url))).toEqual([200, "", path, 5]);
    expect(readFileSync(path, "latin1")).toBe("\0new\xff");
    expect(await errorOf(`http.get("${good.url}", {download = "${folder}/taken"})`)).toContain("is a directory");
    expect(readdirSync(folder).filter((name) => name.endsWith(".part"))).toEqual([]);
    expect(await errorOf(`http.get("${good.url}", {download = "/nonexistent/x"})`)).toContain(
      'cannot write "/nonexistent/x": no such file or directory',
    );
  });
  test("larger than memory allows", async () => {
    const path = join(folder, "large.bin");
    using large = await Misbehaving.start((socket, request) => {
      if (!request.endsWith("\r\n\r\n")) return;
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${40 << 20}\r\n\r\n`);
      for (let i = 0; i < 40; i++) socket.write(Buffer.alloc(1 << 20, i));
    });
    const limits = { memoryBytes: 16 << 20, timeoutMs: Infinity };
    expect(await results(`return http.get("${large.url}", {download = "${path}"}).size`, { limits })).toEqual([
      40 << 20,
    ]);
    expect(readFileSync(path).length).toBe(40 << 20);
    rmSync(path);
  });
});

describe("files from a server (S14)", () => {
  test.each([
    ["caf%C3%A9.txt", "", [200, "bytes", "text/plain; charset=utf-8", undefined]],
    ["a%FFb", "", [404, "not found\n", "text/plain; charset=utf-8", undefined]],
    ["hello.txt", "", [200, "hello world", "text/plain; charset=utf-8", undefined]],
    ["hello.txt", "bytes=6-", [206, "world", "text/plain; charset=utf-8", "bytes 6-10/11"]],
    ["hello.txt", "bytes=-5", [206, "world", "text/plain; charset=utf-8", "bytes 6-10/11"]],
    ["hello.txt", "bytes=99-", [416, "range not satisfiable\n", "text/plain; charset=utf-8", "bytes */11"]],
    ["nope.txt", "", [404, "not found\n", "text/plain; charset=utf-8", undefined]],
    ["", "", [404, "not found\n", "text/plain; charset=utf-8", undefined]],
    ["../../etc/passwd", "", [404, "not found\n", "text/plain; charset=utf-8", undefined]],
    ["..%2f..%2fetc/passwd", "", [404, "not found\n", "text/plain; charset=utf-8", undefined]],
    ["link", "", [404, "not found\n", "text/plain; charset=utf-8", undefined]],
    ["empty.json", "", [200, "", "application/json", undefined]],
  ] as [string, string, unknown[]][])("%s %s", async (name, range, expected) => {
    writeFileSync(join(folder, "hello.txt"), "hello world");
    writeFileSync(join(folder, "empty.json"), "");
    writeFileSync(join(folder, "café.txt"), "bytes");
    try {
      (await import("node:fs")).symlinkSync("/etc/passwd", join(folder, "link"));
    } catch {
      // There from the row before.
    }
    const given =
      await run(`local r = http.get(url .. "/file/${name}", {headers = {Range = "${range}" ~= "" and "${range}" or nil}})
      return r.status, r.body, r.headers["content-type"], r.headers["content-range"]`);
    expect(given).toEqual(expected as never);
  });
  test("that have not changed are not sent again", async () => {
    writeFileSync(join(folder, "hello.txt"), "hello world");
    expect(
      await run(`local r = http.get(url .. "/file/hello.txt")
        local h = r.headers
        local a = http.get(url .. "/file/hello.txt", {headers = {["If-None-Match"] = h.etag}})
        local b = http.get(url .. "/file/hello.txt", {headers = {["If-Modified-Since"] = h["last-modified"]}})
        local c = http.get(url .. "/file/hello.txt", {headers = {["If-None-Match"] = '"other"'}})
        local d = http.get(url .. "/file/hello.txt", {headers = {Range = "bytes=0-1", ["If-Range"] = '"other"'}})
        local e = http.head(url .. "/file/hello.txt")
        return a.status, a.body, b.status, c.status, d.status, e.headers["content-length"], e.body`),
    ).toEqual([304, "", 304, 200, 200, "11", ""]);
  });
});

describe("traces are passed on", () => {
  const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  test.each(["/relay", "/relay-spawned"])("from the request that %s answers", async (path) => {
    expect(await run(`return http.get(url .. "${path}", {headers = {traceparent = "${parent}"}}).body`)).toEqual([
      parent,
    ]);
    expect(await run(`return http.get(url .. "${path}").body`)).toEqual(["none"]);
  });
  test("from the environment", async () => {
    const get = `return http.get(url .. "/echo").headers["x-trace"]`;
    expect(await run(get, { TRACEPARENT: parent })).toEqual([parent]);
    expect(await run(get, { TRACEPARENT: "garbage\r\nX: y" })).toEqual(["none"]);
  });
});

test("a body larger than the script's memory (M16)", async () => {
  using large = await Misbehaving.start((socket, request) => {
    if (!request.endsWith("\r\n\r\n")) return;
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${500 << 20}\r\n\r\n`);
    const more = () => {
      while (!socket.destroyed && socket.write(Buffer.alloc(1 << 20)));
    };
    socket.on("drain", more);
    more();
  });
  const limits = { memoryBytes: 64 << 20, timeoutMs: Infinity };
  const get = (opts: string) => errorOf(`http.get("${large.url}", {${opts}})`, { limits });
  expect(await get("")).toContain("response body is larger than max_body (33554432 bytes)");
  expect(await get("max_body = 1 << 30")).toContain("not enough memory");
  await Bun.sleep(20);
  expect(large.closed).toBe(2);
});

test("a script that is stopped gives up its request (T13)", async () => {
  using silent = await Misbehaving.answering("");
  const stopped = await Serving.start("{}");
  const waiting = stopped.lua(`return http.get("${silent.url}", {timeout = 1e9})`);
  await Bun.sleep(20);
  stopped.vm.stop(new Stop("timeout", "timeout of 1s exceeded"));
  await expect(waiting).rejects.toBeInstanceOf(Stop);
  await expect(stopped.ended).rejects.toBeInstanceOf(Stop);
  await Bun.sleep(20);
  expect(silent.closed).toBe(1);
});

test("permissions are asked about the address connected to, redirects and proxies included", async () => {
  const asked: string[] = [];
  const { Permissions } = await import("../../../builtins/permissions.ts");
  const permissions = Permissions.all();
  permissions.checkNet = (what: string, name: string, address: string | undefined, port: number) => {
    asked.push(`${what} ${name} ${address} ${port === server.port ? "SERVER" : port}`);
    if (address === "169.254.169.254") throw failure(`${what}: network access to ${address}:${port} is not allowed`);
  };
  await results(`http.get("http://localhost:${server.port}/json")`, { permissions });
  await results(`http.get("http://127.0.0.1:${server.port}/to//json")`, { permissions });
  await errorOf(`http.get("http://api.example/x", {proxy = "http://127.0.0.1:1"})`, { permissions });
  expect(await errorOf(`http.get("http://2852039166:1/")`, { permissions })).toBe(
    "test:1: http.get: network access to 169.254.169.254:1 is not allowed",
  );
  expect(asked).toEqual([
    "http.get localhost 127.0.0.1 SERVER",
    "http.get 127.0.0.1 127.0.0.1 SERVER",
    "http.get api.example undefined 80",
    "http.get 127.0.0.1 127.0.0.1 1",
    "http.get 169.254.169.254 169.254.169.254 1",
  ]);
});
