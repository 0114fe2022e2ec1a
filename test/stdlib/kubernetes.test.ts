/** Reaching the API server: from a pod, by kubeconfig, and with which credentials (stdlib specification, README §12). */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HostSettings } from "../../builtins/host.ts";
import { Authority } from "../builtins/http/authority.ts";
import recorded from "../fixtures/kubernetes/answers.json" with { type: "json" };
import { items, object, ready, refused } from "./cluster.ts";
import { Fixture, json, plain, type Reply, script } from "./fixture.ts";

let authority: Authority;
let plainServer: Fixture;
let server: Fixture;
let folder: string;
beforeAll(async () => {
  authority = new Authority();
  const { cert, key } = authority.issue("api", "IP:127.0.0.1,DNS:localhost,DNS:kubernetes.default.svc");
  server = await Fixture.start({}, { cert, key });
  plainServer = await Fixture.start({});
  folder = mkdtempSync(join(tmpdir(), "kubernetes-"));
  mkdirSync(join(folder, "sa"));
});
afterAll(async () => {
  await server.close();
  await plainServer.close();
  authority.remove();
  rmSync(folder, { recursive: true });
});

const NS = "/api/v1/namespaces";
/** A pod's files. */
function pod(token: string | undefined, ca = true): void {
  const sa = join(folder, "sa");
  rmSync(sa, { recursive: true });
  mkdirSync(sa);
  if (token !== undefined) writeFileSync(join(sa, "token"), token);
  if (ca) writeFileSync(join(sa, "ca.crt"), authority.ca);
  writeFileSync(join(sa, "namespace"), "shop\n");
}

/** A pod's environment, for the fixture that speaks TLS. */
function inCluster(more: Record<string, string> = {}): HostSettings {
  return {
    env: {
      KUBERNETES_SERVICE_HOST: "127.0.0.1",
      KUBERNETES_SERVICE_PORT: String(server.port),
      ASSAY_SERVICEACCOUNT_DIR: join(folder, "sa"),
      HOME: "/nonexistent",
      ...more,
    },
  };
}

async function run(source: string, settings: HostSettings, of = server) {
  const { results, error, log } = await script(`local k8s = require("assay.k8s") ${source}`, of, settings);
  return { results: results.map(plain), error, log };
}

