/** `http.stream`: bodies read while they arrive. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { errorOf, results, runScript } from "../script.ts";

let server: Server;
let base: string;
let open: ServerResponse | undefined;
let closed: Promise<void> | undefined;

beforeAll(async () => {
  server = createServer((request, response) => {
    closed = new Promise((done) => response.on("close", () => done()));
    if (request.url === "/lines") {
      response.write("one\r\ntw");
      setImmediate(() => {
        response.write("o");
        response.write("\n\nthr");
        setImmediate(() => response.end("ee"));
      });
    } else if (request.url === "/endless") {
      response.write("first\n");
      open = response;
    } else if (request.url === "/cut") {
      response.writeHead(200, { "content-length": "100" });
      response.write("part\n", () => response.destroy());
    } else if (request.url === "/bomb") {
      response.writeHead(200, { "content-encoding": "gzip" });
      response.end(gzipSync(Buffer.alloc(50_000_000)));
    } else if (request.url === "/big") {
      response.end(`${"x".repeat(1_000_000)}\n${"y\n".repeat(10_000)}`);
    } else {
      response.writeHead(404, { "x-reason": "none" });
      response.end("gone");
    }
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", () => ready()));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const collect = (path: string) => `local out = {}
  for line in http.stream("GET", "${base}${path}"):lines() do out[#out + 1] = line end
  return table.concat(out, "|")`;

test("lines, whatever pieces they come in", async () => {
  expect(await results(collect("/lines"))).toEqual(["one|two||three"]);
});

test("status, headers, bytes", async () => {
  const source = `local s <close> = http.stream("GET", "${base}/none")
    return s:status(), s:headers()["x-reason"], s:read(), s:read(), s:read()`;
  expect(await results(source)).toEqual([404, "none", "gone", undefined, undefined]);
});

test("more than may wait", async () => {
  const source = `local s, n = http.stream("GET", "${base}/big"), 0
    sleep(0.05)
    local first = s:line()
    for line in s:lines() do n = n + #line end
    return #first, n`;
  expect(await results(source)).toEqual([1_000_000, 10_000]);
});

test("H12: what a bomb unpacks to waits in the server", async () => {
  const source = `local s = http.stream("GET", "${base}/bomb")
    sleep(0.1)
    local first = s:read()
    local n = #first
    for bytes in function() return s:read() end do n = n + #bytes end
    return #first < 1 << 20, n`;
  expect(await results(source, { limits: { memoryBytes: 8 << 20, timeoutMs: Infinity } })).toEqual([true, 50_000_000]);
});

test("H12: a line without an end counts as the script's memory", async () => {
  const source = `local s = http.stream("GET", "${base}/bomb") s:line()`;
  const { error } = await runScript(source, { limits: { memoryBytes: 8 << 20, timeoutMs: Infinity } });
  expect(error).toContain("not enough memory");
});

test("an endless body is given as it comes, and closing ends the request", async () => {
  const source = `local s = http.stream("GET", "${base}/endless", { timeout = 0.5 })
    local first = s:line()
    local ok, why = pcall(s.line, s, 0.05)
    s:close()
    return first, ok, why, select(2, pcall(s.line, s))`;
  expect(await results(source)).toEqual([
    "first",
    false,
    "stream:line: timed out after 0.05s",
    "stream:line: the stream is closed",
  ]);
  await closed;
});

test("leaving the loop closes the stream", async () => {
  expect(await results(`for line in http.stream("GET", "${base}/endless"):lines() do return line end`)).toEqual([
    "first",
  ]);
  await closed;
});

test("the end of the script closes it too", async () => {
  await results(`s = http.stream("GET", "${base}/endless")`);
  await closed;
  expect(open?.destroyed).toBe(true);
});

test("other tasks run while one waits for a line", async () => {
  const source = `local s = http.stream("GET", "${base}/endless")
    s:line()
    local task = async.spawn(function() return pcall(s.line, s, 0.2) end)
    local n = 0
    for i = 1, 3 do sleep(0.01) n = n + 1 end
    return n, (task:await())`;
  expect(await results(source)).toEqual([3, false]);
});

test("a broken connection", async () => {
  const { error } = await runScript(collect("/cut"));
  expect(error).toContain("stream:lines: ");
  expect(error).toContain("connection closed before the response was complete");
});

test("no connection", async () => {
  expect(await errorOf(`http.stream("GET", "http://127.0.0.1:1/")`)).toBe(
    "test:1: http.stream: GET http://127.0.0.1:1/: connection refused",
  );
});
