/** Bytes sent to a server of `http.serve`, over TCP. */
import { Raw, raw, Serving } from "../../builtins/http/serving.ts";
import { Finding, judgeText } from "../oracle.ts";
import type { Target } from "../target.ts";

const ROUTES = `{
  GET = {
    ["/"] = function(req) return "root" end,
    ["/users/:id"] = function(req) return {json = {id = req.params.id, q = req.query_params, h = req.headers, path = req.path}} end,
    ["/files/*"] = function(req) return req.params["*"] or "none" end,
    ["/stream"] = function() return {stream = coroutine.wrap(function() for i = 1, 3 do coroutine.yield("part" .. i) end end)} end,
    ["/echo-header"] = function(req) return {headers = {["X-Echo"] = req.headers["x-a"] or "none"}, body = ""} end,
    ["/fails"] = function() error("broken") end,
  },
  POST = {["/"] = function(req) return {json = req:json()} end, ["/raw"] = function(req) return req.body end},
  ANY = {["/any"] = function(req) return req.method end},
  WS = {["/ws"] = function(conn) conn:send("hi") end},
}`;
const OPTIONS = "header_timeout = 0.15, body_timeout = 0.15, idle_timeout = 0.15, max_body = 2000, send_timeout = 1";

const SEEDS = [
  "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
  "GET /users/a%20b?x=1&y=%C3%A9&x=2 HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nX-A: 2\r\nConnection: close\r\n\r\n",
  'POST / HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{"a": [1,2]}GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n',
  "POST /raw HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n3;x=y\r\nabc\r\n0\r\nT: x\r\n\r\n",
  "GET /stream HTTP/1.1\r\nHost: h\r\nRange: bytes=0-1\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n",
  "GET /files/../../etc/passwd HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
  "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\x81\x80\0\0\0\0",
  "HEAD /users/1 HTTP/1.1\r\nHost: h\r\n\r\nOPTIONS * HTTP/1.1\r\nHost: h\r\n\r\nDELETE /any HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
  "POST /raw HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc",
  "GET /echo-header HTTP/1.0\r\nX-A: v\r\n\r\n",
  "GET http://h/users/1 HTTP/1.1\r\nHost: h\r\nCookie: a=b; c=d\r\nConnection: close\r\n\r\n",
  "GET /fails HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
];
const PIECES = [
  "\r\n",
  "\r\n\r\n",
  "\n\n",
  "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
  "POST / HTTP/1.1\r\n",
  "Host: h\r\n",
  "Host: a b\r\n",
  "Content-Length: 3\r\n",
  "Content-Length: 5000\r\n",
  "Content-Length: +3\r\n",
  "Content-Length : 3\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding: xchunked\r\n",
  "Connection: keep-alive, close\r\n",
  "Expect: 100-continue\r\n",
  "Upgrade: websocket\r\n",
  " folded\r\n",
  "X: \0\r\n",
  "0\r\n\r\n",
  "5\r\nhello\r\n",
  "-1\r\n",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "\x16\x03\x01\x02\x00\x01\x00",
  "/%2e%2e/",
  "/%zz",
  "?a[b]=c",
  "/users/__proto__",
  "HTTP/1.0",
];

/** After so many cases the server must answer a good request. */
const EVERY = 50;

export const server: Target = {
  name: "server",
  summary: "requests, whole or not, to http.serve",
  cases: 800,
  limitMs: 3000,
  open: async () => {
    const serving = await Serving.start(ROUTES, OPTIONS);
    let cases = 0;
    const run = async (input: string): Promise<string> => {
      const client = new Raw(serving.port).send(input);
      client.socket.on("end", () => client.socket.end());
      // Most clients close their side at once: what they ask for is answered, but streams end.
      const halfClosed = input.length % 4 !== 0;
      if (halfClosed) client.socket.end();
      // Whoever is asked to end a websocket does so by and by.
      const timer = setTimeout(() => client.socket.end(), 600);
      const answer = await client.end(2500);
      clearTimeout(timer);
      if (answer.endsWith("[still open]")) throw new Finding("hang", "the server keeps the connection open");
      judgeText(answer, input);
      for (const line of serving.logs.splice(0)) judgeLog(line, input);
      if (++cases % EVERY === 0) {
        const good = await raw(serving.port, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", 2500);
        if (!good.startsWith("HTTP/1.1 200 ") || !good.endsWith("root")) throw new Finding("broken", `answers ${good}`);
        if (serving.vm.tasks.size > 1) throw new Finding("leak", `${serving.vm.tasks.size} tasks`);
      }
      return responses(answer, halfClosed);
    };
    return { seeds: SEEDS, pieces: PIECES, run, close: () => serving[Symbol.asyncDispose]() };
  },
};

/** The statuses; throws when a response does not begin where the one before it ends. */
function responses(text: string, halfClosed: boolean): string {
  const found: string[] = [];
  let rest = text;
  while (rest !== "") {
    const head = /^HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n((?:[!#-'*+\-.^_`|~\w]+: ?[^\r\n\0]*\r\n)*)\r\n/.exec(rest);
    if (head === null) throw new Finding("broken", `not a response: ${JSON.stringify(rest.slice(0, 300))}`);
    found.push(head[1]!);
    rest = rest.slice(head[0].length);
    const status = Number(head[1]);
    if (status === 101) return found.join(" ");
    if (status === 100 || status === 204 || status === 304) continue;
    if (/^transfer-encoding: chunked\r$/im.test(head[2]!)) {
      const body = /^(?:[1-9a-f][0-9a-f]*\r\n[\s\S]*?\r\n)*?0\r\n\r\n/i.exec(rest);
      if (body === null) {
        if (rest.startsWith("HTTP/")) continue; // an answer to HEAD
        if (halfClosed) return found.join(" ");
        throw new Finding("broken", `not chunked: ${JSON.stringify(rest.slice(0, 300))}`);
      }
      rest = rest.slice(body[0].length);
      continue;
    }
    const length = Number(/^content-length: (\d+)\r$/im.exec(head[2]!)?.[1] ?? Number.NaN);
    if (Number.isNaN(length)) return found.join(" "); // up to the end
    if (rest.length >= length && !rest.startsWith("HTTP/1.1 ")) rest = rest.slice(length);
    else if (rest !== "" && !rest.startsWith("HTTP/1.1 "))
      throw new Finding("broken", `${rest.length} of ${length} bytes`);
  }
  return found.join(" ");
}

function judgeLog(line: Record<string, unknown>, input: string): void {
  const text = JSON.stringify(line);
  if (/internal error/i.test(text) && !/broken/.test(text)) throw new Finding("javascript", text);
  judgeText(text, input);
}
