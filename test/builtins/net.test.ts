/** `net`: ports, certificates, names. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { AddressInfo } from "node:net";
import { createServer, type Server } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { LuaTable } from "../../interpreter/table.ts";
import { Authority } from "./http/authority.ts";
import { errorOf, results } from "./script.ts";

let authority: Authority;
const servers: Server[] = [];
async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", () => ready()));
  return (server.address() as AddressInfo).port;
}
let silent: number;
let secure: number;
let expired: number;
beforeAll(async () => {
  authority = new Authority();
  silent = await listen(createServer((socket) => socket.on("error", () => {})));
  secure = await listen(createTlsServer(authority.issue("good", "DNS:good.example,IP:127.0.0.1")));
  expired = await listen(createTlsServer(authority.issue("old", "IP:127.0.0.1", true)));
});
afterAll(() => {
  for (const server of servers) server.close();
  authority.remove();
});

test("tcp", async () => {
  expect(await results(`local c = net.tcp("127.0.0.1", ${silent}) return c.address, math.type(c.latency_ms)`)).toEqual([
    "127.0.0.1",
    "integer",
  ]);
  expect(await errorOf(`net.tcp("127.0.0.1", 1)`)).toBe("test:1: net.tcp: 127.0.0.1:1: connection refused");
  expect(await errorOf(`net.tcp("no such host", 1)`)).toBe("test:1: net.tcp: invalid host name");
  expect(await errorOf(`net.tcp("a", 0)`)).toMatch(
    /bad argument #2 to 'net\.tcp' \(value out of range: 0 is below 1\)/,
  );
});

test("tls", async () => {
  const ca = authority.caFile;
  const source = `local c = net.tls("127.0.0.1", ${secure}, { ca = "${ca}" })
    return c.subject, c.issuer, c.names[1], math.type(c.days_left), c.not_after > c.not_before, c.protocol`;
  expect(await results(source)).toEqual(["CN=good", "CN=Test CA", "good.example", "float", true, "TLSv1.3"]);
  expect(await errorOf(`net.tls("127.0.0.1", ${secure})`)).toBe(
    `test:1: net.tls: 127.0.0.1:${secure}: certificate signed by an unknown authority`,
  );
  expect(await errorOf(`net.tls("127.0.0.1", ${expired}, { ca = "${ca}" })`)).toMatch(/certificate has expired$/);
  expect(await errorOf(`net.tls("127.0.0.1", ${secure}, { ca = "${ca}", server_name = "bad.example" })`)).toMatch(
    /certificate is for another host/,
  );
  expect(await errorOf(`net.tls("127.0.0.1", ${silent}, { timeout = 0.1 })`)).toMatch(/timed out after 0.1s$/);
  expect(await results(`return net.tls("127.0.0.1", ${expired}, { insecure = true }).days_left < 0`)).toEqual([true]);
});

test("resolve", async () => {
  const [addresses] = await results(`return net.resolve("localhost")`);
  expect((addresses as LuaTable).toArray()).toContain("127.0.0.1");
  expect(await errorOf(`net.resolve("a b")`)).toBe("test:1: net.resolve: invalid host name");
  expect(await errorOf(`net.resolve("localhost", { type = "X" })`)).toMatch(
    /field 'type': A, AAAA, .* expected, got string/,
  );
});
