/** Transactions: commit, rollback on error, cancel and end, savepoints, and the tasks they belong to. */
import { afterAll, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { databases } from "../support/databases.ts";
import { errorOf, results, runScript } from "./script.ts";

const { postgres, mysql } = await databases();
const file = join(tmpdir(), `assay-transactions-${process.pid}.db`);
afterAll(() => {
  for (const end of ["", "-wal", "-shm"]) rmSync(file + end, { force: true });
});

const TARGETS = [
  { name: "PostgreSQL", url: postgres?.url },
  { name: "MariaDB", url: mysql?.url },
  { name: "SQLite file", url: `sqlite://${file}` },
  { name: "SQLite memory", url: "sqlite::memory:" },
];

/** A connection with an empty table `tx (v)`, and a function that tells what is in it. */
const SETUP = `local c <close> = db.connect(...)
  c:execute("drop table if exists tx") c:execute("create table tx (v int)")
  local function add(v) return c:execute("insert into tx values (" .. v .. ")") end
  local function all()
    local t = {}
    for i, row in ipairs(c:query("select v from tx order by v")) do t[i] = row.v end
    return table.concat(t, " ")
  end\n`;

for (const { name, url } of TARGETS) {
  describe.skipIf(url === undefined)(name, () => {
    const run = (body: string) => results(SETUP + body, { args: [url] });
    const fails = (body: string) => errorOf(SETUP + body, { args: [url] });

    test("commits what the function did, and returns what it returned", async () => {
      const body = `local a, b, d = c:transaction(function(tx) assert(tx == c) add(1) add(2) return "x", nil, 3 end)
        return a, b, d, all()`;
      expect(await run(body)).toEqual(["x", undefined, 3, "1 2"]);
    });

    test("rolls back on an error and raises it again, whatever it is", async () => {
      const body = `add(1)
        local thrown = {}
        local ok, e = pcall(c.transaction, c, function() add(2) error(thrown) end)
        local ok2, e2 = pcall(c.transaction, c, function() add(3) error("text", 0) end)
        local ok3, e3 = pcall(c.transaction, c, function() add(4) local x = nil + 1 end)
        return ok, e == thrown, ok2, e2, e3, all()`;
      expect(await run(body)).toEqual([
        false,
        true,
        false,
        "text",
        "test:13: attempt to perform arithmetic on a nil value",
        "1",
      ]);
    });

    test("Q03: rolls back when a statement fails", async () => {
      const body = `local ok = pcall(c.transaction, c, function() add(1) c:execute("insert into nope values (1)") end)
        return ok, all()`;
      expect(await run(body)).toEqual([false, ""]);
    });

    test("inside another one it is a savepoint", async () => {
      const body = `c:transaction(function()
          add(1)
          local ok = pcall(c.transaction, c, function()
            add(2)
            c:transaction(function() add(3) end)
            error("inner")
          end)
          assert(not ok)
          add(4)
          c:transaction(function() add(5) end)
        end)
        return all()`;
      expect(await run(body)).toEqual(["1 4 5"]);
    });

    test("a savepoint makes good what a failed statement broke", async () => {
      const body = `c:transaction(function()
          add(1)
          pcall(c.transaction, c, function() c:execute("insert into nope values (1)") end)
          add(2)
        end)
        return all()`;
      expect(await run(body)).toEqual(["1 2"]);
    });

    test("a coroutine inside, a pcall inside, a yield across", async () => {
      const body = `local co = coroutine.wrap(function()
          return c:transaction(function() add(1) local got = coroutine.yield("yielded") add(got) return "done" end)
        end)
        local first = co() local last = co(7)
        return first, last, all()`;
      expect(await run(body)).toEqual(["yielded", "done", "1 7"]);
    });

    test("Q05: a task that is cancelled in the middle rolls back", async () => {
      const body = `local started = async.channel(1)
        local handle = async.spawn(function()
          c:transaction(function() add(1) started:send(true) sleep(60) end)
        end)
        started:recv() handle:cancel()
        pcall(handle.await, handle)
        add(9)
        return all()`;
      expect(await run(body)).toEqual(["9"]);
    });

    test("Q05: an open BEGIN is rolled back when its task ends", async () => {
      const body = `async.spawn(function() c:execute("begin") add(1) end):await()
        add(2)
        return all()`;
      expect(await run(body)).toEqual(["2"]);
    });

    test("BEGIN, COMMIT and ROLLBACK by hand belong to the task", async () => {
      const body = `c:execute("begin") add(1) c:execute("COMMIT")
        c:execute("begin") add(2) c:execute("rollback")
        c:execute("begin") add(3) c:execute("savepoint s") add(4) c:execute("rollback to savepoint s") c:execute("commit;")
        return all()`;
      expect(await run(body)).toEqual(["1 3"]);
    });

    test.each([
      ["commit without a transaction", `c:execute("commit")`, "db.execute: COMMIT without a transaction in this task"],
      [
        "rollback without a transaction",
        `c:execute("rollback")`,
        "db.execute: ROLLBACK without a transaction in this task",
      ],
      [
        "savepoint without a transaction",
        `c:execute("savepoint s")`,
        "db.execute: SAVEPOINT S without a transaction; use db.transaction",
      ],
      [
        "begin twice",
        `c:execute("begin") c:execute("begin")`,
        "db.execute: BEGIN inside a transaction; use db.transaction or SAVEPOINT",
      ],
      [
        "commit inside",
        `c:transaction(function() c:execute("commit") end)`,
        "db.execute: COMMIT inside db.transaction: return to commit, raise an error to roll back",
      ],
      ["stream of a commit", `c:stream("commit")`, "db.stream: commit has no rows; use db.execute"],
    ])("%s is an error", async (_case, body, message) => {
      expect(await fails(body)).toBe(`test:9: ${message}`);
    });

    test("closing the connection inside", async () => {
      expect(await fails(`c:transaction(function() add(1) c:close() end)`)).toBe(
        "test:9: db.transaction: the connection was closed before the end; rolled back",
      );
    });

    test.skipIf(url === "sqlite::memory:")("a script that ends in the middle rolls back", async () => {
      const outcome = await runScript(`${SETUP.replace("<close>", "")} c:execute("begin") add(1) error("the end", 0)`, {
        args: [url],
      });
      expect(outcome.error).toBe("the end");
      const count = "return #db.connect(...):query('select * from tx')";
      expect(await results(count, { args: [url] })).toEqual([0]);
    });

    test("other tasks are not in the transaction", async () => {
      // With one connection they wait for its end; with several they do not see what is not committed.
      const body = `local started, seen = async.channel(1), nil
        local other = async.spawn(function() started:recv() seen = #c:query("select * from tx") end)
        c:transaction(function() add(1) started:send(true) sleep(0.05) error("undo") end)`;
      expect(await run(`pcall(function() ${body} end)\nsleep(0.1) return all()`)).toEqual([""]);
      const outcome = await run(`${body.replace(`error("undo")`, "")} other:await() return seen`);
      expect(outcome).toEqual([name.startsWith("SQLite") ? 1 : 0]);
    });

    test("two tasks at once, each its transactions", async () => {
      const body = `local function work(from)
          for i = from, from + 9 do c:transaction(function() add(i) if i % 3 == 0 then error("no") end end) end
        end
        local function keep(from) for i = from, from + 9 do pcall(c.transaction, c, function() add(i) if i % 3 == 0 then error("no") end end) end end
        local a, b = async.spawn(keep, 10), async.spawn(keep, 20)
        a:await() b:await()
        return all()`;
      expect(await run(body)).toEqual(["10 11 13 14 16 17 19 20 22 23 25 26 28 29"]);
    });
  });
}

describe.skipIf(postgres === undefined)("PostgreSQL only", () => {
  test("Q03: a failed statement that was caught cannot be committed silently", async () => {
    const body = `c:transaction(function() add(1) pcall(c.execute, c, "insert into nope values (1)") end)`;
    expect(await errorOf(SETUP + body, { args: [postgres!.url] })).toBe(
      "test:9: db.transaction: rolled back, because a statement in it had failed",
    );
    const byHand = `c:execute("begin") pcall(c.execute, c, "nonsense") c:execute("commit")`;
    expect(await errorOf(SETUP + byHand, { args: [postgres!.url] })).toBe(
      "test:9: db.execute: rolled back, because a statement in the transaction had failed",
    );
  });

  test("a constraint that fails at the commit", async () => {
    const body = `c:execute("drop table if exists late")
      c:execute("create table late (v int unique deferrable initially deferred)")
      local ok, e = pcall(c.transaction, c, function() c:execute("insert into late values (1), (1)") end)
      return ok, e:match("SQLSTATE %d+"), #c:query("select * from late")`;
    expect(await results(SETUP + body, { args: [postgres!.url] })).toEqual([false, "SQLSTATE 23505", 0]);
  });
});
