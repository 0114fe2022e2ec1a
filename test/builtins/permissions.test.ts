/** Capabilities: their words, what they match, and that nothing gets around them. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { allLibraries } from "../../builtins/index.ts";
import { canonicalHost, isGuardedAddress, parseAddress } from "../../builtins/permissions/address.ts";
import { Audit } from "../../builtins/permissions/audit.ts";
import { GrantError, type GrantWords, readGrants, splitGrants } from "../../builtins/permissions/grants.ts";
import { allowsNet, couldAllow, parseNetRule } from "../../builtins/permissions/net.ts";
import { isInside, realPath } from "../../builtins/permissions/path.ts";
import { RestrictedPermissions } from "../../builtins/permissions/restricted.ts";
import { LuaError } from "../../interpreter/error.ts";
import { errorOf, results, runScript } from "./script.ts";

let dir: string;
beforeAll(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), "assay-permissions-")));
  for (const name of ["in", "in/sub", "out"]) mkdirSync(join(dir, name));
  writeFileSync(join(dir, "in/f"), "in");
  writeFileSync(join(dir, "out/f"), "out");
  symlinkSync("../out/f", join(dir, "in/link"));
  symlinkSync("../out", join(dir, "in/folder"));
  symlinkSync("../out/new", join(dir, "in/dangling"));
  symlinkSync("sub", join(dir, "in/inner"));
  symlinkSync("loop", join(dir, "in/loop"));
});
afterAll(() => rmSync(dir, { recursive: true }));

function only(words: GrantWords, ...more: GrantWords[]): RestrictedPermissions {
  return new RestrictedPermissions([words, ...more].map((one) => readGrants(one, dir)));
}

/** The refusal's message, or undefined. */
function refusal(check: () => void): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof LuaError) return String(error.value);
    throw error;
  }
}

describe("hosts and ports", () => {
  // rules, name, address, port, allowed
  test.each([
    ["api.example.com:8443", "api.example.com", "192.0.2.1", 8443, true],
    ["api.example.com:8443", "api.example.com", "192.0.2.1", 443, false],
    ["api.example.com", "api.example.com", "192.0.2.1", 443, true],
    ["api.example.com", "API.EXAMPLE.COM", "192.0.2.1", 80, true],
    ["API.example.com", "api.example.com", undefined, 443, true],
    ["api.example.com", "api.example.com", "192.0.2.1", 8443, false],
    ["api.example.com", "api.example.com.", "192.0.2.1", 443, false],
    ["api.example.com", "api.example.com.evil.com", "192.0.2.1", 443, false],
    ["api.example.com", "evilapi.example.com", "192.0.2.1", 443, false],
    ["api.example.com", "xn--pi-6kc.example.com", "192.0.2.1", 443, false],
    ["api.example.com", "evil.com", undefined, 443, false],
    ["api.example.com:*", "api.example.com", "192.0.2.1", 1, true],
    ["*.example.com", "api.example.com", undefined, 443, true],
    ["*.example.com", "example.com", undefined, 443, false],
    ["*.example.com", "evilexample.com", undefined, 443, false],
    ["*", "anything", "192.0.2.1", 1, true],
    ["*:443", "anything", "192.0.2.1", 80, false],
    ["10.0.0.1", "10.0.0.1", "10.0.0.1", 80, true],
    ["10.0.0.1", "inner", "10.0.0.1", 80, true],
    ["10.0.0.1", "10.0.0.1", "::ffff:10.0.0.1", 80, true],
    ["10.0.0.1", "10.0.0.2", "10.0.0.2", 80, false],
    ["2130706433:80", "127.0.0.1", "127.0.0.1", 80, true],
    ["10.0.0.0/8:5432", "db", "10.200.0.1", 5432, true],
    ["10.0.0.0/8:5432", "db", "11.0.0.1", 5432, false],
    ["::1", "::1", "::1", 443, true],
    ["[::1]:8080", "::1", "0:0:0:0:0:0:0:1", 8080, true],
    ["[::1]:8080", "::1", "::1", 8081, false],
    ["[fd00::]/8:80", "x", "fd12::1", 80, true],
    ["fd00::/8", "x", "fe00::1", 80, false],
    ["127.0.0.1", "localhost", undefined, 80, false],
    ["/run/pg.sock", "/run/pg.sock", undefined, 0, true],
    ["api.example.com", "/run/pg.sock", undefined, 0, false],
  ] as const)("%s: %s (%s) port %d", (rule, name, address, port, allowed) => {
    expect(allowsNet([parseNetRule(rule)!], true, { what: "http.get", name, address, port })).toBe(allowed);
  });

  test("a host without a port stands for the ports of the protocol", () => {
    const allows = (what: string, port: number) =>
      allowsNet([parseNetRule("db.internal")!], true, { what, name: "db.internal", address: undefined, port });
    expect([allows("db.connect", 5432), allows("db.connect", 3306), allows("db.connect", 22)]).toEqual([
      true,
      true,
      false,
    ]);
    expect([allows("net.tcp", 22), allows("net.resolve", 53), allows("net.tcp", 53)]).toEqual([false, true, false]);
  });

  test.each([
    "https://x",
    "x:65536",
    "x:-1",
    "x:y",
    "a b",
    "x/y",
    "[::1",
    "10.0.0.1/8",
    "10.0.0.0/33",
    "*.",
    "..",
    "user@host",
    "",
  ])("%p is no rule", (text) => {
    expect(parseNetRule(text)).toBeUndefined();
  });
});

