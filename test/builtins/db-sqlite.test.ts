/** SQLite files: other processes, crashes, locks, damage, permissions; and long statements beside other tasks. */

import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Permissions } from "../../builtins/permissions.ts";
import { failure } from "../../interpreter/native.ts";
import { errorOf, results } from "./script.ts";

const folder = mkdtempSync(join(tmpdir(), "assay-sqlite-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
/** A new file's path. */
const fresh = (): string => join(folder, `${++files}.db`);

const RUNNER = join(import.meta.dir, "../support/run-script.ts");

/** A script in a process of its own. */
function spawn(source: string, ...args: string[]) {
  return Bun.spawn([process.execPath, RUNNER, source, ...args], { stdout: "pipe", stderr: "pipe" });
}

async function outputOf(child: ReturnType<typeof spawn>): Promise<string> {
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  await child.exited;
  return out + err;
}

describe("with other processes", () => {
  test("two write a thousand rows each at once, and none is lost", async () => {
    const path = fresh();
    await results(`local c <close> = db.connect(...) c:execute("create table t (who text, n int)")`, {
      args: [`sqlite://${path}`],
    });
    const source = `local url, who = ...
      local c <close> = db.connect(url)
      for i = 1, 1000 do c:execute("insert into t values (?, ?)", {who, i}) end
      return "done"`;
    const writers = ["a", "b"].map((who) => spawn(source, `sqlite://${path}`, who));
    expect(await Promise.all(writers.map(outputOf))).toEqual(["done\n", "done\n"]);
    const rows = `local c <close> = db.connect(...)
      local r = c:query("select who, count(*) as n, sum(n) as s from t group by who order by who")
      return r[1].who, r[1].n, r[1].s, r[2].who, r[2].n, r[2].s`;
    expect(await results(rows, { args: [`sqlite://${path}`] })).toEqual(["a", 1000, 500500, "b", 1000, 500500]);
  }, 60_000);

  test("several that open a new file at once wait for each other", async () => {
    const source = `local path = ...
      for round = 1, 5 do
        local tasks = {}
        for i = 1, 5 do
          tasks[i] = async.spawn(function()
            local c <close> = db.connect(path .. round)
            c:execute("create table if not exists t (n int)")
            return c:execute("insert into t values (1)")
          end)
        end
        async.all(tasks)
      end
      return "done"`;
    expect(await results(source, { args: [`sqlite://${fresh()}`] })).toEqual(["done"]);
  }, 60_000);

  test("transactions that read before they write do not block each other for good", async () => {
    const path = fresh();
    await results(
      `local c <close> = db.connect(...) c:execute("create table t (n int)") c:execute("insert into t values (0)")`,
      {
        args: [`sqlite://${path}`],
      },
    );
    const source = `local c <close> = db.connect(...)
      for i = 1, 100 do
        c:transaction(function() local n = c:query_one("select n from t").n c:execute("update t set n = ?", {n + 1}) end)
      end
      return "done"`;
    const writers = [1, 2].map(() => spawn(source, `sqlite://${path}`));
    expect(await Promise.all(writers.map(outputOf))).toEqual(["done\n", "done\n"]);
    expect(
      await results(`return db.connect(...):query_one("select n from t").n`, { args: [`sqlite://${path}`] }),
    ).toEqual([200]);
  }, 60_000);

  test("a process killed in the middle of ten thousand inserts leaves every committed row", async () => {
    const path = fresh();
    const source = `local c = db.connect(...)
      c:execute("create table t (n integer primary key, v text)")
      for i = 1, 10000 do c:execute("insert into t values (?, ?)", {i, ("x"):rep(100)}) print(i) end`;
    const child = spawn(source, `sqlite://${path}`);
    let seen = "";
    for await (const chunk of child.stdout) {
      seen += Buffer.from(chunk).toString();
      if (seen.split("\n").length > 500) break;
    }
    child.kill("SIGKILL");
    await child.exited;
    // What was printed before the kill had been committed.
    const committed = Number(seen.trimEnd().split("\n").at(-2));
    expect(committed).toBeGreaterThan(400);
    const check = `local c <close> = db.connect(...)
      local row = c:query_one("select count(*) as n, max(n) as last from t")
      return c:query_one("pragma integrity_check").integrity_check, row.n, row.n == row.last`;
    const [sound, count, whole] = await results(check, { args: [`sqlite://${path}`] });
    expect([sound, whole]).toEqual(["ok", true]);
    expect(count as number).toBeGreaterThanOrEqual(committed);
  }, 60_000);

  test("a transaction under way at the kill is not there", async () => {
    const path = fresh();
    const source = `local c = db.connect(...)
      c:execute("create table t (n int)") c:execute("insert into t values (1)")
      c:transaction(function() for i = 1, 5000 do c:execute("insert into t values (2)") end print("ready") sleep(60) end)`;
    const child = spawn(source, `sqlite://${path}`);
    for await (const _chunk of child.stdout) break;
    child.kill("SIGKILL");
    await child.exited;
    expect(await results(`return #db.connect(...):query("select * from t")`, { args: [`sqlite://${path}`] })).toEqual([
      1,
    ]);
  }, 60_000);

  test("a lock of another process is waited for, but not for ever", async () => {
    const path = fresh();
    const other = new Database(path);
    other.run("pragma journal_mode = wal");
    other.run("create table t (n int)");
    other.run("begin immediate");
    setTimeout(() => other.run("commit"), 300);
    const script = `local c <close> = db.connect(...) return (c:execute("insert into t values (1)"))`;
    expect(await results(script, { args: [`sqlite://${path}`] })).toEqual([1]);
    other.run("begin immediate");
    expect(await errorOf(script, { args: [`sqlite://${path}?busy_timeout=0.1`] })).toBe(
      "test:1: db.execute: database is locked (SQLITE_BUSY)",
    );
    other.close();
  });
});

describe("files", () => {
  test("are in WAL mode, with full synchronisation and foreign keys, unless told otherwise", async () => {
    const path = fresh();
    const script = `local c <close> = db.connect(...)
      local function pragma(name) local row = c:query_one("pragma " .. name) return select(2, next(row)) end
      return pragma("journal_mode"), pragma("synchronous"), pragma("foreign_keys"), pragma("busy_timeout")`;
    expect(await results(script, { args: [`sqlite://${path}`] })).toEqual(["wal", 2, 1, 5000]);
    const told = `sqlite://${fresh()}?journal_mode=delete&synchronous=normal&foreign_keys=off&busy_timeout=1.5`;
    expect(await results(script, { args: [told] })).toEqual(["delete", 1, 0, 1500]);
  });

  test("absolute, relative and percent-encoded paths", async () => {
    const path = join(folder, "a b#c.db");
    const before = process.cwd();
    process.chdir(folder);
    try {
      const script = `local c <close> = db.connect(...) c:execute("create table if not exists t (n int)") return c:query_one("pragma database_list").file`;
      for (const url of [`sqlite://${folder}/a%20b%23c.db`, "sqlite://a%20b%23c.db", "sqlite:a b%23c.db"]) {
        expect(await results(script, { args: [url] })).toEqual([path]);
      }
    } finally {
      process.chdir(before);
    }
  });

  test("that are damaged, no databases, missing, folders", async () => {
    const damaged = fresh();
    const other = new Database(damaged);
    other.run("create table t (n int)");
    other.run(
      "insert into t with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000) select i from n",
    );
    other.close();
    const bytes = readFileSync(damaged);
    bytes.fill(0x5a, 4096);
    writeFileSync(damaged, bytes);
    const read = `return #db.connect(...):query("select * from t")`;
    expect(await errorOf(read, { args: [`sqlite://${damaged}`] })).toBe(
      "test:1: db.query: database disk image is malformed (SQLITE_CORRUPT)",
    );
    const text = fresh();
    writeFileSync(text, "this is not a database, though it is long enough to be one".repeat(100));
    const open = "db.connect(...)";
    expect(await errorOf(open, { args: [`sqlite://${text}`] })).toBe(
      `test:1: db.connect: ${text}: file is not a database (SQLITE_NOTADB)`,
    );
    const none = fresh();
    expect(await errorOf(open, { args: [`sqlite://${none}?mode=rw`] })).toBe(
      `test:1: db.connect: ${none}: no such file (SQLITE_CANTOPEN)`,
    );
    expect(existsSync(none)).toBe(false);
    expect(await errorOf(open, { args: [`sqlite://${folder}`] })).toBe(
      `test:1: db.connect: ${folder}: is a directory (SQLITE_CANTOPEN)`,
    );
    expect(await errorOf(open, { args: [`sqlite://${folder}/no/x.db`] })).toBe(
      `test:1: db.connect: ${folder}/no/x.db: no such folder (SQLITE_CANTOPEN)`,
    );
  });

  test("F04: on a full disk a statement fails whole, and the connection goes on", async () => {
    const small = join(folder, "small");
    mkdirSync(small);
    const mounted = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", small], { stderr: "ignore" });
    if (mounted.exitCode !== 0) return; // not allowed here
    try {
      const script = `local c <close> = db.connect(...)
        c:execute("create table t (v blob)") c:execute("insert into t values ('first')")
        local ok, e = pcall(c.execute, c, "insert into t values (zeroblob(5000000))")
        local ok2, e2 = pcall(c.transaction, c, function()
          for i = 1, 100 do c:execute("insert into t values (randomblob(50000))") end
        end)
        c:execute("insert into t values ('last')")
        return e, e2:match("db.*"), c:query_one("select group_concat(v) as v from t").v, c:query_one("pragma integrity_check").integrity_check`;
      const full = "db.execute: database or disk is full (SQLITE_FULL)";
      expect(await results(script, { args: [`sqlite://${small}/x.db`] })).toEqual([full, full, "first,last", "ok"]);
    } finally {
      Bun.spawnSync(["umount", small]);
    }
  });

  test("that may only be read", async () => {
    const path = fresh();
    await results(
      `local c <close> = db.connect(...) c:execute("create table t (n int)") c:execute("insert into t values (1)")`,
      {
        args: [`sqlite://${path}`],
      },
    );
    const script = `local c <close> = db.connect(...)
      local n = #c:query("select * from t")
      local ok, e = pcall(c.execute, c, "insert into t values (2)")
      return n, e`;
    const refused = "db.execute: attempt to write a readonly database (SQLITE_READONLY)";
    expect(await results(script, { args: [`sqlite://${path}?mode=ro`] })).toEqual([1, refused]);
    if (process.getuid?.() === 0) return;
    chmodSync(path, 0o444);
    expect(await results(script, { args: [`sqlite://${path}`] })).toEqual([1, refused]);
  });
});

/** Reading anywhere, writing in one folder. */
class Confined extends Permissions {
  readonly asked: string[] = [];
  constructor(private readonly within: string) {
    super();
  }
  override checkRead(what: string, path: string): string {
    this.asked.push(`read ${path}`);
    if (path.startsWith("/secret")) throw failure(`${what}: reading ${path} is not allowed (--allow-read)`);
    return path;
  }
  override checkWrite(what: string, path: string): string {
    this.asked.push(`write ${path}`);
    if (!path.startsWith(this.within)) throw failure(`${what}: writing ${path} is not allowed (--allow-write)`);
    return path;
  }
}

describe("permissions", () => {
  const inside = join(folder, "inside");
  mkdirSync(inside);

  test("connect obeys them", async () => {
    const permissions = new Confined(inside);
    const open = "db.connect(...):close()";
    expect(await errorOf(open, { args: ["sqlite:///secret/x.db"], permissions })).toBe(
      "test:1: db.connect: reading /secret/x.db is not allowed (--allow-read)",
    );
    expect(await errorOf(open, { args: [`sqlite://${folder}/out.db`], permissions })).toBe(
      `test:1: db.connect: writing ${folder}/out.db is not allowed (--allow-write)`,
    );
    expect(await errorOf(open, { args: [`sqlite://${inside}/../out.db`], permissions })).toContain("is not allowed");
    expect(existsSync(join(folder, "out.db"))).toBe(false);
    await results(open, { args: [`sqlite://${inside}/in.db`], permissions });
    // Reading needs no right to write.
    new Database(join(folder, "shared.db")).run("create table t (n int)");
    expect(
      await results(`return #db.connect(...):query("select * from t")`, {
        args: [`sqlite://${folder}/shared.db?mode=ro`],
        permissions,
      }),
    ).toEqual([0]);
  });

  const attach = (sql: string, params = "{}") =>
    `local c <close> = db.connect(...) c:execute("${sql}", ${params}) return "done"`;
  const target = `sqlite://${inside}/main.db`;

  test.each([
    ["attach", `attach '${folder}/x1.db' as o`, "{}", `writing ${folder}/x1.db`],
    ["attach database", `ATTACH DATABASE '${folder}/x2.db' AS o`, "{}", `writing ${folder}/x2.db`],
    ["attach, comments", `/* a */ attach -- b\\n '${folder}/x3.db' as o`, "{}", `writing ${folder}/x3.db`],
    ["attach, double quotes", `attach \\"${folder}/x4.db\\" as o`, "{}", `writing ${folder}/x4.db`],
    ["attach, brackets", `attach [${folder}/x5.db] as o`, "{}", `writing ${folder}/x5.db`],
    ["attach, parameter", "attach ? as o", `{'${folder}/x6.db'}`, `writing ${folder}/x6.db`],
    ["attach, numbered parameter", "attach $1 as o", `{'${folder}/x7.db'}`, `writing ${folder}/x7.db`],
    ["attach, dots", `attach '${inside}/../x8.db' as o`, "{}", `writing ${folder}/x8.db`],
    ["attach, to be read", "attach '/secret/x9.db' as o", "{}", "reading /secret/x9.db"],
    ["vacuum into", `vacuum into '${folder}/x10.db'`, "{}", `writing ${folder}/x10.db`],
    ["vacuum into, schema", `vacuum main into '${folder}/x11.db'`, "{}", `writing ${folder}/x11.db`],
    ["vacuum into, quoted schema", `vacuum \\"main\\" into '${folder}/x12.db'`, "{}", `writing ${folder}/x12.db`],
    ["vacuum into, parameter", "vacuum into ?", `{'${folder}/x13.db'}`, `writing ${folder}/x13.db`],
  ])("%s", async (_name, sql, params, refusal) => {
    const permissions = new Confined(inside);
    const kind = refusal.startsWith("reading") ? "--allow-read" : "--allow-write";
    expect(await errorOf(attach(sql, params), { args: [target], permissions })).toBe(
      `test:1: db.execute: ${refusal} is not allowed (${kind})`,
    );
    expect(existsSync(refusal.replace("writing ", ""))).toBe(false);
  });

  test.each([
    ["an expression", `attach '${inside}/' || 'y.db' as o`, "ATTACH: the file must be a string or a parameter"],
    ["a function", `attach char(47) as o`, "ATTACH: the file must be a string or a parameter"],
    [
      "an expression to vacuum into",
      `vacuum into '/' || 'tmp/x'`,
      "VACUUM INTO: the file must be a string or a parameter",
    ],
    ["a URI", `attach 'file:${inside}/y.db' as o`, "ATTACH: URIs are not supported, only paths"],
    ["a folder for temporary files", `pragma temp_store_directory = '/tmp'`, "this PRAGMA is not allowed"],
    ["the same, quoted", `pragma main.\\"temp_store_directory\\" = '/tmp'`, "this PRAGMA is not allowed"],
  ])("%s is refused", async (_name, sql, message) => {
    expect(await errorOf(attach(sql), { args: [target] })).toBe(`test:1: db.execute: ${message}`);
  });

  test("what is allowed works", async () => {
    const permissions = new Confined(inside);
    const script = `local url, folder = ...
      local c <close> = db.connect(url)
      c:execute("attach ? as other", {folder .. "/other.db"})
      c:execute("create table if not exists other.t (n int)") c:execute("insert into other.t values (7)")
      c:execute("attach ':memory:' as mem") c:execute("attach '' as scratch")
      c:execute("vacuum into '" .. folder .. "/copy.db'")
      return c:query_one("select n from other.t").n`;
    expect(await results(script, { args: [target, inside], permissions })).toEqual([7]);
    expect(existsSync(join(inside, "copy.db"))).toBe(true);
    expect(permissions.asked).toContain(`write ${inside}/copy.db`);
  });

  test("a database in memory reaches no file at all", async () => {
    const script = (sql: string) => `local c = db.connect("sqlite::memory:") c:execute("${sql}") return "done"`;
    expect(await errorOf(script("attach '/tmp/x.db' as o"))).toBe(
      "test:1: db.execute: ATTACH: a database in memory cannot reach files",
    );
    expect(await errorOf(script("vacuum into '/tmp/x.db'"))).toBe(
      "test:1: db.execute: VACUUM INTO: a database in memory cannot reach files",
    );
    expect(await results(script("attach ':memory:' as o"))).toEqual(["done"]);
  });

  test("SQL cannot load code", async () => {
    for (const url of [target, "sqlite::memory:"]) {
      expect(await errorOf(`db.connect(...):query("select load_extension('x')")`, { args: [url] })).toMatch(
        /not authorized|no such function/,
      );
    }
  });
});

describe("long statements", () => {
  // Some seconds of work: nothing stops it inside a step, and it is not to outlast the tests.
  const endless = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000000) select";

  test("between two rows a statement can be stopped, and the database stays", async () => {
    const script = `local c <close> = db.connect("sqlite::memory:", {timeout = 2})
      c:execute("create table t (v int)") c:execute("insert into t values (5)")
      local ok, e = pcall(c.execute, c, "${endless} i from n")
      return e, c:query_one("select v from t").v`;
    expect(await results(script)).toEqual(["db.execute: timeout of 2s exceeded", 5]);
  });

  test.each(["file", "memory"])("other tasks go on meanwhile: %s", async (kind) => {
    const script = `local c <close> = db.connect(..., {timeout = 1})
      local ticks = 0
      local ticker = async.spawn_interval(function() ticks = ticks + 1 end, 10)
      local ok, e = pcall(c.query, c, "${endless} i from n where i = -1")
      ticker:cancel()
      return e, ticks > 20`;
    const args = [kind === "file" ? `sqlite://${fresh()}` : "sqlite::memory:"];
    expect(await results(script, { args })).toEqual(["db.query: timeout of 1s exceeded", true]);
  });

  test("after the timeout a file can be used again, a database in memory is lost", async () => {
    const script = `local c <close> = db.connect(..., {timeout = 2})
      pcall(c.query, c, "${endless} count(*) from n")
      local ok, result = pcall(c.query_one, c, "select 4 as v")
      return ok and result.v or result`;
    expect(await results(script, { args: [`sqlite://${fresh()}`] })).toEqual([4]);
    expect(await results(script, { args: ["sqlite::memory:"] })).toEqual([
      "db.query_one: the database in memory is lost: a statement in it could not be stopped",
    ]);
  });
});

test("the memory limit holds for a database in memory", async () => {
  const script = `local c = db.connect("sqlite::memory:")
    c:execute("create table t (v blob)")
    for i = 1, 100 do c:execute("insert into t values (zeroblob(1000000))") end`;
  const limits = { memoryBytes: 16 << 20, timeoutMs: Number.POSITIVE_INFINITY };
  expect(await errorOf(script, { limits })).toBe("test:3: db.execute: database or disk is full (SQLITE_FULL)");
  const more = script.replace(
    "for i",
    `local ok, e = pcall(c.execute, c, "pragma max_page_count = 1000000") assert(not ok) for i`,
  );
  expect(await errorOf(more, { limits })).toContain("SQLITE_FULL");
  const heap = `local c = db.connect("sqlite::memory:") c:execute("pragma hard_heap_limit = 0") c:query("select hex(zeroblob(20000000))")`;
  expect(await errorOf(heap, { limits })).toContain("SQLITE_NOMEM");
});

test("a changed table is seen by statements used before", async () => {
  const script = `local c <close> = db.connect(...)
    c:execute("create table t (a int)") c:execute("insert into t values (1)")
    local before = c:query_one("select * from t")
    c:execute("alter table t add column b int default 2")
    local after = c:query_one("select * from t")
    return before.b, after.a, after.b`;
  for (const url of [`sqlite://${fresh()}`, "sqlite::memory:"]) {
    expect(await results(script, { args: [url] })).toEqual([undefined, 1, 2]);
  }
});
