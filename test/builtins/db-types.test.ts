/** Each row of docs/database-types.md, both ways. */
import { afterAll, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LuaTable } from "../../interpreter/table.ts";
import { LuaFloat, type Value } from "../../interpreter/value.ts";
import { databases } from "../support/databases.ts";
import { errorOf, results } from "./script.ts";

const { postgres, mysql } = await databases();

/** A value as a text that tells 1 from 1.0 and shows tables in their order. */
function show(value: Value): string {
  if (value === undefined) return "nil";
  if (value instanceof LuaFloat) return Object.is(value.n, -0) ? "-0.0" : `${value.n}.0`;
  if (value instanceof LuaTable) {
    const parts: string[] = [];
    let next = 1;
    value.forEach((key, field) => {
      parts.push(key === next ? show(field) : `${show(key)}=${show(field)}`);
      if (typeof key === "number") next = key + 1;
    });
    return `{${parts.join(" ")}}`;
  }
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

/** The field `v` of the only row of a query. */
async function fieldV(url: string, sql: string, params = "{}", options = "{}"): Promise<string> {
  const script = `local url = ...
    local c <close> = db.connect(url, ${options})
    local rows = c:query(${JSON.stringify(sql)}, ${params})
    assert(#rows == 1)
    return rows[1].v`;
  return show((await results(script, { args: [url] }))[0]);
}

const ALL_BYTES = `(function() local t = {} for i = 0, 255 do t[#t + 1] = string.char(i) end return table.concat(t) end)()`;

describe.skipIf(postgres === undefined)("PostgreSQL to Lua", () => {
  const rows: [string, string][] = [
    ["32767::smallint", "32767"],
    ["(-2147483648)::int", "-2147483648"],
    ["9007199254740993::bigint", "9007199254740993"],
    ["9223372036854775807::bigint", "9223372036854775807"],
    ["'-9223372036854775808'::bigint", "-9223372036854775808"],
    ["4294967295::oid", "4294967295"],
    ["1.5::real", "1.5"],
    ["0.1::real", "0.1"],
    ["0.1::float8", "0.1"],
    ["3::float8", "3.0"],
    ["'-0'::float8", "-0.0"],
    ["'NaN'::float8", "NaN"],
    ["'-Infinity'::float8", "-Infinity"],
    ["1e300::float8", "1e+300"],
    ["12345678.25::numeric(38,10)", "12345678.25"],
    ["5::numeric", "5.0"],
    ["true", "true"],
    ["false", "false"],
    ["null::int", "nil"],
    ["'h\u00e9\u{1f600}'::text", '"h\u00c3\u00a9\u00f0\u009f\u0098\u0080"'],
    ["''::text", '""'],
    ["'ab'::char(4)", '"ab  "'],
    ["'\\x00ff0a'::bytea", '"\\u0000\u00ff\\n"'],
    ['\'{"b":1,"a":[1.0,null,"x"]}\'::json', '{"b"=1 "a"={1.0 3="x"}}'],
    ["'9223372036854775807'::jsonb", "9223372036854775807"],
    ["'null'::jsonb", "nil"],
    ["timestamptz '2024-01-02 03:04:05.678901+05:30'", '"2024-01-01T21:34:05.678901Z"'],
    ["timestamptz '2024-01-02 03:04:05+00'", '"2024-01-02T03:04:05Z"'],
    ["timestamp '2024-01-02 03:04:05.5'", '"2024-01-02T03:04:05.5Z"'],
    ["timestamptz 'infinity'", '"infinity"'],
    ["timestamp '0044-03-15 12:00:00 BC'", '"0044-03-15 12:00:00 BC"'],
    ["date '2024-02-29'", '"2024-02-29"'],
    ["time '23:59:59.5'", '"23:59:59.5"'],
    ["interval '1 year 2 days 03:04:05'", '"1 year 2 days 03:04:05"'],
    ["'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", '"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"'],
    ["'10.0.0.1/8'::inet", '"10.0.0.1/8"'],
    ["B'101'", '"101"'],
    ["int4range(1, 5)", '"[1,5)"'],
    ["point(1, 2)", '"(1,2)"'],
    ["row(1, 'x')", '"(1,x)"'],
    ["array[1, null, 3]", "{1 3=3}"],
    ["array[[1, 2], [3, 4]]", "{{1 2} {3 4}}"],
    ["'{}'::int[]", "{}"],
    ["'[2:3]={7,8}'::int[]", "{7 8}"],
    ["array['a\"b', 'c,d', '{e}', '\\', 'NULL', null, '']", '{"a\\"b" "c,d" "{e}" "\\\\" "NULL" 7=""}'],
    ["array[true, false]", "{true false}"],
    ["array['\\x00ff'::bytea]", '{"\\u0000\u00ff"}'],
    ["array['{\"a\":[1]}'::jsonb]", '{{"a"={1}}}'],
    ["array[timestamptz '2024-01-02 03:04:05+01']", '{"2024-01-02T02:04:05Z"}'],
    ["array[9007199254740993]", "{9007199254740993}"],
    ["array[box '(1,2),(0,0)', box '(3,4),(0,0)']", '{"(1,2),(0,0)" "(3,4),(0,0)"}'],
  ];
  test.each(rows)("Q02: %s is %s", async (expression, expected) => {
    expect(await fieldV(postgres!.url, `select ${expression} as v`)).toBe(expected);
  });

  test("Q02: numeric as exact text on request", async () => {
    const sql = "select 1234567890123456789012345678.0123456789::numeric(38,10) as v";
    expect(await fieldV(postgres!.url, sql, "{}", '{numeric = "string"}')).toBe(
      '"1234567890123456789012345678.0123456789"',
    );
    expect(await fieldV(postgres!.url, "select array[1.10] as v", "{}", '{numeric = "string"}')).toBe('{"1.10"}');
  });

  test("types of users: enums, domains, and arrays of them", async () => {
    const script = `local c <close> = db.connect(...)
      c:execute("drop type if exists mood cascade")
      c:execute("drop domain if exists positive cascade")
      c:execute("create type mood as enum ('sad', 'ok')")
      c:execute("create domain positive as int check (value > 0)")
      local first = c:query_one("select 'ok'::mood m, array['sad','ok']::mood[] a, 5::positive p")
      local sent = c:query_one("select $1::mood[] a", {{"ok", "sad"}})
      for row in c:stream("select array['sad']::mood[] a") do first.s = row.a end
      return first.m, first.a, first.p, sent.a, first.s`;
    expect((await results(script, { args: [postgres!.url] })).map(show)).toEqual([
      '"ok"',
      '{"sad" "ok"}',
      "5",
      '{"ok" "sad"}',
      '{"sad"}',
    ]);
  });
});

describe.skipIf(postgres === undefined)("Lua to PostgreSQL and back", () => {
  const rows: [string, string, string][] = [
    ["int8", "math.maxinteger", "9223372036854775807"],
    ["int8", "math.mininteger", "-9223372036854775808"],
    ["int4", "3.0", "3"],
    ["float8", "0.1", "0.1"],
    ["float8", "3.0", "3.0"],
    ["float8", "0/0", "NaN"],
    ["float8", "-math.huge", "-Infinity"],
    ["numeric", "1e20", "100000000000000000000"],
    ["text", "'x'", '"x"'],
    ["text", "12", '"12"'],
    ["text", "3.0", '"3.0"'],
    ["bool", "true", "true"],
    ["bool", "nil", "nil"],
    ["text", "db.null", "nil"],
    ["bytea", ALL_BYTES, JSON.stringify(String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i)))],
    ["jsonb", "{a = {1, 2.5, 'x'}}", '{"a"={1 2.5 "x"}}'],
    ["jsonb", "{}", "{}"],
    ["json", "5", "5"],
    ["jsonb", "'\"text\"'", '"text"'],
    ["int[]", "{1, nil, 3}", "{1 3=3}"],
    ["int[]", "{1, db.null}", "{1}"],
    ["int[]", "{}", "{}"],
    ["int[]", "{{1, 2}, {3, 4}}", "{{1 2} {3 4}}"],
    ["text[]", "{'a\"b', 'c,d', '{e}', '\\\\', 'NULL', ''}", '{"a\\"b" "c,d" "{e}" "\\\\" "NULL" ""}'],
    ["bytea[]", "{'\\0\\xff'}", '{"\\u0000\u00ff"}'],
    ["jsonb[]", "{{a = 1}}", '{{"a"=1}}'],
    ["float8[]", "{0/0, math.huge, 1.5}", "{NaN Infinity 1.5}"],
    ["timestamptz", "'2024-01-02T03:04:05.678Z'", '"2024-01-02T03:04:05.678Z"'],
    ["uuid", "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", '"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"'],
  ];
  test.each(rows)("Q02: %s from %s", async (type, value, expected) => {
    expect(await fieldV(postgres!.url, `select $1::${type} as v`, `table.pack(${value})`)).toBe(expected);
  });

  const refused: [string, string, string][] = [
    ["text", "'\\xff'", "db.query: parameter 1: not valid UTF-8, and the column is not bytea"],
    ["text", "'a\\0b'", "db.query: parameter 1: a NUL, which PostgreSQL's text cannot hold"],
    ["int[]", "{a = 1}", "db.query: parameter 1: list expected for an array"],
    ["text[]", "{'\\xff'}", "db.query: parameter 1: not valid UTF-8, and the column is not bytea"],
  ];
  test.each(refused)("Q01: %s refuses %s", async (type, value, message) => {
    const script = `local c <close> = db.connect(...)
      local ok, e = pcall(c.query, c, "select $1::${type} as v", table.pack(${value}))
      assert(not ok)
      -- The connection is as good as before.
      assert(c:query_one("select $1::int as v", {4}).v == 4)
      return e`;
    expect(await results(script, { args: [postgres!.url] })).toEqual([message]);
  });
});