describe("metadata services and link-local addresses", () => {
  const HOSTS = [
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "169.254.43518",
    "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]",
    "[2002:a9fe:a9fe::]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::a9fe:a9fe]",
    "[::a9fe:a9fe]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "fe80::1%eth0",
    "100.100.100.200",
    "169.254.170.2",
    "168.63.129.16",
    "metadata.google.internal",
    "metadata.google.internal.",
    "METADATA.google.internal",
    "１６９.２５４.１６９.２５４",
    "169。254。169。254",
    "2001:0:1:2:3:4:5601:5601",
  ];
  test.each(HOSTS)("%s is refused whatever else is allowed", (host) => {
    const name = host.replace(/^\[(.*)\]$/, "$1");
    const rules = [parseNetRule("*")!, parseNetRule("0.0.0.0/0:*")!, parseNetRule("[::]/0:*")!];
    expect(allowsNet(rules, true, { what: "http.get", name, address: undefined, port: 80 })).toBe(false);
    expect(allowsNet(undefined, true, { what: "http.get", name, address: undefined, port: 80 })).toBe(false);
  });

  test.each([
    ["an ordinary name", "api.example.com", "api.example.com", false],
    ["its name", "metadata.google.internal", "metadata.google.internal", true],
    ["its address", "169.254.169.254", "api.example.com", true],
    ["its network", "169.254.0.0/16", "169.254.169.254", true],
    ["all names", "*", "169.254.169.254", false],
  ] as const)("allowed by %s", (_how, rule, name, allowed) => {
    const wanted = { what: "http.get", name, address: "169.254.169.254", port: 80 };
    expect(allowsNet([parseNetRule(rule)!], true, wanted)).toBe(allowed);
  });

  test("any list puts the guard in force; without one everything is reached", () => {
    const ask = (permissions: RestrictedPermissions) =>
      refusal(() => permissions.checkNet("http.get", "169.254.169.254", "169.254.169.254", 80));
    expect(ask(only({ "allow-read": "in" }))).toBe(
      "http.get: network access to 169.254.169.254:80 is not allowed (--allow-net)",
    );
    expect(ask(only({ "allow-read": "in", "allow-net": true }))).toContain("is not allowed");
    expect(ask(only({ "allow-net": "169.254.169.254" }, { "allow-read": "in" }))).toBeUndefined();
    expect(ask(only({ "allow-net": "169.254.169.254" }, { "allow-net": "*" }))).toContain("is not allowed");
    expect(ask(only({ "allow-net": true }))).toBeUndefined();
  });

  test("addresses around them are ordinary", () => {
    for (const text of ["169.253.255.255", "169.255.0.0", "10.0.0.1", "::1", "2001:db8::1", "2002:0a00:0001::"]) {
      expect([text, isGuardedAddress(parseAddress(text)!)]).toEqual([text, false]);
    }
    expect(canonicalHost("EXAMPLE.com")).toBe("example.com");
  });
});

