import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { errorOf, results } from "../script.ts";
import { Authority } from "./authority.ts";
import { Misbehaving, ok } from "./misbehaving.ts";
import { Serving } from "./serving.ts";

const authority = new Authority();
const good = authority.issue("good", "DNS:localhost,IP:127.0.0.1");
const other = authority.issue("other", "DNS:other.test");
const expired = authority.issue("expired", "DNS:localhost,IP:127.0.0.1", true);
const own = authority.selfSigned("own", "DNS:localhost,IP:127.0.0.1");
const client = authority.issue("client", "DNS:client");
const closing: (() => void)[] = [() => authority.remove()];
afterAll(() => {
  for (const close of closing) close();
});

/** A server with a certificate that answers every request with `hi`. */
async function serve(pair: { cert: string; key: string }, options: object = {}): Promise<number> {
  const server = createTlsServer({ cert: pair.cert, key: pair.key, ...options }, (socket) => {
    socket.on("error", () => {});
    socket.on("data", () => socket.write(ok("hi")));
  });
  server.on("tlsClientError", () => {});
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  closing.push(() => server.close());
  return (server.address() as { port: number }).port;
}
const ports = {
  good: await serve(good),
  other: await serve(other),
  expired: await serve(expired),
  own: await serve(own),
};

/** The body, or the words of the error without what precedes them. */
async function get(url: string, opts = "", env: Record<string, string> = {}): Promise<string> {
  const call = `http.get("${url}", {timeout = 3, ${opts}})`;
  const outcome = await results(`local ok, r = pcall(function() return ${call}.body end) return r`, { env });
  return String(outcome[0]).replace(/^(test:1: )?http.get: GET \S+: /, "");
}
const CA = `tls = {ca = "${authority.caFile}"}`;

