import { heapSize } from "bun:jsc";
import { describe, expect, test } from "bun:test";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { Attempt } from "../../../builtins/http/attempt.ts";
import { type ClientContext, type Plan, perform, type Response } from "../../../builtins/http/client/perform.ts";
import { Pool } from "../../../builtins/http/client/pool.ts";
import { Collector } from "../../../builtins/http/client/receive.ts";
import { Failure } from "../../../builtins/http/failure.ts";
import { headerOf } from "../../../builtins/http/headers.ts";
import { Misbehaving, ok } from "./misbehaving.ts";

function context(): ClientContext & { pool: Pool } {
  const nothing = () => undefined;
  return {
    pool: new Pool(),
    env: nothing,
    checkRead: nothing,
    checkLookup: nothing,
    checkNet: nothing,
    hold: nothing,
  };
}

function plan(given: Partial<Plan> & { url: string }): Plan {
  return {
    method: "GET",
    headers: [],
    body: undefined,
    timeout: 2,
    maxRedirects: 10,
    retries: undefined,
    tls: {},
    proxy: undefined,
    maxBody: 1 << 20,
    download: undefined,
    ...given,
  };
}

/** Status and body, or the words of the failure without method and URL. */
async function get(
  given: Partial<Plan> & { url: string },
  shared?: ClientContext & { pool: Pool },
): Promise<Response | string> {
  const using = shared ?? context();
  try {
    return await perform(plan(given), using, new Attempt(Infinity));
  } catch (error) {
    if (error instanceof Failure) return error.words.replace(/^[A-Z]+ http:\S+: /, "");
    throw error;
  } finally {
    if (shared === undefined) using.pool.close();
  }
}

const brief = (given: Response | string) => (typeof given === "string" ? given : `${given.status} ${given.body}`);