describe("files", () => {
  test.each([
    ["in/f", "in/f"],
    ["in/link", "out/f"],
    ["in/folder/f", "out/f"],
    ["in/folder/none/deep", "out/none/deep"],
    ["in/dangling", "out/new"],
    ["in/../out/f", "out/f"],
    ["in/./sub//x", "in/sub/x"],
    ["in/inner/../f", "in/f"],
    ["in/folder/../in/f", "in/f"],
    ["in/folder/../f", "f"],
    ["../../../../../../../../../../etc", "/etc"],
  ])("%s leads to %s", (path, real) => {
    expect(realPath(path, dir).path).toBe(real.startsWith("/") ? real : join(dir, real));
  });

  test("links without end, and those of /proc", () => {
    expect(realPath("in/loop", dir).path).toBe(join(dir, "in/loop"));
    expect(realPath("/proc/self/cwd").path).toBe(realpathSync(process.cwd()));
    expect(realPath("/proc/self/root/etc").path).toBe("/etc");
    const foreign = realPath("/proc/1/root/etc");
    expect(foreign.path === "/proc/1/root/etc" || foreign.through.includes("/proc/1/root")).toBe(true);
  });

  test("inside", () => {
    expect(["/a", "/a/b", "/ab", "/"].map((path) => isInside(path, "/a"))).toEqual([true, true, false, false]);
    expect(isInside("/anything", "/")).toBe(true);
  });

  test.each([
    [{ "allow-read": "in" }, "read", "in/f", undefined],
    [{ "allow-read": "in,out" }, "read", "in/link", undefined],
    [{ "allow-read": "in" }, "read", "in/link", "x: read access to DIR/in/link is not allowed (--allow-read)"],
    [{ "allow-read": "in" }, "write", "out/f", undefined],
    [{ "deny-read": true }, "read", "in/f", "x: read access to DIR/in/f is not allowed (--deny-read)"],
    [{ "allow-write": "in" }, "write", "in/new/deep", undefined],
    [
      { "allow-write": "in" },
      "write",
      "in/dangling",
      "x: write access to DIR/in/dangling is not allowed (--allow-write)",
    ],
    [
      { "allow-write": "in" },
      "write",
      "in/folder/n",
      "x: write access to DIR/in/folder/n is not allowed (--allow-write)",
    ],
    [
      { "allow-write": "in", readonly: true },
      "write",
      "in/f",
      "x: write access to DIR/in/f is not allowed (--readonly)",
    ],
    [{ "allow-write": true }, "write", "out/f", undefined],
    [
      { "allow-env": "A" },
      "read",
      "/proc/self/environ",
      "x: read access to /proc/self/environ is not allowed (--allow-env)",
    ],
    [{ "allow-env": "A" }, "read", "/proc/self/mem", "x: read access to /proc/self/mem is not allowed (--allow-env)"],
    [
      { "allow-env": "A", "allow-read": "/" },
      "read",
      "/proc/thread-self/environ",
      "x: read access to /proc/thread-self/environ is not allowed (--allow-env)",
    ],
    [
      { "allow-read": "/etc" },
      "read",
      "/var/run/secrets/kubernetes.io/serviceaccount/token",
      "x: read access to /var/run/secrets/kubernetes.io/serviceaccount/token is not allowed (--allow-read)",
    ],
  ] as const)("%j: %s %s", (words, access, path, message) => {
    const full = path.startsWith("/") ? path : join(dir, path);
    const permissions = only(words);
    const found = refusal(() => permissions[access === "read" ? "checkRead" : "checkWrite"]("x", full));
    expect(found?.replaceAll(dir, "DIR")).toBe(message);
  });

  test("the functions for files do not get around it", async () => {
    const permissions = only({ "allow-read": "in", "allow-write": "in" });
    const lua = (code: string) => errorOf(`local dir = ...\n${code}`, { args: [dir], permissions });
    for (const code of [
      `fs.read(dir .. "/in/link")`,
      `fs.read(dir .. "/in/folder/../out/f")`,
      `fs.write(dir .. "/in/dangling", "x")`,
      `fs.write(dir .. "/in/folder/new", "x")`,
      `fs.copy(dir .. "/in/f", dir .. "/out/g")`,
      `template.render(dir .. "/in/link")`,
      `db.connect("sqlite://" .. dir .. "/out/x.db")`,
      `http.get("https://127.0.0.1:1/", {tls = {ca = dir .. "/in/link"}})`,
    ]) {
      expect(await lua(code)).toMatch(/ (read|write) access to .* is not allowed \(--allow-(read|write)\)$/);
    }
    expect(await results(`return fs.read((...) .. "/in/f")`, { args: [dir], permissions })).toEqual(["in"]);
  });
});

