/** The file of `--audit`: one JSON object a line for each access that a script was granted or refused. */
import { closeSync, openSync, writeSync } from "node:fs";
import { systemError } from "../errno.ts";
import type { Access } from "../permissions.ts";
import { GrantError } from "./grants.ts";
import { realPath } from "./path.ts";

export interface AuditEntry {
  readonly access: Access;
  /** The function that asked, such as `http.get`. */
  readonly what: string;
  /** `host:port`, a path, or a variable's name. */
  readonly target: string;
  /** Where the connection leads, or the path with links followed, when that differs. */
  readonly resolved?: string;
  readonly granted: boolean;
}

/** Lines are written at once and in the order of the accesses; an existing file is continued. */
export class Audit {
  /** The real path: no script may change this file. */
  readonly path: string;
  private readonly fd: number;

  /** Throws a GrantError when the file cannot be opened. */
  constructor(path: string) {
    try {
      this.fd = openSync(path, "a", 0o600);
    } catch (error) {
      throw new GrantError(`--audit: ${path}: ${systemError(error) ?? "cannot be written"}`);
    }
    this.path = realPath(path).path;
  }

  /** Whether the entry was written. */
  note(entry: AuditEntry): boolean {
    const line = Buffer.from(`${JSON.stringify({ time: new Date().toISOString(), ...entry })}\n`);
    try {
      for (let at = 0; at < line.length; ) at += writeSync(this.fd, line, at);
      return true;
    } catch {
      return false;
    }
  }

  close(): void {
    closeSync(this.fd);
  }
}
