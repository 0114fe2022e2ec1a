/**
 * Capabilities (docs/security.md): which hosts, files and environment variables a script may reach. Every builtin
 * that touches the outside asks here first; nothing else decides. What narrows them is in permissions/: a script
 * without restrictions does not load it.
 */

/** One kind of access. */
export type Access = "net" | "read" | "write" | "env";

/** Allows everything. */
export class Permissions {
  static all(): Permissions {
    return new Permissions();
  }

  /**
   * Whether a connection to `address` (the IP address really connected to; undefined when another machine or nobody
   * looks it up) and `port` may be opened; `name` is the host name as the script wrote it, or the path of a Unix
   * socket. `what` names the function for the message. Throws a LuaError if not.
   */
  checkNet(_what: string, _name: string, _address: string | undefined, _port: number): void {}

  /**
   * Whether a name may be looked up in order to connect to it: a name that no rule could allow, whatever its
   * addresses, is refused before anybody is asked for them. `checkNet` decides about the addresses found. Throws a
   * LuaError if not.
   */
  checkLookup(_what: string, _name: string, _port: number): void {}

  /**
   * Whether the file at this path (resolved by the check, links included) may be read. `path` is text. Returns the
   * real path that was decided on; undefined when there was nothing to decide. Throws a LuaError if not.
   */
  checkRead(_what: string, _path: string): string | undefined {
    return undefined;
  }

  checkWrite(_what: string, _path: string): string | undefined {
    return undefined;
  }

  /** Whether an environment variable may be seen; one that may not reads as unset. */
  mayReadEnv(_key: string): boolean {
    return true;
  }
}