describe("a link put in place between check and use", () => {
  /** As soon as a path has been decided on for the first time, it becomes a link. */
  class Swapping extends RestrictedPermissions {
    constructor(
      words: GrantWords,
      private path: string | undefined,
      private readonly target: string,
    ) {
      super([readGrants(words, dir)]);
    }
    override checkRead(what: string, path: string): string {
      return this.swapAfter(super.checkRead(what, path));
    }
    override checkWrite(what: string, path: string): string {
      return this.swapAfter(super.checkWrite(what, path));
    }
    private swapAfter(real: string): string {
      const { path } = this;
      if (path === undefined) return real;
      this.path = undefined;
      rmSync(path, { recursive: true, force: true });
      symlinkSync(this.target, path);
      return real;
    }
  }

  let lock: string;
  beforeAll(() => {
    lock = join(dir, "in/lock");
    writeFileSync(join(dir, "out/m.lua"), "return 'outside'");
    writeFileSync(join(dir, "out/x.db"), "");
  });

  // what it becomes a link to, the script
  test.each([
    ["m.lua", `require("x.lock")`, "in/x/lock.lua"],
    ["f", `http.get("https://127.0.0.1:1/", {tls = {ca = dir .. "/in/lock"}})`, "in/lock"],
    ["f", `net.tls("127.0.0.1", 1, {ca = dir .. "/in/lock"})`, "in/lock"],
    ["f", `db.connect("postgres://u@127.0.0.1:1/x?sslmode=verify-full&sslrootcert=" .. dir .. "/in/lock")`, "in/lock"],
    ["x.db", `db.connect("sqlite://" .. dir .. "/in/lock")`, "in/lock"],
    ["f", `fs.read(dir .. "/in/lock")`, "in/lock"],
    ["f", `template.render(dir .. "/in/lock")`, "in/lock"],
  ])("out/%s: %s", async (target, code, path) => {
    mkdirSync(join(dir, "in/x"), { recursive: true });
    writeFileSync(join(dir, path), "-----BEGIN CERTIFICATE-----");
    const words = { "allow-read": "in", "allow-write": "in" };
    const permissions = new Swapping(words, join(dir, path), join(dir, "out", target));
    const settings = { args: [dir], permissions, scriptFolder: join(dir, "in") };
    const error = await errorOf(`local dir = ...\n${code}`, settings);
    expect(error).toMatch(
      / (read|write) access to .* is not allowed \(--allow-(read|write)\)$|the file was exchanged while/,
    );
    rmSync(join(dir, path), { force: true });
  });

  test("ATTACH", async () => {
    const code = `local dir = ...
      local c <close> = db.connect("sqlite::memory:")
      local c <close> = db.connect("sqlite://" .. dir .. "/in/main.db")
      local ok, message = pcall(db.execute, c, "attach '" .. dir .. "/in/lock' as other")
      return ok, message, #db.query(c, "pragma database_list")`;
    class Late extends Swapping {
      override checkWrite(what: string, path: string): string {
        if (path.endsWith("/lock")) return super.checkWrite(what, path);
        return only({ "allow-write": "in" }).checkWrite(what, path);
      }
      override checkRead(what: string, path: string): string {
        return only({ "allow-read": "in" }).checkRead(what, path);
      }
    }
    const permissions = new Late({ "allow-write": "in" }, lock, join(dir, "out/x.db"));
    const [ok, message, count] = await results(code, { args: [dir], permissions });
    expect([ok, String(message).includes("the file was exchanged while it was being opened"), count]).toEqual([
      false,
      true,
      1,
    ]);
    rmSync(lock);
  });

  test("a download stays in the folder that was decided on", async () => {
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("body") });
    const folder = join(dir, "in/d");
    mkdirSync(folder);
    const permissions = new Swapping({ "allow-write": "in" }, folder, join(dir, "out"));
    const code = `local dir, url = ...\nreturn http.get(url, {download = dir .. "/in/d/new"}).status`;
    const outcome = await errorOf(code, { args: [dir, server.url.href], permissions });
    expect(outcome).toMatch(/write access to .* is not allowed/);
    expect(existsSync(join(dir, "out/new"))).toBe(false);
    rmSync(folder);
    await server.stop(true);
  });
});

