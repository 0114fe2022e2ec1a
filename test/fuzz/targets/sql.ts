/** SQL given to SQLite, in memory and in a file; the scanner that finds parameters, for every database. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { scan } from "../../../builtins/db/statement.ts";
import { readGrants } from "../../../builtins/permissions/grants.ts";
import { RestrictedPermissions } from "../../../builtins/permissions/restricted.ts";
import { toText } from "../../../interpreter/text.ts";
import { Machine } from "../machine.ts";
import type { Target } from "../target.ts";

const SEEDS = [
  "select 1, 'a', x'00ff', null, 1.5, 9223372036854775807",
  "select * from t where a = ? and b like ?",
  "insert into t (a, b) values (?, ?), (:x, @y)",
  "create table u (id integer primary key, d date, n numeric, flag boolean, j json); insert into u values (1, '2024-01-01', 1.5, 1, '{}')",
  "update t set b = b || ?1 || ?2 where a in (select a from t)",
  "with recursive n(i) as (select 1 union all select i + 1 from n where i < 10) select i, json_array(i) as j from n",
  "select a as __proto__, b as constructor, count(*) from t group by a having count(*) > 0 -- comment ?",
  "/* comment ? */ select 'it''s ?', \"col ?\", [b ?], `c ?` from t",
  "begin; insert into t values (9, 'x'); savepoint s; rollback to s; commit",
  "attach 'other.db' as o; vacuum into 'x.db'; pragma user_version = 3",
  "create trigger g after insert on t begin insert into t select ?, ?; end",
  "select $$dollar ? quoted$$, $tag$ ? $tag$, e'\\'?', $1::int, :name, a ->> '$.x' from t",
  "values (1, 2), (3, 4) order by 1 desc limit 1 offset 0; select printf('%s', hex(randomblob(4)))",
];
const PIECES = [
  ..."'\"`[];?:@$()*,",
  "--",
  "/*",
  "*/",
  "?1",
  "?999",
  ":x",
  "@y",
  "$1",
  "$$",
  "select ",
  " from t",
  " where ",
  " union all ",
  "insert into t values (1, 2)",
  "delete from t",
  "drop table t",
  "begin;",
  "rollback;",
  "attach '",
  "pragma ",
  "explain ",
  "vacuum into ",
  "load_extension('x')",
  "readfile('/etc/passwd')",
  "zeroblob(1000000000)",
  "randomblob(100)",
  // Endless only row by row: inside one step of SQLite nothing can stop a statement.
  "with recursive n(i) as (select 1 union all select i + 1 from n limit 100000) select i from n",
  "x'f'",
  "1e999",
  "null",
  "\\",
  "#",
];

export const sql: Target = {
  name: "sql",
  summary: "SQL statements and their parameters, with SQLite; the scanner for all databases",
  cases: 250,
  limitMs: 9000,
  open: async () => {
    const folder = join(process.env.TMPDIR ?? "/nonexistent", "sql");
    const permissions = new RestrictedPermissions([
      readGrants({ "deny-net": true, "allow-read": [folder], "allow-write": [folder], "deny-env": true }),
    ]);
    const settings = { permissions, timeoutMs: 8000, memoryBytes: 32 << 20, keepsOpen: true };
    const machine = new Machine(
      `local sql, url = ...
      local key = url:sub(1, 9)
      -- A connection serves for some inputs: opening one takes much longer than a statement.
      open = open or {}
      local kept = open[key]
      if not kept or kept.used == 20 then
        if kept then kept.connection:close() end
        kept = {connection = db.connect(url, {timeout = 1}), used = 0}
        open[key] = kept
      end
      kept.used = kept.used + 1
      local c = kept.connection
      try(c.execute, c, "create table if not exists t (a integer, b text)") try(c.execute, c, "insert into t values (1, 'x'), (2, null)")
      local rows = try(c.query, c, sql)
      try(c.query, c, sql, {1, "b", x = 3, y = "z"}) try(c.query, c, sql, {1}) try(c.query, c, sql, {"a", nil, 2.5, n = 3})
      try(c.query_one, c, sql, {1, 2}) try(c.execute, c, sql, {sql, 2})
      try(function() local n = 0 for row in c:stream(sql) do n = n + 1 if n > 20 then break end end end)
      try(c.transaction, c, function() c:execute(sql) error("undone") end)
      local again = try(c.query, c, "select 1 as n")
      if not again then kept.used = 20 elseif again[1].n ~= 1 then error("fuzz: the connection is broken") end
      return rows`,
      settings,
    );
    mkdirSync(folder);
    let files = 0;
    const run = async (input: string): Promise<string> => {
      const text = toText(input);
      if (text !== undefined) for (const dialect of ["sqlite", "postgres", "mysql"] as const) scan(text, dialect);
      const url = input.length % 2 === 0 ? "sqlite::memory:" : `sqlite://${folder}/${++files}.db`;
      return machine.run(input, url);
    };
    return { seeds: SEEDS, pieces: PIECES, run, close: () => machine.close() };
  },
};
