/** A server that means no good, for attack scripts: HTTP that never ends, is too large or lies, and websockets alike. */
import { createHash } from "node:crypto";
import { createServer, type Socket } from "node:net";
import { createGzip, deflateRawSync, gzipSync } from "node:zlib";

export interface HostileServer {
  readonly url: string;
  close(): void;
}

type Answer = (socket: Socket, query: string, request: string) => void;

const ZEROS = Buffer.alloc(1024 * 1024);

function respond(socket: Socket, status: string, fields: string, body: string | Buffer = ""): void {
  socket.write(`HTTP/1.1 ${status}\r\n${fields}Content-Length: ${body.length}\r\n\r\n`, "latin1");
  socket.write(body);
}

/** Writes a piece again and again, as fast as it is taken. */
function forever(socket: Socket, piece: string | Buffer): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(piece));
    if (!socket.destroyed) socket.once("drain", more);
  };
  more();
}

const ANSWERS: Readonly<Record<string, Answer>> = {
  "/": (socket) => respond(socket, "200 OK", "", "hello"),
  "/token": (socket, _query, request) =>
    respond(socket, "200 OK", "", /^authorization: (.*)\r$/im.exec(request)?.[1] ?? "none"),
  "/endless": (socket) => {
    socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    forever(socket, `10000\r\n${"x".repeat(0x10000)}\r\n`);
  },
  "/bytes": (socket) => {
    socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    forever(socket, "1\r\nx\r\n".repeat(10_000));
  },
  "/large": (socket) => {
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 500000000\r\n\r\n");
    forever(socket, ZEROS);
  },
  "/bomb": (socket) => respond(socket, "200 OK", "Content-Encoding: gzip\r\n", bomb()),
  "/bombs": (socket) => {
    socket.write("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n");
    const gzip = createGzip();
    gzip.on("data", (part: Buffer) => {
      if (!socket.destroyed) socket.write(`${part.length.toString(16)}\r\n${part.toString("latin1")}\r\n`, "latin1");
    });
    const more = (): void => {
      if (!socket.destroyed) gzip.write(ZEROS, more);
    };
    more();
  },
  "/headers": (socket) => socket.write(`HTTP/1.1 200 OK\r\nX: ${"x".repeat(2_000_000)}\r\nContent-Length: 0\r\n\r\n`),
  "/header-flood": (socket) => {
    socket.write("HTTP/1.1 200 OK\r\n");
    forever(socket, "X: y\r\n".repeat(1000));
  },
  "/status-line": (socket) => forever(socket, "HTTP/1.1 200 ".padEnd(65536, "O")),
  "/continue": (socket) => forever(socket, "HTTP/1.1 100 Continue\r\n\r\n".repeat(100)),
  "/silent": () => {},
  "/drip": (socket) => {
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    const timer = setInterval(() => (socket.destroyed ? clearInterval(timer) : socket.write("x")), 200);
  },
  "/loop": (socket) => respond(socket, "302 Found", "Location: /loop\r\n"),
  "/redirect": (socket, query) => respond(socket, "302 Found", `Location: ${decodeURIComponent(query)}\r\n`),
  "/json": (socket) => respond(socket, "200 OK", "Content-Type: application/json\r\n", "[".repeat(1_000_000)),
  "/ws-silent": (socket, _query, request) => upgrade(socket, request),
  "/ws-flood": (socket, _query, request) => {
    upgrade(socket, request);
    forever(socket, frame(0x82, Buffer.alloc(1000)));
  },
  "/ws-endless": (socket, _query, request) => {
    upgrade(socket, request);
    socket.write(frame(0x02, ZEROS));
    forever(socket, frame(0x00, ZEROS));
  },
  "/ws-fragments": (socket, _query, request) => {
    upgrade(socket, request);
    socket.write(frame(0x02, Buffer.alloc(0)));
    forever(socket, Buffer.concat(Array.from({ length: 1000 }, () => frame(0x00, Buffer.alloc(0)))));
  },
  "/ws-bomb": (socket, _query, request) => {
    upgrade(socket, request, "Sec-WebSocket-Extensions: permessage-deflate\r\n");
    socket.write(frame(0xc2, deflateRawSync(Buffer.alloc(100_000_000), { level: 9 })));
  },
};

let bombBytes: Buffer | undefined;

/** A few kilobytes that become half a gigabyte, in many members. */
function bomb(): Buffer {
  const member = gzipSync(Buffer.alloc(8 * 1024 * 1024), { level: 9 });
  return (bombBytes ??= Buffer.concat(Array.from({ length: 64 }, () => member)));
}

function upgrade(socket: Socket, request: string, fields = ""): void {
  const key = /^sec-websocket-key: (.*)\r$/im.exec(request)?.[1] ?? "";
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  const head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
  socket.write(`${head}${fields}Sec-WebSocket-Accept: ${accept}\r\n\r\n`);
}

/** A frame of a server (RFC 6455 §5.2). */
function frame(first: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(10);
  head[0] = first;
  if (payload.length < 126) {
    head[1] = payload.length;
    return Buffer.concat([head.subarray(0, 2), payload]);
  }
  head[1] = 127;
  head.writeBigUInt64BE(BigInt(payload.length), 2);
  return Buffer.concat([head, payload]);
}

export async function startHostileServer(): Promise<HostileServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    let received = "";
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
      const end = received.indexOf("\r\n\r\n");
      if (end < 0) return;
      const request = received.slice(0, end + 2);
      received = "";
      const [, path = "", query = ""] = /^\S+ (?:https?:\/\/[^/]+)?([^ ?]*)(?:\?(\S*))? /.exec(request) ?? [];
      const answer = ANSWERS[path];
      // Websockets are not listened to any further.
      if (path.startsWith("/ws-")) socket.pause();
      if (answer === undefined) respond(socket, "404 Not Found", "");
      else answer(socket, query, request);
    });
  });
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