describe("names are not looked up in vain", () => {
  const REFUSED = /network access to nowhere\.invalid:\d+ is not allowed \(--(allow|deny)-net\)$/;
  const LOOKED_UP = /host not found/;
  const CALLS = [
    `http.get("http://nowhere.invalid/")`,
    `http.get("http://127.0.0.1/", {proxy = "http://nowhere.invalid:80"})`,
    `ws.connect("ws://nowhere.invalid/")`,
    `net.tcp("nowhere.invalid", 80)`,
    `net.tls("nowhere.invalid", 443)`,
    `db.connect("postgres://u@nowhere.invalid/x")`,
    `db.connect("mysql://u@nowhere.invalid/x")`,
  ];
  test.each(CALLS)("%s", async (code) => {
    for (const words of [{ "deny-net": true }, { "allow-net": "127.0.0.1:81,api.example:*" }] as const) {
      // Addresses that may be connected to, but not at this port: no address could be the right one.
      const permissions = only(code.includes("proxy") ? { "allow-net": "127.0.0.1:81" } : words);
      const error = await errorOf(code, { permissions });
      expect(error).toMatch(code.includes("proxy") ? /is not allowed/ : REFUSED);
    }
  });

  test("where a rule for addresses might allow it, they are", async () => {
    const permissions = only({ "allow-net": "10.0.0.0/8:*" });
    for (const code of CALLS.filter((one) => !one.includes("proxy"))) {
      expect(await errorOf(code, { permissions })).toMatch(LOOKED_UP);
    }
  });

  test.each([
    [undefined, "metadata.google.internal", false],
    [undefined, "api.example", true],
    ["*", "metadata.google.internal", false],
    ["metadata.google.internal", "metadata.google.internal", true],
    ["169.254.0.0/16", "metadata.google.internal", true],
    ["10.0.0.0/8", "metadata.google.internal", false],
    ["*.example", "api.example", true],
    ["*.example", "example", false],
    ["10.0.0.0/8:443", "api.example", false],
  ])("rules %p, name %p: %p", (rule, name, could) => {
    const rules = rule === undefined ? undefined : [parseNetRule(rule)!];
    expect(couldAllow(rules, true, { what: "http.get", name, address: undefined, port: 80 })).toBe(could);
  });
});

