/** Database URLs and connection options: what `db.connect` is given, checked and with defaults. */
import { argumentError } from "../../interpreter/native.ts";
import { toText } from "../../interpreter/text.ts";

/** How a connection is protected, in libpq's words (PostgreSQL documentation, "SSL Support", table 34.1). */
export type SslMode = "disable" | "allow" | "prefer" | "require" | "verify-ca" | "verify-full";

const SSL_MODES: readonly SslMode[] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/** The names that MySQL's own tools give the modes. */
const MYSQL_SSL_MODES: Record<string, SslMode> = {
  disabled: "disable",
  preferred: "prefer",
  required: "require",
  verify_ca: "verify-ca",
  verify_identity: "verify-full",
};

/** Certificates as PEM text or paths of PEM files. */
export interface TlsFiles {
  ca?: string | undefined;
  cert?: string | undefined;
  key?: string | undefined;
  /** Name the server's certificate must have, instead of the host's. */
  serverName?: string | undefined;
}

/** A server to connect to. */
export interface ServerTarget {
  readonly kind: "postgres" | "mysql";
  /** As in the URL, such as `mariadb`. */
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
  /** Path of a Unix socket, instead of host and port. */
  readonly socket: string | undefined;
  readonly user: string;
  readonly password: string;
  readonly database: string | undefined;
  readonly sslMode: SslMode;
  readonly tls: TlsFiles;
  readonly applicationName: string | undefined;
  /** PostgreSQL's `options`, such as `-c search_path=app`. */
  readonly options: string | undefined;
  /** Seconds from `connect_timeout`. */
  readonly connectTimeout: number | undefined;
}

/** A SQLite database. */
export interface FileTarget {
  readonly kind: "sqlite";
  /** Path as written; undefined for a database in memory. */
  readonly path: string | undefined;
  readonly mode: "ro" | "rw" | "rwc";
  readonly journalMode: string | undefined;
  readonly synchronous: string | undefined;
  readonly foreignKeys: boolean;
  /** How long to wait for a lock that another process holds. */
  readonly busyTimeoutMs: number;
}

export type Target = ServerTarget | FileTarget;

/** Which options of `db.connect` settle where the URL says nothing. */
export interface UrlOptions {
  readonly sslmode: string | undefined;
  readonly tls: TlsFiles;
}

const EXPECTED = "postgres://, mysql://, mariadb:// or sqlite: URL expected";

/** Parses a URL; throws an argument error, which never repeats the URL: it may hold a password. */
export function parseUrl(bytes: string, options: UrlOptions): Target {
  const url = toText(bytes);
  if (url === undefined) throw bad("URL is not valid UTF-8");
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(url)?.[1]?.toLowerCase();
  if (scheme === "sqlite") return parseSqlite(url);
  if (scheme === "postgres" || scheme === "postgresql") return parseServer(url, scheme, "postgres", options);
  if (scheme === "mysql" || scheme === "mariadb") return parseServer(url, scheme, "mysql", options);
  throw bad(EXPECTED);
}

function bad(detail: string) {
  return argumentError(1, detail);
}

function decode(text: string, what: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(text);
  } catch {
    throw bad(`URL has a wrong percent sequence in its ${what}`);
  }
  if (decoded.includes("\0")) throw bad(`URL has a NUL in its ${what}`);
  return decoded;
}

/** The parameters of a URL, each of which has to be taken exactly once. */
class Query {
  private readonly fields = new Map<string, string>();

  constructor(search: string) {
    for (const pair of search.replace(/^\?/, "").split("&")) {
      if (pair === "") continue;
      const at = pair.indexOf("=");
      const key = decode(at < 0 ? pair : pair.slice(0, at), "parameters");
      this.fields.set(key, at < 0 ? "" : decode(pair.slice(at + 1), "parameters"));
    }
  }

  take(...names: readonly string[]): string | undefined {
    let value: string | undefined;
    for (const name of names) {
      const found = this.fields.get(name);
      if (found !== undefined) value = found;
      this.fields.delete(name);
    }
    return value;
  }

  /** Refuses what nobody has taken. */
  done(): void {
    for (const key of this.fields.keys()) throw bad(`URL has an unknown parameter '${key}'`);
  }
}