describe("servers that misbehave (hostile.md H13, H14)", () => {
  const chunked = (rest: string) => `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${rest}`;
  test.each([
    // name, bytes, then, outcome
    ["a good one", ok("hi"), "open", "200 hi"],
    ["headers of 1 MB", `HTTP/1.1 200 OK\r\nX: ${"x".repeat(1e6)}\r\n\r\n`, "open", "response headers are too large"],
    [
      "10,000 headers",
      `HTTP/1.1 200 OK\r\n${"A: b\r\n".repeat(10000)}Content-Length: 0\r\n\r\n`,
      "open",
      "too many response headers",
    ],
    [
      "a status line of 1 MB",
      `HTTP/1.1 200 ${"x".repeat(1e6)}\r\nContent-Length: 0\r\n\r\n`,
      "open",
      "response headers are too large",
    ],
    ["status 99", "HTTP/1.1 99 OK\r\n\r\n", "open", "malformed response (invalid status code)"],
    ["status 1000", "HTTP/1.1 1000 OK\r\n\r\n", "open", "malformed response (invalid response status)"],
    ["HTTP/9.9", "HTTP/9.9 200 OK\r\n\r\n", "open", "malformed response (invalid HTTP version)"],
    ["another protocol", "SSH-2.0-OpenSSH\r\n", "open", "malformed response (not HTTP/1.1)"],
    ["TLS", "\x15\x03\x03\0\x02\x02P", "open", "malformed response (not HTTP/1.1)"],
    [
      "100 times 100",
      "HTTP/1.1 100 Continue\r\n\r\n".repeat(100) + ok("hi"),
      "open",
      "malformed response (too many interim responses)",
    ],
    ["one 100, unasked", `HTTP/1.1 100 Continue\r\n\r\n${ok("hi")}`, "open", "200 hi"],
    ["one 103", `HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${ok("hi")}`, "open", "200 hi"],
    [
      "100 times 103",
      "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100) + ok("hi"),
      "open",
      "malformed response (too many interim responses)",
    ],
    [
      "101 unasked",
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
      "open",
      "malformed response (unexpected status)",
    ],
    [
      "length and chunks",
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
      "open",
      /^malformed response/,
    ],
    [
      "two lengths",
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi",
      "open",
      /^malformed response/,
    ],
    ["a negative length", "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nhi", "open", /^malformed response/],
    [
      "a chunk beyond all bounds",
      chunked("ffffffffffffffff1\r\nhi"),
      "open",
      "malformed response (chunk size overflow)",
    ],
    ["a bad chunk size", chunked("zz\r\nhi"), "open", "malformed response (invalid character in chunk size)"],
    [
      "a chunk without its end",
      chunked("2\r\nhixx0\r\n\r\n"),
      "open",
      "malformed response (expected LF after chunk data)",
    ],
    ["chunks cut short", chunked("5\r\nhi"), "end", "connection closed before the response was complete"],
    ["trailers", chunked("2\r\nhi\r\n0\r\nX: y\r\n\r\n"), "open", "200 hi"],
    [
      "another transfer coding",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nxx",
      "open",
      "malformed response (unsupported transfer encoding)",
    ],
    [
      "a body cut short",
      "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhi",
      "end",
      "connection closed before the response was complete",
    ],
    ["a body up to the end", "HTTP/1.1 200 OK\r\n\r\nhi", "end", "200 hi"],
    ["HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nhi", "end", "200 hi"],
    ["nothing", "", "end", "connection closed before the response was complete"],
    ["a reset", "", "reset", /^connection (reset|closed)/],
    ["a reset in a body up to the end", "HTTP/1.1 200 OK\r\n\r\nhi", "reset", /^connection (reset|closed)/],
    ["status 000", "HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n", "open", "malformed response"],
    ["half a header", "HTTP/1.1 200 OK\r\nCont", "end", "connection closed before the response was complete"],
    ["a header without colon", "HTTP/1.1 200 OK\r\nfoo\r\n\r\n", "open", /^malformed response/],
    ["NUL in a header", "HTTP/1.1 200 OK\r\nA: a\0b\r\n\r\n", "open", /^malformed response/],
    ["a folded header", "HTTP/1.1 200 OK\r\nA: a\r\n b\r\n\r\n", "open", /^malformed response/],
    ["bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 2\n\nhi", "open", /^malformed response/],
    ["more than it announced", `${ok("hi")}EXTRA`, "open", "200 hi"],
    ["204 with a length", "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nhi", "open", "204 "],
    ["304 with a length", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "open", "304 "],
    [
      "a huge length",
      "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
      "open",
      "response body is larger than max_body (1048576 bytes)",
    ],
    ["no answer", "", "open", "timed out after 0.15s"],
    ["headers, then silence", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", "open", "timed out after 0.15s"],
    ["broken gzip", ok("hi", "Content-Encoding: gzip\r\n"), "open", "cannot decode the response body (gzip)"],
    [
      "broken gzip, and silence",
      "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 99\r\n\r\nhihihi",
      "open",
      "cannot decode the response body (gzip)",
    ],
    [
      "gzip cut short",
      ok(gzipSync("hello").toString("latin1").slice(0, 15), "Content-Encoding: gzip\r\n"),
      "open",
      "cannot decode the response body (gzip)",
    ],
    ["an unknown encoding", ok("hi", "Content-Encoding: zstd\r\n"), "open", 'unsupported content encoding "zstd"'],
    [
      "__proto__ as an encoding",
      ok("hi", "Content-Encoding: __proto__\r\n"),
      "open",
      'unsupported content encoding "__proto__"',
    ],
    ["six encodings", ok("hi", `Content-Encoding: ${"gzip, ".repeat(6)}\r\n`), "open", "more than 5 content encodings"],
  ] as [string, string, "open" | "end" | "reset", string | RegExp][])("%s", async (_name, bytes, then, outcome) => {
    using server = await Misbehaving.answering(bytes, then);
    const given = brief(
      await get({
        url: `${server.url}/x`,
        timeout: typeof outcome === "string" && outcome.startsWith("timed") ? 0.15 : 2,
      }),
    );
    if (typeof outcome === "string") expect(given).toBe(outcome);
    else expect(given).toMatch(outcome);
  });

  test.each(["HTTP/1.1 200 OK\r\n", chunked("0\r\n")])("endless headers after %j", async (begin) => {
    using server = await Misbehaving.start((socket, request) => {
      if (!request.endsWith("\r\n\r\n")) return;
      socket.write(begin);
      const more = () => {
        while (!socket.destroyed && socket.write("X-A: bbbbbbbbbbbbbbbbbbbb\r\n".repeat(100)));
      };
      socket.on("drain", more);
      more();
    });
    expect(brief(await get({ url: server.url }))).toBe("response headers are too large");
  });

  test("an endless body ends at max_body, and the connection is closed", async () => {
    using server = await Misbehaving.start((socket, request) => {
      if (!request.endsWith("\r\n\r\n")) return;
      socket.write(chunked(""));
      const more = () => {
        while (!socket.destroyed && socket.write(`10000\r\n${"x".repeat(65536)}\r\n`));
      };
      socket.on("drain", more);
      more();
    });
    expect(brief(await get({ url: server.url }))).toBe("response body is larger than max_body (1048576 bytes)");
    await Bun.sleep(10);
    expect(server.closed).toBe(1);
  });

  test("an endless chunk extension", async () => {
    using server = await Misbehaving.start((socket, request) => {
      if (!request.endsWith("\r\n\r\n")) return;
      socket.write(`${chunked("5;")}`);
      const more = () => {
        while (!socket.destroyed && socket.write("x".repeat(65536)));
      };
      socket.on("drain", more);
      more();
    });
    expect(brief(await get({ url: server.url }))).toBe("malformed response (its body is mostly chunk sizes)");
  });

  test("a body that drips ends at the timeout, and the connection is closed", async () => {
    using server = await Misbehaving.start((socket) => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
      const drip = setInterval(() => socket.write("x"), 20);
      socket.on("close", () => clearInterval(drip));
    });
    const started = performance.now();
    expect(brief(await get({ url: server.url, timeout: 0.15 }))).toBe("timed out after 0.15s");
    expect(performance.now() - started).toBeLessThan(400);
    await Bun.sleep(10);
    expect(server.closed).toBe(1);
  });
});

