/** TLS to the servers: every mode of libpq's, with a private CA, a wrong CA, a wrong name, and servers without TLS. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { databases, PASSWORD } from "../support/databases.ts";
import { results, runScript } from "./script.ts";

const { postgres, mysql, certificates } = await databases();

const SERVERS = [
  {
    name: "PostgreSQL",
    server: postgres,
    // Whether the session is encrypted, as the server sees it.
    question: "select ssl as v from pg_stat_ssl where pid = pg_backend_pid()",
    encrypted: [true, false],
    tlsOnly: /no encryption|pg_hba/,
  },
  {
    name: "MariaDB",
    server: mysql,
    question: "show session status like 'Ssl_version'",
    encrypted: ["TLSv1.3", ""],
    tlsOnly: /Access denied/,
  },
];

const CA = encodeURIComponent(certificates.ca);
const OTHER = encodeURIComponent(certificates.otherCa);

for (const { name, server, question, encrypted, tlsOnly } of SERVERS) {
  describe.skipIf(server === undefined)(name, () => {
    const byName = (server?.url ?? "").replace("127.0.0.1", "localhost");
    const byAddress = server?.url ?? "";

    /** What the server says of a connection's encryption; the error otherwise. */
    async function connect(url: string, options = "{}", env?: Record<string, string>): Promise<string> {
      const script = `local url = ...
        local c <close> = db.connect(url, ${options})
        local row = c:query_one("${question}")
        if row.v ~= nil then return row.v end
        return row.Value`;
      const { error, results: given } = await runScript(script, { args: [url], ...(env === undefined ? {} : { env }) });
      if (error !== undefined) return error;
      return given[0] === encrypted[0] ? "encrypted" : given[0] === encrypted[1] ? "plain" : `odd: ${String(given[0])}`;
    }

    const unknown = "TLS: the server's certificate is signed by an unknown authority";
    const rows: [string, string, string][] = [
      ["no mode: prefer", byAddress, "encrypted"],
      ["disable", `${byAddress}?sslmode=disable`, "plain"],
      ["allow", `${byAddress}?sslmode=allow`, "plain"],
      ["prefer", `${byAddress}?sslmode=prefer`, "encrypted"],
      ["require checks nothing", `${byAddress}?sslmode=require`, "encrypted"],
      ["require with a CA is verify-ca", `${byAddress}?sslmode=require&sslrootcert=${CA}`, "encrypted"],
      ["require with a wrong CA", `${byAddress}?sslmode=require&sslrootcert=${OTHER}`, unknown],
      ["verify-ca, other name", `${byAddress}?sslmode=verify-ca&sslrootcert=${CA}`, "encrypted"],
      ["verify-ca, wrong CA", `${byName}?sslmode=verify-ca&sslrootcert=${OTHER}`, unknown],
      ["verify-ca, no CA given", `${byName}?sslmode=verify-ca`, unknown],
      ["verify-full", `${byName}?sslmode=verify-full&sslrootcert=${CA}`, "encrypted"],
      [
        "verify-full, other name",
        `${byAddress}?sslmode=verify-full&sslrootcert=${CA}`,
        "TLS: the server's certificate is for another name",
      ],
      ["verify-full, wrong CA", `${byName}?sslmode=verify-full&sslrootcert=${OTHER}`, unknown],
      ["verify-full, no CA given", `${byName}?sslmode=verify-full`, unknown],
      [
        "verify-full, no such CA",
        `${byName}?sslmode=verify-full&sslrootcert=/nowhere.pem`,
        "CA certificate /nowhere.pem: no such file or directory",
      ],
      ["MySQL's name for require", `${byAddress}?ssl-mode=REQUIRED`, "encrypted"],
      ["MySQL's name for verify-full", `${byName}?ssl-mode=VERIFY_IDENTITY&ssl-ca=${CA}`, "encrypted"],
    ];
    test.each(rows)("Q04: %s", async (_name, url, expected) => {
      const outcome = await connect(url);
      if (expected === "encrypted" || expected === "plain") expect(outcome).toBe(expected);
      else expect(outcome).toEndWith(expected);
    });

    test("certificates as PEM text, the name by option, the mode by option", async () => {
      const ca = JSON.stringify(readFileSync(certificates.ca, "utf8"));
      const options = `{sslmode = "verify-full", tls = {ca = ${ca}, server_name = "localhost"}}`;
      expect(await connect(byAddress, options)).toBe("encrypted");
      const wrong = `{sslmode = "verify-full", tls = {ca = ${ca}, server_name = "example.org"}}`;
      expect(await connect(byName, wrong)).toEndWith("TLS: the server's certificate is for another name");
    });

    test("a CA by option alone means verify-full, insecure means require", async () => {
      const ca = JSON.stringify(certificates.ca);
      expect(await connect(byName, `{tls = {ca = ${ca}}}`)).toBe("encrypted");
      expect(await connect(byAddress, `{tls = {ca = ${ca}}}`)).toEndWith("is for another name");
      expect(await connect(byAddress, `{tls = {ca = ${ca}, insecure = true}}`)).not.toContain("another name");
      expect(await connect(byAddress, "{tls = {insecure = true}}")).toBe("encrypted");
    });

    test("SSL_CERT_FILE is trusted", async () => {
      const env = { SSL_CERT_FILE: certificates.ca };
      expect(await connect(`${byName}?sslmode=verify-full`, "{}", env)).toBe("encrypted");
      expect(await connect(`${byAddress}?sslmode=verify-full`, "{}", env)).toEndWith("is for another name");
    });

    test("NODE_TLS_REJECT_UNAUTHORIZED=0 turns nothing off", async () => {
      const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
      try {
        expect(await connect(`${byName}?sslmode=verify-full&sslrootcert=${OTHER}`)).toEndWith(unknown);
        expect(await connect(`${byAddress}?sslmode=verify-full&sslrootcert=${CA}`)).toEndWith("is for another name");
      } finally {
        if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
        else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
      }
    });

    test.skipIf(server?.control === undefined)("a user who must come with TLS", async () => {
      const url = byAddress.replace("assay:", "tls_only:");
      expect(await connect(`${url}?sslmode=disable`)).toMatch(tlsOnly);
      expect(await connect(`${url}?sslmode=require`)).toBe("encrypted");
      expect(await connect(`${url}?sslmode=prefer`)).toBe("encrypted");
      if (name === "PostgreSQL") expect(await connect(`${url}?sslmode=allow`)).toBe("encrypted");
    });

    test("everything else works over TLS as well", async () => {
      const script = `local c <close> = db.connect(..., {timeout = 0.3})
        local n = 0
        for row in c:stream("select 1 as v union all select 2") do n = n + row.v end
        local ok, e = pcall(c.query, c, "${name === "MariaDB" ? "select sleep(9)" : "select pg_sleep(9)"}")
        return n, e, c:query_one("select 3 as v").v`;
      expect(await results(script, { args: [`${byName}?sslmode=verify-full&sslrootcert=${CA}`] })).toEqual([
        3,
        "db.query: timeout of 0.3s exceeded",
        3,
      ]);
    });

    test.skipIf(server?.socketFolder === undefined)("Unix sockets carry none", async () => {
      const { socketFolder, port } = server!;
      const query =
        name === "PostgreSQL"
          ? `host=${encodeURIComponent(socketFolder!)}&port=${port}`
          : `socket=${encodeURIComponent(`${socketFolder}/socket`)}`;
      const url = `${byAddress.replace(/@.*\//, "@/")}?${query}`;
      expect(await connect(url)).toBe("plain");
      expect(await connect(`${url}&sslmode=require`)).toBe("plain");
    });
  });
}

