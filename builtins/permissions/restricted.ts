/** Permissions that allow what every one of several sources allows, and that may be recorded. */
import { failure, type LuaError } from "../../interpreter/error.ts";
import { fromText } from "../../interpreter/text.ts";
import { type Access, Permissions } from "../permissions.ts";
import type { Audit } from "./audit.ts";
import { allowsEnv, type Grant, type GrantName, type Grants } from "./grants.ts";
import { allowsNet, couldAllow } from "./net.ts";
import { isInside, type RealPath, realPath, showsEnvironment } from "./path.ts";

/** An option that refuses something; `audit` for the file that records. */
type Refusal = GrantName | "audit";

export class RestrictedPermissions extends Permissions {
  /** Once there is a list, of whatever kind, metadata services have to be in it. */
  private readonly guard: boolean;

  /** All of `grants` must allow an access. */
  constructor(
    private readonly grants: readonly Grants[],
    private readonly audits: readonly Audit[] = [],
  ) {
    super();
    this.guard = grants.some((one) => [one.net, one.read, one.write, one.env].some((list) => list !== undefined));
  }

  /** The same, narrowed by another source. */
  narrowed(grants: Grants): RestrictedPermissions {
    return new RestrictedPermissions([...this.grants, grants], this.audits);
  }

  override checkNet(what: string, name: string, address: string | undefined, port: number): void {
    const wanted = { what, name, address, port };
    // Without any list of hosts this is refused only to the guard, which names --allow-net.
    const refused = this.grants.find((one) => !allowsNet(one.net?.allowed, this.guard && !this.named(one), wanted));
    const target = port === 0 && name.startsWith("/") ? name : `${name.includes(":") ? `[${name}]` : name}:${port}`;
    const resolved = address === undefined || address === name ? undefined : address;
    this.note(what, "net", target, resolved, refused === undefined);
    if (refused === undefined) return;
    const shown = resolved === undefined ? target : `${target} (${resolved})`;
    throw refusal(what, `network access to ${shown}`, refused.net?.option ?? "allow-net");
  }

  override checkLookup(what: string, name: string, port: number): void {
    const wanted = { what, name, address: undefined, port };
    const refused = this.grants.find((one) => !couldAllow(one.net?.allowed, this.guard && !this.named(one), wanted));
    if (refused === undefined) return;
    this.note(what, "net", `${name}:${port}`, undefined, false);
    throw refusal(what, `network access to ${name}:${port}`, refused.net?.option ?? "allow-net");
  }

  /** Sources without a list of hosts leave the guard to those that have one. */
  private named(grants: Grants): boolean {
    return grants.net === undefined && this.grants.some((one) => one.net !== undefined);
  }

  override checkRead(what: string, path: string): string {
    return this.checkFile(what, "read", path, (real) => {
      const hides = this.grants.find((one) => one.env !== undefined && showsEnvironment(real.path));
      return hides?.env?.option ?? this.outside(real, (one) => one.read);
    });
  }

  override checkWrite(what: string, path: string): string {
    return this.checkFile(what, "write", path, (real) => {
      // Neither the file itself nor a folder that it goes away with.
      if (this.audits.some((audit) => isInside(audit.path, real.path))) return "audit";
      return this.outside(real, (one) => one.write);
    });
  }

  private checkFile(
    what: string,
    access: "read" | "write",
    path: string,
    decide: (real: RealPath) => Refusal | undefined,
  ): string {
    const real = realPath(path);
    const option = decide(real);
    this.note(what, access, path, real.path === path ? undefined : real.path, option === undefined);
    if (option !== undefined) throw refusal(what, `${access} access to ${path}`, option);
    return real.path;
  }

  /** The option whose list a path is not in. */
  private outside(
    { path, through }: RealPath,
    list: (grants: Grants) => Grant<string> | undefined,
  ): GrantName | undefined {
    for (const grants of this.grants) {
      const grant = list(grants);
      if (grant === undefined) continue;
      const isIn = (one: string) => grant.allowed.some((folder) => isInside(one, folder));
      if (![path, ...through].every(isIn)) return grant.option;
    }
    return undefined;
  }

  override mayReadEnv(key: string): boolean {
    const granted = this.grants.every(({ env }) => env === undefined || allowsEnv(env, key));
    this.note("env.get", "env", key, undefined, granted);
    return granted;
  }

  /** An access that cannot be recorded is none. */
  private note(what: string, access: Access, target: string, resolved: string | undefined, granted: boolean): void {
    const entry = { access, what, target, ...(resolved === undefined ? {} : { resolved }), granted };
    for (const audit of this.audits) {
      if (!audit.note(entry)) throw failure(`${what}: the access cannot be recorded (--audit)`);
    }
  }
}

function refusal(what: string, access: string, option: Refusal): LuaError {
  return failure(fromText(`${what}: ${access} is not allowed (--${option})`));
}
