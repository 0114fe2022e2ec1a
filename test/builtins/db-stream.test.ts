/** Large results: db.stream within the memory limit, db.query stopped by it, and what streams do at their ends. */
import { afterAll, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { databases } from "../support/databases.ts";
import { errorOf, results } from "./script.ts";

const { postgres, mysql } = await databases();
const file = join(tmpdir(), `assay-stream-${process.pid}.db`);
afterAll(() => {
  for (const end of ["", "-wal", "-shm"]) rmSync(file + end, { force: true });
});

const recursive = (n: number): string =>
  `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${n}) select i, 'name ' || i as name from n`;

const TARGETS = [
  {
    name: "PostgreSQL",
    url: postgres?.url,
    rows: (n: number) => `select i, 'name ' || i as name from generate_series(1, ${n}) i`,
    text: (bytes: number) => `select repeat('x', ${bytes}) as v`,
  },
  {
    name: "MariaDB",
    url: mysql?.url,
    rows: (n: number) => `select seq as i, concat('name ', seq) as name from seq_1_to_${n}`,
    text: (bytes: number) => `select repeat('x', ${bytes}) as v`,
  },
  {
    name: "SQLite file",
    url: `sqlite://${file}`,
    rows: recursive,
    text: (bytes: number) => `select hex(zeroblob(${bytes / 2})) as v`,
  },
  {
    name: "SQLite memory",
    url: "sqlite::memory:",
    rows: recursive,
    text: (bytes: number) => `select hex(zeroblob(${bytes / 2})) as v`,
  },
];

const SMALL = { memoryBytes: 8 << 20, timeoutMs: Number.POSITIVE_INFINITY };

for (const { name, url, rows, text } of TARGETS) {
  describe.skipIf(url === undefined)(name, () => {
    const run = (body: string, limits = SMALL) =>
      results(`local c <close> = db.connect(...)\n${body}`, { args: [url], limits });
    const fails = (body: string) => errorOf(`local c <close> = db.connect(...)\n${body}`, { args: [url] });

    test("a million rows within 8 MB", async () => {
      const body = `local count, sum, last = 0, 0, nil
        for row in c:stream("${rows(1_000_000)}") do count = count + 1 sum = sum + row.i last = row.name end
        return count, sum, last`;
      expect(await run(body)).toEqual([1_000_000, 500_000_500_000, "name 1000000"]);
    }, 60_000);

    test("ten million rows at once are not enough memory, and the connection goes on", async () => {
      const body = `local ok, e = pcall(c.query, c, "${rows(10_000_000)}")
        return ok, e, c:query_one("select 4 as v").v`;
      const started = process.memoryUsage.rss();
      expect(await run(body)).toEqual([false, "db.query: not enough memory", 4]);
      // What stays; the peak is measured in a process of its own, by test/hostile/limits/sql-large.lua.
      Bun.gc(true);
      expect(process.memoryUsage.rss() - started).toBeLessThan(256 << 20);
    }, 60_000);

    test("one long value is not enough memory", async () => {
      const body = `local ok, e = pcall(c.query, c, "${text(100_000_000)}")
        local streamed, e2 = pcall(function() for row in c:stream("${text(100_000_000)}") do end end)
        return ok, e, streamed, e2, c:query_one("select 4 as v").v`;
      const message = name === "SQLite memory" ? "out of memory (SQLITE_NOMEM)" : "not enough memory";
      expect(await run(body)).toEqual([false, `db.query: ${message}`, false, `test:3: db.stream: ${message}`, 4]);
    }, 60_000);

    test("values of some megabytes pass", async () => {
      const limits = { memoryBytes: 64 << 20, timeoutMs: Number.POSITIVE_INFINITY };
      const body = `local n = 0
        for row in c:stream("${text(5_000_000)}") do n = n + #row.v end
        return n, #c:query_one("${text(5_000_000)}").v`;
      expect(await run(body, limits)).toEqual([5_000_000, 5_000_000]);
    });

    test("a loop that is left early ends the stream, and frees the connection", async () => {
      const body = `local only <close> = db.connect(..., {pool = 1, timeout = 5})
        for i = 1, 3 do
          for row in only:stream("${rows(1_000_000)}") do if row.i == 10 then break end end
          pcall(function() for row in only:stream("${rows(1_000_000)}") do error("out") end end)
        end
        return only:query_one("select 4 as v").v`;
      expect(await run(`local url = ... ${body}`)).toEqual([4]);
    });

    test("no rows, one row, an error at the start and in the middle", async () => {
      const divide =
        name === "MariaDB"
          ? "cast(exp(710 * (i > 2000)) as double)"
          : name === "PostgreSQL"
            ? "1 / (2001 - i)"
            : "abs(case when i > 2000 then -9223372036854775807 - 1 else i end)";
      const body = `local n = 0
        for row in c:stream("${rows(5)} where 1 = 0") do n = n + 1 end
        for row in c:stream("select 7 as v") do n = n + row.v end
        local ok = pcall(function() for row in c:stream("select * from nope") do end end)
        local seen = 0
        local ok2 = pcall(function()
          for row in c:stream("select ${divide} as v from (${rows(3000)}) t") do seen = seen + 1 end
        end)
        return n, ok, ok2, seen >= 0 and seen <= 2001, c:query_one("select 4 as v").v`;
      expect(await run(body)).toEqual([7, false, false, true, 4]);
    });

    test("parameters, and other queries beside it", async () => {
      const p = name === "PostgreSQL" ? "$1" : "?";
      const body = `local sum = 0
        for row in c:stream("select i from (${rows(2000)}) t where i <= ${p}", {1000}) do
          if row.i % 250 == 0 then sum = sum + c:query_one("select ${p} + 0 as v", {row.i}).v end
        end
        return sum`;
      expect(await run(body)).toEqual([2500]);
    });

    test("inside a transaction", async () => {
      const body = `c:execute("drop table if exists beside") c:execute("create table beside (v int)")
        local ok, e = pcall(c.transaction, c, function()
          for row in c:stream("${rows(3000)}") do
            if row.i % 1000 == 0 then c:execute("insert into beside values (" .. row.i .. ")") end
          end
        end)
        c:transaction(function()
          local n = 0
          for row in c:stream("${rows(50_000)}") do n = n + 1 if n == 3 then break end end
          c:execute("insert into beside values (1)")
        end)
        return ok, e, c:query_one("select count(*) as n from beside").n`;
      const busy = "test:5: db.execute: the transaction is busy with a db.stream: read it to its end or close it first";
      expect(await run(body)).toEqual(name === "MariaDB" ? [false, busy, 1] : [true, undefined, 4]);
    });

    test("a stream cannot outlive its transaction", async () => {
      const body = `local next
        c:transaction(function() next = c:stream("${rows(5000)}") next() end)
        for i = 1, 5000 do next() end`;
      expect(await fails(body)).toBe("test:4: db.stream: the transaction it was opened in has ended");
    });

    test("a stream that nobody reads to its end is closed with the script", async () => {
      expect(
        await results(`local c = db.connect(...) local next = c:stream("${rows(5000)}") return next().i`, {
          args: [url],
        }),
      ).toEqual([1]);
    });
  });
}