describe.skipIf(mysql === undefined)("MariaDB, both ways", () => {
  // column type, value as written, value as read
  const rows: [string, string, string][] = [
    ["tinyint", "-128", "-128"],
    ["smallint unsigned", "65535", "65535"],
    ["mediumint", "-8388608", "-8388608"],
    ["int unsigned", "4294967295", "4294967295"],
    ["int", "2147483647", "2147483647"],
    ["bigint", "math.maxinteger", "9223372036854775807"],
    ["bigint", "math.mininteger", "-9223372036854775808"],
    ["bigint", "9007199254740993", "9007199254740993"],
    ["bigint unsigned", "'18446744073709551615'", '"18446744073709551615"'],
    ["boolean", "true", "true"],
    ["boolean", "false", "false"],
    ["boolean", "7", "7"],
    ["bit(1)", "true", "true"],
    ["bit(12)", "258", "258"],
    ["year", "2024", "2024"],
    ["float", "0.1", "0.1"],
    ["float", "16777216.0", "16777216.0"],
    ["double", "0.1", "0.1"],
    ["double", "3.0", "3.0"],
    ["double", "1e300", "1e+300"],
    ["decimal(38,10)", "'12345678.25'", "12345678.25"],
    ["decimal(5,0)", "5", "5.0"],
    ["char(4)", "'ab'", '"ab"'],
    ["varchar(20)", "'h\u00e9\u{1f600}'", '"h\u00c3\u00a9\u00f0\u009f\u0098\u0080"'],
    ["text", "''", '""'],
    ["text", "'a\\0b'", '"a\\u0000b"'],
    ["enum('x','y')", "'y'", '"y"'],
    ["set('x','y')", "'x,y'", '{"x" "y"}'],
    ["blob", ALL_BYTES, JSON.stringify(String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i)))],
    ["binary(3)", "'\\xff'", '"\u00ff\\u0000\\u0000"'],
    ["json", "{a = {1, 2.5, 'x'}}", '{"a"={1 2.5 "x"}}'],
    ["json", "'null'", "nil"],
    ["json", "'9223372036854775807'", "9223372036854775807"],
    ["datetime", "'2024-01-02 03:04:05'", '"2024-01-02T03:04:05Z"'],
    ["datetime(6)", "'2024-01-02T03:04:05.678901Z'", '"2024-01-02T03:04:05.678901Z"'],
    ["timestamp(3) null", "'2024-01-02T03:04:05.678Z'", '"2024-01-02T03:04:05.678Z"'],
    ["text", "'2024-01-02T03:04:05Z'", '"2024-01-02T03:04:05Z"'],
    ["date", "'2024-02-29'", '"2024-02-29"'],
    ["time", "'-12:34:56'", '"-12:34:56"'],
    ["time(3)", "'12:34:56.789'", '"12:34:56.789"'],
    ["uuid", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", '"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"'],
    ["inet6", "'::1'", '"::1"'],
    ["int", "nil", "nil"],
    ["text", "db.null", "nil"],
  ];
  test.each(rows)("Q02: %s from %s", async (type, value, expected) => {
    const script = `local c <close> = db.connect(...)
      c:execute("create or replace table types (v ${type.replaceAll('"', '\\"')})")
      assert(c:execute("insert into types values (?)", table.pack(${value})) == 1)
      return c:query_one("select v from types").v`;
    expect(show((await results(script, { args: [mysql!.url] }))[0])).toBe(expected);
  });

  test("Q02: decimal as exact text on request", async () => {
    const sql = "select cast(1234567890123456789012345678.0123456789 as decimal(38,10)) as v";
    expect(await fieldV(mysql!.url, sql, "{}", '{numeric = "string"}')).toBe(
      '"1234567890123456789012345678.0123456789"',
    );
  });

  test("a geometry is GeoJSON", async () => {
    const sql = "select st_geomfromtext('POINT(1 2.5)') as v";
    expect(await fieldV(mysql!.url, sql)).toBe('{"type"="Point" "coordinates"={1 2.5}}');
  });

  test.each(["0/0", "1/0", "-1/0"])("Q01: %s is an argument error", async (value) => {
    const name = { "0/0": "nan", "1/0": "inf", "-1/0": "-inf" }[value];
    const script = `local c <close> = db.connect(...) c:query("select ?", {${value}})`;
    expect(await errorOf(script, { args: [mysql!.url] })).toBe(
      `test:1: bad argument #2 to 'db.connection:query' (parameter 1: ${name} cannot be stored)`,
    );
  });
});