describe("certificates", () => {
  test.each([
    ["good", "localhost", CA, "hi"],
    ["good", "127.0.0.1", CA, "hi"],
    ["good", "localhost", "", "certificate signed by an unknown authority"],
    ["good", "localhost", "tls = {insecure = true}", "hi"],
    [
      "good",
      "127.0.0.1",
      `tls = {ca = "${authority.caFile}", server_name = "other.test"}`,
      "certificate is for another host (it names localhost, 127.0.0.1)",
    ],
    ["own", "localhost", CA, "self-signed certificate"],
    ["own", "localhost", "", "self-signed certificate"],
    ["own", "localhost", `tls = {ca = "${own.certFile}"}`, "hi"],
    ["expired", "localhost", CA, "certificate has expired"],
    ["other", "localhost", CA, "certificate is for another host (it names other.test)"],
    ["other", "localhost", `tls = {ca = "${authority.caFile}", server_name = "other.test"}`, "hi"],
  ] as [keyof typeof ports, string, string, string][])("%s at %s with {%s}", async (name, host, opts, outcome) => {
    expect(await get(`https://${host}:${ports[name]}/`, opts)).toBe(outcome);
  });

  test("a connection that was not verified is never used for a request that wants it", async () => {
    const source = `local function try(opts) local ok, r = pcall(http.get, "https://localhost:${ports.good}/", opts) return ok end
      return try({tls = {insecure = true}}), try({}), try({tls = {insecure = true}}), try({${CA}}), try({})`;
    expect(await results(source)).toEqual([true, false, true, true, false]);
  });
  test("PEM texts do as well as paths", async () => {
    const outcome = await results(`return http.get("https://localhost:${ports.good}/", {tls = {ca = ...}}).body`, {
      args: [authority.ca],
    });
    expect(outcome).toEqual(["hi"]);
  });
  test("what is no PEM is refused", async () => {
    expect(await errorOf(`http.get("https://localhost/", {tls = {ca = "${good.keyFile}"}})`)).toBe(
      "test:1: http.get: tls.ca holds no PEM certificate",
    );
    const broken = "-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----\\n";
    expect(await get(`https://localhost:${ports.good}/`, `tls = {ca = "${broken}"}`)).toBe(
      "unreadable certificate or key",
    );
  });
  test("NODE_TLS_REJECT_UNAUTHORIZED is ignored", async () => {
    // In a process of its own, as the variable is read from the start.
    const script = join(import.meta.dir, "..", "script.ts");
    const code = `const { results } = await import(${JSON.stringify(script)});
      const get = (port) => results('local ok, e = pcall(http.get, "https://localhost:' + port + '/") return e');
      console.log(...(await get(${ports.good})), "|", ...(await get(${ports.own})));`;
    const env = { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: "0" };
    const child = Bun.spawn([process.execPath, "-e", code], { env, stderr: "pipe", cwd: import.meta.dir });
    const [said, warned] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
    expect(said).toMatch(/certificate signed by an unknown authority \| .*self-signed certificate/);
    expect(warned).toBe("");
  });
  test("SSL_CERT_FILE", async () => {
    expect(await get(`https://localhost:${ports.good}/`, "", { SSL_CERT_FILE: authority.caFile })).toBe("hi");
    expect(
      await errorOf(`http.get("https://localhost:${ports.good}/")`, { env: { SSL_CERT_FILE: "/nonexistent" } }),
    ).toContain('SSL_CERT_FILE: "/nonexistent": no such file or directory');
  });
  test("an authority of one's own is trusted besides those of SSL_CERT_FILE", async () => {
    const env = { SSL_CERT_FILE: own.certFile };
    expect(await get(`https://localhost:${ports.own}/`, CA, env)).toBe("hi");
    expect(await get(`https://localhost:${ports.good}/`, CA, env)).toBe("hi");
    expect(await get(`https://localhost:${ports.good}/`, "", env)).toBe("certificate signed by an unknown authority");
  });
  test("and besides those of the system", async () => {
    // A process of its own, whose system knows one authority more.
    const script = join(import.meta.dir, "..", "script.ts");
    const code = `const { results } = await import(${JSON.stringify(script)});
      const get = (tls) => results('return http.get("https://localhost:${ports.good}/", {tls = ' + tls + '}).body');
      console.log(...(await get("{}")), ...(await get(${JSON.stringify(`{ca = "${own.certFile}"}`)})));`;
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: authority.caFile, SSL_CERT_FILE: "" };
    const child = Bun.spawn([process.execPath, "-e", code], { env, stderr: "pipe", cwd: import.meta.dir });
    const [said, complained] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ]);
    expect([said, complained]).toEqual(["hi hi\n", ""]);
  });
  test.each([
    [
      "a server without TLS",
      () => Misbehaving.start((socket) => socket.write("HTTP/1.1 400 Bad Request\r\n\r\n")),
      "the server does not speak TLS on this port",
    ],
    ["one that closes", () => Misbehaving.start((socket) => socket.end()), /^connection (reset|closed)/],
    ["one that is silent", () => Misbehaving.answering(""), "timed out after 0.2s"],
  ] as [string, () => Promise<Misbehaving>, string | RegExp][])("%s", async (_name, make, outcome) => {
    using server = await make();
    const given = await get(server.url.replace("http:", "https:"), "timeout = 0.2");
    if (typeof outcome === "string") expect(given).toBe(outcome);
    else expect(given).toMatch(outcome);
  });
});

describe("client certificates", async () => {
  const port = await serve(good, { ca: authority.ca, requestCert: true, rejectUnauthorized: true });
  const tls = (pair: { certFile: string; keyFile: string }) =>
    `tls = {ca = "${authority.caFile}", cert = "${pair.certFile}", key = "${pair.keyFile}"}`;
  test("are sent", async () => {
    expect(await get(`https://localhost:${port}/`, tls(client))).toBe("hi");
  });
  test("that are missing or unknown are refused by the server", async () => {
    expect(await get(`https://localhost:${port}/`, CA)).not.toBe("hi");
    expect(await get(`https://localhost:${port}/`, tls(own))).not.toBe("hi");
  });
  test("without their key are refused here", async () => {
    expect(await get(`https://localhost:${port}/`, tls({ certFile: client.certFile, keyFile: good.keyFile }))).toBe(
      "the private key does not belong to the certificate",
    );
  });
});

