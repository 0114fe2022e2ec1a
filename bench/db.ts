/**
 * Databases, measured: `bun bench/db.ts [postgres] [mysql] [file] [memory]`, all of them by default.
 *
 * Each does 10,000 inserts of one row, one query of 100,000 rows, and 1,000 small queries at once: in Lua, in plain
 * TypeScript with the same library and the same settings, and in Python where Debian's modules are installed (the
 * small queries there one after the other: its drivers have no other way in one thread). Best of several turns, which
 * alternate. The aim is 1.5 times the time of plain TypeScript.
 *
 * Servers are the tests' own (test/support/databases.ts).
 */
import { Database } from "bun:sqlite";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPool } from "mariadb";
import postgres from "postgres";
import initSqlJs from "sql.js";
import wasm from "sql.js/dist/sql-wasm.wasm" with { type: "file" };
import { Host } from "../builtins/host.ts";
import { openBuiltins } from "../builtins/index.ts";
import { createVm, load, Task } from "../interpreter/index.ts";
import { list } from "../interpreter/value.ts";
import { databases } from "../test/support/databases.ts";

const INSERTS = 10_000;
const ROWS = 100_000;
const AT_ONCE = 1_000;
const TURNS = 5;

/** Seconds for inserts, the large query, the small queries. */
type Times = [number, number, number];

interface Subject {
  name: string;
  url: string;
  /** The work in plain TypeScript. */
  plain(): Promise<Times>;
  /** The work in Python: a program that prints three numbers. */
  python: string | undefined;
  /** SQL in which `?` stands for the placeholder of this database. */
  placeholder: string;
}

const CREATE = "create table bench (id integer primary key, name varchar(100), score double precision, made timestamp)";
const INSERT = "insert into bench values (?, ?, ?, ?)";
const FILL = `insert into bench with recursive n(i) as (select 1 union all select i + 1 from n where i < ${ROWS})
  select i, 'name ' || i, i / 7.0, '2024-01-02 03:04:05' from n`;
/** What MariaDB writes otherwise: concatenation, and numbers from its sequence engine. */
const FILL_MARIADB = `insert into bench select seq, concat('name ', seq), seq / 7, '2024-01-02 03:04:05' from seq_1_to_${ROWS}`;
const ALL = "select * from bench";
const ONE = "select * from bench where id = ?";

function sqlOf(subject: { placeholder: string; name: string }, sql: string): string {
  let n = 0;
  const fill =
    subject.name === "MariaDB"
      ? FILL_MARIADB
      : FILL.replace("'2024-01-02 03:04:05'", "timestamp '2024-01-02 03:04:05'");
  const text = sql === FILL && !subject.name.startsWith("SQLite") ? fill : sql;
  return subject.placeholder === "$" ? text.replace(/\?/g, () => `$${++n}`) : text;
}

/** The work in Lua. */
async function inLua(subject: Subject): Promise<Times> {
  const quoted = (sql: string): string => JSON.stringify(sqlOf(subject, sql)).replaceAll("\\n", " ");
  const source = `local c <close> = db.connect(..., {timeout = 120})
    c:execute("drop table if exists bench") c:execute(${JSON.stringify(CREATE)})
    local insert = ${quoted(INSERT)}
    local start = monotonic()
    for i = 1, ${INSERTS} do c:execute(insert, {i, "name " .. i, i / 7, "2024-01-02 03:04:05"}) end
    local inserts = monotonic() - start
    c:execute("delete from bench") c:execute(${quoted(FILL)})
    start = monotonic()
    local rows = c:query(${JSON.stringify(ALL)})
    local large = monotonic() - start
    assert(#rows == ${ROWS})
    rows = nil
    local one = ${quoted(ONE)}
    local handles = {}
    start = monotonic()
    for i = 1, ${AT_ONCE} do handles[i] = async.spawn(function() return c:query(one, {i})[1].id end) end
    for i = 1, ${AT_ONCE} do assert(handles[i]:await() == i) end
    return inserts, large, monotonic() - start`;
  const vm = createVm();
  const host = new Host();
  openBuiltins(vm, host, "script");
  const times = list(await new Task(vm, load(vm, source, "=bench"), [subject.url]).start().promise);
  await host.closeResources();
  return times.map(Number) as Times;
}

async function timed(work: () => Promise<unknown> | unknown): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

