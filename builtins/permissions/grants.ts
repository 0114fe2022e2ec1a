/** What the permission options allow: their words, read. */
import { type NetRule, parseNetRule } from "./net.ts";
import { realPath } from "./path.ts";

/** A word that cannot be understood; `message` says why. */
export class GrantError {
  constructor(readonly message: string) {}
}

/** The options by name, without dashes; `true` is an option without a list. */
export type GrantWords = Readonly<Partial<Record<GrantName, string | true | readonly string[]>>>;

export const GRANT_NAMES = [
  "allow-net",
  "deny-net",
  "allow-read",
  "deny-read",
  "allow-write",
  "readonly",
  "allow-env",
  "deny-env",
] as const;
export type GrantName = (typeof GRANT_NAMES)[number];

/** A list of what is allowed, and the option that made it, for messages. */
export interface Grant<T> {
  readonly allowed: readonly T[];
  readonly option: GrantName;
}

/** One source's restrictions. What is undefined is not restricted. */
export interface Grants {
  readonly net: Grant<NetRule> | undefined;
  /** Real paths of files and folders. */
  readonly read: Grant<string> | undefined;
  readonly write: Grant<string> | undefined;
  /** Names; one that ends with `*` stands for all that begin so. */
  readonly env: Grant<string> | undefined;
}

/** Reads options. `folder` is where relative paths start. Throws a GrantError. */
export function readGrants(words: GrantWords, folder: string = process.cwd()): Grants {
  return {
    net: grant(words, "allow-net", "deny-net", (text) => {
      const rule = parseNetRule(text);
      if (rule !== undefined) return rule;
      throw new GrantError(`--allow-net: expected HOST or HOST:PORT, got "${text}"`);
    }),
    read: grant(words, "allow-read", "deny-read", (text) => realPath(text, folder).path),
    write: grant(words, "allow-write", "readonly", (text) => realPath(text, folder).path),
    env: grant(words, "allow-env", "deny-env", (text) => {
      if (/^[^=*\s]+\*?$|^\*$/.test(text)) return text;
      throw new GrantError(`--allow-env: expected a variable's name, got "${text}"`);
    }),
  };
}

function grant<T>(
  words: GrantWords,
  allow: GrantName,
  deny: GrantName,
  read: (text: string) => T,
): Grant<T> | undefined {
  const given = words[allow];
  const texts = typeof given === "string" ? given.split(",") : given === undefined || given === true ? [] : given;
  const listed = texts.map((text) => text.trim()).filter((text) => text !== "");
  // Read in any case: a mistake in a list is one also where the list does not count.
  const allowed = listed.map(read);
  if (words[deny] !== undefined) return { allowed: [], option: deny };
  if (given === undefined || given === true) return undefined;
  // Most often a variable of a shell that is not set: neither everything nor nothing is what was meant.
  if (typeof given === "string" && allowed.length === 0) throw new GrantError(`--${allow}: the list is empty`);
  return { allowed, option: allow };
}

/** What ASSAY_PERMISSIONS holds: the options of the command line, separated by blanks. Throws a GrantError. */
export function splitGrants(text: string): { words: GrantWords; audit: string | undefined } {
  const words: Partial<Record<GrantName, string | true>> = {};
  let audit: string | undefined;
  const pending = text.split(/\s+/).filter((word) => word !== "");
  for (let word = pending.shift(); word !== undefined; word = pending.shift()) {
    const [, name = "", value] = /^--([a-z-]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (name === "audit") {
      if (audit !== undefined) throw new GrantError("ASSAY_PERMISSIONS: --audit is given twice");
      audit = value ?? pending.shift();
      if (audit === undefined || audit === "") throw new GrantError("ASSAY_PERMISSIONS: --audit needs a value");
      continue;
    }
    const known = GRANT_NAMES.find((one) => one === name);
    if (known === undefined) throw new GrantError(`ASSAY_PERMISSIONS: unknown option "${word.replace(/=.*/s, "")}"`);
    if (words[known] !== undefined) throw new GrantError(`ASSAY_PERMISSIONS: --${known} is given twice`);
    const takesList = known.startsWith("allow-");
    if (!takesList && value !== undefined) throw new GrantError(`ASSAY_PERMISSIONS: --${known} takes no value`);
    if (value === "") throw new GrantError(`ASSAY_PERMISSIONS: --${known}: the list is empty`);
    words[known] = value ?? true;
  }
  return { words, audit };
}

/** Whether a variable is in a list. */
export function allowsEnv({ allowed }: Grant<string>, key: string): boolean {
  return allowed.some((name) => (name.endsWith("*") ? key.startsWith(name.slice(0, -1)) : key === name));
}