describe("Q04: a server without TLS", () => {
  /** What a visitor sends until the server closes; the server greets with `greeting` and answers with `answer`. */
  async function visit(scheme: string, mode: string, greeting: Buffer, answer: Buffer) {
    let sent = "";
    const server = createServer((socket) => {
      socket.on("error", () => {});
      if (greeting.length > 0) socket.write(greeting);
      socket.on("data", (data) => {
        sent += data.toString("latin1");
        if (answer.length > 0) socket.write(answer);
        else socket.end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const { error } = await runScript(`db.connect(..., {timeout = 1})`, {
      args: [`${scheme}://u:${PASSWORD}@127.0.0.1:${port}/d?sslmode=${mode}`],
    });
    server.close();
    return { error: error!, sent, port };
  }

  test.each(["require", "verify-ca", "verify-full"])(
    "PostgreSQL, %s: refused before anything is told",
    async (mode) => {
      const { error, sent, port } = await visit("postgres", mode, Buffer.alloc(0), Buffer.from("N"));
      expect(error).toBe(`test:1: db.connect: 127.0.0.1:${port}: the server does not support TLS (sslmode=${mode})`);
      expect(sent).toBe("\0\0\0\x08\x04\xd2\x16\x2f");
    },
  );

  test("PostgreSQL, prefer: goes on without", async () => {
    const { sent } = await visit("postgres", "prefer", Buffer.alloc(0), Buffer.from("N"));
    expect(sent).toContain("user\0u\0");
    expect(sent).not.toContain(PASSWORD);
  });

  test("PostgreSQL: bytes slipped in before the handshake are noticed", async () => {
    const { error } = await visit("postgres", "require", Buffer.alloc(0), Buffer.from("SZ\0\0\0\x05I"));
    expect(error).toEndWith("unexpected answer: not a PostgreSQL server?");
  });

  // A greeting of MySQL's protocol 10 that offers everything but TLS.
  const body = Buffer.concat([
    Buffer.from("\x0a10.11.0-MariaDB\0\x01\0\0\0abcdefgh\0", "latin1"),
    Buffer.from([0xfe, 0xf7, 45, 2, 0, 0xff, 0x81, 21]),
    Buffer.alloc(10),
    Buffer.from("abcdefghijkl\0mysql_native_password\0", "latin1"),
  ]);
  // CLIENT_SSL is bit 11.
  body.writeUInt16LE(
    body.readUInt16LE(body.indexOf(Buffer.from([0xfe, 0xf7]))) & ~0x0800,
    body.indexOf(Buffer.from([0xfe, 0xf7])),
  );
  const greeting = Buffer.concat([Buffer.from([body.length, 0, 0, 0]), body]);

  test.each(["require", "verify-ca", "verify-full"])("MariaDB, %s: refused before anything is told", async (mode) => {
    const { error, sent, port } = await visit("mariadb", mode, greeting, Buffer.alloc(0));
    expect(error).toBe(`test:1: db.connect: 127.0.0.1:${port}: the server does not support TLS (sslmode=${mode})`);
    expect(sent).toBe("");
  });
});
