/** MySQL and MariaDB, by the library mariadb. */
import type { Socket } from "node:net";
import { createConnection } from "mariadb";
import type { VirtualMachine } from "../../interpreter/vm.ts";
import { hostOf } from "../host.ts";
import type { Permissions } from "../permissions.ts";
import type { DriverSettings } from "./drivers.ts";
import { DatabaseError } from "./failure.ts";
import { guardListeners } from "./guarded.ts";
import { type Client, failureOf, NO_TLS } from "./mysql-library.ts";
import { MysqlSession } from "./mysql-session.ts";
import type { Driver, Session } from "./session.ts";
import { openSocket } from "./socket.ts";
import { type TlsSettings, tlsSettings } from "./tls.ts";
import type { ServerTarget } from "./url.ts";

/** ER_SECURE_TRANSPORT_REQUIRED */
const SECURE_TRANSPORT_REQUIRED = 3159;
/** The longest message from the server that is taken at all. */
const MOST_BYTES = 1 << 30;
/** How long opening a connection may take that is to stop what another one does. */
const KILL_MS = 1000;

export class MysqlDriver implements Driver {
  readonly dialect = "mysql";
  readonly begin = "START TRANSACTION";
  readonly interleaves = false;
  readonly sharesCursors = false;
  readonly pipeline = 1;
  readonly maxSessions = Number.POSITIVE_INFINITY;
  readonly target: string;
  readonly secrets: readonly string[];

  constructor(
    readonly vm: VirtualMachine,
    readonly server: ServerTarget,
    private readonly permissions: Permissions,
    readonly settings: DriverSettings,
  ) {
    const { user, host, port, socket, database, scheme } = server;
    this.target = `${scheme}://${user}@${socket ?? `${host}:${port}`}/${database ?? ""}`;
    this.secrets = [server.password];
  }

  async open(timeoutMs: number): Promise<Session> {
    const until = performance.now() + timeoutMs;
    const { server, permissions, vm } = this;
    const tls = tlsSettings(server, permissions, hostOf(vm).env("SSL_CERT_FILE"));
    const { mode } = tls;
    // Unix sockets carry no TLS, whatever the mode.
    if (server.socket !== undefined || mode === "disable") return this.login(undefined, until);
    if (mode === "allow") {
      try {
        return await this.login(undefined, until);
      } catch (error) {
        if (!(error instanceof DatabaseError) || error.details.number !== SECURE_TRANSPORT_REQUIRED) throw error;
        return this.login(tls, until);
      }
    }
    try {
      return await this.login(tls, until);
    } catch (error) {
      const noTls = error instanceof DatabaseError && error.details.number === NO_TLS;
      if (mode === "prefer" && noTls) return this.login(undefined, until);
      if (!noTls) throw error;
      throw new DatabaseError(`${server.host}:${server.port}: the server does not support TLS (sslmode=${mode})`, {
        fatal: true,
      });
    }
  }

  private async login(tls: TlsSettings | undefined, until: number): Promise<Session> {
    return new MysqlSession(await this.connect(tls, until), this.settings.numeric, () =>
      this.connect(tls, performance.now() + KILL_MS),
    );
  }

  private async connect(tls: TlsSettings | undefined, until: number): Promise<Client> {
    const { server, permissions } = this;
    const left = (): number => Math.max(1, until - performance.now());
    const unexpected = (): Error =>
      new DatabaseError(`${server.host}:${server.port}: unexpected answer: not a MySQL server?`, { fatal: true });
    const open = async (ms: number): Promise<Socket> =>
      guardListeners(await openSocket(server, permissions, ms), unexpected);
    const socket = await open(left());
    let first: Socket | undefined = socket;
    const { limit } = this.vm.memory;
    const options = {
      host: server.host,
      port: server.port,
      user: server.user,
      password: server.password,
      database: server.database,
      ssl: tls === undefined ? false : { ...tls.options },
      // Asked again when the library wants a connection to kill what a destroyed one was doing.
      stream: (give: (error: unknown, stream?: Socket) => void) => {
        if (first === undefined) {
          open(KILL_MS).then((another) => give(undefined, another), give);
          return;
        }
        give(undefined, first);
        first = undefined;
      },
      connectTimeout: Math.ceil(left()),
      timezone: "Z",
      charset: "utf8mb4",
      rowsAsArray: true,
      dateStrings: true,
      jsonStrings: true,
      bitOneIsBoolean: false,
      checkDuplicate: false,
      insertIdAsNumber: false,
      decimalAsNumber: false,
      bigIntAsNumber: false,
      multipleStatements: false,
      permitLocalInfile: false,
      permitRedirect: false,
      // As with libpq: what a connection without TLS can be told in clear is decided by the mode, not by the server.
      allowPublicKeyRetrieval: true,
      maxAllowedPacket: Math.min(MOST_BYTES, limit === Infinity ? MOST_BYTES : Math.max(limit, 1 << 20)),
      logger: { network: null, query: null, error: null, warning: () => {} },
      connectAttributes: { program_name: server.applicationName ?? "assay" },
    };
    try {
      return (await createConnection(options as never)) as unknown as Client;
    } catch (error) {
      socket.destroy();
      throw failureOf(error, `${server.host}:${server.port}`, tls !== undefined);
    }
  }
}