describe("what servers encode (H12)", () => {
  const text = "hello ".repeat(1000);
  test.each([
    ["gzip", gzipSync(text)],
    ["x-gzip", gzipSync(text)],
    ["deflate", deflateSync(text)],
    ["deflate", deflateRawSync(text)],
    ["br", brotliCompressSync(text)],
    ["identity", Buffer.from(text)],
    ["gzip, br", brotliCompressSync(gzipSync(text))],
    ["gzip, gzip, gzip, gzip, gzip", [1, 2, 3, 4].reduce((bytes) => gzipSync(bytes), gzipSync(text))],
    ["GZIP", gzipSync(text)],
  ])("%s", async (name, bytes) => {
    using server = await Misbehaving.answering(ok(bytes.toString("latin1"), `Content-Encoding: ${name}\r\n`));
    expect(brief(await get({ url: server.url }))).toBe(`200 ${text}`);
    expect(server.requests[0]).toContain("\r\nAccept-Encoding: gzip, deflate, br\r\n");
  });
  test("an empty body needs no decoding", async () => {
    using server = await Misbehaving.answering(ok("", "Content-Encoding: gzip\r\n"));
    expect(brief(await get({ url: server.url }))).toBe("200 ");
    expect(brief(await get({ url: server.url, method: "HEAD" }))).toBe("200 ");
  });
  test("a body that comes byte by byte takes no more than its size", () => {
    const collector = new Collector(1 << 20, () => {});
    const read = Buffer.alloc(1000, "x");
    Bun.gc(true);
    const before = heapSize();
    for (let i = 0; i < 200_000; i++) collector.add(read.subarray(i % 1000, (i % 1000) + 1));
    Bun.gc(true);
    // A buffer for each byte would be 20 MB.
    expect(heapSize() - before).toBeLessThan(4 << 20);
    expect(collector.bytes()).toBe("x".repeat(200_000));
  });
  test("a bomb ends at max_body", async () => {
    using server = await Misbehaving.answering(
      ok(gzipSync(Buffer.alloc(50 << 20)).toString("latin1"), "Content-Encoding: gzip\r\n"),
    );
    const before = process.memoryUsage().rss;
    expect(brief(await get({ url: server.url }))).toBe("response body is larger than max_body (1048576 bytes)");
    expect(process.memoryUsage().rss - before).toBeLessThan(40 << 20);
  });
});