describe("environment", () => {
  test.each([
    [{ "allow-env": "HOME,AWS_*" }, ["HOME", "AWS_REGION"], ["HOMER", "HOM", "aws_region", "PATH"]],
    [{ "allow-env": true }, ["PATH"], []],
    [{ "deny-env": true, "allow-env": "PATH" }, [], ["PATH"]],
    [{}, ["PATH"], []],
  ] as const)("%j", (words, seen, hidden) => {
    const permissions = only(words);
    expect(seen.map((key) => permissions.mayReadEnv(key))).toEqual(seen.map(() => true));
    expect(hidden.map((key) => permissions.mayReadEnv(key))).toEqual(hidden.map(() => false));
  });

  test("env.get, env.require and os.getenv", async () => {
    const settings = { env: { SHOWN: "é", HIDDEN: "secret" }, permissions: only({ "allow-env": "SHOWN" }) };
    const code = `return os.getenv("SHOWN"), env.get("SHOWN"), os.getenv("HIDDEN"), env.get("HIDDEN"), pcall(env.require, "HIDDEN")`;
    expect(await results(code, settings)).toEqual([
      "\xc3\xa9",
      "\xc3\xa9",
      undefined,
      undefined,
      false,
      "env.require: HIDDEN is not set",
    ]);
  });
});

describe("words", () => {
  test.each([
    ["--allow-net=a:1,b --readonly", { "allow-net": "a:1,b", readonly: true }, undefined],
    ["  --allow-read\t--audit /x ", { "allow-read": true }, "/x"],
    ["--audit=/y --deny-net", { "deny-net": true }, "/y"],
    ["", {}, undefined],
  ] as const)("%p", (text, words, audit) => {
    expect(splitGrants(text)).toEqual({ words, audit });
  });

  test.each([
    ["--allow-nett", 'ASSAY_PERMISSIONS: unknown option "--allow-nett"'],
    ["readonly", 'ASSAY_PERMISSIONS: unknown option "readonly"'],
    ["--readonly=no", "ASSAY_PERMISSIONS: --readonly takes no value"],
    ["--readonly --readonly", "ASSAY_PERMISSIONS: --readonly is given twice"],
    ["--allow-net=", "ASSAY_PERMISSIONS: --allow-net: the list is empty"],
    ["--audit", "ASSAY_PERMISSIONS: --audit needs a value"],
  ])("%p: %s", (text, message) => {
    expect(() => splitGrants(text)).toThrow(expect.objectContaining({ message }));
  });

  test.each([
    [{ "allow-net": "https://x" }, '--allow-net: expected HOST or HOST:PORT, got "https://x"'],
    [{ "allow-net": "https://x", "deny-net": true }, '--allow-net: expected HOST or HOST:PORT, got "https://x"'],
    [{ "allow-env": "A=B" }, '--allow-env: expected a variable\'s name, got "A=B"'],
    [{ "allow-read": " , " }, "--allow-read: the list is empty"],
  ])("%j: %s", (words, message) => {
    let found: unknown;
    try {
      readGrants(words as GrantWords);
    } catch (error) {
      found = error;
    }
    expect(found).toBeInstanceOf(GrantError);
    expect((found as GrantError).message).toBe(message);
  });

  test("the narrower wins", () => {
    const ask = (permissions: RestrictedPermissions, name: string) =>
      refusal(() => permissions.checkNet("http.get", name, undefined, 443));
    const both = only({ "allow-net": "a.example,b.example" }, { "allow-net": "b.example,c.example" });
    expect(["a.example", "b.example", "c.example"].map((name) => ask(both, name) === undefined)).toEqual([
      false,
      true,
      false,
    ]);
    expect(ask(only({ "allow-net": "a.example" }, { "deny-net": true }), "a.example")).toBe(
      "http.get: network access to a.example:443 is not allowed (--deny-net)",
    );
    expect(
      ask(only({ "allow-net": "a.example" }).narrowed(readGrants({ "allow-net": "b.example" })), "b.example"),
    ).toContain("is not allowed");
  });
});

