import { expect, test } from "bun:test";
import { ChunkedReader } from "../../../builtins/http/server/chunked.ts";
import { type Head, parseHead, Refusal } from "../../../builtins/http/server/head.ts";

function read(text: string): Head | string {
  try {
    return parseHead(text, 0, text.indexOf("\r\n\r\n"));
  } catch (error) {
    if (error instanceof Refusal) return `${error.status} ${error.reason}`;
    throw error;
  }
}
const get = (fields: string, line = "GET / HTTP/1.1") => read(`${line}\r\n${fields}\r\n\r\n`);

test("a plain request", () => {
  expect(get("Host: h\r\nX-A:  b \r\nX-A: c", "POST /a%20b?c=d HTTP/1.1")).toEqual({
    method: "POST",
    path: "/a b",
    query: "c=d",
    headers: ["host", "h", "x-a", "b", "x-a", "c"],
    http11: true,
    keepAlive: true,
    length: 0,
    expectsContinue: false,
    upgrade: false,
  });
});

test.each([
  // header fields, what comes of them (hostile.md S01, S02, S13)
  ["Host: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked", "400 both content-length and transfer-encoding"],
  ["Host: h\r\nContent-Length: 3\r\nContent-Length: 3", "400 more than one content-length"],
  ["Host: h\r\nContent-Length: +3", "400 malformed content-length"],
  ["Host: h\r\nContent-Length: -3", "400 malformed content-length"],
  ["Host: h\r\nContent-Length: 3, 3", "400 malformed content-length"],
  ["Host: h\r\nContent-Length: 0x3", "400 malformed content-length"],
  ["Host: h\r\nContent-Length:", "400 malformed content-length"],
  ["Host: h\r\nContent-Length: 9999999999999999999", "400 malformed content-length"],
  ["Host: h\r\nContent-Length : 3", "400 malformed header name"],
  ["Host: h\r\nTransfer-Encoding: xchunked", "400 unsupported transfer-encoding"],
  ["Host: h\r\nTransfer-Encoding: gzip, chunked", "400 unsupported transfer-encoding"],
  ["Host: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "400 more than one transfer-encoding"],
  ["Host: h\r\nX: a\r\n b", "400 malformed header line"],
  ["Host: h\r\nX: a\nY: b", "400 malformed header value"],
  ["Host: h\r\nX: a\0b", "400 malformed header value"],
  ["Host: h\r\nX: a\rb", "400 malformed header value"],
  ["Host: h\r\nX", "400 malformed header line"],
  ["Host: h\r\n: x", "400 malformed header name"],
  ["X: y", "400 missing or malformed host header"],
  ["Host: a\r\nHost: a", "400 more than one host header"],
  ["Host: a\r\nhost: b", "400 more than one host header"],
  ["Host: a b", "400 missing or malformed host header"],
  ["Host: a@b", "400 missing or malformed host header"],
  ["Host:", "400 missing or malformed host header"],
  ["Host: h\r\nExpect: 200-ok", "417 unsupported expectation"],
  // White space is spaces and tabs, and nothing else that some language trims.
  ["Host: h\r\nContent-Length: \xa03", "400 malformed content-length"],
  ["Host: h\r\nContent-Length: 3\xa0", "400 malformed content-length"],
  ["Host: h\r\nContent-Length: \x0b3", "400 malformed header value"],
  ["Host: h\r\nTransfer-Encoding: \xa0chunked", "400 unsupported transfer-encoding"],
  ["Host: h\r\nTransfer-Encoding: \x0cchunked", "400 malformed header value"],
])("S01, S02: %j", (fields, refusal) => {
  expect(get(fields)).toBe(refusal);
});

test.each([
  ["GET  / HTTP/1.1", "400 malformed request line"],
  ["GET /a b HTTP/1.1", "400 malformed request line"],
  ["GET /", "400 malformed request line"],
  ["GET / HTTP/1.1 ", "400 malformed request line"],
  ["GET / HTTP/2.0", "505 HTTP version not supported"],
  ["GET / http/1.1", "400 malformed request line"],
  ["G(T / HTTP/1.1", "400 malformed method"],
  [" GET / HTTP/1.1", "400 malformed method"],
  ["GET a HTTP/1.1", "400 malformed request target"],
  ["GET http://u@h/ HTTP/1.1", "400 malformed request target"],
  ["GET /a#b HTTP/1.1", "400 malformed request target"],
  ["GET /a\tb HTTP/1.1", "400 malformed request target"],
  ["CONNECT h:1 HTTP/1.1", "501 not implemented"],
  ["GET /%zz HTTP/1.1", "400 malformed path"],
])("S03: %j", (line, refusal) => {
  expect(get("Host: h", line)).toBe(refusal);
});

test.each([
  ["GET http://other/a?b HTTP/1.1", "/a", "b"],
  ["GET http://other HTTP/1.1", "/", ""],
  ["GET http://other?x HTTP/1.1", "/", "x"],
  ["OPTIONS * HTTP/1.1", "*", ""],
  ["GET /? HTTP/1.1", "/", ""],
  ["GET /?a?b HTTP/1.1", "/", "a?b"],
])("%s", (line, path, query) => {
  expect(get("Host: h", line)).toMatchObject({ path, query });
});

test.each([
  ["GET / HTTP/1.1", "Host: h", true],
  ["GET / HTTP/1.1", "Host: h\r\nConnection: close", false],
  ["GET / HTTP/1.1", "Host: h\r\nConnection: x, Close", false],
  ["GET / HTTP/1.0", "X: y", false],
  ["GET / HTTP/1.0", "Connection: keep-alive", true],
])("keep-alive: %s, %s", (line, fields, keepAlive) => {
  expect(get(fields, line)).toMatchObject({ keepAlive });
});

test("S13: what announces a body, a wait or a websocket", () => {
  expect(get("Host: h\r\nContent-Length: 5\r\nExpect: 100-Continue")).toMatchObject({
    length: 5,
    expectsContinue: true,
  });
  expect(get("Host: h\r\nTransfer-Encoding: Chunked")).toMatchObject({ length: -1 });
  expect(get("Host: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket")).toMatchObject({ upgrade: true });
});

/** Feeds a chunked body in pieces of a size; its bytes and what is left, or the refusal. */
function chunked(input: string, size: number, limit = 100): [string, string] | string {
  const reader = new ChunkedReader(limit);
  let pending = "";
  try {
    for (let at = 0; at < input.length && !reader.done; at += size) {
      pending = reader.read(pending + input.slice(at, at + size));
      if (reader.done) return [reader.body(), pending + input.slice(at + size)];
    }
  } catch (error) {
    if (error instanceof Refusal) return `${error.status} ${error.reason}`;
    throw error;
  }
  return "incomplete";
}

test.each([
  ["0\r\n\r\n", ["", ""]],
  ["2\r\nhi\r\n0\r\n\r\nGET", ["hi", "GET"]],
  ["2;x=y\r\nhi\r\n3\r\n\r\n!\r\n0\r\nT: x\r\n\r\n", ["hi\r\n!", ""]],
  ["00000002\r\nhi\r\n0\r\n\r\n", ["hi", ""]],
  ["2\r\nhi\r\n", "incomplete"],
  ["2\r\nhixx0\r\n\r\n", "400 malformed chunk"],
  ["zz\r\n", "400 malformed chunk size"],
  ["-1\r\n", "400 malformed chunk size"],
  ["0x2\r\nhi\r\n0\r\n\r\n", "400 malformed chunk size"],
  ["ffffffffffffffff1\r\n", "400 malformed chunk size"],
  ["2\nhi\r\n0\r\n\r\n", "400 malformed chunk size"],
  ["65\r\n", "413 content too large"],
  [`60\r\n${"x".repeat(96)}\r\n5\r\n`, "413 content too large"],
  ["0\r\nbad trailer\r\n\r\n", "400 malformed trailer"],
  [`2;${"x".repeat(2000)}`, "400 malformed chunk"],
  ["2\n", "400 malformed chunk size"],
  ["2\rx", "400 malformed chunk size"],
  ["0\r\nA: b\n\n", "400 malformed trailer"],
] as [string, [string, string] | string][])("S01: chunked %j", (input, outcome) => {
  for (const size of [1, 2, 3, 7, 5000]) expect(chunked(input, size)).toEqual(outcome);
});