describe.each(["file", "memory"])("SQLite in %s, both ways", (kind) => {
  const file = join(tmpdir(), `assay-types-${process.pid}.db`);
  const url = kind === "file" ? `sqlite://${file}` : "sqlite::memory:";
  afterAll(() => {
    for (const end of ["", "-wal", "-shm"]) rmSync(file + end, { force: true });
  });

  const rows: [string, string, string][] = [
    ["integer", "1", "1"],
    ["integer", "math.maxinteger", "9223372036854775807"],
    ["integer", "math.mininteger", "-9223372036854775808"],
    ["integer", "9007199254740993", "9007199254740993"],
    ["", "5000000000", "5000000000"],
    ["", "3.0", "3.0"],
    ["", "-0.0", "-0.0"],
    ["real", "3", "3.0"],
    ["real", "0.1", "0.1"],
    ["real", "math.huge", "Infinity"],
    ["numeric", "5", "5"],
    ["numeric(10,2)", "1.25", "1.25"],
    ["text", "'h\u00e9\u{1f600}'", '"h\u00c3\u00a9\u00f0\u009f\u0098\u0080"'],
    ["text", "'a\\0b'", '"a\\u0000b"'],
    ["text", "12", '"12"'],
    ["blob", ALL_BYTES, JSON.stringify(String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i)))],
    ["blob", "''", '""'],
    ["boolean", "true", "true"],
    ["bool", "false", "false"],
    ["boolean", "7", "7"],
    ["integer", "true", "1"],
    ["datetime", "'2024-01-02 03:04:05'", '"2024-01-02T03:04:05Z"'],
    ["timestamp", "'2024-01-02T03:04:05.678Z'", '"2024-01-02T03:04:05.678Z"'],
    ["timestamp", "'2024-01-02 03:04:05+02:00'", '"2024-01-02T01:04:05Z"'],
    ["timestamp", "1704164645", "1704164645"],
    ["date", "'2024-02-29'", '"2024-02-29"'],
    ["json", "{a = {1, 2.5, 'x'}}", '{"a"={1 2.5 "x"}}'],
    ["json", "'no json'", '"no json"'],
    ["text", "{a = 1}", '"{\\"a\\":1}"'],
    ["", "nil", "nil"],
    ["", "db.null", "nil"],
  ];
  test.each(rows)("Q02: %s from %s", async (type, value, expected) => {
    const script = `local c <close> = db.connect(...)
      c:execute("drop table if exists types")
      c:execute("create table types (v ${type})")
      assert(c:execute("insert into types values (?)", table.pack(${value})) == 1)
      return c:query_one("select v from types where 1 = ?", {1}).v`;
    expect(show((await results(script, { args: [url] }))[0])).toBe(expected);
  });

  test("declared types survive an alias, and do not spread to expressions", async () => {
    const script = `local c <close> = db.connect(...)
      c:execute("drop table if exists types")
      c:execute("create table types (ok boolean, at timestamp)")
      c:execute("insert into types values (true, '2024-01-02 03:04:05')")
      local row = c:query_one("select ok as fine, ok + 0 as n, at as moment, count(*) as ok from types")
      return row.fine, row.n, row.moment, row.ok`;
    expect((await results(script, { args: [url] })).map(show)).toEqual(["true", "1", '"2024-01-02T03:04:05Z"', "1"]);
  });

  test("Q01: nan is an argument error", async () => {
    const script = `local c <close> = db.connect(...) db.query(c, "select ?", {0/0})`;
    expect(await errorOf(script, { args: [url] })).toBe(
      "test:1: bad argument #3 to 'db.query' (parameter 1: nan cannot be stored)",
    );
  });
});
