/** What must not show in any output of a run: collected as it becomes known, applied to everything that leaves. */
import { Masker } from "../../builtins/mask.ts";
import type { Body } from "./types/type.ts";

/** Values shorter than this that a check's `env` holds are no secrets, and masking them would hit ordinary text. */
const SHORTEST_VALUE = 3;
/** Header fields whose values are credentials. */
const SECRET_HEADER = /^(?:authorization|proxy-authorization|cookie|set-cookie)$|token|secret|password|api-?key/i;

export class Secrets {
  private readonly known = new Set<string>();
  private masker = new Masker([]);

  constructor(values: readonly string[]) {
    this.add(values);
  }

  get values(): readonly string[] {
    return [...this.known];
  }

  add(values: readonly string[]): void {
    const before = this.known.size;
    for (const value of values) if (value !== "") this.known.add(value);
    if (this.known.size !== before) this.masker = new Masker(this.values);
  }

  /** Notes what the keys of a check say is secret: `env`, credentials in headers, URLs and `auth`. */
  addBody(body: Body): void {
    const { env, headers, auth, url, tls } = body as Record<string, unknown>;
    const found: string[] = [];
    for (const value of Object.values(record(env))) {
      const text = String(value);
      if (text.length >= SHORTEST_VALUE && text !== "true" && text !== "false") found.push(text);
    }
    for (const [name, value] of Object.entries(record(headers))) {
      if (SECRET_HEADER.test(name))
        for (const one of Array.isArray(value) ? value : [value]) found.push(...headerSecrets(String(one)));
    }
    const { password, bearer } = record(auth);
    const { key } = record(tls);
    for (const value of [password, bearer, typeof key === "string" && key.includes("PRIVATE KEY") ? key : undefined]) {
      if (typeof value === "string") found.push(value);
    }
    if (typeof url === "string") found.push(...urlSecrets(url));
    this.add(found);
  }

  mask = (text: string): string => this.masker.mask(text);
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

/** The whole value, and its credential without the scheme: `Bearer x`. */
function headerSecrets(value: string): string[] {
  const credential = /^[A-Za-z]+ +(\S.*)$/.exec(value)?.[1];
  return credential === undefined ? [value] : [value, credential];
}

/** The password of `scheme://user:password@host`. */
function urlSecrets(url: string): string[] {
  const password = /^[a-z][a-z0-9+.-]*:\/\/[^/?#@]*?:([^/?#]*)@/i.exec(url)?.[1];
  if (password === undefined || password === "") return [];
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    return [password];
  }
}
