/**
 * The executable in a root filesystem like the image's: itself, the C library and /proc, and nothing else; no /dev, no /tmp,
 * no shell, as an ordinary user who may write nowhere. Needs root, for chroot and for mounting /proc.
 *
 * Without /proc it does not start: the JavaScript engine asks the C library where the main thread's stack is, which reads
 * it from /proc/self/maps. Without /dev it does not start when one of the standard streams is closed: Bun puts /dev/null
 * in its place. Every container has both.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, cpSync, mkdirSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { BINARY, cleanEnv } from "../support/binary.ts";
import { temporaryFolder } from "../support/folder.ts";
import { serve } from "../support/server.ts";

const folder = temporaryFolder();
const root = folder.file("root");
const proc = join(root, "proc");
const possible = process.platform === "linux" && process.getuid?.() === 0 && canMount();

function canMount(): boolean {
  if (["chroot", "ldd", "mount", "umount"].some((name) => Bun.which(name) === null)) return false;
  mkdirSync(proc, { recursive: true });
  return Bun.spawnSync(["mount", "-t", "proc", "proc", proc]).exitCode === 0;
}

afterAll(() => {
  if (possible) Bun.spawnSync(["umount", proc]);
  folder.remove();
});

describe.if(possible)("in an empty root", () => {
  beforeAll(() => {
    const libraries = Bun.spawnSync(["ldd", BINARY]).stdout.toString().match(/\/\S+/g) ?? [];
    for (const file of libraries.filter((one) => one.startsWith("/lib"))) {
      const target = join(root, file);
      mkdirSync(dirname(target), { recursive: true });
      copyFileSync(realpathSync(file), target);
    }
    mkdirSync(join(root, "usr/bin"), { recursive: true });
    cpSync(BINARY, join(root, "usr/bin/assay"));
    mkdirSync(join(root, "work"));
  });

  async function inside(args: string[], env: Record<string, string> = {}) {
    const child = Bun.spawn(["chroot", "--userspec=65532:65532", root, "/usr/bin/assay", ...args], {
      env: { ...cleanEnv(env), HOME: "" },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const [stdout, stderr, status] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    return { stdout, stderr, status };
  }

  test("X04: a script with a bit of everything", async () => {
    folder.write(
      "root/work/a.lua",
      `
      local conn <close> = db.connect("sqlite::memory:")
      assert.eq(db.query(conn, "select 1 as n")[1].n, 1)
      assert.eq(crypto.hash("x"):len(), 64)
      assert.eq(yaml.parse("a: 1").a, 1)
      assert(require("assay.healthcheck"))
      print(template.render_string("{{ a }}", { a = "rendered" }), os.date("!%Y", 0))
    `,
    );
    expect(await inside(["/work/a.lua"])).toEqual({ status: 0, stdout: "rendered\t1970\n", stderr: "" });
  });

  test("checks", async () => {
    const server = serve({ "/": () => Response.json({ ok: true }) });
    folder.write(
      "root/work/c.yaml",
      `checks:
  - {name: http, type: http, url: "${server.url}/", expect: {json: .ok}}
  - {name: script, type: script, script: "assert(http.get([[${server.url}/]]).ok)"}\n`,
    );
    const ran = await inside(["/work/c.yaml", "--format", "tap"]);
    await server.stop();
    expect(ran.stdout).toBe("TAP version 13\n1..2\nok 1 - http\nok 2 - script\n");
    expect(ran.status).toBe(0);
  });

  test("X04: what is not there is said", async () => {
    folder.write(
      "root/work/missing.lua",
      `
      local function message(fn, ...) return select(2, pcall(fn, ...)) end
      print(message(http.get, "http://nosuch.example/"))
      print(message(net.resolve, "nosuch.example"))
      print(message(fs.tempdir))
      print(message(fs.write, "/work/x", "1"))
      print(message(db.connect, "sqlite:///work/x.db"))
      print(os.date("%H:%M", 0), #crypto.uuid())
    `,
    );
    expect(await inside(["/work/missing.lua"], { TZ: "Nowhere/Else", LANG: "de_DE.UTF-8" })).toEqual({
      status: 0,
      stdout: `http.get: GET http://nosuch.example/: host not found (name server unavailable)
net.resolve: nosuch.example: host not found (name server unavailable)
fs.tempdir: /tmp: no such file or directory
fs.write: /work/x: permission denied
db.connect: /work/x.db: cannot create the file (SQLITE_CANTOPEN)
00:00\t36
`,
      stderr: "",
    });
  });

  test("help and version", async () => {
    expect((await inside(["--version"])).status).toBe(0);
    expect((await inside(["help", "http.get"])).status).toBe(0);
  });
});
