import { describe, expect, test } from "bun:test";
import { type Dialect, scan, split } from "../../builtins/db/statement.ts";

describe("how many parameters a statement takes", () => {
  const rows: [Dialect, string, number][] = [
    ["postgres", "select 1", 0],
    ["postgres", "select $1, $2, $1", 2],
    ["postgres", "select $2", 2],
    ["postgres", "select '$1', \"$2\", $3", 3],
    ["postgres", "select '''$1'", 0],
    ["postgres", "select E'\\'$1', $2", 2],
    ["postgres", "select e'\\\\', $1", 1],
    ["postgres", "select type'\\', $1", 1],
    ["postgres", "select $$ $1 $$, $1", 1],
    ["postgres", "select $a$ $1 $$ $b$ $a$, $2", 2],
    ["postgres", "select 1 -- $1\n, $2", 2],
    ["postgres", "select /* $1 /* $2 */ $3 */ 1", 0],
    ["postgres", "select a$1 from t", 0],
    ["postgres", "select doc ? 'x', doc ?| array['y'] from t where id = $1", 1],
    ["postgres", "select x::int, y[1:2] from t", 0],
    ["mysql", "select ?, ?", 2],
    ["mysql", "select '?', \"?\", `?`, ?", 1],
    ["mysql", "select '\\'?', ?", 1],
    ["mysql", "select ? # ?\n, ?", 2],
    ["mysql", "select 5--1, ? -- ?", 1],
    ["mysql", "select /* ? */ ?", 1],
    ["mysql", "select /*! ? */ ?", 2],
    ["mysql", "select /*M!100100 ?, */ ?", 2],
    ["mysql", "select $1", 0],
    ["sqlite", "select ?, ?", 2],
    ["sqlite", "select ?2, ?", 3],
    ["sqlite", "select ?3", 3],
    ["sqlite", "select $1, $2, $1", 2],
    ["sqlite", "select [?], `?`, \"?\", '?', ?", 1],
    ["sqlite", "select '\\', ?", 1],
    ["sqlite", "select /* ? ? */ 1 -- ?", 0],
    ["sqlite", "select /* never closed ?", 0],
  ];
  test.each(rows)("%s: %s", (dialect, sql, count) => {
    expect(scan(sql, dialect).parameters).toBe(count);
  });
});

describe("whether it is one statement", () => {
  const rows: [Dialect, string, boolean][] = [
    ["postgres", "select 1", false],
    ["postgres", "select 1;", false],
    ["postgres", "select 1; -- done\n /* really */ ;", false],
    ["postgres", ";; select 1", false],
    ["postgres", "select 1; select 2", true],
    ["postgres", "select ';'", false],
    ["postgres", "do $$ begin perform 1; perform 2; end $$", false],
    ["postgres", "create function f() returns int begin atomic select 1; select 2; end", false],
    ["postgres", "create table t (a int); drop table t", true],
    ["postgres", "create extension pgcrypto; drop table t", true],
    [
      "postgres",
      "create or replace procedure p() begin atomic select case when a then 1 end; select 2; end; select 3",
      true,
    ],
    ["postgres", "create rule r as on insert to t do also (delete from u; delete from v)", false],
    ["postgres", "create function f() returns int language sql as $$ select 1; $$", false],
    ["mysql", "insert into t values (1); delete from t", true],
    ["mysql", "create procedure p() begin select 1; select 2; end", false],
    ["mysql", "begin not atomic select 1; select 2; end", false],
    ["mysql", "select 1 # ; select 2", false],
    ["sqlite", "select 1; drop table t", true],
    ["sqlite", "create trigger a after insert on t begin select 1; select 2; end", false],
    ["sqlite", "create temp trigger a after insert on t begin select case when 1 then 2 end; end;", false],
    ["sqlite", "create trigger a after insert on t begin select 1; end; drop table t", true],
    ["sqlite", "create table t (a); drop table t", true],
    ["sqlite", "select [;]", false],
  ];
  test.each(rows)("%s: %s", (dialect, sql, several) => {
    expect(scan(sql, dialect).several).toBe(several);
  });
});

describe("the statements of a script", () => {
  const rows: [Dialect, string, string[]][] = [
    ["postgres", "", []],
    ["postgres", " ; -- nothing\n;", []],
    ["postgres", "select 1", ["select 1"]],
    [
      "postgres",
      "-- first\nselect 1;\n\n/* second */ select ';';\n",
      ["-- first\nselect 1;", "/* second */ select ';';"],
    ],
    [
      "postgres",
      "create function f() returns int language plpgsql as $$ begin return 1; end $$;\ncreate index on t (f());",
      ["create function f() returns int language plpgsql as $$ begin return 1; end $$;", "create index on t (f());"],
    ],
    [
      "postgres",
      "create function f() returns int begin atomic; select 1; end; select 2; begin; select 3; end;",
      ["create function f() returns int begin atomic; select 1; end;", "select 2;", "begin;", "select 3;", "end;"],
    ],
    [
      "mysql",
      "insert into t values ('\\';'); # done;\ndelete from t",
      ["insert into t values ('\\';');", "# done;\ndelete from t"],
    ],
    [
      "sqlite",
      "create trigger a after insert on t begin select 1; end; drop table t;",
      ["create trigger a after insert on t begin select 1; end;", "drop table t;"],
    ],
  ];
  test.each(rows)("%s: %s", (dialect, script, statements) => {
    expect(split(script, dialect)).toEqual(statements);
  });
});

test("SQLite's $1 is sent as ?1, everything else as it is", () => {
  expect(scan("select $1, '$1', $12 -- $1", "sqlite").text).toBe("select ?1, '$1', ?12 -- $1");
  expect(scan("select $1", "postgres").text).toBe("select $1");
});

test("named parameters are noticed", () => {
  expect(scan("select :name", "sqlite").named).toBe(":name");
  expect(scan("select @name", "sqlite").named).toBe("@name");
  expect(scan("select $name", "sqlite").named).toBe("$name");
  expect(scan("select ':name', a::int", "postgres").named).toBeUndefined();
});

test("the first words tell what it is", () => {
  expect(scan("/* x */ -- y\n Insert  INTO t values (1)", "sqlite").words).toEqual(["insert", "into", "t", "values"]);
  expect(scan("(select 1)", "postgres").words).toEqual([]);
});

test("a long list of parameters is scanned in linear time", () => {
  const sql = `insert into t values (${Array.from({ length: 50_000 }, () => "?").join(",")})`;
  expect(scan(sql, "mysql").parameters).toBe(50_000);
});