describe("audit", () => {
  test("one line for each access, and the file is out of reach", async () => {
    const path = join(dir, "in/audit.jsonl");
    const audit = new Audit(path);
    const permissions = new RestrictedPermissions([readGrants({ "allow-read": "in" }, dir)], [audit]);
    const { results: values } = await runScript(
      `local dir = ...
      fs.read(dir .. "/in/f")
      pcall(fs.read, dir .. "/in/link")
      env.get("PATH")
      pcall(http.get, "http://127.0.0.1:1/secret?token=x")
      pcall(http.get, "http://169.254.169.254/")
      return select(2, pcall(fs.write, dir .. "/in/audit.jsonl", "")), select(2, pcall(fs.remove, dir .. "/in", {recursive = true}))`,
      { args: [dir], permissions },
    );
    expect(values.map((one) => String(one).replaceAll(dir, "DIR"))).toEqual([
      "fs.write: write access to DIR/in/audit.jsonl is not allowed (--audit)",
      "fs.remove: write access to DIR/in is not allowed (--audit)",
    ]);
    audit.close();
    const text = readFileSync(path, "utf8");
    expect(text).not.toContain("token");
    const lines = text
      .trimEnd()
      .replaceAll(dir, "DIR")
      .split("\n")
      .map((line) => JSON.parse(line));
    for (const line of lines) expect(line.time).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(lines.map(({ time: _, ...rest }) => rest)).toEqual([
      { access: "read", what: "fs.read", target: "DIR/in/f", granted: true },
      { access: "read", what: "fs.read", target: "DIR/in/link", resolved: "DIR/out/f", granted: false },
      { access: "env", what: "env.get", target: "PATH", granted: true },
      { access: "net", what: "http.get", target: "127.0.0.1:1", granted: true },
      { access: "net", what: "http.get", target: "169.254.169.254:80", granted: false },
      { access: "write", what: "fs.write", target: "DIR/in/audit.jsonl", granted: false },
      { access: "write", what: "fs.remove", target: "DIR/in", granted: false },
    ]);
  });

  test("an access that cannot be recorded is refused", () => {
    const audit = new Audit("/dev/full");
    const permissions = new RestrictedPermissions([], [audit]);
    expect(refusal(() => permissions.checkRead("fs.read", "/x"))).toBe(
      "fs.read: the access cannot be recorded (--audit)",
    );
    audit.close();
  });

  test("a file that cannot be opened", () => {
    expect(() => new Audit(join(dir, "none/x"))).toThrow(
      expect.objectContaining({ message: `--audit: ${dir}/none/x: no such file or directory` }),
    );
  });
});

