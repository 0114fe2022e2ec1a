/**
 * Real database servers for tests: PostgreSQL and MariaDB from Debian's packages, on free ports of the loopback
 * interface, with their data in a temporary folder. There is one of each for the whole run; they are gone when the
 * process that runs the tests is, however it ends. ASSAY_TEST_POSTGRES_URL and ASSAY_TEST_MYSQL_URL name servers to
 * be used instead.
 */
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A server, and how to reach it. */
export interface Server {
  /** With user, password and database; no other parameters. */
  readonly url: string;
  /** Host and port in it. */
  readonly host: string;
  readonly port: number;
  /** Folder of its Unix socket; undefined for servers that were given. */
  readonly socketFolder: string | undefined;
  /** Stops it at once and starts it again; undefined for servers that were given. */
  readonly control: { stop(): Promise<void>; start(): Promise<void> } | undefined;
}

/** A certificate authority made for the run, and what it has signed. PEM files. */
export interface Certificates {
  /** Signed the servers' certificates, which are for the name localhost. */
  readonly ca: string;
  /** Signed nothing. */
  readonly otherCa: string;
}

export interface Databases {
  readonly postgres: Server | undefined;
  readonly mysql: Server | undefined;
  readonly certificates: Certificates;
}

export const USER = "assay";
export const PASSWORD = "s3cret-Pa55";
export const DATABASE = "assay";

const inCi = process.env.CI !== undefined && process.env.CI !== "" && process.env.CI !== "false";
const isRoot = process.getuid?.() === 0;

let started: Promise<Databases> | undefined;

/** The databases of this run, started when first asked for. Fails under CI if one cannot be had. */
export function databases(): Promise<Databases> {
  started ??= start();
  return started;
}

async function start(): Promise<Databases> {
  const folder = mkdtempSync(join(tmpdir(), "assay-databases-"));
  removeAtEnd(folder);
  // The servers run as users of their own.
  chmodSync(folder, 0o755);
  const certificates = makeCertificates(folder);
  const [postgres, mysql] = await Promise.all([
    given("ASSAY_TEST_POSTGRES_URL") ??
      available("PostgreSQL", findPostgres, "postgresql", (p) => startPostgres(p, folder)),
    given("ASSAY_TEST_MYSQL_URL") ??
      available("MariaDB", findMariadb, "mariadb-server", (p) => startMariadb(p, folder)),
  ]);
  return { postgres, mysql, certificates };
}

function given(variable: string): Server | undefined {
  const url = process.env[variable];
  if (url === undefined || url === "") return undefined;
  const { hostname, port, protocol } = new URL(url);
  const usual = protocol.startsWith("postgres") ? 5432 : 3306;
  return { url, host: hostname, port: Number(port || usual), socketFolder: undefined, control: undefined };
}

/** Starts a server whose program is there, or can be installed; says so when not. */
async function available(
  name: string,
  find: () => string | undefined,
  debianPackage: string,
  run: (program: string) => Promise<Server>,
): Promise<Server | undefined> {
  const program = find() ?? (install(debianPackage) ? find() : undefined);
  if (program !== undefined) return run(program);
  const message = `${name} is not installed (Debian package ${debianPackage}): tests that need it are SKIPPED`;
  if (inCi) throw new Error(message);
  console.error(`\n*** ${message} ***\n`);
  return undefined;
}

let updated = false;

function install(debianPackage: string): boolean {
  if (!isRoot || !existsSync("/usr/bin/apt-get")) return false;
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  if (!updated) Bun.spawnSync(["apt-get", "update", "-qq"], { env });
  updated = true;
  const command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", debianPackage];
  return Bun.spawnSync(command, { env, stdout: "ignore", stderr: "inherit" }).exitCode === 0;
}

function findPostgres(): string | undefined {
  const root = "/usr/lib/postgresql";
  if (!existsSync(root)) return undefined;
  const versions = readdirSync(root).sort((a, b) => Number(b) - Number(a));
  return versions.map((version) => join(root, version, "bin")).find((bin) => existsSync(join(bin, "postgres")));
}

function findMariadb(): string | undefined {
  return ["/usr/sbin/mariadbd", "/usr/sbin/mysqld"].find(existsSync);
}