describe("redirects (H06, H08, H10)", () => {
  /** A server whose answers are looked up by path. */
  const site = (pages: Record<string, string>) =>
    Misbehaving.start((socket, request) => {
      if (!request.endsWith("\r\n\r\n")) return;
      const path = /([^ ]+) HTTP\/1\.1\r\n(?![\s\S]* HTTP\/1\.1\r\n)/.exec(request)?.[1] ?? "";
      socket.write(pages[path] ?? "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    });
  const to = (location: string, status = 302) =>
    `HTTP/1.1 ${status} Found\r\nLocation: ${location}\r\nContent-Length: 3\r\n\r\nold`;

  test.each([
    ["/next", "200 next"],
    ["next?a=b", "200 query"],
    ["?a=b", "200 own query"],
    ["file:///etc/passwd", 'redirect to an unsupported scheme "file"'],
    ["data:,x", 'redirect to an unsupported scheme "data"'],
    ["s3://b/k", 'redirect to an unsupported scheme "s3"'],
    ["javascript:1", 'redirect to an unsupported scheme "javascript"'],
    ["http://", 'redirect to an invalid URL "http://"'],
  ])("to %s", async (location, outcome) => {
    using server = await site({
      "/": to(location),
      "/next": ok("next"),
      "/next?a=b": ok("query"),
      "/?a=b": ok("own query"),
    });
    expect(brief(await get({ url: server.url }))).toBe(outcome);
  });
  test.each([
    ["without Location", "HTTP/1.1 302 Found\r\nContent-Length: 3\r\n\r\nold"],
    ["with an empty Location", to("")],
  ])("%s are results", async (_name, page) => {
    using server = await site({ "/": page });
    expect(brief(await get({ url: server.url }))).toBe("302 old");
  });
  test("are results when none are followed", async () => {
    using server = await site({ "/": to("/next") });
    expect(brief(await get({ url: server.url, maxRedirects: 0 }))).toBe("302 old");
  });
  test("in a circle end", async () => {
    using server = await site({ "/": to("/") });
    expect(brief(await get({ url: server.url, maxRedirects: 5 }))).toBe("more than 5 redirects");
  });
  test.each(["HTTP/1.1 302 Found\r\nLocation: /a\r\nContent-Length: 1000\r\n\r\nx"])(
    "H14: a body that does not come is not waited for",
    async (page) => {
      using server = await site({ "/": page, "/a": ok("end") });
      const started = performance.now();
      expect(brief(await get({ url: `${server.url}/`, timeout: 5 }))).toBe("200 end");
      expect(performance.now() - started).toBeLessThan(2000);
    },
  );
  test("that lead to a failure say where to", async () => {
    using server = await site({ "/": to("http://127.0.0.1:1/") });
    expect(brief(await get({ url: server.url }))).toBe("connection refused (redirected to http://127.0.0.1:1/)");
  });
  test("use one connection", async () => {
    using server = await site({ "/": to("/a"), "/a": to("/b", 307), "/b": ok("end") });
    const given = (await get({ url: `${server.url}/` })) as Response;
    expect([given.body, given.url, server.requests.length]).toEqual(["end", `${server.url}/b`, 1]);
  });
  test("to another origin carry no secret, not even back again", async () => {
    using second = await Misbehaving.start((socket) => socket.write(to(`${first.url}/back`, 307)));
    using first = await Misbehaving.start((socket, request) =>
      socket.write(request.includes("/back") ? ok("end") : to(`${second.url}/`, 307)),
    );
    const headers = ["Authorization", "Bearer 1", "X-Vault-Token", "2", "Cookie", "a=3", "X-Request-Id", "4"];
    expect(brief(await get({ url: `http://u:p@127.0.0.1:${first.port}/`, headers }))).toBe("200 end");
    expect(first.requests[0]!.split("GET /back")[0]).toMatch(
      /Authorization: Bearer 1\r\nX-Vault-Token: 2\r\nCookie: a=3/,
    );
    for (const later of [second.requests[0]!, (first.requests[1] ?? first.requests[0]!.split("GET /back")[1])!]) {
      expect(later).not.toMatch(/authorization|vault|cookie/i);
      expect(later).toContain("X-Request-Id: 4");
    }
  });
});

describe("retries (H20)", () => {
  const counted = (answers: (string | "close")[]) => {
    let n = 0;
    return Misbehaving.start((socket, request) => {
      if (!request.includes("\r\n\r\n")) return;
      const answer = answers[Math.min(n++, answers.length - 1)]!;
      if (answer === "close") socket.destroy();
      else socket.end(answer);
    });
  };
  const busy = (after = "") => `HTTP/1.1 503 Busy\r\n${after}Connection: close\r\nContent-Length: 0\r\n\r\n`;
  const retries = { count: 2, backoff: 0.001, statuses: new Set([503]), unsafe: false };
  const good = ok("hi", "Connection: close\r\n");

  test.each([
    // name, answers, plan, outcome, connections
    ["a status", [busy(), busy(), good], { retries }, "200 hi", 3],
    ["as often as asked", [busy()], { retries }, "503 ", 3],
    ["not unless asked", [busy()], {}, "503 ", 1],
    ["a lost connection", ["close", good], { retries }, "200 hi", 2],
    ["not a POST", [busy(), good], { retries, method: "POST", body: Buffer.from("x") }, "503 ", 1],
    [
      "not a POST whose connection is lost",
      ["close", good],
      { retries, method: "POST", body: Buffer.from("x") },
      "connection closed before the response was complete",
      1,
    ],
    [
      "a POST if told so",
      [busy(), good],
      { retries: { ...retries, unsafe: true }, method: "POST", body: Buffer.from("x") },
      "200 hi",
      2,
    ],
    ["Retry-After that is garbage", [busy("Retry-After: soon\r\n"), good], { retries }, "200 hi", 2],
    [
      "Retry-After in the past",
      [busy("Retry-After: Sat, 22 Nov 2014 10:00:00 GMT\r\n"), good],
      { retries },
      "200 hi",
      2,
    ],
    ["another status", ["HTTP/1.1 500 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"], { retries }, "500 ", 1],
    ["nothing malformed", ["HTTP/9.9 200 OK\r\n\r\n"], { retries }, "malformed response (invalid HTTP version)", 1],
  ] as [string, string[], Partial<Plan>, string, number][])(
    "%s",
    async (_name, answers, given, outcome, connections) => {
      using server = await counted(answers);
      expect(brief(await get({ url: server.url, ...given }))).toBe(outcome);
      expect(server.requests.length).toBe(connections);
    },
  );

  test("a POST that could not connect", async () => {
    const started = performance.now();
    const given = await get({
      url: "http://127.0.0.1:1",
      method: "POST",
      body: Buffer.from("x"),
      retries: { ...retries, backoff: 0.02 },
    });
    expect(given).toBe("connection refused");
    expect(performance.now() - started).toBeGreaterThan(55);
  });
});

describe("connections (H15)", () => {
  test("are used again", async () => {
    using server = await Misbehaving.start((socket, request) => {
      if (request.endsWith("\r\n\r\n")) socket.write(ok("hi"));
    });
    const shared = context();
    for (let i = 0; i < 5; i++) expect(brief(await get({ url: server.url }, shared))).toBe("200 hi");
    expect(server.requests.length).toBe(1);
    shared.pool.close();
  });
  test("that the server closed meanwhile are replaced", async () => {
    let n = 0;
    using server = await Misbehaving.start((socket, request) => {
      if (!request.endsWith("\r\n\r\n")) return;
      // The second request on a connection gets no answer.
      if (request.split("GET").length > 2) socket.destroy();
      else socket.write(ok(String(n++)));
    });
    const shared = context();
    expect(brief(await get({ url: server.url }, shared))).toBe("200 0");
    expect(brief(await get({ url: server.url }, shared))).toBe("200 1");
    expect(server.requests.length).toBe(2);
    shared.pool.close();
  });
  test("wait for each other beyond 128", async () => {
    let most = 0;
    let now = 0;
    using server = await Misbehaving.start((socket, request) => {
      if (!request.endsWith("\r\n\r\n")) return;
      most = Math.max(most, ++now);
      setTimeout(() => {
        now--;
        socket.write(ok("hi"));
      }, 2);
    });
    const shared = context();
    const all = await Promise.all(Array.from({ length: 400 }, () => get({ url: server.url, timeout: 5 }, shared)));
    expect(all.every((given) => brief(given) === "200 hi")).toBe(true);
    expect(most).toBeLessThanOrEqual(128);
    expect(shared.pool.size).toBeLessThanOrEqual(128);
    shared.pool.close();
  });
  test.each([
    ["a second response", ok("first") + ok("stolen")],
    ["something else", `${ok("first")}garbage`],
    ["a body after a 204", `HTTP/1.1 204 No Content\r\n\r\n${ok("stolen")}`],
  ])("are not used again after %s came unasked", async (_name, bytes) => {
    let n = 0;
    using server = await Misbehaving.start((socket, request) => {
      if (request.endsWith("\r\n\r\n")) socket.write(n++ === 0 ? bytes : ok("second"));
    });
    const shared = context();
    expect(brief(await get({ url: server.url }, shared))).toMatch(/^200 first$|^204 $/);
    expect(brief(await get({ url: server.url }, shared))).toBe("200 second");
    shared.pool.close();
  });
  test("are closed when a request is given up", async () => {
    using server = await Misbehaving.answering("");
    const operation = new Attempt(Infinity);
    const shared = context();
    const waiting = perform(plan({ url: server.url, timeout: 60 }), shared, operation);
    await Bun.sleep(20);
    operation.end(new Failure("cancelled", "never"));
    await expect(waiting).rejects.toBeInstanceOf(Failure);
    await Bun.sleep(10);
    expect([server.closed, shared.pool.size]).toEqual([1, 0]);
  });
});

test("H05: headers go out as given, in order, with what every request has", async () => {
  using server = await Misbehaving.answering(ok("hi"));
  await get({
    url: `http://us%65r:p@127.0.0.1:${server.port}/a b?c`,
    headers: ["X-A", "1", "x-a", "2", "X-B", "\xc3\xa9"],
    method: "PUT",
    body: Buffer.from([0, 255]),
  });
  expect(server.requests[0]).toBe(
    `PUT /a%20b?c HTTP/1.1\r\nhost: 127.0.0.1:${server.port}\r\nconnection: keep-alive\r\nAuthorization: Basic ${btoa("user:p")}\r\n` +
      "X-A: 1\r\nx-a: 2\r\nX-B: \xc3\xa9\r\nUser-Agent: assay/0.0.0\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate, br\r\ncontent-length: 2\r\n\r\n\0\xff",
  );
});

test("H16: repeated response headers are all there", async () => {
  using server = await Misbehaving.answering(
    ok("", "A: 1\r\na: 2\r\nSet-Cookie: x=1\r\nSet-Cookie: y=2\r\nB: \xe9\xff\r\n"),
  );
  const given = (await get({ url: server.url })) as Response;
  expect(given.headers).toEqual([
    "A",
    "1",
    "a",
    "2",
    "Set-Cookie",
    "x=1",
    "Set-Cookie",
    "y=2",
    "B",
    "\xe9\xff",
    "Content-Length",
    "0",
  ]);
  expect(headerOf(given.headers, "b")).toBe("\xe9\xff");
});

test.each([
  ["http://127.0.0.1:1/", "connection refused"],
  ["http://nosuch.invalid/", "host not found"],
])("%s: %s", async (url, words) => {
  expect(await get({ url })).toBe(words);
});
