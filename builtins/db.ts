/** SQL databases: PostgreSQL, MySQL and MariaDB, SQLite. */
import {
  argumentError,
  boolean,
  callable,
  custom,
  type Declaration,
  documentKinds,
  failure,
  fn,
  integer,
  type Kind,
  library,
  newUserdata,
  number,
  optional,
  options,
  returns,
  string,
  table,
  userdata,
} from "../interpreter/native.ts";
import { state } from "../interpreter/state.ts";
import { LuaTable } from "../interpreter/table.ts";
import { fromText, toText } from "../interpreter/text.ts";
import { NOTHING, type Results, type Suspended, Userdata, type Value } from "../interpreter/value.ts";
import type { VirtualMachine } from "../interpreter/vm.ts";
import { controls, runControl } from "./db/control.ts";
import { Database, isBusy, type Result } from "./db/database.ts";
import { loadDriver } from "./db/drivers.ts";
import { bind, NULL_KIND } from "./db/parameters.ts";
import type { Work } from "./db/session.ts";
import { type Scanned, scan, split } from "./db/statement.ts";
import { iterator, openStream, type RowStream } from "./db/stream.ts";
import { transaction } from "./db/transaction.ts";
import { parseUrl, type TlsFiles } from "./db/url.ts";
import { type Context, wait } from "./db/wait.ts";
import { hostOf } from "./host.ts";

const CONNECTION = "db.connection";

const connection = userdata("conn", CONNECTION, { summary: "From db.connect." });
const sqlText = string("sql", { summary: "One statement; values go into params, never into the text." });
const parameters = optional(
  table("params", {
    type: "(string|number|boolean|table|nil)[]",
    summary: "Values for $1, $2 … (PostgreSQL, SQLite) or ? (MySQL, SQLite); db.null for NULL at the end.",
  }),
);

const RAISES = ["When the statement fails: the server's message, its code and the position."];

/** A statement that is ready to run. */
interface Prepared {
  readonly database: Database;
  readonly work: Work;
  readonly scanned: Scanned;
  readonly context: Context;
}

/** Checks a call of `what(conn, sql, params)`. */
/** Databases that a machine may have open at a time: those of SQLite run in this process, 3 to 7 MB each. */
const MAX_SQLITE = 20;
const MAX_SERVERS = 200;

function refuseCrowd(vm: VirtualMachine, isSqlite: boolean): void {
  const max = isSqlite ? MAX_SQLITE : MAX_SERVERS;
  let count = 0;
  for (const one of hostOf(vm).resources) {
    if (one instanceof Database && (one.driver.dialect === "sqlite") === isSqlite) count++;
  }
  if (count >= max) throw failure(`db.connect: too many connections (${count} are not closed)`);
}

function prepare(what: string, conn: Userdata, sql: string, params: LuaTable | undefined): Prepared {
  const database = conn.data as Database;
  if (database.closed) throw failure(`${what}: the connection is closed`);
  const text = toText(sql);
  if (text === undefined) throw argumentError(2, "SQL is not valid UTF-8");
  if (text.includes("\0")) throw argumentError(2, "SQL contains a NUL");
  const { driver } = database;
  const scanned = scan(text, driver.dialect);
  if (scanned.tokens.length === 0) throw argumentError(2, "empty statement");
  if (scanned.several) throw argumentError(2, "several statements in one call; run them one by one");
  const values = bind(params, scanned, driver.dialect, 3);
  driver.check?.(what, scanned, values);
  if (isBusy(database, database.current())) {
    throw failure(`${what}: the transaction is busy with a db.stream: read it to its end or close it first`);
  }
  return {
    database,
    work: { text: scanned.text, parameters: values, reads: scanned.words[0] === "select" },
    scanned,
    context: { what, sql: text, secrets: driver.secrets },
  };
}

/** Runs a statement and goes on with its result. */
function run(prepared: Prepared, wantsRows: boolean, then: (result: Result) => Results): Suspended {
  const { database, work, scanned, context } = prepared;
  if (controls(scanned)) return runControl(database, work, scanned, context, then);
  return wait(database.run(work, wantsRows), context, (result) => {
    result.rows?.finish();
    return then(result);
  });
}

const query = fn("query", {
  summary: "Runs a statement and returns its rows.",
  params: [connection, sqlText, parameters],
  returns: [returns("rows", "table<string, any>[]", "one table a row, by column name; NULL is nil")],
  raises: RAISES,
  source: "Assay",
  example: `local c <close> = db.connect("sqlite::memory:")
local rows = db.query(c, "select $1 as name, 2 as n", {"x"})
assert(rows[1].name == "x" and rows[1].n == 2)`,
  run: (conn, sql, params) =>
    run(prepare("db.query", conn, sql, params), true, ({ rows }) => rows?.table() ?? state.vm.newTable()),
});

