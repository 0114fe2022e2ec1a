/** Which proxy a connection goes through: the `proxy` option, or the environment's variables as curl and Go read them. */
import { BlockList, isIP } from "node:net";
import { fromText } from "../../interpreter/text.ts";
import { Failure } from "./failure.ts";
import { parseUrl, shown, type Target } from "./url.ts";

export interface ProxyServer {
  readonly target: Target;
  /** Value of Proxy-Authorization, if the proxy's URL has credentials. */
  readonly authorization: string | undefined;
}

/** A proxy from its URL; a bare `host:port` is taken as http. */
export function parseProxy(url: string, from: string): ProxyServer {
  const whole = url.includes("://") ? url : `http://${url}`;
  const scheme = whole.slice(0, whole.indexOf("://")).toLowerCase();
  if (scheme !== "http" && scheme !== "https") {
    throw new Failure(`proxy scheme "${fromText(scheme.slice(0, 20))}" of ${from} is not supported`, "never");
  }
  let target: Target;
  try {
    target = parseUrl(whole);
  } catch {
    throw new Failure(`invalid proxy ${shown(whole)} in ${from}`, "never");
  }
  const { credentials } = target;
  return {
    target,
    authorization:
      credentials === undefined ? undefined : `Basic ${Buffer.from(credentials, "latin1").toString("base64")}`,
  };
}

/** The proxy that the environment asks for, if any. Lower-case names win, as they do for curl. */
export function environmentProxy(target: Target, env: (key: string) => string | undefined): ProxyServer | undefined {
  const name = target.secure ? "https_proxy" : "http_proxy";
  const [key, value] = setting(env, name) ?? setting(env, "all_proxy") ?? [name, ""];
  if (value === "") return undefined;
  const exceptions = setting(env, "no_proxy")?.[1];
  if (exceptions !== undefined && isException(target, exceptions)) return undefined;
  return parseProxy(value, key);
}

function setting(env: (key: string) => string | undefined, name: string): [string, string] | undefined {
  for (const key of [name, name.toUpperCase()]) {
    const value = env(key);
    if (value !== undefined && value !== "") return [key, value.trim()];
  }
  return undefined;
}

/**
 * Whether NO_PROXY names the target: `*`, a host (and its subdomains, with or without a leading dot), an address, a
 * CIDR range; each with an optional port.
 */
export function isException(target: Target, list: string): boolean {
  const host = target.host.toLowerCase().replace(/\.$/, "");
  const family = isIP(host);
  for (const raw of list.split(/[\s,]+/)) {
    const entry = raw.toLowerCase();
    if (entry === "") continue;
    if (entry === "*") return true;
    const [name, port] = splitPort(entry);
    if (port !== undefined && port !== target.port) continue;
    if (name.includes("/")) {
      if (family !== 0 && inRange(host, family, name)) return true;
    } else if (family !== 0) {
      if (isIP(name) === family && sameAddress(host, name, family)) return true;
    } else {
      const domain = name.replace(/^\*?\./, "").replace(/\.$/, "");
      if (domain !== "" && (host === domain || host.endsWith(`.${domain}`))) return true;
    }
  }
  return false;
}

function splitPort(entry: string): [string, number | undefined] {
  const bracketed = /^\[([^\]]*)\](?::(\d+))?$/.exec(entry);
  if (bracketed !== null) return [bracketed[1]!, bracketed[2] === undefined ? undefined : Number(bracketed[2])];
  const plain = /^([^:]*):(\d+)$/.exec(entry);
  return plain === null ? [entry, undefined] : [plain[1]!, Number(plain[2])];
}

function sameAddress(a: string, b: string, family: number): boolean {
  if (a === b) return true;
  return family === 6 && inRange(a, 6, `${b}/128`);
}

function inRange(address: string, family: number, range: string): boolean {
  const [net, bits] = range.split("/") as [string, string];
  const rangeFamily = isIP(net);
  const prefix = Number(bits);
  if (rangeFamily !== family || !/^\d+$/.test(bits) || prefix > (family === 4 ? 32 : 128)) return false;
  const type = family === 4 ? "ipv4" : "ipv6";
  const block = new BlockList();
  block.addSubnet(net, prefix, type);
  return block.check(address, type);
}
