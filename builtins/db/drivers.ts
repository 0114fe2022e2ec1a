/** The drivers, each loaded when a script first connects to a database of its kind. */
import type { VirtualMachine } from "../../interpreter/vm.ts";
import { hostOf } from "../host.ts";
import type { Driver } from "./session.ts";
import type { Target } from "./url.ts";

/** Options of `db.connect` that concern the drivers. */
export interface DriverSettings {
  /** What NUMERIC and DECIMAL become. */
  readonly numeric: "float" | "string";
  /** Whether PostgreSQL statements are kept prepared. */
  readonly prepare: boolean;
}

export async function loadDriver(vm: VirtualMachine, target: Target, settings: DriverSettings): Promise<Driver> {
  const { permissions } = hostOf(vm);
  switch (target.kind) {
    case "postgres":
      return new (await import("./postgres.ts")).PostgresDriver(vm, target, permissions, settings);
    case "mysql":
      return new (await import("./mysql.ts")).MysqlDriver(vm, target, permissions, settings);
    default:
      return new (await import("./sqlite.ts")).SqliteDriver(vm, target, permissions);
  }
}