const queryOne = fn("query_one", {
  summary: "Runs a statement and returns its first row, or nil when there is none.",
  params: [connection, sqlText, parameters],
  returns: [returns("row", "table<string, any>?")],
  raises: RAISES,
  source: "Assay",
  example: `local c <close> = db.connect("sqlite::memory:")
assert(c:query_one("select 1 + 1 as two").two == 2)`,
  run: (conn, sql, params) => run(prepare("db.query_one", conn, sql, params), true, ({ rows }) => rows?.list[1]),
});

const execute = fn("execute", {
  summary: "Runs a statement and returns how many rows it affected.",
  params: [connection, sqlText, parameters],
  returns: [
    returns("affected", "integer"),
    returns("info", "{ last_insert_id: integer? }", "the key made for the inserted row, where the database has one"),
  ],
  raises: RAISES,
  source: "Assay",
  example: `local c <close> = db.connect("sqlite::memory:")
db.execute(c, "create table t (id integer primary key, v text)")
local affected, info = db.execute(c, "insert into t (v) values (?)", {"a"})
assert(affected == 1 and info.last_insert_id == 1)`,
  run: (conn, sql, params) =>
    run(prepare("db.execute", conn, sql, params), false, ({ done }) => {
      const info = state.vm.newTable();
      if (done.lastInsertId !== undefined) info.setConstant("last_insert_id", done.lastInsertId);
      return [done.affected, info];
    }),
});

const close = fn("close", {
  summary: "Closes a connection; open transactions are rolled back. Closing it again does nothing.",
  params: [connection],
  returns: [],
  source: "Assay",
  run: (conn) => closeDatabase(conn.data as Database),
});

function closeDatabase(database: Database): Results | Suspended {
  if (database.closed) return NOTHING;
  const pending = { promise: database.close(), abandon: () => {} };
  return wait(pending, { what: "db.close", secrets: [] }, () => NOTHING);
}

const inTransaction = fn("transaction", {
  summary: "Runs a function in a transaction: commits, or rolls back when it raises an error, which goes on.",
  params: [
    connection,
    callable("fn", {
      type: "fun(conn: db.connection): ...",
      summary: "Gets the connection. What it does with it in the same task belongs to the transaction.",
    }),
  ],
  returns: [returns("...", "any", "what fn returned")],
  raises: ["What fn raised, after rolling back.", "When the transaction cannot be begun or committed."],
  source: "Assay",
  example: `local c <close> = db.connect("sqlite::memory:")
c:execute("create table t (v integer)")
local ok = pcall(c.transaction, c, function(tx) tx:execute("insert into t values (1)"); error("no") end)
assert(not ok and #c:query("select * from t") == 0)`,
  run: (conn, body) => {
    const database = conn.data as Database;
    if (database.closed) throw failure("db.transaction: the connection is closed");
    if (isBusy(database, database.current())) {
      throw failure("db.transaction: the transaction is busy with a db.stream: read it to its end or close it first");
    }
    return transaction(database, conn, body);
  },
});

const STREAM: Kind = {
  name: "db.stream",
  summary: "Rows of a query, fetched as they are read.",
  methods: [],
  metamethods: [
    fn("__close", {
      summary: "Ends the stream.",
      params: [userdata("stream", "db.stream")],
      returns: [],
      source: "Assay",
      run: (handle) => wait((handle.data as RowStream).closing(), { what: "db.stream", secrets: [] }, () => NOTHING),
    }),
  ],
};

const stream = fn("stream", {
  summary: "An iterator over the rows of a query, of which only some are in memory at a time.",
  params: [connection, sqlText, parameters],
  returns: [
    returns("next", "fun(): table<string, any>?"),
    returns("state", "nil"),
    returns("control", "nil"),
    returns("closing", "db.stream"),
  ],
  raises: RAISES,
  source: "Assay",
  example: `local c <close> = db.connect("sqlite::memory:")
local sum = 0
for row in c:stream("with recursive n(i) as (select 1 union all select i + 1 from n where i < 100) select i from n") do
  sum = sum + row.i
end
assert(sum == 5050)`,
  run: (conn, sql, params) => {
    const { database, work, scanned, context } = prepare("db.stream", conn, sql, params);
    if (controls(scanned)) throw failure(`db.stream: ${scanned.words[0]} has no rows; use db.execute`);
    return wait(openStream(database, work, context), context, (rows) => {
      const handle = newUserdata(STREAM, rows);
      handle.references = () => rows.rows();
      return [iterator(rows, handle), undefined, undefined, handle];
    });
  },
});

const statements = fn("statements", {
  summary: "Splits a script into its statements, as the connection's database tells them apart, to be run one by one.",
  params: [connection, string("script", { summary: "Statements with `;` between them." })],
  returns: [returns("statements", "string[]", "comments stay with the statement that follows")],
  raises: ["When the script is not valid UTF-8."],
  source: "Assay",
  example: `local c <close> = db.connect("sqlite::memory:")
for _, sql in ipairs(c:statements("create table t (v text); insert into t values ('a;b');")) do c:execute(sql) end
assert(c:query_one("select v from t").v == "a;b")`,
  run: (conn, script) => {
    const text = toText(script);
    if (text === undefined) throw argumentError(2, "SQL is not valid UTF-8");
    return LuaTable.fromArray(split(text, (conn.data as Database).driver.dialect).map(fromText));
  },
});

