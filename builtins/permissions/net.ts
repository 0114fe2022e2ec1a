/** Rules of `--allow-net`: which hosts and ports may be connected to. */
import {
  type Address,
  canonicalHost,
  isGuardedAddress,
  isGuardedName,
  parseAddress,
  parseRange,
  type Range,
  sharesPrefix,
} from "./address.ts";

/** One entry of the list. */
export interface NetRule {
  readonly host:
    | { readonly kind: "any" }
    /** `name` is lower case, in ASCII. */
    | { readonly kind: "name"; readonly name: string }
    /** `*.example.com`: everything below it. */
    | { readonly kind: "below"; readonly suffix: string }
    | { readonly kind: "range"; readonly range: Range }
    /** A Unix socket. */
    | { readonly kind: "socket"; readonly path: string };
  /** `standard`: those of the protocol in use. */
  readonly port: number | "any" | "standard";
}

/** A connection that is asked for. */
export interface Connection {
  readonly what: string;
  readonly name: string;
  readonly address: string | undefined;
  readonly port: number;
}

const NAME = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_](?:[a-z0-9_-]{0,62}))*\.?$/;

/** Reads `host`, `host:port`, `host:*`, an address or a network in place of the host, `*.domain`, `*` or `/socket`. */
export function parseNetRule(text: string): NetRule | undefined {
  if (text.startsWith("/")) return { host: { kind: "socket", path: text }, port: "any" };
  const bare = parseRange(text);
  if (bare !== undefined) return { host: { kind: "range", range: bare }, port: "standard" };
  const parts = /^(\[[^\]]+\](?:\/\d+)?|[^:[\]]+)(?::(\d{1,5}|\*))?$/.exec(text);
  if (parts === null) return undefined;
  const [, host = "", given] = parts;
  const port = given === undefined ? "standard" : given === "*" ? "any" : Number(given);
  if (typeof port === "number" && port > 65535) return undefined;
  if (host === "*") return { host: { kind: "any" }, port: given === undefined ? "any" : port };
  const range = parseRange(host.replace(/^\[(.*)\]/, "$1"));
  if (range !== undefined) return { host: { kind: "range", range }, port };
  if (host.includes("/")) return undefined;
  const below = host.startsWith("*.");
  const name = canonicalHost(below ? host.slice(2) : host);
  const numeric = below ? undefined : parseRange(name);
  if (numeric !== undefined) return { host: { kind: "range", range: numeric }, port };
  if (!NAME.test(name)) return undefined;
  return { host: below ? { kind: "below", suffix: `.${name}` } : { kind: "name", name }, port };
}

/**
 * Whether one of the rules (undefined: no list, everything) allows a connection. With `guard`, metadata services and
 * link-local addresses need a rule of their own.
 */
export function allowsNet(rules: readonly NetRule[] | undefined, guard: boolean, wanted: Connection): boolean {
  const name = wanted.name.toLowerCase();
  const canonical = canonicalHost(wanted.name);
  const written = parseAddress(canonical);
  const address = wanted.address === undefined ? written : parseAddress(wanted.address);
  const isGuarded =
    isGuardedName(canonical) ||
    (written !== undefined && isGuardedAddress(written)) ||
    (address !== undefined && isGuardedAddress(address));
  if (guard && isGuarded) {
    return (rules ?? []).some((rule) => isSpecific(rule) && matches(rule, name, address, wanted));
  }
  return rules === undefined || rules.some((rule) => matches(rule, name, address, wanted));
}

/**
 * Whether one of the rules could allow a connection to a name that has not been looked up: `wanted.address` is
 * undefined. Rules for addresses might, whatever the name.
 */
export function couldAllow(rules: readonly NetRule[] | undefined, guard: boolean, wanted: Connection): boolean {
  const name = wanted.name.toLowerCase();
  const canonical = canonicalHost(wanted.name);
  // An address in one of its other spellings needs no lookup.
  if (parseAddress(canonical) !== undefined) return allowsNet(rules, guard, { ...wanted, address: canonical });
  const isGuarded = guard && isGuardedName(canonical);
  if (rules === undefined) return !isGuarded;
  return rules.some((rule) => {
    if (isGuarded && !isSpecific(rule)) return false;
    return rule.host.kind === "range" ? matchesPort(rule, wanted) : matches(rule, name, undefined, wanted);
  });
}

/** Whether a rule says by name or address that it means a metadata service or link-local addresses. */
function isSpecific({ host }: NetRule): boolean {
  if (host.kind === "name") return isGuardedName(host.name);
  return host.kind === "range" && isGuardedAddress(host.range.base);
}

function matches(rule: NetRule, name: string, address: Address | undefined, wanted: Connection): boolean {
  return matchesHost(rule, name, address) && (isLookup(wanted) || matchesPort(rule, wanted));
}

function matchesHost({ host }: NetRule, name: string, address: Address | undefined): boolean {
  switch (host.kind) {
    case "any":
      return true;
    case "name":
      return name === host.name;
    case "below":
      return name.endsWith(host.suffix) && name.length > host.suffix.length;
    case "range":
      return address !== undefined && sharesPrefix(address, host.range.base, host.range.bits);
    case "socket":
      return name === host.path.toLowerCase();
  }
}

/** Names that may be connected to at some port may be looked up. */
function isLookup({ what, port }: Connection): boolean {
  return port === 53 && (what === "net.resolve" || what === "dns");
}

const HTTP_PORTS = [80, 443];
const DATABASE_PORTS = [5432, 3306];

function matchesPort({ port }: NetRule, wanted: Connection): boolean {
  if (port !== "standard") return port === "any" || port === wanted.port;
  const isDatabase = wanted.what.startsWith("db.") || wanted.what === "sql";
  return (isDatabase ? DATABASE_PORTS : HTTP_PORTS).includes(wanted.port);
}
