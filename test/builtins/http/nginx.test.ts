/** The client against a real server. Where nginx is not installed there is nothing to test against. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { results } from "../script.ts";
import { Authority } from "./authority.ts";

const nginx = Bun.which("nginx", { PATH: `${process.env.PATH}:/usr/sbin` });

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  const { port } = server.address() as { port: number };
  await new Promise((settle) => server.close(settle));
  return port;
}

describe.if(nginx !== null)("nginx", () => {
  const authority = new Authority();
  let child: Bun.Subprocess;
  let url = "";
  let secure = "";
  let strict = "";

  beforeAll(async () => {
    const { folder } = authority;
    const [plainPort, tlsPort, strictPort] = [await freePort(), await freePort(), await freePort()];
    authority.issue("good", "DNS:localhost,IP:127.0.0.1");
    authority.issue("client", "DNS:client");
    mkdirSync(join(folder, "www"));
    writeFileSync(join(folder, "www", "text.txt"), "hello ".repeat(10000));
    writeFileSync(join(folder, "www", "bytes.bin"), Buffer.from(Array.from({ length: 256 }, (_, i) => i)));
    writeFileSync(join(folder, "www", "large.bin"), Buffer.alloc(8 << 20, "abcdefgh"));
    const tls = `ssl_certificate ${folder}/good.pem; ssl_certificate_key ${folder}/good.key;`;
    const site = `root ${folder}/www; location / { }
      location /redirect { return 302 /text.txt; }
      location /permanent { return 301 $scheme://$http_host/bytes.bin; }
      location /loop { return 307 /loop; }
      location /auth { if ($http_authorization != "Basic dTpw") { return 401 "who?"; } return 200 "in"; }
      location /teapot { return 418 "short"; }
      location /echo { return 200 "$request_method $args $http_x_a $content_length"; }
      location /cert { return 200 "$ssl_client_verify"; }
      location /close { keepalive_timeout 0; return 200 "bye"; }
      location /cookies { add_header Set-Cookie "a=1"; add_header Set-Cookie "b=2"; return 200 ""; }
      location /limited { client_max_body_size 10; return 200 "x"; }`;
    writeFileSync(
      join(folder, "nginx.conf"),
      `${process.getuid?.() === 0 ? "user root; " : ""}worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/error.log; daemon off;
      events { worker_connections 512; }
      http {
        access_log off; types { text/plain txt; } default_type application/octet-stream;
        client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
        gzip on; gzip_min_length 10; gzip_types text/plain;
        server { listen 127.0.0.1:${plainPort}; ${site} }
        server { listen 127.0.0.1:${tlsPort} ssl; ${tls} ssl_client_certificate ${folder}/ca.pem; ssl_verify_client optional; ${site} }
        server { listen 127.0.0.1:${strictPort} ssl; ${tls} ssl_client_certificate ${folder}/ca.pem; ssl_verify_client on; ${site} }
      }`,
    );
    child = Bun.spawn([nginx!, "-c", join(folder, "nginx.conf"), "-p", folder], { stdout: "ignore", stderr: "ignore" });
    [url, secure, strict] = [
      `http://127.0.0.1:${plainPort}`,
      `https://localhost:${tlsPort}`,
      `https://localhost:${strictPort}`,
    ];
    for (let i = 0; i < 200; i++) {
      if (
        await fetch(`${url}/echo`).then(
          () => true,
          () => false,
        )
      )
        return;
      await Bun.sleep(10);
    }
    throw new Error("nginx did not start");
  });
  afterAll(async () => {
    child?.kill();
    await child?.exited;
    authority.remove();
  });

  const run = (source: string) =>
    results(
      `local url, secure, strict, folder = "${url}", "${secure}", "${strict}", "${authority.folder}" local tls = {ca = folder .. "/ca.pem"} ${source}`,
    );

  test("gzip, chunks and lengths", async () => {
    expect(
      await run(`local r = http.get(url .. "/text.txt")
        local plain = http.get(url .. "/text.txt", {headers = {["Accept-Encoding"] = "identity"}})
        return #r.body, r.headers["content-encoding"], r.headers["transfer-encoding"], plain.body == r.body, plain.headers["content-length"]`),
    ).toEqual([60000, "gzip", "chunked", true, "60000"]);
  });
  test("bytes", async () => {
    expect(
      await run(`local b = http.get(url .. "/bytes.bin").body return #b, b:byte(1), b:byte(256), b:byte(11)`),
    ).toEqual([256, 0, 255, 10]);
  });
  test("ranges", async () => {
    expect(
      await run(`local r = http.get(url .. "/text.txt", {headers = {Range = "bytes=0-4"}}) local u = http.get(url .. "/text.txt", {headers = {Range = "bytes=99999999-"}})
        return r.status, r.body, r.headers["content-range"], u.status`),
    ).toEqual([206, "hello", "bytes 0-4/60000", 416]);
  });
  test("conditions", async () => {
    expect(
      await run(
        `local r = http.get(url .. "/bytes.bin") return http.get(url .. "/bytes.bin", {headers = {["If-None-Match"] = r.headers.etag}}).status`,
      ),
    ).toEqual([304]);
  });
  test("redirects", async () => {
    expect(
      await run(`local a, b = http.get(url .. "/redirect"), http.get(url .. "/permanent")
        local ok, e = pcall(http.get, url .. "/loop", {max_redirects = 3})
        return #a.body, a.url == url .. "/text.txt", #b.body, ok, e:match("more than 3 redirects")`),
    ).toEqual([60000, true, 256, false, "more than 3 redirects"]);
  });
  test("statuses, methods, headers, cookies", async () => {
    expect(
      await run(`local t, c = http.get(url .. "/teapot"), http.get(url .. "/cookies")
        return t.status, t.body, http.put(url .. "/echo?q=1", "abc", {headers = {["X-A"] = "v"}}).body, http.head(url .. "/text.txt").status, #c.cookies`),
    ).toEqual([418, "short", "PUT q=1 v 3", 200, 2]);
  });
  test("basic authentication", async () => {
    expect(
      await run(
        `return http.get(url .. "/auth").status, http.get(url .. "/auth", {auth = {"u", "p"}}).body, http.get((url:gsub("//", "//u:p@")) .. "/auth").body`,
      ),
    ).toEqual([401, "in", "in"]);
  });
  test("a body that is refused", async () => {
    expect(await run(`return http.post(url .. "/limited", ("x"):rep(100000)).status`)).toEqual([413]);
  });
  test("connections that are closed after each response", async () => {
    expect(await run(`for i = 1, 50 do assert.eq(http.get(url .. "/close").body, "bye") end return true`)).toEqual([
      true,
    ]);
  });
  test("many at a time", async () => {
    expect(
      await run(`local all = async.map((function() local t = {} for i = 1, 300 do t[i] = i end return t end)(), function(i)
          return #http.get((i % 2 == 0 and url or secure) .. "/text.txt", {tls = tls, query = {i = i}}).body
        end, {concurrency = 60})
        for _, n in ipairs(all) do assert.eq(n, 60000) end return #all`),
    ).toEqual([300]);
  });
  test("large downloads, also by TLS", async () => {
    expect(
      await run(`local a = http.get(url .. "/large.bin", {download = folder .. "/one"}) local b = http.get(secure .. "/large.bin", {tls = tls, download = folder .. "/two"})
        return a.size, b.size, #http.get(secure .. "/large.bin", {tls = tls}).body`),
    ).toEqual([8 << 20, 8 << 20, 8 << 20]);
  });
  test("client certificates", async () => {
    expect(
      await run(`local own = {ca = folder .. "/ca.pem", cert = folder .. "/client.pem", key = folder .. "/client.key"}
        local refused = http.get(strict .. "/cert", {tls = tls})
        return http.get(secure .. "/cert", {tls = own}).body, http.get(secure .. "/cert", {tls = tls}).body, http.get(strict .. "/cert", {tls = own}).body, refused.status`),
    ).toEqual(["SUCCESS", "NONE", "SUCCESS", 400]);
  });
});