describe("every function of every library", () => {
  const URL = `"http://127.0.0.1:1/"`;
  /** What touches the outside, each called in a way that would reach it. */
  const OUTSIDE: Readonly<Record<string, string>> = {
    "db.connect": `db.connect("postgres://u@127.0.0.1:1/x")`,
    "fs.read": `fs.read(dir .. "/in/f")`,
    "fs.write": `fs.write(dir .. "/in/w", "x")`,
    "fs.append": `fs.append(dir .. "/in/f", "x")`,
    "fs.exists": `fs.exists(dir .. "/in/f")`,
    "fs.stat": `fs.stat(dir .. "/in/f")`,
    "fs.list": `fs.list(dir .. "/in")`,
    "fs.glob": `fs.glob(dir .. "/in/*")`,
    "fs.mkdir": `fs.mkdir(dir .. "/in/m")`,
    "fs.remove": `fs.remove(dir .. "/in/f")`,
    "fs.rename": `fs.rename(dir .. "/in/f", dir .. "/in/g")`,
    "fs.copy": `fs.copy(dir .. "/in/f", dir .. "/in/g")`,
    "fs.tempdir": `fs.tempdir()`,
    "http.get": `http.get(${URL})`,
    "http.head": `http.head(${URL})`,
    "http.options": `http.options(${URL})`,
    "http.delete": `http.delete(${URL})`,
    "http.post": `http.post(${URL}, "x")`,
    "http.put": `http.put(${URL}, "x")`,
    "http.patch": `http.patch(${URL}, "x")`,
    "http.request": `http.request("GET", ${URL})`,
    "http.stream": `http.stream("GET", ${URL})`,
    "http.client": `http.client({base_url = ${URL}}):get("/")`,
    "http.serve": `http.serve(0, {GET = {["/"] = function() end}}, {host = "127.0.0.1"})`,
    "net.tcp": `net.tcp("127.0.0.1", 1)`,
    "net.tls": `net.tls("127.0.0.1", 1)`,
    "net.resolve": `net.resolve("localhost")`,
    "template.render": `template.render(dir .. "/in/f")`,
    "ws.connect": `ws.connect("ws://127.0.0.1:1/")`,
  };
  /** They read what is hidden as unset. */
  const ENVIRONMENT = ["env.get", "env.require"];
  /** What works on values, or on handles that only the functions above give. */
  const INSIDE = new Set(
    `assert.* async.* base64.* crypto.* json.* log.* regex.* toml.* yaml.* _G.sleep _G.time _G.monotonic
    db.query db.execute db.close db.transaction db.query_one db.stream db.statements http.stop
    ws.send ws.recv ws.close template.render_string`.split(/\s+/),
  );
  const denyAll = () => only({ "deny-net": true, "deny-read": true, readonly: true, "deny-env": true });

  test("is known to touch the outside or not to", () => {
    const all = allLibraries().flatMap(({ name, functions }) => functions.map((one) => `${name}.${one.name}`));
    const unknown = all.filter(
      (name) =>
        !Object.hasOwn(OUTSIDE, name) &&
        !ENVIRONMENT.includes(name) &&
        !INSIDE.has(name) &&
        !INSIDE.has(name.replace(/\.\w+$/, ".*")),
    );
    expect(unknown).toEqual([]);
    expect(Object.keys(OUTSIDE).filter((name) => !all.includes(name))).toEqual([]);
  });

  test.each(Object.entries(OUTSIDE))("%s is refused", async (_name, code) => {
    const { error } = await runScript(`local dir = ...\n${code}`, { args: [dir], permissions: denyAll() });
    expect(error).toMatch(/ access to .* is not allowed \(--(deny-net|deny-read|readonly)\)$/);
  });

  test.each([
    `db.connect("mysql://u@127.0.0.1:1/x")`,
    `db.connect("sqlite://" .. dir .. "/in/x.db")`,
    `db.connect("postgres:///x?socket=/nowhere/sock")`,
    `db.connect("sqlite::memory:"):execute("ATTACH '" .. dir .. "/in/f' AS x")`,
    `http.get("http://example.invalid/", {proxy = "http://127.0.0.1:1"})`,
    `http.get("https://127.0.0.1:1/", {tls = {ca = dir .. "/in/f"}})`,
    `http.get("http://127.0.0.1:1/", {download = dir .. "/in/d"})`,
    `require("f")`,
  ])("and so is %s", async (code) => {
    writeFileSync(join(dir, "in/f.lua"), "return 1");
    const settings = { args: [dir], permissions: denyAll(), scriptFolder: join(dir, "in") };
    const { error } = await runScript(`local dir = ...\n${code}`, settings);
    expect(error).toMatch(/is not allowed \(--(deny-net|deny-read|readonly)\)|cannot reach files/);
  });

  test("scripts of checks have no files at all", async () => {
    for (const name of ["fs", "db", "template", "net", "ws", "io"]) {
      expect(await results(`return ${name}`, { selection: "check" })).toEqual([undefined]);
    }
  });
});