describe("the cluster's own authority", () => {
  const folder = join(authority.folder, "serviceaccount");
  mkdirSync(folder);
  writeFileSync(join(folder, "ca.crt"), authority.ca);
  const env = {
    ASSAY_SERVICEACCOUNT_DIR: folder,
    KUBERNETES_SERVICE_HOST: "127.0.0.1",
    KUBERNETES_SERVICE_PORT: String(ports.good),
  };
  test("is trusted for the address of the API server, and for nothing else", async () => {
    expect(await get(`https://127.0.0.1:${ports.good}/`, "", env)).toBe("hi");
    expect(await get(`https://localhost:${ports.good}/`, "", env)).toBe("certificate signed by an unknown authority");
    expect(await get(`https://127.0.0.1:${ports.own}/`, "", env)).toBe("self-signed certificate");
    expect(await get(`https://127.0.0.1:${ports.good}/`, "", { ...env, KUBERNETES_SERVICE_PORT: "443" })).toBe(
      "certificate signed by an unknown authority",
    );
  });
  test.each([
    ["kubernetes.default.svc", true],
    ["kubernetes.default.svc.cluster.local", true],
    ["kubernetes.default", true],
    ["kubernetes", true],
    ["kubernetes.example.com", false],
    ["my-kubernetes.default.svc", false],
  ])("%s", async (host, trusted) => {
    // The name resolves nowhere: a proxy that leads every tunnel to our server stands in for the cluster.
    const issued = authority.issue("api", `DNS:${host}`);
    const port = await serve(issued);
    using proxy = await tunnel(port);
    const outcome = await get(`https://${host}/`, `proxy = "127.0.0.1:${proxy.port}"`, env);
    expect(outcome).toBe(trusted ? "hi" : "certificate signed by an unknown authority");
  });
});

/** A proxy that leads every tunnel to one port. */
async function tunnel(
  port: number,
  secure = false,
): Promise<{ port: number; requests: string[]; [Symbol.dispose](): void }> {
  const requests: string[] = [];
  const accept = (socket: import("node:net").Socket) => {
    socket.on("error", () => {});
    socket.once("data", (chunk) => {
      requests.push(chunk.toString("latin1"));
      if (!chunk.toString("latin1").startsWith("CONNECT ")) {
        socket.write(ok("by proxy"));
        return;
      }
      const onward = connect(port, "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
        socket.pipe(onward).pipe(socket);
      });
      onward.on("error", () => socket.destroy());
    });
  };
  const server: Server = secure ? createTlsServer({ cert: good.cert, key: good.key }, accept) : createServer(accept);
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  return { port: (server.address() as { port: number }).port, requests, [Symbol.dispose]: () => server.close() };
}