describe("N04: in a pod", () => {
  test("token and authority come from the pod's files", async () => {
    pod(" tok-1\n");
    server.reset({ [`GET ${NS}`]: items(object("a")) });
    const { results, error } = await run(
      `return #k8s.list(nil, "ns").items, require("assay.flux").client().url`,
      inCluster(),
    );
    expect(error).toBeUndefined();
    expect(results).toEqual([1, server.url]);
    expect(server.calls[0]!.headers.authorization).toBe("Bearer tok-1");
  });

  test("the token is read again for every request", async () => {
    pod("tok-1");
    server.reset({ "*": items() });
    const path = join(folder, "sa", "token");
    await run(
      `local c = require("assay.velero").client() c:backups() fs.write("${path}", "tok-2") c:backups()`,
      inCluster(),
    );
    expect(server.calls.map(({ headers }) => headers.authorization)).toEqual(["Bearer tok-1", "Bearer tok-2"]);
  });

  test("after 401 it is read once more", async () => {
    pod("tok-1");
    server.reset({ "*": (_call, nth) => (nth === 1 ? refused(401, "Unauthorized") : items()) });
    expect((await run(`return #k8s.list(nil, "ns").items`, inCluster())).results).toEqual([0]);
    server.reset({ "*": refused(401, "Unauthorized") });
    expect((await run(`k8s.list(nil, "ns")`, inCluster())).error).toMatch(/^k8s\.get: HTTP 401/);
    expect(server.calls.length).toBe(2);
  });

  test("authority and token that are replaced during a run", async () => {
    const successor = new Authority();
    const serve = (by: Authority, port: number) => {
      const { cert, key } = by.issue("rotated", "IP:127.0.0.1");
      const fetch = ({ headers }: Request) => Response.json({ authorization: headers.get("authorization") });
      return Bun.serve({ port, hostname: "127.0.0.1", tls: { cert, key }, fetch });
    };
    pod("tok-1");
    const first = serve(authority, 0);
    const port = first.port!;
    const [ready, go] = [join(folder, "ready"), join(folder, "go")];
    const settings = inCluster({ KUBERNETES_SERVICE_PORT: String(port) });
    const running = script(
      `clock.now = monotonic local k8s = require("assay.k8s")
      local before = k8s.get("/x").authorization
      fs.write("${ready}", "")
      while not fs.exists("${go}") do sleep(0.01) end
      return before, k8s.get("/x").authorization`,
      undefined,
      settings,
    );
    while (!existsSync(ready)) await Bun.sleep(10);
    await first.stop(true);
    const second = serve(successor, port);
    writeFileSync(join(folder, "sa", "ca.crt"), successor.ca);
    writeFileSync(join(folder, "sa", "token"), "tok-2");
    writeFileSync(go, "");
    const { results, error } = await running;
    await second.stop(true);
    successor.remove();
    expect(error).toBeUndefined();
    expect(results.map(plain)).toEqual(["Bearer tok-1", "Bearer tok-2"]);
  });

  test("a token of the script's own is not replaced", async () => {
    pod("tok-1");
    server.reset({ "*": refused(401, "Unauthorized") });
    await run(`k8s.list(nil, "ns", { token = "mine" })`, inCluster());
    expect(server.calls.map(({ headers }) => headers.authorization)).toEqual(["Bearer mine"]);
  });

  test("without a token file there is no header", async () => {
    pod(undefined);
    server.reset({ "*": items() });
    await run(`k8s.list(nil, "ns")`, inCluster());
    expect(server.calls[0]!.headers.authorization).toBeUndefined();
  });

  test("the token goes to no other address", async () => {
    pod("tok-1");
    plainServer.reset({ "*": items() });
    await run(
      `k8s.list(nil, "ns", { base_url = URL }) require("assay.kargo").client(URL):projects()`,
      inCluster(),
      plainServer,
    );
    expect(plainServer.calls.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
  });

  test("the same address given by hand is the same address", async () => {
    pod("tok-1");
    server.reset({ "*": items() });
    const { error } = await run(`k8s.list(nil, "ns", { base_url = URL .. "/" })`, inCluster());
    expect(error).toBeUndefined();
    expect(server.calls[0]!.headers.authorization).toBe("Bearer tok-1");
  });

  test("without the authority the certificate is refused; insecure and ca_file override", async () => {
    pod("tok-1", false);
    server.reset({ "*": items() });
    expect((await run(`k8s.list(nil, "ns")`, inCluster())).error).toBe(
      `k8s.get: GET ${NS}: certificate verify failed: certificate signed by an unknown authority`,
    );
    expect(
      (await run(`return #k8s.list(nil, "ns", { ca_file = "${authority.caFile}" }).items`, inCluster())).results,
    ).toEqual([0]);
    const lax = await run(`return #k8s.list(nil, "ns", { insecure = true }).items`, inCluster());
    expect(lax.results).toEqual([0]);
    expect(lax.log.length).toBe(1);
  });

  test.each([
    [{ KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "443" }, "https://10.0.0.1:443"],
    [
      { KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "80", KUBERNETES_SERVICE_PORT_HTTPS: "6443" },
      "https://10.0.0.1:6443",
    ],
    [{ KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "" }, "https://10.0.0.1:443"],
    [{ KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "443" }, "https://[fd00::1]:443"],
  ])("address %j", async (env, url) => {
    const { results } = await run(`return require("assay.eso").client().url`, {
      env: { HOME: "/nonexistent", ...env },
    });
    expect(results).toEqual([url]);
  });

  test.each(["kargo", "flux", "certmanager", "eso", "crossplane", "velero", "k8s"])("nowhere: %s", async (name) => {
    const { error } = await run(`require("assay.${name}").client()`, { env: { HOME: "/nonexistent" } });
    expect(error).toBe(`${name}: not running in a Kubernetes pod (KUBERNETES_SERVICE_HOST not set)`);
  });

  test.each([
    ["https://kubernetes", true],
    ["https://kubernetes.default", true],
    ["https://kubernetes.default.svc.cluster.local:6443", true],
    ["https://kubernetes.example.com", false],
    ["https://kubernetes.default.svcx", false],
    ["https://127.0.0.1:1", false],
  ])("who may see the token: %s", async (url, may) => {
    pod("tok-1");
    const source = `local seen
      http.request = function(method, address, options) seen = options.headers.Authorization return { status = 200, headers = {}, body = "{}" } end
      require("assay.eso").client("${url}"):cluster_secret_stores() return seen`;
    expect((await run(source, inCluster())).results).toEqual([may ? "Bearer tok-1" : undefined]);
  });
});

describe("N05: kubeconfig", () => {
  const config = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const context = (user: string, cluster = "") => `current-context: main
contexts: [{name: main, context: {cluster: c, user: u, namespace: team}}]
clusters: [{name: c, cluster: {server: "${server.url}"${cluster}}}]
users: [{name: u, user: ${user}}]`;
  const trusted = () => `, certificate-authority: ${authority.caFile}`;

  async function ask(path: string, more = "", source = `return #k8s.list(nil, "ns"${more}).items`) {
    server.reset({ "*": items(object("a")) });
    return run(source, { env: { KUBECONFIG: path, HOME: "/nonexistent" } });
  }

  test.each([
    ["token", `{token: tok}`, "Bearer tok"],
    ["token file", `{tokenFile: file-token}`, "Bearer from file"],
    ["basic", `{username: u, password: p}`, `Basic ${btoa("u:p")}`],
  ])("%s", async (_, user, header) => {
    config("file-token", "from file\n");
    const { results, error } = await ask(config("config", context(user, trusted())));
    expect(error).toBeUndefined();
    expect(results).toEqual([1]);
    expect(server.calls[0]!.headers.authorization).toBe(header);
  });

  test("authority as data, server name, insecure", async () => {
    const data = btoa(authority.ca);
    expect(
      (await ask(config("config", context("{token: t}", `, certificate-authority-data: ${data}`)))).results,
    ).toEqual([1]);
    const named = `, certificate-authority-data: ${data}, tls-server-name: kubernetes.default.svc`;
    expect((await ask(config("config", context("{token: t}", named)))).results).toEqual([1]);
    const wrong = `, certificate-authority-data: ${data}, tls-server-name: example.com`;
    expect((await ask(config("config", context("{token: t}", wrong)))).error).toMatch(
      /certificate verify failed: certificate is for another host/,
    );
    expect((await ask(config("config", context("{token: t}")))).error).toMatch(/certificate verify failed/);
    expect((await ask(config("config", context("{token: t}", ", insecure-skip-tls-verify: true")))).results).toEqual([
      1,
    ]);
  });

  test("client certificate", async () => {
    const { cert, key } = authority.issue("strict", "IP:127.0.0.1");
    const strict = await Fixture.start({ "*": items() }, { cert, key, ca: authority.ca, requestCert: true });
    const client = authority.issue("client", "DNS:client");
    const text = (user: string) => context(user, trusted()).replace(server.url, strict.url);
    const files = config("config", text(`{client-certificate: ${client.certFile}, client-key: ${client.keyFile}}`));
    expect((await ask(files)).results).toEqual([0]);
    const data = config(
      "config",
      text(`{client-certificate-data: ${btoa(client.cert)}, client-key-data: ${btoa(client.key)}}`),
    );
    expect((await ask(data)).results).toEqual([0]);
    expect((await ask(config("config", text("{token: t}")))).error).toMatch(
      /requires a client certificate|TLS|connection/,
    );
    await strict.close();
  });

  test.each([
    [
      `{exec: {command: aws}}`,
      "k8s: user 'u' in the kubeconfig uses the exec plugin 'aws', which is not supported: give a token instead",
    ],
    [
      `{auth-provider: {name: gcp}}`,
      "k8s: user 'u' in the kubeconfig uses the auth provider 'gcp', which is not supported: give a token instead",
    ],
    ...["as", "as-groups", "as-uid"].map((field) => [
      `{token: t, ${field}: [somebody]}`,
      `k8s: user 'u' in the kubeconfig uses impersonation ('${field}'), which is not supported: give a token instead`,
    ]),
    [`{token: [t]}`, "k8s: a token must be a string (got a table)"],
    [
      `{client-certificate-data: L2V0Yy9wYXNzd2Q=}`, // /etc/passwd
      "k8s: client-certificate-data in the kubeconfig is not PEM text in base64",
    ],
    [`{client-certificate-data: "%%%"}`, "k8s: client-certificate-data in the kubeconfig is not PEM text in base64"],
    [`{tokenFile: /no/such/file}`, "k8s: the token file /no/such/file of user 'u' does not exist"],
    [
      `{tokenFile: /dev/zero}`,
      "k8s: credentials in /dev/zero cannot be read: is a character device, not a regular file",
    ],
  ])("refused: %s", async (user, message) => {
    expect((await ask(config("config", context(user, trusted())))).error).toBe(message);
    expect(server.calls.length).toBe(0);
  });

  test("what is missing is named", async () => {
    const path = config("config", context("{token: t}", trusted()));
    expect((await ask(path, `, { context = "none" }`)).error).toBe("k8s: context 'none' is not in the kubeconfig");
    expect(
      (await ask(config("bad", "contexts: [{name: main, context: {cluster: x}}]\ncurrent-context: main"))).error,
    ).toBe("k8s: cluster 'x' of context 'main' is not in the kubeconfig");
    expect((await ask(config("bad", "a: [b"))).error).toBe(`k8s: kubeconfig ${join(folder, "bad")} is not valid YAML`);
    expect((await ask(folder)).error).toBe(`k8s: kubeconfig ${folder} cannot be read: is a directory`);
    expect((await ask("/no/such/file", `, { context = "x" }`)).error).toBe("k8s: there is no kubeconfig file");
    expect((await ask("/no/such/file")).error).toBe(
      "k8s: not running in a Kubernetes pod (KUBERNETES_SERVICE_HOST not set)",
    );
  });

  test.each([
    ["- a", ": not a mapping"],
    ["", " is not valid YAML"],
    ["current-context: a\ncurrent-context: b", " is not valid YAML"],
    ["current-context: !!js/function x", " is not valid YAML"],
    ["current-context: [main]", ": current-context is not a name"],
    ["contexts: x", ": contexts is not a list"],
    ["contexts: {main: {}}", ": contexts is not a list"],
    ["contexts: [{context: {}}]", ": contexts[1] is not a name with a context"],
    ["contexts: [{name: main, context: x}]", ": contexts[1] is not a name with a context"],
    ["clusters: [{name: c}, c]", ": clusters[2] is not a name with a cluster"],
    ["users: [{name: [u]}]", ": users[1] is not a name with a user"],
  ])("%j is no kubeconfig", async (text, message) => {
    const path = config("bad", text);
    expect((await ask(path)).error).toBe(`k8s: kubeconfig ${path}${message}`);
  });

  test("a cluster without a server, a kubeconfig that is no path", async () => {
    const text = context("{token: t}").replace(`server: "${server.url}"`, `server: ""`);
    expect((await ask(config("bad", text))).error).toBe("k8s: cluster 'c' in the kubeconfig has no server");
    const path = config("config", "contexts: []");
    for (const [given, message] of [
      ["{}", "kubeconfig must be a path (got a table)"],
      ['"a\\0b"', "the path of a kubeconfig contains a NUL byte"],
      [`"${path}"`, "the kubeconfig has no current-context"],
    ]) {
      expect((await ask(path, `, { kubeconfig = ${given} }`)).error).toBe(`k8s: ${message}`);
    }
  });

  test("several files: the first entry of a name counts", async () => {
    const first = config("first", context("{token: first}", trusted()));
    const second = config("second", `${context("{token: second}").replaceAll("main", "other")}`);
    await ask(`/no/such/file:${first}:${second}`, `, { context = "other" }`);
    expect(server.calls[0]!.headers.authorization).toBe("Bearer first");
    const { results } = await ask(`${first}:${second}`, "", "return k8s.contexts()");
    expect(results).toEqual([["main", "other"], "main"]);
  });

  test("~/.kube/config, opts.kubeconfig, use_context, ASSAY_K8S_CONTEXT, and which comes first", async () => {
    mkdirSync(join(folder, ".kube"), { recursive: true });
    writeFileSync(join(folder, ".kube", "config"), context("{token: home}", trusted()));
    const two = `${context("{token: main}", trusted())
      .replace("contexts: [", "contexts: [{name: second, context: {cluster: c, user: v}}, ")
      .replace("users: [", "users: [{name: v, user: {token: second}}, ")}`;
    const path = config("config", two);
    const used = async (source: string, env: Record<string, string>) => {
      server.reset({ "*": items() });
      const { error } = await run(source, { env: { HOME: "/nonexistent", ...env } });
      expect(error).toBeUndefined();
      return server.calls.map(({ headers }) => headers.authorization?.slice(7));
    };
    expect(await used(`k8s.list(nil, "ns")`, { HOME: folder })).toEqual(["home"]);
    expect(await used(`k8s.list(nil, "ns", { kubeconfig = "${path}" })`, { HOME: folder })).toEqual(["main"]);
    expect(await used(`k8s.list(nil, "ns")`, { KUBECONFIG: path, ASSAY_K8S_CONTEXT: "second" })).toEqual(["second"]);
    expect(
      await used(`k8s.use_context("main") k8s.list(nil, "ns") k8s.list(nil, "ns", { context = "second" })`, {
        KUBECONFIG: path,
        ASSAY_K8S_CONTEXT: "second",
      }),
    ).toEqual(["main", "second"]);
    pod("pod");
    const env = inCluster().env!;
    expect(
      await used(
        `k8s.list(nil, "ns") k8s.list(nil, "ns", { context = "second" }) require("assay.flux").client(nil, nil, { context = "main" }):alerts()`,
        { ...env, KUBECONFIG: path },
      ),
    ).toEqual(["pod", "second", "main"]);
    expect(
      await used(`k8s.list(nil, "ns", { base_url = URL, ca_file = "${authority.caFile}" })`, { KUBECONFIG: path }),
    ).toEqual([undefined]);
  });

  test("N10: a command or logs only over a connection that is verified, unless told otherwise", async () => {
    const { cert, key } = authority.issue("exec", "IP:127.0.0.1");
    const asked: string[] = [];
    const exec = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      tls: { cert, key },
      fetch(request, own) {
        asked.push(new URL(request.url).pathname);
        const headers = { "Sec-WebSocket-Protocol": "v5.channel.k8s.io" };
        return own.upgrade(request, { headers }) ? undefined : new Response(new Uint8Array([0, 255]));
      },
      websocket: {
        open: (socket) => {
          socket.send(Buffer.from("\x02err"));
          const details = { causes: [{ reason: "ExitCode", message: "3" }] };
          socket.send(Buffer.from(`\x03${JSON.stringify({ status: "Failure", reason: "NonZeroExitCode", details })}`));
        },
        message: () => {},
      },
    });
    const attempt = async (options: string) => {
      asked.length = 0;
      const source = `clock.now = monotonic local k8s = require("assay.k8s")
        local function o() return { base_url = "https://127.0.0.1:${exec.port}", token = "t", timeout_secs = 5, ${options} } end
        local ok, e = pcall(k8s.exec, "shop", "api", "x", o()) local ok2, e2 = pcall(k8s.logs, "shop", "api", o())
        return ok and e.exit_code or e, ok and e.stdout .. e.stderr or "", ok2 and #e2 or e2`;
      const { results, log } = await script(source);
      return { results: results.map(plain), log, asked: [...asked] };
    };
    try {
      for (const options of ["", 'insecure = "false"', "insecure = 1"]) {
        const { results, log, asked } = await attempt(options);
        expect(results).toEqual([
          expect.stringMatching(/^k8s\.exec: GET .*: certificate verify failed/),
          "",
          expect.stringMatching(/^k8s\.logs: GET .*: certificate verify failed/),
        ]);
        expect([log, asked]).toEqual([[], []]);
      }
      expect((await attempt(`ca_file = "${authority.caFile}"`)).results).toEqual([3, "err", 2]);
      const insecure = await attempt("insecure = true");
      expect(insecure.results).toEqual([3, "err", 2]);
      expect(insecure.log.join()).toContain("is not verified (insecure)");
    } finally {
      await exec.stop(true);
    }
  });

  test("its credentials go to its own server only", async () => {
    const path = config("config", context("{token: secret}", trusted()));
    plainServer.reset({ "*": items() });
    await run(`local c = require("assay.kargo").client() c.url = "${plainServer.url}" c:projects()`, {
      env: { KUBECONFIG: path, HOME: "/nonexistent" },
    });
    expect(plainServer.calls.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  test("its namespace is used for documents without one", async () => {
    const path = config("config", context("{token: t}", trusted()));
    const apply = `return #k8s.apply("apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: a}\\n---\\n---\\nkind: Secret\\napiVersion: v1\\nmetadata: {name: b, namespace: own}")`;
    const { results, error } = await ask(path, "", apply);
    expect(error).toBeUndefined();
    expect(results).toEqual([2]);
    expect(server.asked).toEqual([
      "PATCH /api/v1/namespaces/team/configmaps/a?fieldManager=assay",
      "PATCH /api/v1/namespaces/own/secrets/b?fieldManager=assay",
    ]);
  });
});

describe("versions", () => {
  test("the version that worked is remembered for each client and kind", async () => {
    plainServer.reset({
      "GET /apis/image.toolkit.fluxcd.io/v1beta1/imageupdateautomations": items(),
      "GET /apis/image.toolkit.fluxcd.io/v1beta2/imagepolicies": items(ready("a")),
    });
    const source = `local c = require("assay.flux").client(URL)
      c:image_update_automations() c:image_update_automations() c:image_policies() c:image_policies()`;
    const { error } = await run(source, {}, plainServer);
    expect(error).toBeUndefined();
    const I = "GET /apis/image.toolkit.fluxcd.io";
    expect(plainServer.asked).toEqual([
      `${I}/v1/imageupdateautomations`,
      `${I}/v1beta2/imageupdateautomations`,
      `${I}/v1beta1/imageupdateautomations`,
      `${I}/v1beta1/imageupdateautomations`,
      `${I}/v1/imagepolicies`,
      `${I}/v1beta2/imagepolicies`,
      `${I}/v1beta2/imagepolicies`,
    ]);
  });

  test("a Status without a name says that the version is unknown", async () => {
    const unknown = json(
      { kind: "Status", message: "the server could not find the requested resource", details: {}, code: 404 },
      404,
    );
    plainServer.reset({
      "GET /apis/external-secrets.io/v1/namespaces/shop/externalsecrets/a": unknown,
      "GET /apis/external-secrets.io/v1beta1/namespaces/shop/externalsecrets/a": json(ready("a")),
    });
    const { results } = await run(
      `return require("assay.eso").client(URL):is_secret_synced("shop", "a")`,
      {},
      plainServer,
    );
    expect(results).toEqual([true]);
  });
});

describe("answers of a real API server", () => {
  const { answers } = recorded as { answers: Record<string, { status: number; content_type: string; body: unknown }> };
  const reply = (name: string): Reply => {
    const { status, content_type, body } = answers[name]!;
    return { status, headers: { "content-type": content_type }, body };
  };
  const at = (version: string) => `/apis/external-secrets.io/${version}/namespaces/shop/externalsecrets/none`;
  const eso = `return require("assay.eso").client(URL):external_secret("shop", "none")`;

  test.each(["unknown group", "unknown version", "unknown plural"])("%s: the next version is tried", async (name) => {
    plainServer.reset({ [`GET ${at("v1")}`]: reply(name), [`GET ${at("v1beta1")}`]: json(ready("none")) });
    const { results, error } = await run(`${eso}.metadata.name`, {}, plainServer);
    expect(error).toBeUndefined();
    expect(results).toEqual(["none"]);
  });

  test("missing custom object: it is not there, and the version is served", async () => {
    plainServer.reset({ "*": reply("missing custom object") });
    const { results } = await run(eso, {}, plainServer);
    expect(results).toEqual([undefined]);
    expect(plainServer.asked).toEqual([`GET ${at("v1")}`]);
  });

  test.each([
    ["missing object", `k8s.get_resource("shop", "cm", "none", { base_url = URL })`, "get"],
    ["unauthorized", `k8s.list(nil, "pod", { base_url = URL })`, "get"],
    ["forbidden", `k8s.list("shop", "pod", { base_url = URL })`, "get"],
    ["exists", `k8s.create("shop", "cm", { metadata = { name = "flags" } }, { base_url = URL })`, "post"],
    ["invalid", `k8s.create("shop", "cm", { metadata = { name = "Not Valid" } }, { base_url = URL })`, "post"],
    [
      "unsupported patch",
      `k8s.patch("/api/v1/namespaces/shop/configmaps/flags", {}, { base_url = URL, content_type = "application/json" })`,
      "patch",
    ],
    [
      "apply conflict",
      `k8s.apply({ apiVersion = "v1", kind = "ConfigMap", metadata = { name = "flags", namespace = "shop" } }, { base_url = URL })`,
      "patch",
    ],
  ])("%s: raised with its status", async (name, code, verb) => {
    plainServer.reset({ "*": reply(name) });
    const { error } = await run(code, {}, plainServer);
    expect(error).toStartWith(`k8s.${verb}: HTTP ${answers[name]!.status} /api/v1/`);
    expect(error).toContain((answers[name]!.body as { message: string }).message.split('"')[0]!);
  });

  test("too old to watch: the watch begins anew", async () => {
    const line = (body: unknown) => ({ status: 200, body: `${JSON.stringify(body)}\n` });
    plainServer.reset({
      "*": (_call, nth) => line(nth === 1 ? answers["too old to watch"]!.body : { type: "ADDED", object: object("a") }),
    });
    const source = `local seen k8s.watch("shop", "cm", function(event, map) seen = map.metadata.name return true end, { base_url = URL, resource_version = "1" }) return seen`;
    expect((await run(source, {}, plainServer)).results).toEqual(["a"]);
  });
});