/** Runs a command to its end; throws with its output if it fails. */
function command(parts: string[], input = ""): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(parts, { stdin: Buffer.from(input) });
  if (exitCode !== 0) throw new Error(`${parts[0]} failed: ${stderr.toString()}${stdout.toString()}`);
  return stdout.toString();
}

function makeCertificates(folder: string): Certificates {
  const file = (name: string): string => join(folder, name);
  for (const name of ["ca", "other-ca"]) {
    command(
      [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        `/CN=assay test ${name}`,
      ].concat(["-keyout", file(`${name}.key`), "-out", file(`${name}.crt`)]),
    );
  }
  command(
    ["openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"].concat([
      "-keyout",
      file("server.key"),
      "-out",
      file("server.csr"),
    ]),
  );
  writeFileSync(file("names"), "subjectAltName=DNS:localhost\n");
  command(
    ["openssl", "x509", "-req", "-in", file("server.csr"), "-CA", file("ca.crt"), "-CAkey", file("ca.key")].concat([
      "-CAcreateserial",
      "-days",
      "2",
      "-extfile",
      file("names"),
      "-out",
      file("server.crt"),
    ]),
  );
  return { ca: file("ca.crt"), otherCa: file("other-ca.crt") };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** Who runs a server: it must not be root. */
function account(name: string): { uid: number; gid: number } | undefined {
  if (!isRoot) return undefined;
  const entry = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((line) => line.startsWith(`${name}:`));
  if (entry === undefined) return undefined;
  const [, , uid, gid] = entry.split(":");
  return { uid: Number(uid), gid: Number(gid) };
}

function runAs(user: { uid: number; gid: number } | undefined): string[] {
  return user === undefined ? [] : ["setpriv", `--reuid=${user.uid}`, `--regid=${user.gid}`, "--clear-groups"];
}

/** A folder for a server's files, with a copy of the certificate that it may read. */
function serverFolder(folder: string, name: string, user: { uid: number; gid: number } | undefined): string {
  const own = join(folder, name);
  mkdirSync(own);
  for (const file of ["server.crt", "server.key", "ca.crt"]) {
    writeFileSync(join(own, file), readFileSync(join(folder, file)), { mode: 0o600 });
    if (user !== undefined) chownSync(join(own, file), user.uid, user.gid);
  }
  if (user !== undefined) chownSync(own, user.uid, user.gid);
  chmodSync(own, 0o755);
  return own;
}

/** Kept, so that their input does not end early because nobody refers to them. */
const shells: Bun.Subprocess[] = [];

/** A shell that runs on when this process is gone, however it ends: its standard input ends then. */
function shell(script: string) {
  const child = Bun.spawn(["sh", "-c", script], { stdin: "pipe", stdout: "ignore", stderr: "ignore" });
  child.unref();
  shells.push(child);
  return child;
}

/** Runs a server as long as this process lives, or until it is killed. */
function keepRunning(server: string[], log: string): { kill(): Promise<void> } {
  const quoted = server.map((part) => `'${part}'`).join(" ");
  const child = shell(`${quoted} >>'${log}' 2>&1 & pid=$!; read line; kill -9 $pid 2>/dev/null; wait $pid 2>/dev/null`);
  return {
    kill: async () => {
      child.stdin.write("stop\n");
      child.stdin.flush();
      await child.exited;
    },
  };
}

/** Removes a folder when this process is gone; servers may still be writing into it for a moment. */
function removeAtEnd(folder: string): void {
  shell(`read line; for i in 1 2 3 4 5 6 7 8 9; do sleep 0.3; rm -rf '${folder}' 2>/dev/null && exit; done`);
}

/** Tries until it works, for half a minute. */
async function until(what: string, log: string, ready: () => boolean): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (ready()) return;
    await Bun.sleep(50);
  }
  throw new Error(`${what} does not start: ${existsSync(log) ? readFileSync(log, "utf8").slice(-2000) : "no log"}`);
}

