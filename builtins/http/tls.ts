/** How connections are secured: the `tls` option, SSL_CERT_FILE, and the cluster's own authority inside a pod. */
import { readFileSync } from "node:fs";
import { getCACertificates } from "node:tls";
import { LuaError } from "../../interpreter/error.ts";
import type { LuaTable } from "../../interpreter/table.ts";
import { toTextLossy } from "../../interpreter/text.ts";
import type { Value } from "../../interpreter/value.ts";
import { readOpened } from "../opened.ts";
import { Failure, failureOf, quoted } from "./failure.ts";
import type { Target } from "./url.ts";

/** What a connection is secured with. Empty: the system's authorities, verified, no client certificate. */
export interface TlsSettings {
  /** Authorities that are trusted besides the system's, PEM. Of a server: those that clients' certificates must be of. */
  readonly ca?: string;
  /** What stands for the system's authorities, PEM: the file that SSL_CERT_FILE names. */
  readonly roots?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly insecure?: boolean;
  /** The name sent to the server and looked for in its certificate, when it is not the URL's host. */
  readonly serverName?: string;
}

export const DEFAULT_TLS: TlsSettings = {};

export interface TlsEnvironment {
  env(key: string): string | undefined;
  /** Throws when a script may not read that file; returns the real path decided on (builtins/permissions.ts). */
  checkRead(path: string): string | undefined;
}

/** Largest file of certificates or a key, in bytes. */
const MAX_PEM = 16 * 1024 * 1024;
const FIELDS = new Set(["ca", "cert", "key", "insecure", "server_name"]);

/** Reads the `tls` option. Texts that contain a PEM header are taken as they are, anything else is a path. */
export function readTls(table: LuaTable, environment: TlsEnvironment): TlsSettings {
  table.forEach((key) => {
    if (typeof key !== "string" || !FIELDS.has(key)) {
      throw new Failure(`unknown field ${typeof key === "string" ? quoted(key) : "of another type"} in tls`, "never");
    }
  });
  const insecure = table.getString("insecure");
  if (insecure !== undefined && typeof insecure !== "boolean")
    throw new Failure("tls.insecure must be a boolean", "never");
  const ca = pem(table, "ca", "CERTIFICATE", environment);
  const cert = pem(table, "cert", "CERTIFICATE", environment);
  const key = pem(table, "key", "PRIVATE KEY", environment);
  if ((cert === undefined) !== (key === undefined)) throw new Failure("tls.cert and tls.key belong together", "never");
  const serverName = text(table.getString("server_name"), "server_name");
  return { ca, cert, key, insecure: insecure === true, serverName };
}

function text(value: Value, field: string): string | undefined {
  if (value === undefined || typeof value === "string") return value;
  throw new Failure(`tls.${field} must be a string`, "never");
}

/** PEM text from a field, or from the file it names. `kind` is a word of the PEM header that must be there. */
function pem(table: LuaTable, field: string, kind: string, environment: TlsEnvironment): string | undefined {
  const value = text(table.getString(field), field);
  if (value === undefined) return undefined;
  let found = value;
  if (!value.includes("-----BEGIN ")) {
    // Part of a text, or some other text: it must not be shown as a path.
    if (/[\0\n]/.test(value)) throw new Failure(`tls.${field} is neither PEM nor a path`, "never");
    const path = toTextLossy(value);
    found = readNamed(path, `tls.${field}`, environment);
  }
  if (!new RegExp(`-----BEGIN [A-Z ]*${kind}-----`).test(found)) {
    throw new Failure(`tls.${field} holds no PEM ${kind.toLowerCase()}`, "never");
  }
  return found;
}

/** A file that a script names. */
function readNamed(path: string, field: string, environment: TlsEnvironment): string {
  return wording(path, field, () => {
    const bytes = readOpened(path, (one) => environment.checkRead(one), MAX_PEM);
    return bytes.toString("latin1");
  });
}

/** A file that the environment names: it is not the script's choice. */
function readPem(path: string, field: string): string {
  return wording(path, field, () => readFileSync(path, "latin1"));
}

function wording(path: string, field: string, read: () => string): string {
  try {
    return read();
  } catch (error) {
    if (error instanceof LuaError) throw error;
    throw new Failure(`${field}: ${quoted(path)}: ${failureOf(error, "unsent").words}`, "never", error);
  }
}

/** Where Kubernetes mounts a pod's credentials. */
const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * What the process's surroundings add to a connection's settings: the cluster's authority for the API server of the
 * cluster it runs in, unless the script names one of its own, and the file that SSL_CERT_FILE names in place of the
 * system's authorities. Files are read anew each time: authorities rotate.
 */
export function withDefaults(settings: TlsSettings, target: Target, environment: TlsEnvironment): TlsSettings {
  if (settings.insecure === true) return settings;
  const found = { ...settings, ca: settings.ca ?? clusterAuthority(target, environment) };
  const bundle = environment.env("SSL_CERT_FILE");
  if (bundle === undefined || bundle === "") return found;
  return { ...found, roots: readPem(bundle, "SSL_CERT_FILE") };
}

/** All authorities that a connection trusts, as node:tls takes them; undefined for those that it trusts by itself. */
export function authorities({ ca, roots }: TlsSettings): string | string[] | undefined {
  if (ca === undefined) return roots;
  return roots === undefined ? [ca, ...systemAuthorities()] : [ca, roots];
}

let system: readonly string[] | undefined;

function systemAuthorities(): readonly string[] {
  system ??= getCACertificates("default");
  return system;
}

function clusterAuthority(target: Target, environment: TlsEnvironment): string | undefined {
  if (!isApiServer(target, environment)) return undefined;
  const folder = environment.env("ASSAY_SERVICEACCOUNT_DIR") ?? SERVICE_ACCOUNT;
  return optionalFile(`${folder}/ca.crt`);
}

/** `kubernetes.default.svc` in its long and short forms, or the address the pod's environment gives. */
function isApiServer(target: Target, environment: TlsEnvironment): boolean {
  if (/^kubernetes(\.default(\.svc(\.[a-z0-9.-]+)?)?)?$/.test(target.host)) return true;
  const address = environment.env("KUBERNETES_SERVICE_HOST");
  if (address === undefined || address === "" || target.host !== address.replace(/^\[|\]$/g, "").toLowerCase())
    return false;
  const port = environment.env("KUBERNETES_SERVICE_PORT") ?? "443";
  return target.port === Number(port);
}

function optionalFile(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
}

/** Tells connections with different settings apart, so that one is never reused for another. */
export function tlsKey(settings: TlsSettings): string {
  const { ca, roots, cert, key, insecure, serverName } = settings;
  return [ca ?? "", roots ?? "", cert ?? "", key ?? "", insecure === true ? "insecure" : "", serverName ?? ""].join(
    "\0",
  );
}
