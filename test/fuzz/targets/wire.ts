/**
 * What database servers say: conversations with PostgreSQL and MariaDB, recorded (in the corpus) and changed. The
 * input: which database, then what the server says after each piece of what it hears.
 */
import { readFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { readGrants } from "../../../builtins/permissions/grants.ts";
import { RestrictedPermissions } from "../../../builtins/permissions/restricted.ts";
import { Machine } from "../machine.ts";
import { join, SEPARATOR } from "../parts.ts";
import type { Target } from "../target.ts";

/** Messages of PostgreSQL's protocol (documentation, "Message Formats"). */
const message = (type: string, body: string): string => {
  const length = body.length + 4;
  return type + String.fromCharCode(length >>> 24, (length >> 16) & 255, (length >> 8) & 255, length & 255) + body;
};
const READY = message("Z", "I");
const POSTGRES = join(
  "postgres",
  message("R", "\0\0\0\0") + message("S", "server_version\x0017.0\0") + message("K", "\0\0\0\x01\0\0\0\x02") + READY,
  message("T", "\0\x01?column?\0\0\0\0\0\0\0\0\0\0\x17\0\x04\xff\xff\xff\xff\0\0") +
    message("D", "\0\x01\0\0\0\x011") +
    message("C", "SELECT 1\0") +
    READY,
  message("E", "SERROR\0C42601\0Msyntax error\0P1\0\0") + READY,
  message("N", "SNOTICE\0C00000\0Mhello\0\0") + message("1", "") + message("n", "") + READY,
);

const PIECES = [
  SEPARATOR,
  READY,
  message("R", "\0\0\0\0"),
  message("R", "\0\0\0\x05salt"),
  message("R", "\0\0\0\x0aSCRAM-SHA-256\0\0"),
  message("E", "SFATAL\0C57P01\0Mterminating\0\0"),
  message("E", ""),
  message("D", "\0\x01\xff\xff\xff\xff"),
  message("D", "\0\x02\0\0\0\x05ab"),
  message("T", "\0\x01a\0"),
  message("t", "\0\xff"),
  message("A", "\0\0\0\x01x\0y\0"),
  message("G", "\0\0\0"),
  message("c", ""),
  "S",
  "N",
  "Z\xff\xff\xff\xff",
  "T\0\0\0\0",
  "D\x7f\xff\xff\xff",
  "\x07\0\0\x01\0\0\0\x02\0\0\0",
  "\x09\0\0\x01\xff\x15\x04#28000no",
  "\x05\0\0\x03\xfe\0\0\x02\0",
  "\x01\0\0\x01\x03",
  "\x02\0\0\x02\xfe\0",
  "\xff\xff\xff\0",
  "\0\0\0\x01",
  "\xfb",
  "\xfc\xff\xff",
  "\xfe\xff\xff\xff\xff\xff\xff\xff\xff",
];

export const wire: Target = {
  name: "wire",
  summary: "what servers of PostgreSQL and MariaDB say to db.*",
  cases: 300,
  limitMs: 4000,
  open: async () => {
    let segments: string[] = [];
    let speaksFirst = false;
    const sockets = new Set<Socket>();
    const server: Server = createServer((socket) => {
      sockets.add(socket);
      const said = [...segments];
      const say = (): void => {
        const next = said.shift();
        if (next === undefined) socket.end();
        else socket.write(next, "latin1");
      };
      socket.on("error", () => {});
      socket.on("close", () => sockets.delete(socket));
      if (speaksFirst) say();
      socket.on("data", say);
    });
    await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
    const { port } = server.address() as { port: number };
    const permissions = new RestrictedPermissions([
      readGrants({ "allow-net": [`127.0.0.1:${port}`], "deny-read": true, readonly: true, "deny-env": true }),
    ]);
    const machine = new Machine(
      `local _, url, mark = ...
      local c = try(db.connect, url, {timeout = 0.1, pool = 1, sslmode = "disable"})
      if not c then return end
      local r = try(c.query, c, "select 1 as a, 'x' as b, 1.5 as c, null as d")
      try(c.execute, c, "create temporary table fz (a int, b varchar(10))")
      local n = try(c.execute, c, "insert into fz values (" .. mark .. ")", {1, "y"})
      try(c.query, c, "select broken")
      try(c.transaction, c, function() c:query("select * from fz") end)
      try(function() for row in c:stream("select a, b from fz") do r = r or row end end)
      try(c.close, c)
      return r, n`,
      { permissions, timeoutMs: 2500 },
    );
    const run = async (input: string): Promise<string> => {
      const [name, ...rest] = input.split(SEPARATOR);
      segments = rest;
      speaksFirst = name !== "postgres";
      const url = `${speaksFirst ? "mysql" : "postgres"}://u:p@127.0.0.1:${port}/d`;
      try {
        return await machine.run(input, url, speaksFirst ? "?, ?" : "$1, $2");
      } finally {
        for (const socket of sockets) socket.destroy();
      }
    };
    const recorded = (name: string): string => readFileSync(`${import.meta.dir}/../corpus/wire/${name}`, "latin1");
    const seeds = [POSTGRES, recorded("postgres"), recorded("mysql"), recorded("mysql")];
    return { seeds, pieces: PIECES, run, close: () => void server.close() };
  },
};
