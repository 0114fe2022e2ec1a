/** How connections are secured: the `tls` option, SSL_CERT_FILE, and the cluster's own authority inside a pod. */
import { readFileSync } from "node:fs";
import type { LuaTable } from "../../interpreter/table.ts";
import { toTextLossy } from "../../interpreter/text.ts";
import type { Value } from "../../interpreter/value.ts";
import { Failure, failureOf, quoted } from "./failure.ts";
import type { Target } from "./url.ts";

/** What node:tls is told. Empty: the built-in authorities, verified, no client certificate. */
export interface TlsSettings {
  /** Authorities that are trusted instead of the built-in ones, PEM. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly insecure?: boolean;
  /** The name sent to the server and looked for in its certificate, when it is not the URL's host. */
  readonly serverName?: string;
}

export const DEFAULT_TLS: TlsSettings = {};

export interface TlsEnvironment {
  env(key: string): string | undefined;
  /** Throws when a script may not read that file. */
  checkRead(path: string): void;
}

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
    const path = toTextLossy(value);
    environment.checkRead(path);
    found = readPem(path, `tls.${field}`);
  }
  if (!new RegExp(`-----BEGIN [A-Z ]*${kind}-----`).test(found)) {
    throw new Failure(`tls.${field} holds no PEM ${kind.toLowerCase()}`, "never");
  }
  return found;
}

function readPem(path: string, field: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch (error) {
    throw new Failure(`${field}: ${quoted(path)}: ${failureOf(error, "unsent").words}`, "never", error);
  }
}

/** Where Kubernetes mounts a pod's credentials. */
const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * What a connection uses when the script names no authority of its own: the cluster's for the API server of the
 * cluster the process runs in, else the file that SSL_CERT_FILE names. Files are read anew each time: authorities rotate.
 */
export function withDefaults(settings: TlsSettings, target: Target, environment: TlsEnvironment): TlsSettings {
  if (settings.ca !== undefined || settings.insecure === true) return settings;
  if (isApiServer(target, environment)) {
    const folder = environment.env("ASSAY_SERVICEACCOUNT_DIR") ?? SERVICE_ACCOUNT;
    const ca = optionalFile(`${folder}/ca.crt`);
    if (ca !== undefined) return { ...settings, ca };
  }
  const bundle = environment.env("SSL_CERT_FILE");
  if (bundle === undefined || bundle === "") return settings;
  return { ...settings, ca: readPem(bundle, "SSL_CERT_FILE") };
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
  const { ca, cert, key, insecure, serverName } = settings;
  return [ca ?? "", cert ?? "", key ?? "", insecure === true ? "insecure" : "", serverName ?? ""].join("\0");
}
