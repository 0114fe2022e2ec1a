/** `permissions:` of a check file: the same restrictions as on the command line, for every check of the run. */
import { dirname, resolve } from "node:path";
import { GrantError, type Grants, readGrants } from "../../builtins/permissions/grants.ts";
import { RestrictedPermissions } from "../../builtins/permissions/restricted.ts";
import { Permissions } from "../../builtins/permissions.ts";
import { child, type MapTree, plain } from "./document.ts";
import type { Mistakes } from "./mistakes.ts";
import type { Schema } from "./schema-parts.ts";

function list(title: string, description: string): Schema {
  const item: Schema = { type: "string", minLength: 1 };
  return { title, description, anyOf: [item, { type: "array", items: item }] };
}

function flag(description: string): Schema {
  return { type: "boolean", description, default: false };
}

export const PERMISSIONS: Schema = {
  type: "object",
  minProperties: 1,
  additionalProperties: false,
  properties: {
    allow_net: list("HOST, HOST:PORT or a list of them", "connect nowhere else"),
    deny_net: flag("no connections at all"),
    allow_read: list("a path or a list of paths", "read files nowhere else; relative to the check file"),
    deny_read: flag("read no files"),
    allow_write: list("a path or a list of paths", "write files nowhere else; relative to the check file"),
    readonly: flag("write no files"),
    allow_env: list("a variable's name or a list of names", "scripts see no other environment variables"),
    deny_env: flag("scripts see no environment variables"),
  },
  description: "narrows what checks may reach, as the options of the command line do",
};

/** What a file's `permissions` allow, if it has any; a mistake in them is noted. Their shape is the schema's matter. */
export function fileGrants(file: string, tree: MapTree, mistakes: Mistakes): Grants | undefined {
  const given = child(tree, "permissions");
  if (given?.kind !== "map") return undefined;
  const words: Record<string, true | readonly string[]> = {};
  for (const [key, value] of Object.entries(plain(given) as Record<string, unknown>)) {
    const name = key.replaceAll("_", "-");
    if (value === true) words[name] = true;
    else if (typeof value === "string") words[name] = [value];
    else if (Array.isArray(value)) words[name] = value.filter((one) => typeof one === "string");
  }
  try {
    return readGrants(words, resolve(dirname(file)));
  } catch (error) {
    if (!(error instanceof GrantError)) throw error;
    const [, option = "", message = error.message] = /^--([a-z-]+): (.*)$/s.exec(error.message) ?? [];
    const key = option.replaceAll("-", "_");
    mistakes.add(given.entries.get(key)?.value.at ?? given.at, `permissions.${key}`, message);
    return undefined;
  }
}

/** Permissions narrowed by what check files say. */
export function narrowed(permissions: Permissions | undefined, grants: readonly Grants[]): Permissions {
  if (grants.length === 0) return permissions ?? Permissions.all();
  const base = permissions instanceof RestrictedPermissions ? permissions : new RestrictedPermissions([]);
  return grants.reduce((narrower, one) => narrower.narrowed(one), base);
}
