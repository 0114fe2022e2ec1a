/** What goes wrong between a script and its database, and how it goes on afterwards. */
import { describe, expect, test } from "bun:test";
import { createServer, type Server as TcpServer } from "node:net";
import { Host } from "../../builtins/host.ts";
import { openBuiltins } from "../../builtins/index.ts";
import { Permissions } from "../../builtins/permissions.ts";
import { createVm, load, Stop, Task } from "../../interpreter/index.ts";
import { failure } from "../../interpreter/native.ts";
import { databases, PASSWORD, type Server } from "../support/databases.ts";
import { errorOf, results, runScript } from "./script.ts";

const { postgres, mysql } = await databases();

/** The parts in which the two servers differ. */
const SERVERS: {
  name: string;
  server: Server | undefined;
  scheme: string;
  sleep: (seconds: number) => string;
  /** Sessions other than one's own that run a statement like the pattern. */
  running: (pattern: string) => string;
  wrongPassword: string;
  wrongDatabase: string;
  kill: string;
}[] = [
  {
    name: "PostgreSQL",
    server: postgres,
    scheme: "postgres",
    sleep: (seconds) => `select pg_sleep(${seconds})`,
    running: (pattern) =>
      `select pid as id from pg_stat_activity where state = 'active' and pid <> pg_backend_pid() and query like '${pattern}'`,
    wrongPassword: `password authentication failed for user "assay" (SQLSTATE 28P01)`,
    wrongDatabase: `database "nowhere" does not exist (SQLSTATE 3D000)`,
    kill: "select pg_terminate_backend(",
  },
  {
    name: "MariaDB",
    server: mysql,
    scheme: "mariadb",
    sleep: (seconds) => `select sleep(${seconds})`,
    running: (pattern) =>
      `select id from information_schema.processlist where command <> 'Sleep' and id <> connection_id() and info like '${pattern}'`,
    wrongPassword: "Access denied for user 'assay'@'127.0.0.1' (using password: YES) (SQLSTATE 28000, error 1045)",
    wrongDatabase: "Unknown database 'nowhere' (SQLSTATE 42000, error 1049)",
    kill: "kill (",
  },
];

/** A listener on the loopback interface that treats its visitors as told. */
async function listener(
  visit: (socket: import("node:net").Socket) => void,
): Promise<{ port: number; server: TcpServer }> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    visit(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: (server.address() as { port: number }).port, server };
}