describe("proxies (hostile.md H22)", () => {
  test("get whole URLs of plain requests, and their credentials", async () => {
    using proxy = await tunnel(1);
    expect(await get("http://api.example/x?y", "", { HTTP_PROXY: `http://us%65r:p@127.0.0.1:${proxy.port}` })).toBe(
      "by proxy",
    );
    expect(proxy.requests[0]).toStartWith("GET http://api.example/x?y HTTP/1.1\r\nhost: api.example\r\n");
    expect(proxy.requests[0]).toContain(`Proxy-Authorization: Basic ${btoa("user:p")}\r\n`);
  });
  test("tunnel TLS, which ends at the target", async () => {
    using proxy = await tunnel(ports.good);
    expect(await get("https://localhost/", `${CA}, proxy = "http://u:p@127.0.0.1:${proxy.port}"`)).toBe("hi");
    expect(proxy.requests[0]).toBe(
      `CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443\r\nProxy-Authorization: Basic ${btoa("u:p")}\r\n\r\n`,
    );
    expect(await get("https://elsewhere.test/", `${CA}, proxy = "127.0.0.1:${proxy.port}"`)).toBe(
      "certificate is for another host (it names localhost, 127.0.0.1)",
    );
  });
  test("can be reached by TLS themselves", async () => {
    using proxy = await tunnel(ports.good, true);
    const env = { SSL_CERT_FILE: authority.caFile, ALL_PROXY: `https://localhost:${proxy.port}` };
    expect(await get("http://api.example/", "", env)).toBe("by proxy");
    expect(await get("https://localhost/", "", env)).toBe("hi");
  });
  test("are left out by NO_PROXY and proxy = false", async () => {
    using direct = await Misbehaving.answering(ok("direct"));
    const env = { HTTP_PROXY: "http://127.0.0.1:1", NO_PROXY: "10.0.0.0/8,127.0.0.0/8" };
    expect(await get(direct.url, "", env)).toBe("direct");
    expect(await get(direct.url, "proxy = false", { HTTP_PROXY: "http://127.0.0.1:1" })).toBe("direct");
  });
  test.each([
    ["HTTP/1.1 407 Nope\r\nContent-Length: 3\r\n\r\nxxx", "407 proxy authentication required"],
    ["HTTP/1.1 302 Found\r\nLocation: http://x\r\n\r\n", "302 Found"],
    ["<html>go away</html>\r\n\r\n", "malformed reply"],
    ["HTTP/1.1 200 OK\r\n\r\nEARLY", "malformed reply"],
  ])("that answer %j", async (reply, words) => {
    using proxy = await Misbehaving.answering(reply);
    expect(await get("https://api.example/", `proxy = "http://u:secret@127.0.0.1:${proxy.port}"`)).toBe(
      `proxy 127.0.0.1:${proxy.port}: ${words}`,
    );
  });
  test("that hang", async () => {
    using proxy = await Misbehaving.answering("");
    expect(await get("https://api.example/", `timeout = 0.1, proxy = "http://127.0.0.1:${proxy.port}"`)).toBe(
      "timed out after 0.1s",
    );
  });
  test.each([
    ["garbage.invalid", "proxy garbage.invalid: host not found"],
    ["http://u:secret@127.0.0.1:1", "proxy 127.0.0.1:1: connection refused"],
    ["socks5://u:secret@127.0.0.1:1", 'proxy scheme "socks5" of HTTP_PROXY is not supported'],
    ["http://u:secret@:x", 'invalid proxy "http://:x" in HTTP_PROXY'],
  ])("HTTP_PROXY=%s", async (value, words) => {
    expect(await get("http://api.example/", "", { HTTP_PROXY: value })).toBe(words);
  });
});

describe("a server with TLS", () => {
  const pair = `cert = "${good.certFile}", key = "${good.keyFile}"`;
  test("serves", async () => {
    await using serving = await Serving.start(
      `{GET = {["/"] = function(req) return "secure" end, ["/big"] = function() return ("x"):rep(5000000) end}}`,
      `tls = {${pair}}`,
    );
    expect(await get(`https://localhost:${serving.port}/`, CA)).toBe("secure");
    expect((await get(`https://localhost:${serving.port}/big`, CA)).length).toBe(5000000);
    expect(await get(`http://localhost:${serving.port}/`)).not.toBe("secure");
  });
  test("can ask for client certificates", async () => {
    await using serving = await Serving.start(
      `{GET = {["/"] = function(req) return "secure" end}}`,
      `tls = {${pair}, ca = "${authority.caFile}"}`,
    );
    const url = `https://localhost:${serving.port}/`;
    expect(
      await get(url, `tls = {ca = "${authority.caFile}", cert = "${client.certFile}", key = "${client.keyFile}"}`),
    ).toBe("secure");
    expect(await get(url, CA)).not.toBe("secure");
  });
  test("does not wait for ever for a handshake", async () => {
    await using serving = await Serving.start("{}", `tls = {${pair}}, header_timeout = 0.1`);
    const silent = connect(serving.port, "127.0.0.1");
    const closed = await Promise.race([
      new Promise((settle) => silent.on("close", () => settle(true))),
      Bun.sleep(1500),
    ]);
    silent.destroy();
    expect(closed).toBe(true);
  });
  test("refuses certificates that are none", async () => {
    expect(
      await errorOf(`http.serve(0, {}, {tls = {cert = "${good.certFile}", key = "${client.keyFile}"}})`),
    ).toContain("the private key does not belong to the certificate");
  });
});