function parseServer(text: string, scheme: string, kind: "postgres" | "mysql", options: UrlOptions): ServerTarget {
  let url: URL;
  try {
    // A user without a host is usual with Unix sockets, but no URL to the standard.
    url = new URL(text.replace(/^([^:]+:\/\/[^/?#]*@)(?=[/?#]|$)/, "$1localhost"));
  } catch {
    throw bad("malformed URL");
  }
  if (!text.slice(scheme.length + 1).startsWith("//")) throw bad(EXPECTED);
  const query = new Query(url.search);
  const fileOrHost = query.take("host");
  const given = fileOrHost ?? decode(url.hostname, "host");
  const host = given.replace(/^\[(.*)\]$/, "$1");
  if (host.includes(",")) throw bad("URL with several hosts is not supported");
  const port = portOf(query.take("port") ?? url.port, kind);
  const socket = query.take("socket") ?? (host.startsWith("/") ? socketIn(host, port, kind) : undefined);
  const path = decode(url.pathname.replace(/^\//, ""), "database name");
  const mode = query.take("sslmode", "ssl-mode", "ssl_mode", "tls") ?? options.sslmode;
  const target: ServerTarget = {
    kind,
    scheme,
    host: host === "" || host.startsWith("/") ? "localhost" : host,
    port,
    socket,
    user: query.take("user") ?? (url.username === "" ? defaultUser(kind) : decode(url.username, "user")),
    password: query.take("password") ?? decode(url.password, "password"),
    database: query.take("dbname") ?? (path === "" ? undefined : path),
    sslMode: sslModeOf(mode),
    tls: {
      ca: query.take("sslrootcert", "ssl-ca") ?? options.tls.ca,
      cert: query.take("sslcert", "ssl-cert") ?? options.tls.cert,
      key: query.take("sslkey", "ssl-key") ?? options.tls.key,
      serverName: options.tls.serverName,
    },
    applicationName: query.take("application_name"),
    options: query.take("options"),
    connectTimeout: secondsOf(query.take("connect_timeout"), "connect_timeout"),
  };
  query.take("charset");
  query.done();
  if (kind === "mysql" && target.options !== undefined) throw bad("URL parameter 'options' is for PostgreSQL only");
  return target;
}

function portOf(text: string, kind: "postgres" | "mysql"): number {
  if (text === "") return kind === "postgres" ? 5432 : 3306;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw bad("URL has a port out of range");
  return port;
}

/** libpq's name of a server's socket in a folder. */
function socketIn(folder: string, port: number, kind: "postgres" | "mysql"): string {
  return kind === "postgres" ? `${folder}/.s.PGSQL.${port}` : folder;
}

function defaultUser(kind: "postgres" | "mysql"): string {
  return kind === "postgres" ? "postgres" : "root";
}

function sslModeOf(text: string | undefined): SslMode {
  if (text === undefined) return "prefer";
  const name = text.toLowerCase();
  const mode = SSL_MODES.find((known) => known === name) ?? MYSQL_SSL_MODES[name];
  if (mode === undefined) throw bad(`sslmode must be one of ${SSL_MODES.join(", ")}`);
  return mode;
}

function secondsOf(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  const seconds = Number(text);
  if (text.trim() === "" || !(seconds >= 0) || seconds > 1e6) throw bad(`URL has a wrong ${name}`);
  return seconds;
}

const JOURNAL_MODES = ["wal", "delete", "truncate", "persist"];
const SYNCHRONOUS = ["normal", "full", "extra", "off"];

/** `sqlite:///absolute`, `sqlite://relative`, `sqlite:relative`, `sqlite::memory:`. */
function parseSqlite(text: string): FileTarget {
  const rest = text.slice("sqlite:".length);
  const at = rest.indexOf("?");
  const query = new Query(at < 0 ? "" : rest.slice(at));
  const path = decode((at < 0 ? rest : rest.slice(0, at)).replace(/^\/\//, ""), "path");
  const mode = query.take("mode") ?? "rwc";
  const memory = path === ":memory:" || mode === "memory";
  if (path === "") throw bad("sqlite URL without a path");
  if (!["ro", "rw", "rwc", "memory"].includes(mode)) throw bad("sqlite mode must be ro, rw, rwc or memory");
  const target: FileTarget = {
    kind: "sqlite",
    path: memory ? undefined : path,
    mode: mode as FileTarget["mode"],
    journalMode: oneOf(query.take("journal_mode", "journal"), JOURNAL_MODES, "journal_mode"),
    synchronous: oneOf(query.take("synchronous"), SYNCHRONOUS, "synchronous"),
    foreignKeys: oneOf(query.take("foreign_keys"), ["on", "off"], "foreign_keys") !== "off",
    busyTimeoutMs: (secondsOf(query.take("busy_timeout"), "busy_timeout") ?? 5) * 1000,
  };
  query.done();
  return target;
}

function oneOf(text: string | undefined, allowed: readonly string[], name: string): string | undefined {
  const value = text?.toLowerCase();
  if (value !== undefined && !allowed.includes(value)) throw bad(`sqlite ${name} must be one of ${allowed.join(", ")}`);
  return value;
}
