/** The HTTP client, against a server that answers with whatever the input is. */
import { createServer, type Server, type Socket } from "node:net";
import { readGrants } from "../../../builtins/permissions/grants.ts";
import { RestrictedPermissions } from "../../../builtins/permissions/restricted.ts";
import { Machine } from "../machine.ts";
import type { Target } from "../target.ts";

const gzip = (text: string): string => Buffer.from(Bun.gzipSync(Buffer.from(text))).toString("latin1");
const zipped = gzip("hello hello hello");

const SEEDS = [
  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;ext=1\r\nabc\r\n0\r\nTrailer: x\r\n\r\n",
  "HTTP/1.1 302 Found\r\nLocation: /next\r\nSet-Cookie: a=b; Path=/\r\nSet-Cookie: c=d\r\nContent-Length: 0\r\n\r\n",
  `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${zipped.length}\r\n\r\n${zipped}`,
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
  'HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 14\r\nDate: x\r\n\r\n{"a": [1, 2.5]}',
  "HTTP/1.0 503 Service Unavailable\r\nRetry-After: 0\r\nConnection: close\r\n\r\nbusy",
  "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n",
  "HTTP/1.1 200 OK\r\nX: 1\r\nX: 2\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nall",
  'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n',
];
const PIECES = [
  "\r\n",
  "\r\n\r\n",
  "HTTP/1.1 200 OK\r\n",
  "HTTP/1.1 301 Moved\r\n",
  "HTTP/9.9 99 x\r\n",
  "Content-Length: 3\r\n",
  "Content-Length: -1\r\n",
  "Content-Length: 99999999999999999999\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding: gzip, chunked\r\n",
  "Content-Encoding: gzip\r\n",
  "Content-Encoding: br\r\n",
  "Content-Encoding: deflate\r\n",
  "Location: /\r\n",
  "Location: \r\n",
  "Location: ?x\r\n",
  "Connection: upgrade\r\n",
  "Upgrade: h2c\r\n",
  "Set-Cookie: =;=\r\n",
  " folded: x\r\n",
  "0\r\n\r\n",
  "5\r\nhello\r\n",
  "ffffffffffffffff1\r\n",
  "\x1f\x8b\x08",
  ":",
];

export const http: Target = {
  name: "http",
  summary: "responses, whole or not, to http.get, http.post and http.stream",
  cases: 500,
  limitMs: 3500,
  open: async () => {
    let answer = "";
    const sockets = new Set<Socket>();
    const server: Server = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => sockets.delete(socket));
      socket.on("data", () => {
        // In one piece or two; then the end, a reset, or nothing.
        const middle = answer.length % 3 === 0 ? Math.floor(answer.length / 2) : answer.length;
        socket.write(answer.slice(0, middle), "latin1");
        if (middle < answer.length) setTimeout(() => socket.write(answer.slice(middle), "latin1"), 1);
        if (answer.length % 5 < 3) setTimeout(() => socket.end(), 2);
        else if (answer.length % 5 === 3) setTimeout(() => socket.resetAndDestroy(), 2);
      });
    });
    await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
    const { port } = server.address() as { port: number };
    const permissions = new RestrictedPermissions([
      readGrants({ "allow-net": [`127.0.0.1:${port}`], "deny-read": true, readonly: true, "deny-env": true }),
    ]);
    const machine = new Machine(
      `local input, url = ...
      local opts = {timeout = 0.15, max_body = 100000, max_redirects = 3, proxy = false}
      local r = try(http.get, url, opts)
      if r then try(r.json, r) end
      local p = try(http.post, url .. "/p", {a = input:sub(1, 3):byte()}, {timeout = 0.15, proxy = false, max_redirects = 1, retries = {count = 1, backoff = 0.001, unsafe = true}})
      try(function()
        local s <close> = http.stream("GET", url, {timeout = 0.15, max_body = 5000, proxy = false})
        local n = 0
        for line in s:lines() do n = n + 1 if n > 20 then break end end
      end)
      return r and r.status, r and r.body, r and r.headers, r and r.cookies, r and r.url, p and p.body`,
      // The pool keeps connections.
      { permissions, timeoutMs: 2500, keepsOpen: true },
    );
    const run = async (input: string): Promise<string> => {
      answer = input;
      try {
        return await machine.run(input, `http://127.0.0.1:${port}`);
      } finally {
        for (const socket of sockets) socket.destroy();
      }
    };
    return { seeds: SEEDS, pieces: PIECES, run, close: () => end(server, machine) };
  },
};

async function end(server: Server, machine: Machine): Promise<void> {
  await machine.close();
  server.close();
}
