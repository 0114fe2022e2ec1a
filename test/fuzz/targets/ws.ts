/** Websockets, both ways: frames and handshakes sent to a server of `http.serve`, and to `ws.connect`. */
import { createServer, type Server, type Socket } from "node:net";
import { readGrants } from "../../../builtins/permissions/grants.ts";
import { RestrictedPermissions } from "../../../builtins/permissions/restricted.ts";
import { acceptKey } from "../../../builtins/ws/handshake.ts";
import { Raw, Serving } from "../../builtins/http/serving.ts";
import { Machine } from "../machine.ts";
import { Finding, judgeText } from "../oracle.ts";
import type { Target } from "../target.ts";

const MASK = [1, 2, 3, 4] as const;

/** A frame; masked as a client does, or not. */
function frame(first: number, payload: string, masked: boolean): string {
  const bytes = Buffer.from(payload, "latin1");
  const mask = masked ? 0x80 : 0;
  const length =
    bytes.length < 126 ? [mask | bytes.length] : [mask | 126, (bytes.length >> 8) & 255, bytes.length & 255];
  const body = masked ? bytes.map((byte, i) => byte ^ MASK[i % 4]!) : bytes;
  return Buffer.from([first, ...length, ...(masked ? MASK : []), ...body]).toString("latin1");
}

/** What one side says: text, binary, fragments, ping, pong, close. */
function talk(masked: boolean): string[] {
  const one = (first: number, payload: string): string => frame(first, payload, masked);
  return [
    one(0x81, "hello") + one(0x82, "\0\xff\x80") + one(0x88, "\x03\xe8bye"),
    one(0x01, "he") + one(0x89, "ping") + one(0x00, "l") + one(0x80, "lo") + one(0x8a, "pong"),
    one(0x81, "x".repeat(200)) + one(0x81, "\xc3\xa9") + one(0x88, ""),
    one(0x81, "") + one(0x82, "") + one(0x88, "\x0f\xa0reason"),
  ];
}

const HANDSHAKE =
  "GET /echo HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: v1, v2\r\n\r\n";
/** The key that the client sent gives the accept key, put in when it is sent. */
const ANSWER =
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ACCEPT\r\n\r\n";
const SEEDS = [...talk(true), ...talk(false), HANDSHAKE + talk(true)[0], ANSWER + talk(false)[0]];
const PIECES = [
  "\x81",
  "\x82",
  "\x88\x02\x03\xe8",
  "\x88\x00",
  "\x89\x00",
  "\x8a\x00",
  "\x81\x80\0\0\0\0",
  "\x81\xfe\xff\xff",
  "\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff",
  "\x01\x01a",
  "\x80\x01b",
  "\xc1\x01a",
  "\x88\x7e\x00\xff",
  "ACCEPT",
  "\r\n",
  "Sec-WebSocket-Extensions: permessage-deflate\r\n",
  "Sec-WebSocket-Protocol: x\r\n",
  "Connection: keep-alive\r\n",
];

export const ws: Target = {
  name: "ws",
  summary: "websocket frames and handshakes, to the server and to the client",
  cases: 500,
  limitMs: 4000,
  open: async () => {
    const routes = `{WS = {["/echo"] = function(conn) while true do conn:send(conn:recv(0.1), {binary = true}) end end}}`;
    const serving = await Serving.start(
      routes,
      `max_message = 5000, subprotocols = {"v2"}, header_timeout = 0.4, idle_timeout = 0.4`,
    );
    let bytes = "";
    const sockets = new Set<Socket>();
    const peer: Server = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.once("data", (head) => {
        const key = /Sec-WebSocket-Key: (\S+)/.exec(head.toString())?.[1] ?? "";
        const answer = bytes.startsWith("HTTP/") ? bytes : ANSWER + bytes;
        socket.write(answer.replaceAll("ACCEPT", acceptKey(key)), "latin1");
        if (answer.length % 3 === 0) socket.end();
        else setTimeout(() => socket.destroy(), 30);
      });
    });
    await new Promise<void>((settle) => peer.listen(0, "127.0.0.1", settle));
    const { port } = peer.address() as { port: number };
    const permissions = new RestrictedPermissions([
      readGrants({ "allow-net": [`127.0.0.1:${port}`], "deny-read": true, readonly: true, "deny-env": true }),
    ]);
    const machine = new Machine(
      `local input, url = ...
      local c = try(ws.connect, url, {timeout = 0.2, max_message = 5000, subprotocols = {"v1"}, proxy = false})
      if not c then return end
      local got = {}
      for i = 1, 20 do
        local message = try(c.recv, c, 0.05)
        if not message then break end
        got[i] = message
        if i == 2 then try(c.send, c, message, {binary = true}) end
      end
      try(c.close, c)
      return got, c:subprotocol()`,
      { permissions, timeoutMs: 2500 },
    );
    const run = async (input: string): Promise<string> => {
      const client = new Raw(serving.port).send(input.startsWith("GET ") ? input : HANDSHAKE + input);
      client.socket.on("end", () => client.socket.end());
      bytes = input;
      try {
        // A client that sends no close frame: it ends the connection after the server's.
        setTimeout(() => client.socket.end(), input.length % 2 === 0 ? 0 : 120);
        const [outcome, answer] = await Promise.all([machine.run(input, `ws://127.0.0.1:${port}/`), client.end(2500)]);
        if (answer.endsWith("[still open]")) throw new Finding("hang", "the server keeps the connection open");
        judgeText(answer, input);
        for (const line of serving.logs.splice(0)) judgeText(JSON.stringify(line), input);
        return `${outcome}, ${answer.slice(9, 12)} ${answer.slice(-4).startsWith("\x88\x02") ? answer.charCodeAt(answer.length - 1) : ""}`;
      } finally {
        for (const socket of sockets) socket.destroy();
        sockets.clear();
      }
    };
    const close = async (): Promise<void> => {
      peer.close();
      await serving[Symbol.asyncDispose]();
    };
    return { seeds: SEEDS, pieces: PIECES, run, close };
  },
};
