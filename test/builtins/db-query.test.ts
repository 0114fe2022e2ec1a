/** db.query, query_one and execute: rows, parameters and their errors, on every database. */
import { afterAll, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { databases } from "../support/databases.ts";
import { errorOf, results } from "./script.ts";

const { postgres, mysql } = await databases();
const file = join(tmpdir(), `assay-query-${process.pid}.db`);
afterAll(() => {
  for (const end of ["", "-wal", "-shm"]) rmSync(file + end, { force: true });
});

interface Target {
  name: string;
  url: string | undefined;
  /** The placeholder of a parameter. */
  p: (n: number) => string;
}

const dollar = (n: number): string => `$${n}`;
const question = (): string => "?";

export const TARGETS: Target[] = [
  { name: "PostgreSQL", url: postgres?.url, p: dollar },
  { name: "MariaDB", url: mysql?.url, p: question },
  { name: "SQLite file with ?", url: `sqlite://${file}`, p: question },
  { name: "SQLite file with $1", url: `sqlite://${file}`, p: dollar },
  { name: "SQLite memory", url: "sqlite::memory:", p: question },
];

for (const { name, url, p } of TARGETS) {
  describe.skipIf(url === undefined)(name, () => {
    const run = (body: string) => results(`local c <close> = db.connect(...)\n${body}`, { args: [url] });
    const fails = (body: string) => errorOf(`local c <close> = db.connect(...)\n${body}`, { args: [url] });

    test("rows come as tables by column name, in the order of the columns", async () => {
      const body = `local rows = db.query(c, "select 1 as zebra, 2 as apple, 3 as mango union all select 4, 5, 6 order by 1")
        local names = {}
        for name, value in pairs(rows[2]) do names[#names + 1] = name .. "=" .. value end
        return #rows, table.concat(names, " ")`;
      expect(await run(body)).toEqual([2, "zebra=4 apple=5 mango=6"]);
    });

    test("of columns with one name the last wins", async () => {
      const body = `local row = c:query_one("select 1 as a, 2 as b, 3 as a")
        local n = 0
        for _ in pairs(row) do n = n + 1 end
        return row.a, row.b, n`;
      expect(await run(body)).toEqual([3, 2, 2]);
    });

    test("names that mean something to JavaScript are ordinary", async () => {
      const quote = name === "MariaDB" ? "`" : '\\"';
      const names = ["__proto__", "constructor", "toString", "hasOwnProperty", "0", "length"];
      const columns = names.map((column, i) => `${i + 1} as ${quote}${column}${quote}`).join(", ");
      const fields = names.map((column) => `row["${column}"]`).join(", ");
      expect(await run(`local row = c:query_one("select ${columns}") return ${fields}, row.valueOf`)).toEqual([
        1,
        2,
        3,
        4,
        5,
        6,
        undefined,
      ]);
    });

    test("a result may be empty", async () => {
      expect(
        await run(`return #c:query("select 1 as a where 1 = 0"), c:query_one("select 1 as a where 1 = 0")`),
      ).toEqual([0, undefined]);
    });

    test("a row can get more fields", async () => {
      const body = `local rows = c:query("select 1 as a union all select 2")
        rows[1].b = 7 rows[1].a = nil rows[2][1] = "x"
        return rows[1].a, rows[1].b, rows[2].a, rows[2].b, rows[2][1]`;
      expect(await run(body)).toEqual([undefined, 7, 2, undefined, "x"]);
    });

    test("execute tells how many rows it affected, and the key it made", async () => {
      const key =
        { PostgreSQL: "serial primary key", MariaDB: "int auto_increment primary key" }[name] ?? "integer primary key";
      const returning = name === "PostgreSQL" ? " returning id" : "";
      const body = `c:execute("drop table if exists counted")
        c:execute("create table counted (id ${key}, v int)")
        local a, first = c:execute("insert into counted (v) values (1), (2), (3)${returning}")
        local b = c:execute("update counted set v = v + 1 where v > 1")
        local d, none = c:execute("delete from counted where v = 99")
        return a, b, d, math.type(first.last_insert_id), none.last_insert_id`;
      expect(await run(body)).toEqual([3, 2, 0, "integer", undefined]);
    });

    test("Q01: an injection is stored as it is", async () => {
      const hostile = `"'; drop table x; --\\\\ \\n ; select $1 ? :a /* \` `;
      const body = `local text = ${JSON.stringify(hostile)}
        c:execute("drop table if exists injected")
        c:execute("create table injected (v varchar(100))")
        c:execute("insert into injected values (${p(1)})", {text})
        return c:query_one("select v from injected where v = ${p(1)}", {text}).v == text, #c:query("select * from injected")`;
      expect(await run(body)).toEqual([true, 1]);
    });

    test("Q01: nil, holes and db.null are NULL", async () => {
      const body = `c:execute("drop table if exists holes")
        c:execute("create table holes (a int, b int, d int)")
        local insert = "insert into holes values (${p(1)}, ${p(2)}, ${p(3)})"
        c:execute(insert, {1, nil, 3}) c:execute(insert, {nil, 2, db.null}) c:execute(insert, table.pack(nil, nil, nil))
        local rows = c:query("select * from holes order by coalesce(a, 5), coalesce(b, 5)")
        return rows[1].a, rows[1].b, rows[1].d, rows[2].a, rows[2].b, rows[2].d, next(rows[3])`;
      expect(await run(body)).toEqual([1, undefined, 3, undefined, 2, undefined, undefined]);
    });

    test.each([
      ["{}", "1 parameter expected, got 0; db.null stands for a nil at the end"],
      ["nil", "1 parameter expected, got 0"],
      ["{1, 2}", "1 parameter expected, got 2"],
      ["{n = 2}", "1 parameter expected, got 2"],
      ["{a = 1}", "list of parameters expected, got a table with key 'a'"],
      ["{print}", "parameter 1: nil, boolean, number, string or table expected, got function"],
      ["{c}", "parameter 1: nil, boolean, number, string or table expected, got db.connection"],
      ["{coroutine.create(print)}", "parameter 1: nil, boolean, number, string or table expected, got thread"],
    ])("Q01: parameters %s: %s", async (params, detail) => {
      const body = `db.query(c, "select ${p(1)} as v", ${params})`;
      expect(await fails(body)).toBe(`test:2: bad argument #3 to 'db.query' (${detail})`);
    });

    test("Q01: wrong kinds of arguments", async () => {
      expect(await fails(`db.query(c, {})`)).toBe("test:2: bad argument #2 to 'db.query' (string expected, got table)");
      expect(await fails(`db.query({}, "select 1")`)).toBe(
        "test:2: bad argument #1 to 'db.query' (db.connection expected, got table)",
      );
      expect(await fails(`db.query(c, "select 1", 5)`)).toBe(
        "test:2: bad argument #3 to 'db.query' (table expected, got number)",
      );
      expect(await fails(`db.query(c, "select '\\xff'")`)).toBe(
        "test:2: bad argument #2 to 'db.query' (SQL is not valid UTF-8)",
      );
      expect(await fails(`db.query(c, "select 1\\0")`)).toBe(
        "test:2: bad argument #2 to 'db.query' (SQL contains a NUL)",
      );
      expect(await fails(`db.query(c, " -- nothing")`)).toBe("test:2: bad argument #2 to 'db.query' (empty statement)");
    });

    test("Q03: several statements in one call are refused, and none is run", async () => {
      const body = `c:execute("drop table if exists several") c:execute("create table several (v int)")
        local ok, message = pcall(db.execute, c, "insert into several values (1); drop table several")
        return ok, message, #c:query("select * from several")`;
      const message = "bad argument #2 to 'db.execute' (several statements in one call; run them one by one)";
      expect(await run(body)).toEqual([false, message, 0]);
    });

    test("Q03: a failed statement leaves the connection usable", async () => {
      const body = `for i = 1, 20 do assert(not pcall(c.query, c, "select * from no_such_table")) end
        return c:query_one("select 5 as v").v`;
      expect(await run(body)).toEqual([5]);
    });

    test("Q05: closing twice is harmless, using a closed connection an error", async () => {
      expect(await run(`db.close(c) c:close() return tostring(c):match("closed")`)).toEqual(["closed"]);
      for (const call of ["query", "query_one", "execute", "stream"]) {
        expect(await fails(`c:close() c:${call}("select 1")`)).toBe(`test:2: db.${call}: the connection is closed`);
      }
      expect(await fails(`c:close() c:transaction(print)`)).toBe("test:2: db.transaction: the connection is closed");
    });

    test("the same query many times, from many tasks at once", async () => {
      const body = `local handles = {}
        for i = 1, 200 do handles[i] = async.spawn(function() return c:query_one("select ${p(1)} + 0 as v", {i}).v end) end
        local sum = 0
        for i, handle in ipairs(handles) do local v = handle:await() assert(v == i) sum = sum + v end
        return sum`;
      expect(await run(body)).toEqual([20100]);
    });

    test("text in every script, in values and in names", async () => {
      const quote = name === "MariaDB" ? "`" : '\\"';
      const body = `local row = c:query_one("select '\u65e5\u672c\u00e9\u{1f680}' as ${quote}\u540d\u524d${quote}")
        return row["\u540d\u524d"] == "\u65e5\u672c\u00e9\u{1f680}"`;
      expect(await run(body)).toEqual([true]);
    });

    test("a statement suspended at every point gives the same", async () => {
      const source = `local c <close> = db.connect(...)
        local t = c:transaction(function(tx)
          local sum = 0
          for row in tx:stream("select 1 as v union all select 2 union all select 3") do sum = sum + row.v end
          return sum + tx:query_one("select ${p(1)} + 0 as v", {4}).v
        end)
        return t`;
      for (const pauseEvery of [1, 2, 3, 7]) expect(await results(source, { args: [url], pauseEvery })).toEqual([10]);
    });
  });
}

test.skipIf(postgres === undefined)("Q01: more parameters than PostgreSQL takes", async () => {
  const script = `local c <close> = db.connect(...)
    local marks, values = {}, {}
    for i = 1, 65534 do marks[i], values[i] = "$" .. i, i end
    local ok, e = pcall(c.query, c, "select 1 as v where 1 in (" .. table.concat(marks, ",") .. ")", values)
    return e, c:query_one("select 2 as v").v`;
  expect(await results(script, { args: [postgres!.url] })).toEqual([
    "bad argument #3 to 'db.connection:query' (too many parameters: 65534 (PostgreSQL takes at most 65533))",
    2,
  ]);
});

describe("error texts", () => {
  const rows: [string, string | undefined, string, string][] = [
    [
      "PostgreSQL, syntax",
      postgres?.url,
      "selec 1",
      'syntax error at or near "selec" (SQLSTATE 42601, line 1, column 1)',
    ],
    [
      "PostgreSQL, line and column",
      postgres?.url,
      "select 1,\n  nope\nfrom t\u00e9",
      'relation "t\u00e9" does not exist (SQLSTATE 42P01, line 3, column 6)',
    ],
    ["PostgreSQL, no position", postgres?.url, "select 1/0", "division by zero (SQLSTATE 22012)"],
    [
      "MariaDB, table",
      mysql?.url,
      "select * from nope",
      "Table 'assay.nope' doesn't exist (SQLSTATE 42S02, error 1146)",
    ],
    [
      "SQLite, syntax",
      "sqlite::memory:",
      "select\n 1 frm t",
      'near "t": syntax error (SQLITE_ERROR, line 2, column 8)',
    ],
    ["SQLite, table", "sqlite::memory:", "select * from nope", "no such table: nope (SQLITE_ERROR)"],
  ];
  for (const [name, url, sql, message] of rows) {
    test.skipIf(url === undefined)(name, async () => {
      const error = await errorOf(`local url, sql = ... db.query(db.connect(url), sql)`, {
        args: [url, Buffer.from(sql, "utf8").toString("latin1")],
      });
      expect(Buffer.from(error, "latin1").toString("utf8")).toBe(`test:1: db.query: ${message}`);
    });
  }

  test.skipIf(postgres === undefined)("a violated constraint comes with its detail", async () => {
    const script = `local c = db.connect(...)
      c:execute("drop table if exists uniq") c:execute("create table uniq (v int primary key)")
      c:execute("insert into uniq values (1)") c:execute("insert into uniq values (1)")`;
    expect(await errorOf(script, { args: [postgres!.url] })).toBe(
      `test:3: db.execute: duplicate key value violates unique constraint "uniq_pkey" - Key (v)=(1) already exists (SQLSTATE 23505)`,
    );
  });

  test.each([
    ["file", () => `sqlite://${file}`],
    ["memory", () => "sqlite::memory:"],
  ])("SQLite's constraints have their codes: %s", async (_name, url) => {
    const script = `local c = db.connect(...)
      c:execute("drop table if exists child") c:execute("drop table if exists uniq")
      c:execute("create table uniq (v int unique not null check (v < 10))")
      c:execute("create table child (v int references uniq (v))")
      c:execute("insert into uniq values (1)")
      local codes = {}
      for _, sql in ipairs {"insert into uniq values (1)", "insert into uniq values (null)", "insert into uniq values (50)",
          "insert into child values (7)"} do
        codes[#codes + 1] = select(2, pcall(c.execute, c, sql)):match("SQLITE_%u+_(%u+)")
      end
      return table.concat(codes, " ")`;
    expect(await results(script, { args: [url()] })).toEqual(["UNIQUE NOTNULL CHECK FOREIGNKEY"]);
  });
});

test("db.null has its name, and can be kept anywhere", async () => {
  expect(await results(`local t = {db.null} return t[1] == db.null, type(db.null)`)).toEqual([true, "userdata"]);
});

test("SQLite numbers its parameters as it pleases, and refuses names", async () => {
  const script = `local c = db.connect("sqlite::memory:")
    local a = c:query_one("select $2 as x, $1 as y, $2 as z", {1, 2})
    local b = c:query_one("select ?2 as x, ?1 as y", {1, 2})
    local ok, message = pcall(c.query, c, "select :name", {1})
    return a.x, a.y, a.z, b.x, b.y, message`;
  const message = "bad argument #2 to 'db.connection:query' (named parameter :name: use $1 or ?)";
  expect(await results(script)).toEqual([2, 1, 2, 2, 1, message]);
});

test.skipIf(mysql === undefined)("MariaDB's procedures give their first result", async () => {
  const script = `local c <close> = db.connect(...)
    c:execute("create or replace procedure two() begin select 1 as a union all select 2; select 'x' as b; end")
    local rows = c:query("call two()")
    return #rows, rows[2].a, rows[1].b, c:query_one("select 4 as v").v`;
  expect(await results(script, { args: [mysql!.url] })).toEqual([2, 2, undefined, 4]);
});

test.skipIf(postgres === undefined)("PostgreSQL's COPY is refused, and the connection replaced", async () => {
  const script = `local c <close> = db.connect(..., {pool = 1})
    c:execute("create table if not exists copied (v int)")
    local ok, e = pcall(c.execute, c, "copy copied from stdin")
    local ok2, e2 = pcall(c.query, c, "copy copied to stdout")
    return e, e2, c:query_one("select 4 as v").v`;
  const message = "COPY from or to the client is not supported";
  expect(await results(script, { args: [postgres!.url] })).toEqual([
    `db.execute: ${message}`,
    `db.query: ${message}`,
    4,
  ]);
});

test.skipIf(postgres === undefined)("more statements than a session keeps prepared", async () => {
  const script = `local c <close> = db.connect(..., {pool = 1})
    local sum = 0
    for i = 1, 450 do sum = sum + c:query_one("select " .. i .. " + $1::int as v", {1}).v end
    return sum, c:query_one("select count(*) as n from pg_prepared_statements").n <= 201`;
  expect(await results(script, { args: [postgres!.url] })).toEqual([101_925, true]);
  const none = `local c <close> = db.connect(..., {pool = 1, prepare = false})
    local n = 0
    for row in c:stream("select $1::int as v", {5}) do n = n + row.v end
    return n + c:query_one("select $1::int as v", {2}).v, c:query_one("select count(*) as n from pg_prepared_statements").n`;
  expect(await results(none, { args: [postgres!.url] })).toEqual([7, 0]);
});

test.skipIf(postgres === undefined)("a table that changes under a prepared statement", async () => {
  const script = `local c <close> = db.connect(..., {pool = 1})
    c:execute("drop table if exists shifting") c:execute("create table shifting (a int)") c:execute("insert into shifting values (1)")
    local before = c:query_one("select * from shifting where a = $1", {1})
    c:execute("alter table shifting add column b text default 'x'")
    local after = c:query_one("select * from shifting where a = $1", {1})
    return before.b, after.a, after.b`;
  expect(await results(script, { args: [postgres!.url] })).toEqual([undefined, 1, "x"]);
});
