/** Listeners that fail on what a server sent: the connection ends, the process does not. */
import { afterAll, expect, test } from "bun:test";
import { connect, createServer, type Socket } from "node:net";
import tls from "node:tls";
import { guardListeners } from "../../builtins/db/guarded.ts";
import { Authority } from "./http/authority.ts";
import { errorOf } from "./script.ts";

const authority = new Authority();
afterAll(() => authority.remove());

/** A server that greets each visitor with the same bytes, at once or when it has been spoken to; its port. */
async function greeter(bytes: string, waits = false): Promise<{ port: number; [Symbol.dispose](): void }> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    if (waits) socket.once("data", () => socket.write(bytes, "latin1"));
    else socket.write(bytes, "latin1");
  });
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  return { port: (server.address() as { port: number }).port, [Symbol.dispose]: () => void server.close() };
}

/** How a guarded socket ends whose listener for data is given. */
function outcome(socket: Socket, listener: () => void): Promise<string> {
  return new Promise((settle) => {
    guardListeners(socket, () => new Error("fault"));
    socket.on("error", (error) => settle(error.message));
    socket.on("data", listener);
  });
}

test("a listener that throws", async () => {
  using server = await greeter("hello");
  const fails = (): never => {
    throw new TypeError("on purpose");
  };
  expect(await outcome(connect(server.port, "127.0.0.1"), fails)).toBe("fault");
});

test("a listener of the TLS socket that a listener made", async () => {
  const { cert, key } = authority.issue("localhost", "DNS:localhost");
  const secure = tls.createServer({ cert, key }, (socket) => {
    socket.on("error", () => {});
    socket.write("hello");
  });
  await new Promise<void>((settle) => secure.listen(0, "127.0.0.1", settle));
  const { port } = secure.address() as { port: number };
  using server = await greeter("STARTTLS");
  const before = tls.connect;
  const ended = await new Promise((settle) => {
    void outcome(connect(server.port, "127.0.0.1"), () => {
      const socket = tls.connect({ port, host: "127.0.0.1", ca: authority.ca, servername: "localhost" });
      socket.on("error", (error) => settle(error.message));
      socket.on("data", () => {
        throw new TypeError("on purpose");
      });
    });
  });
  expect(ended).toBe("fault");
  expect(tls.connect).toBe(before);
  secure.close();
});

test("listeners can be removed", async () => {
  using server = await greeter("hello");
  const socket = guardListeners(connect(server.port, "127.0.0.1"), () => new Error("fault"));
  const seen: string[] = [];
  const one = (): void => void seen.push("one");
  socket.on("data", one);
  await new Promise<void>((settle) => {
    socket.on("data", () => settle());
    socket.removeListener("data", one);
  });
  expect(seen).toEqual([]);
  socket.destroy();
});

test.each([
  ["a handshake cut short", "\x01\0\0\0\0"],
  ["a packet nobody asked for, behind an answer", "\x07\0\0\0\0\0\0\x02\0\0\0\x07\0\0\x01\0\0\0\x02\0\0\0"],
])("MariaDB: %s", async (_name, bytes) => {
  using server = await greeter(bytes);
  expect(await errorOf(`db.connect(..., {timeout = 1})`, { args: [`mariadb://u:p@127.0.0.1:${server.port}/x`] })).toBe(
    `test:1: db.connect: 127.0.0.1:${server.port}: unexpected answer: not a MySQL server?`,
  );
});

/** A message of PostgreSQL's protocol. */
const message = (type: string, body: string): string => `${type}\0\0\0${String.fromCharCode(body.length + 4)}${body}`;

test("PostgreSQL: what the library cannot make sense of is said in other words", async () => {
  using server = await greeter(message("R", "\0\0\0\0") + message("T", "\0\x01a\0") + message("Z", "I"), true);
  const url = `postgres://u:p@127.0.0.1:${server.port}/x?sslmode=disable`;
  expect(await errorOf(`db.connect(..., {timeout = 1})`, { args: [url] })).toBe(
    "test:1: db.connect: unexpected answer from the server",
  );
});