for (const { name, server, scheme, sleep, running, wrongPassword, wrongDatabase, kill } of SERVERS) {
  describe.skipIf(server === undefined)(name, () => {
    const url = server?.url ?? "";
    const host = `${server?.host}:${server?.port}`;
    const fails = (address: string, options = "{}") => errorOf(`db.connect(..., ${options})`, { args: [address] });
    const run = (body: string, options = "{}") =>
      results(`local url = ... local c <close> = db.connect(url, ${options})\n${body}`, { args: [url] });

    test("wrong password, wrong user, wrong database", async () => {
      const wrong = url.replace(PASSWORD, "guessed-wrong");
      expect(await fails(wrong)).toBe(`test:1: db.connect: ${wrongPassword}`);
      expect(await fails(url.replace(/\/assay$/, "/nowhere"))).toBe(`test:1: db.connect: ${wrongDatabase}`);
      expect(await fails(url.replace("assay:", "nobody:"))).toStartWith("test:1: db.connect: ");
    });

    test("nobody there, no such host", async () => {
      const { port, server: free } = await listener(() => {});
      await new Promise((resolve) => free.close(resolve));
      expect(await fails(`${scheme}://assay:${PASSWORD}@127.0.0.1:${port}/x`)).toBe(
        `test:1: db.connect: 127.0.0.1:${port}: connection refused`,
      );
      expect(await fails(`${scheme}://assay:${PASSWORD}@no-such-host.invalid/x`)).toBe(
        "test:1: db.connect: no-such-host.invalid: host not found",
      );
      expect(
        await fails(`${scheme}://assay:${PASSWORD}@/x?${name === "MariaDB" ? "socket=/nowhere/s" : "host=/nowhere"}`),
      ).toEndWith(": no such file or directory");
    });

    test("Q05: a server that says nothing, or hangs up, or talks nonsense", async () => {
      const silent = await listener(() => {});
      const started = performance.now();
      const address = (port: number): string => `${scheme}://assay:${PASSWORD}@127.0.0.1:${port}/x`;
      expect(await fails(address(silent.port), "{timeout = 0.3}")).toMatch(/^test:1: db\.connect: \S+: timeout$/);
      expect(performance.now() - started).toBeLessThan(1300);
      silent.server.close();
      const rude = await listener((socket) => socket.end());
      expect(await fails(address(rude.port))).toEndWith("the server closed the connection");
      rude.server.close();
      const babbler = await listener((socket) => socket.write("HTTP/1.1 400 Bad Request\r\n\r\n"));
      expect(await fails(address(babbler.port), "{timeout = 1}")).toStartWith("test:1: db.connect: 127.0.0.1:");
      babbler.server.close();
    });

    test("the permissions are asked about the address really connected to", async () => {
      const asked: string[] = [];
      class Guard extends Permissions {
        override checkNet(what: string, name: string, address: string | undefined, port: number): void {
          asked.push(`${what} ${name} ${address} ${port}`);
          if (name === "localhost")
            throw failure(`${what}: network access to ${name}:${port} is not allowed (--allow-net)`);
        }
      }
      const permissions = new Guard();
      const port = server!.port;
      const { error } = await runScript("db.connect(...)", {
        args: [url.replace("127.0.0.1", "localhost")],
        permissions,
      });
      expect(error).toBe(`test:1: db.connect: network access to localhost:${port} is not allowed (--allow-net)`);
      expect(asked[0]).toMatch(new RegExp(`^db\\.connect localhost (127\\.0\\.0\\.1|::1) ${port}$`));
      expect(
        (await runScript("return db.connect(...):query_one('select 1 as v').v", { args: [url], permissions })).results,
      ).toEqual([1]);
      expect(asked).toContain(`db.connect 127.0.0.1 127.0.0.1 ${port}`);
    });

    test("Q04: no error repeats the password", async () => {
      for (const address of [
        url.replace(/\/assay$/, "/nowhere"),
        url.replace("127.0.0.1", "no-such-host.invalid"),
        `${url}?nonsense=1`,
        `${url}?sslmode=sometimes`,
        url.replace(/:\d+\//, ":99999/"),
        url.replace("://", ":/"),
        `${url}?sslmode=verify-full`,
        `${url}?sslrootcert=/no/such/file&sslmode=verify-ca`,
      ]) {
        const message = await fails(address);
        expect(message).not.toContain(PASSWORD);
        expect(message).toStartWith("test:1: ");
      }
      expect(await run("return tostring(c)")).toEqual([`db.connection (${url.replace(`:${PASSWORD}`, "")})`]);
    });

    test("Q06: the timeout stops the statement at the server too", async () => {
      const body = `local ok, e = pcall(c.query, c, "${sleep(97)}")
        local left = #c:query("${running("%97%")}")
        return ok, e, left, c:query_one("select 4 as v").v`;
      const started = performance.now();
      expect(await run(body, "{timeout = 0.3, pool = 1}")).toEqual([false, "db.query: timeout of 0.3s exceeded", 0, 4]);
      expect(performance.now() - started).toBeLessThan(1300);
    });

    test("Q06: a task that is cancelled has its statement stopped at the server", async () => {
      const body = `local handle = async.spawn(function() c:query("${sleep(96)}") end)
        while #c:query("${running("%96%")}") == 0 do sleep(0.01) end
        handle:cancel() pcall(handle.await, handle)
        for i = 1, 100 do
          if #c:query("${running("%96%")}") == 0 then return "stopped", c:query_one("select 4 as v").v end
          sleep(0.01)
        end`;
      expect(await run(body)).toEqual(["stopped", 4]);
    });

    test("Q06: the end of the script stops what runs at the server", async () => {
      const script = `local c = db.connect(...)
        async.spawn(function() c:query("${sleep(95)}") end)
        while #c:query("${running("%95%")}") == 0 do sleep(0.01) end
        error("the end", 0)`;
      const { error } = await runScript(script, { args: [url] });
      expect(error).toBe("the end");
      const after = `local c <close> = db.connect(...)
        for i = 1, 100 do if #c:query("${running("%95%")}") == 0 then return "stopped" end sleep(0.01) end`;
      expect(await results(after, { args: [url] })).toEqual(["stopped"]);
    });

    test("the deadline of the script stops a statement, and nothing can catch that", async () => {
      const script = `local c = db.connect(...)
        while true do pcall(c.query, c, "${sleep(94)}") end`;
      const vm = createVm();
      const host = new Host();
      openBuiltins(vm, host, "script");
      const main = new Task(vm, load(vm, script, "=test"), [url]).start().promise;
      const stopped = new Stop("timeout", "timeout of 0.4s exceeded");
      setTimeout(() => vm.stop(stopped), 400);
      const started = performance.now();
      const outcome = await main.catch((error) => error);
      await host.closeResources();
      expect(outcome).toBe(stopped);
      expect(performance.now() - started).toBeLessThan(1400);
      const after = `local c <close> = db.connect(...)
        for i = 1, 100 do if #c:query("${running("%94%")}") == 0 then return "stopped" end sleep(0.01) end`;
      expect(await results(after, { args: [url] })).toEqual(["stopped"]);
    });

    test("Q05: a pool that is in use up", async () => {
      const body = `local release = async.channel(0)
        for i = 1, 2 do async.spawn(function() c:transaction(function() c:query("select 1") release:recv() end) end) end
        sleep(0.1)
        local ok, e = pcall(c.query, c, "select 1")
        local ok1, e1 = pcall(c.transaction, c, print)
        local ok2, e2 = pcall(function() for row in c:stream("select 1") do end end)
        release:send(1) release:send(1)
        return e, e1, e2, c:query_one("select 4 as v").v`;
      const message = "pool exhausted: all 2 connections are in use (waited 0.2s)";
      expect(await run(body, "{timeout = 0.2, pool = 2}")).toEqual([
        `db.query: ${message}`,
        `db.transaction: ${message}`,
        `test:7: db.stream: ${message}`,
        4,
      ]);
    });

    test("Q05: a session that is killed in the middle of a statement, and between statements", async () => {
      const body = `local killer <close> = db.connect(url)
        local function kill(like)
          for i = 1, 200 do
            local rows = killer:query(like)
            if #rows > 0 then killer:query("${kill}" .. rows[1].id .. ")") return end
            sleep(0.01)
          end
        end
        local handle = async.spawn(function() return pcall(c.query, c, "${sleep(93)}") end)
        kill("${running("%93%")}")
        local ok, e = handle:await()
        local first = c:query_one("select 4 as v").v
        local id = c:query_one("select ${name === "MariaDB" ? "connection_id()" : "pg_backend_pid()"} as id").id
        killer:query("${kill}" .. id .. ")")
        sleep(0.1)
        return ok, e, first, c:query_one("select 5 as v").v`;
      const [ok, message, first, second] = await run(body, "{pool = 1}");
      expect([ok, first, second]).toEqual([false, 4, 5]);
      expect(message).toMatch(/terminating connection|closed the connection|interrupted|killed/);
    });

    test.skipIf(server?.control === undefined)(
      "a server that stops, and comes back",
      async () => {
        const { stop, start } = server!.control!;
        const script = `local url, stop, start = ...
        local c <close> = db.connect(url, {pool = 2, timeout = 3})
        local handle = async.spawn(function() return pcall(c.query, c, "${sleep(92)}") end)
        sleep(0.1)
        stop()
        local during, e1 = handle:await()
        local after, e2 = pcall(c.query, c, "select 1")
        local again, e3 = pcall(c.transaction, c, print)
        start()
        return during, e1, after, e2, again, e3, c:query_one("select 6 as v").v,
          c:transaction(function() return c:query_one("select 7 as v").v end)`;
        const native = await asyncFunctions({ stop, start });
        const [during, e1, after, e2, again, e3, six, seven] = await results(script, {
          args: [url, native.stop, native.start],
        });
        expect([during, after, again, six, seven]).toEqual([false, false, false, 6, 7]);
        expect(e1).toMatch(/^db\.query: (the server closed the connection|connection reset by peer)$/);
        expect(e2).toBe(`db.query: ${host}: connection refused`);
        expect(e3).toBe(`db.transaction: ${host}: connection refused`);
      },
      60_000,
    );
  });
}

/** Functions for a script that wait for a promise. */
async function asyncFunctions<K extends string>(functions: Record<K, () => Promise<void>>) {
  const { NativeFunction } = await import("../../interpreter/function.ts");
  const { awaitPromise } = await import("../../interpreter/task.ts");
  const made = Object.entries<() => Promise<void>>(functions).map(([name, body]) => [
    name,
    new NativeFunction(name, () => awaitPromise(body().then(() => undefined)), undefined),
  ]);
  return Object.fromEntries(made) as Record<K, InstanceType<typeof NativeFunction>>;
}

describe("URLs", () => {
  test.each([
    ["", "postgres://, mysql://, mariadb:// or sqlite: URL expected"],
    ["nonsense", "postgres://, mysql://, mariadb:// or sqlite: URL expected"],
    ["oracle://u:secret@h/d", "postgres://, mysql://, mariadb:// or sqlite: URL expected"],
    ["postgres:u:secret@h/d", "postgres://, mysql://, mariadb:// or sqlite: URL expected"],
    ["postgres://u:secret@h:99999/d", "malformed URL"],
    ["postgres://u:secret@h:0/d", "URL has a port out of range"],
    [
      "postgres://u:secret@h/d?sslmode=maybe",
      "sslmode must be one of disable, allow, prefer, require, verify-ca, verify-full",
    ],
    ["postgres://u:secret@h/d?password2=secret", "URL has an unknown parameter 'password2'"],
    ["postgres://u:secret@a,b/d", "URL with several hosts is not supported"],
    ["postgres://u:%zz@h/d", "URL has a wrong percent sequence in its password"],
    ["postgres://u:secret@h/d%00", "URL has a NUL in its database name"],
    ["postgres://u:secret@h/d?connect_timeout=soon", "URL has a wrong connect_timeout"],
    ["mysql://u:secret@h/d?options=x", "URL parameter 'options' is for PostgreSQL only"],
    ["sqlite:", "sqlite URL without a path"],
    ["sqlite:///x?mode=odd", "sqlite mode must be ro, rw, rwc or memory"],
    ["sqlite:///x?journal_mode=off", "sqlite journal_mode must be one of wal, delete, truncate, persist"],
    ["sqlite:///x?busy_timeout=-1", "URL has a wrong busy_timeout"],
    ["sqlite:///x?cache=shared", "URL has an unknown parameter 'cache'"],
    ["\xff://", "URL is not valid UTF-8"],
  ])("%s", async (url, detail) => {
    expect(await errorOf("db.connect(...)", { args: [url] })).toBe(
      `test:1: bad argument #1 to 'db.connect' (${detail})`,
    );
  });

  test.each([
    ["{pool = 0}", "field 'pool': value out of range: 0 is below 1"],
    ["{timeout = 'x'}", "field 'timeout': number expected, got string"],
    ["{numeric = 'exact'}", `field 'numeric': "float" or "string" expected, got string`],
    ["{sslmode = 'maybe'}", undefined],
  ])("options %s", async (options, detail) => {
    const message = await errorOf(`db.connect("postgres://u@127.0.0.1:1/d", ${options})`);
    if (detail === undefined) expect(message).toContain("sslmode must be one of");
    else expect(message).toBe(`test:1: bad argument #2 to 'db.connect' (${detail})`);
  });
});