async function startPostgres(bin: string, folder: string): Promise<Server> {
  const user = account("postgres");
  const own = serverFolder(folder, "postgres", user);
  const data = join(own, "data");
  const log = join(own, "log");
  writeFileSync(join(own, "password"), PASSWORD);
  chmodSync(join(own, "password"), 0o644);
  command(
    [...runAs(user), join(bin, "initdb"), "-D", data, "-U", USER, "-A", "scram-sha-256"].concat([
      `--pwfile=${join(own, "password")}`,
      "--no-sync",
      "-E",
      "UTF8",
      "--locale=C",
    ]),
  );
  // One user may only come with TLS.
  writeFileSync(
    join(data, "pg_hba.conf"),
    [
      "hostnossl all tls_only 127.0.0.1/32 reject",
      "local all all scram-sha-256",
      "host all all 127.0.0.1/32 scram-sha-256",
      "",
    ].join("\n"),
  );
  const port = await freePort();
  const settings = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: own,
    fsync: "off",
    ssl: "on",
    ssl_cert_file: join(own, "server.crt"),
    ssl_key_file: join(own, "server.key"),
    shared_buffers: "16MB",
  };
  const program = [...runAs(user), join(bin, "postgres"), "-D", data];
  for (const [name, value] of Object.entries(settings)) program.push("-c", `${name}=${value}`);
  const psql = (sql: string, database: string): boolean =>
    Bun.spawnSync([join(bin, "psql"), "-h", own, "-p", String(port), "-U", USER, "-d", database, "-qc", sql], {
      env: { ...process.env, PGPASSWORD: PASSWORD },
    }).exitCode === 0;
  let running = keepRunning(program, log);
  const ready = (): Promise<void> => until("PostgreSQL", log, () => psql("select 1", "postgres"));
  await ready();
  psql(`create database ${DATABASE}`, "postgres");
  psql(`create role tls_only login password '${PASSWORD}'`, "postgres");
  return {
    url: `postgres://${USER}:${PASSWORD}@127.0.0.1:${port}/${DATABASE}`,
    host: "127.0.0.1",
    port,
    socketFolder: own,
    control: {
      stop: () => running.kill(),
      start: async () => {
        running = keepRunning(program, log);
        await ready();
      },
    },
  };
}

async function startMariadb(program: string, folder: string): Promise<Server> {
  const user = account("mysql");
  const own = serverFolder(folder, "mariadb", user);
  const data = join(own, "data");
  const log = join(own, "log");
  const socket = join(own, "socket");
  command(
    ["mariadb-install-db", "--no-defaults", `--datadir=${data}`, "--auth-root-authentication-method=normal"].concat([
      "--skip-test-db",
      ...(user === undefined ? [] : ["--user=mysql"]),
    ]),
  );
  const port = await freePort();
  const server = [...runAs(user), program, "--no-defaults", `--datadir=${data}`, "--bind-address=127.0.0.1"].concat([
    `--port=${port}`,
    `--socket=${socket}`,
    `--pid-file=${join(own, "pid")}`,
    `--ssl-cert=${join(own, "server.crt")}`,
    `--ssl-key=${join(own, "server.key")}`,
    `--ssl-ca=${join(own, "ca.crt")}`,
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-buffer-pool-size=32M",
    "--max-allowed-packet=1G",
    "--skip-name-resolve",
  ]);
  const sql = (text: string): boolean =>
    Bun.spawnSync(["mariadb", "--no-defaults", "-uroot", "-S", socket, "-e", text]).exitCode === 0;
  let running = keepRunning(server, log);
  const ready = (): Promise<void> => until("MariaDB", log, () => sql("select 1"));
  await ready();
  const made = sql(`create database ${DATABASE} character set utf8mb4;
    create user '${USER}'@'%' identified by '${PASSWORD}';
    grant all on *.* to '${USER}'@'%';
    create user 'tls_only'@'%' identified by '${PASSWORD}' require ssl;
    grant all on ${DATABASE}.* to 'tls_only'@'%';`);
  if (!made) throw new Error("MariaDB: cannot make the test user");
  return {
    url: `mariadb://${USER}:${PASSWORD}@127.0.0.1:${port}/${DATABASE}`,
    host: "127.0.0.1",
    port,
    socketFolder: own,
    control: {
      stop: () => running.kill(),
      start: async () => {
        running = keepRunning(server, log);
        await ready();
      },
    },
  };
}