async function plainPostgres(subject: Subject): Promise<Times> {
  const sql = postgres(`${subject.url}?sslmode=prefer`, { max: 5, onnotice: () => {} });
  await sql.unsafe("drop table if exists bench");
  await sql.unsafe(CREATE);
  const insert = sqlOf(subject, INSERT);
  const inserts = await timed(async () => {
    for (let i = 1; i <= INSERTS; i++) {
      await sql.unsafe(insert, [i, `name ${i}`, i / 7, "2024-01-02 03:04:05"], { prepare: true });
    }
  });
  await sql.unsafe("delete from bench");
  await sql.unsafe(sqlOf(subject, FILL));
  const large = await timed(() => sql.unsafe(ALL));
  const one = sqlOf(subject, ONE);
  const small = await timed(() =>
    Promise.all(Array.from({ length: AT_ONCE }, (_, i) => sql.unsafe(one, [i + 1], { prepare: true }))),
  );
  await sql.end();
  return [inserts, large, small];
}

async function plainMariadb(subject: Subject): Promise<Times> {
  const { hostname, port, username, password, pathname } = new URL(subject.url);
  const database = pathname.slice(1);
  const ssl = { rejectUnauthorized: false };
  const pool = createPool({
    host: hostname,
    port: Number(port),
    user: username,
    password,
    database,
    ssl,
    connectionLimit: 5,
  });
  await pool.query("drop table if exists bench");
  await pool.query(CREATE);
  const inserts = await timed(async () => {
    for (let i = 1; i <= INSERTS; i++) await pool.execute(INSERT, [i, `name ${i}`, i / 7, "2024-01-02 03:04:05"]);
  });
  await pool.query("delete from bench");
  await pool.query(FILL_MARIADB);
  const large = await timed(() => pool.execute(ALL));
  const small = await timed(() => Promise.all(Array.from({ length: AT_ONCE }, (_, i) => pool.execute(ONE, [i + 1]))));
  await pool.end();
  return [inserts, large, small];
}

async function plainFile(subject: Subject): Promise<Times> {
  // 64-bit integers are exact in Lua, so they have to be here.
  const database = new Database(subject.url.slice("sqlite://".length), { safeIntegers: true });
  for (const pragma of ["journal_mode = wal", "synchronous = full", "foreign_keys = on"])
    database.run(`pragma ${pragma}`);
  database.run("drop table if exists bench");
  database.run(CREATE);
  const insert = database.query(INSERT);
  const inserts = await timed(() => {
    for (let i = 1; i <= INSERTS; i++) insert.run(i, `name ${i}`, i / 7, "2024-01-02 03:04:05");
  });
  database.run("delete from bench");
  database.run(FILL);
  const large = await timed(() => database.query(ALL).all());
  const one = database.query(ONE);
  const small = await timed(() => {
    for (let i = 1; i <= AT_ONCE; i++) one.all(i);
  });
  database.close(true);
  return [inserts, large, small];
}

async function plainMemory(): Promise<Times> {
  const library = await initSqlJs({ wasmBinary: await Bun.file(wasm).arrayBuffer() });
  const database = new library.Database();
  database.run(CREATE);
  const config = { useBigInt: true };
  const insert = database.prepare(INSERT);
  const inserts = await timed(() => {
    for (let i = 1; i <= INSERTS; i++) {
      insert.bind([i, `name ${i}`, i / 7, "2024-01-02 03:04:05"]);
      insert.step();
      insert.reset();
    }
  });
  database.run("delete from bench");
  database.run(FILL);
  const all = database.prepare(ALL);
  const large = await timed(() => {
    const rows = [];
    while (all.step()) rows.push(all.get(undefined, config));
    all.reset();
  });
  const one = database.prepare(ONE);
  const small = await timed(() => {
    for (let i = 1; i <= AT_ONCE; i++) {
      one.bind([i]);
      while (one.step()) one.get(undefined, config);
      one.reset();
    }
  });
  database.close();
  return [inserts, large, small];
}

/** A Python program; `connect` makes a connection `c` whose statements commit by themselves. */
function pythonProgram(connect: string, mark: string, fill: string): string {
  const marks = (sql: string): string => sql.replaceAll("?", mark);
  return `
import time
${connect}
q = c.cursor()
q.execute("drop table if exists bench")
q.execute("${CREATE}")
t = time.monotonic()
for i in range(1, ${INSERTS + 1}): q.execute("${marks(INSERT)}", (i, "name %d" % i, i / 7, "2024-01-02 03:04:05"))
a = time.monotonic() - t
q.execute("delete from bench")
q.execute("""${fill}""")
t = time.monotonic()
q.execute("${ALL}")
names = [d[0] for d in q.description]
rows = [dict(zip(names, row)) for row in q.fetchall()]
b = time.monotonic() - t
assert len(rows) == ${ROWS}
t = time.monotonic()
for i in range(1, ${AT_ONCE + 1}):
    q.execute("${marks(ONE)}", (i,))
    q.fetchall()
print(a, b, time.monotonic() - t)
`;
}