const METHODS: readonly Declaration[] = [query, execute, close, inTransaction, queryOne, stream, statements];

const KIND: Kind = {
  name: CONNECTION,
  summary: "A connection to a database.",
  methods: METHODS,
  metamethods: [
    fn("__close", {
      summary: "Closes the connection.",
      params: [connection],
      returns: [],
      source: "Assay",
      run: (conn) => closeDatabase(conn.data as Database),
    }),
    fn("__tostring", {
      summary: "The kind of handle and where it leads, without the password.",
      params: [connection],
      returns: [returns("text", "string")],
      source: "Assay",
      run: (conn) => {
        const { driver, closed } = conn.data as Database;
        return `db.connection (${fromText(driver.target)}${closed ? ", closed" : ""})`;
      },
    }),
  ],
};

const seconds = { unit: "seconds", min: 0.001 } as const;

const tlsFields = [
  optional(string("ca", { summary: "Certificates to trust, PEM text or path." })),
  optional(string("cert", { summary: "The client's own certificate, PEM text or path." })),
  optional(string("key", { summary: "Its key, PEM text or path." })),
  optional(
    boolean("insecure", { summary: "Encrypts without checking the server's certificate: sslmode require." }),
    false,
  ),
  optional(string("server_name", { summary: "Name the certificate must have, if not the host's." })),
] as const;

const connect = fn("connect", {
  summary: "Connects to a database.",
  params: [
    string("url", {
      summary:
        "postgres://user:password@host:5432/name, mysql:// or mariadb:// likewise, sqlite:///path, sqlite://relative/path, sqlite::memory:",
    }),
    options("opts", [
      optional(integer("pool", { summary: "Connections at most; SQLite has one.", min: 1, max: 1000 }), 5),
      optional(number("timeout", { ...seconds, summary: "For connecting (10) and for each statement (30)." })),
      optional(
        custom("numeric", '"float"|"string"', '"float" or "string"', (value: Value) =>
          value === "float" || value === "string" ? value : undefined,
        ),
        "float",
      ),
      optional(string("sslmode", { summary: "As libpq's: disable, allow, prefer, require, verify-ca, verify-full." })),
      optional(boolean("prepare", { summary: "Whether PostgreSQL statements are kept prepared." }), true),
      options("tls", tlsFields),
    ]),
  ],
  returns: [returns("conn", CONNECTION)],
  raises: ["When the server cannot be reached, refuses the user, or the file cannot be opened."],
  source: "Assay",
  example: `local c = db.connect("sqlite::memory:")
db.close(c)`,
  run: (url, opts) => {
    const tls: TlsFiles = {
      ca: opts.tls.ca,
      cert: opts.tls.cert,
      key: opts.tls.key,
      serverName: opts.tls.server_name,
    };
    // Who names a CA wants the server checked; libpq's default would not.
    const implied = opts.tls.insecure ? "require" : tls.ca === undefined ? undefined : "verify-full";
    const target = parseUrl(url, { sslmode: opts.sslmode ?? implied, tls });
    const { vm } = state;
    const timeoutMs = opts.timeout === undefined ? undefined : opts.timeout * 1000;
    const urlTimeout = target.kind === "sqlite" ? undefined : target.connectTimeout;
    const connectMs = timeoutMs ?? (urlTimeout === undefined || urlTimeout === 0 ? 10_000 : urlTimeout * 1000);
    const settings = { numeric: opts.numeric as "float" | "string", prepare: opts.prepare };
    const opened = async (): Promise<Database> => {
      const driver = await loadDriver(vm, target, settings);
      refuseCrowd(vm, driver.dialect === "sqlite");
      const database = new Database(vm, driver, opts.pool, connectMs, timeoutMs ?? 30_000);
      await database.connect();
      return database;
    };
    const promise = opened();
    const pending = { promise, abandon: () => void promise.then((database) => database.close()).catch(() => {}) };
    const secrets = target.kind === "sqlite" ? [] : [target.password];
    return wait(pending, { what: "db.connect", secrets }, (database) => newUserdata(KIND, database));
  },
});

/** `db.null`: stands for NULL among parameters, where a nil would end the list. */
function nullValue(vm: typeof state.vm): Userdata {
  const metatable = vm.newTable();
  metatable.setConstant("__name", NULL_KIND);
  metatable.setConstant("__metatable", NULL_KIND);
  return new Userdata(NULL_KIND, undefined, metatable);
}

export const db = library(
  "db",
  "SQL databases: PostgreSQL, MySQL and MariaDB, SQLite.",
  [connect, ...METHODS],
  (vm) => ({ null: nullValue(vm) }),
);

export { KIND as connectionKind, STREAM as streamKind };

documentKinds(db, KIND, STREAM);
