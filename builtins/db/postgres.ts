/** PostgreSQL, by the library postgres. */
import type { Socket } from "node:net";
import type { VirtualMachine } from "../../interpreter/vm.ts";
import { hostOf } from "../host.ts";
import type { Permissions } from "../permissions.ts";
import type { DriverSettings } from "./drivers.ts";
import { DatabaseError } from "./failure.ts";
import { PostgresSession } from "./postgres-session.ts";
import { openPostgres } from "./postgres-start.ts";
import { PostgresTypes } from "./postgres-types.ts";
import type { Driver, Session } from "./session.ts";
import { tlsSettings } from "./tls.ts";
import type { ServerTarget } from "./url.ts";

export class PostgresDriver implements Driver {
  readonly dialect = "postgres";
  readonly begin = "BEGIN";
  readonly interleaves = true;
  readonly sharesCursors = false;
  // Each of them waits for those before it, which may turn out slow.
  readonly pipeline = 16;
  readonly maxSessions = Number.POSITIVE_INFINITY;
  readonly target: string;
  readonly secrets: readonly string[];
  readonly types: PostgresTypes;

  constructor(
    readonly vm: VirtualMachine,
    readonly server: ServerTarget,
    readonly permissions: Permissions,
    readonly settings: DriverSettings,
  ) {
    const { user, host, port, socket, database } = server;
    this.target = `postgres://${user}@${socket ?? `${host}:${port}`}/${database ?? user}`;
    this.secrets = [server.password];
    this.types = new PostgresTypes(settings.numeric);
  }

  async open(timeoutMs: number): Promise<Session> {
    const until = performance.now() + timeoutMs;
    const { server, permissions, vm } = this;
    const tls = tlsSettings(server, permissions, hostOf(vm).env("SSL_CERT_FILE"));
    return openPostgres(server, tls, permissions, until, (socket, again) => this.login(socket, again, until));
  }

  /** Logs in on a socket that is ready for the start-up message. `again` opens another one like it, to cancel. */
  private async login(socket: Socket, again: () => Promise<Socket>, until: number): Promise<Session> {
    const session = new PostgresSession(this, socket, again);
    const left = Math.max(1, until - performance.now());
    const timer = setTimeout(() => session.fail(new DatabaseError(`${this.target}: timeout`, { fatal: true })), left);
    try {
      await session.login();
      return session;
    } finally {
      clearTimeout(timer);
    }
  }
}