function inPython(program: string): Times | undefined {
  const run = Bun.spawnSync(["/usr/bin/python3", "-c", program], { stdout: "pipe", stderr: "pipe" });
  return run.exitCode === 0 ? (run.stdout.toString().trim().split(" ").map(Number) as Times) : undefined;
}

function best(turns: readonly (Times | undefined)[]): Times | undefined {
  const measured = turns.filter((times) => times !== undefined);
  if (measured.length === 0) return undefined;
  return [0, 1, 2].map((i) => Math.min(...measured.map((times) => times[i]!))) as Times;
}

function show(name: string, times: Times | undefined, against: Times): void {
  if (times === undefined) return;
  const columns = times.map(
    (seconds, i) => `${(seconds * 1000).toFixed(0).padStart(7)} ms ${(seconds / against[i]!).toFixed(2).padStart(5)}x`,
  );
  console.log(`  ${name.padEnd(18)} ${columns.join("   ")}`);
}

const wanted = process.argv.slice(2);
const wants = (name: string): boolean => wanted.length === 0 || wanted.includes(name);
const folder = mkdtempSync(join(tmpdir(), "assay-bench-"));
const subjects: Subject[] = [];
if (wants("postgres") || wants("mysql")) {
  const servers = await databases();
  if (wants("postgres") && servers.postgres !== undefined) {
    const { url } = servers.postgres;
    const connect = `import psycopg2\nc = psycopg2.connect("${url}")\nc.autocommit = True`;
    const fill = sqlOf({ name: "PostgreSQL", placeholder: "$" }, FILL);
    const subject: Subject = {
      name: "PostgreSQL",
      url,
      placeholder: "$",
      plain: () => plainPostgres(subject),
      python: pythonProgram(connect, "%s", fill),
    };
    subjects.push(subject);
  }
  if (wants("mysql") && servers.mysql !== undefined) {
    const { url } = servers.mysql;
    const subject: Subject = {
      name: "MariaDB",
      url,
      placeholder: "?",
      plain: () => plainMariadb(subject),
      python: undefined,
    };
    subjects.push(subject);
  }
}
if (wants("file")) {
  const path = join(folder, "lua.db");
  const connect = `import sqlite3\nc = sqlite3.connect("${path}.python", isolation_level=None)\nc.execute("pragma journal_mode = wal")\nc.execute("pragma synchronous = full")`;
  const subject: Subject = {
    name: "SQLite file",
    url: `sqlite://${path}`,
    placeholder: "?",
    plain: () => plainFile({ ...subject, url: `${subject.url}.plain` }),
    python: pythonProgram(connect, "?", FILL),
  };
  subjects.push(subject);
}
if (wants("memory")) {
  const connect = `import sqlite3\nc = sqlite3.connect(":memory:", isolation_level=None)`;
  subjects.push({
    name: "SQLite in memory",
    url: "sqlite::memory:",
    placeholder: "?",
    plain: plainMemory,
    python: pythonProgram(connect, "?", FILL),
  });
}

console.log(
  `${"".padEnd(20)}${`${INSERTS} inserts`.padStart(17)}   ${`${ROWS} rows`.padStart(17)}   ${`${AT_ONCE} at once`.padStart(17)}`,
);
for (const subject of subjects) {
  const turns: { lua: Times; plain: Times; python: Times | undefined }[] = [];
  for (let i = 0; i < TURNS; i++) {
    const lua = await inLua(subject);
    const plain = await subject.plain();
    turns.push({ lua, plain, python: subject.python === undefined || i > 1 ? undefined : inPython(subject.python) });
  }
  const plain = best(turns.map((turn) => turn.plain))!;
  console.log(subject.name);
  show("Lua", best(turns.map((turn) => turn.lua)), plain);
  show("plain TypeScript", plain, plain);
  show("Python", best(turns.map((turn) => turn.python)), plain);
}
rmSync(folder, { recursive: true, force: true });
process.exit(0);
