/** `--allow-net` and its like, and ASSAY_PERMISSIONS: what scripts may reach. Loaded when one of them is given. */
import { Audit } from "../builtins/permissions/audit.ts";
import { GRANT_NAMES, GrantError, type GrantWords, readGrants, splitGrants } from "../builtins/permissions/grants.ts";
import { RestrictedPermissions } from "../builtins/permissions/restricted.ts";
import type { Permissions } from "../builtins/permissions.ts";
import { type OptionValues, textOption } from "./options.ts";
import { usageError } from "./status.ts";

/** The permissions that options and environment give; undefined when nothing is restricted or recorded. */
export function permissionsOf(options: OptionValues): Permissions | undefined {
  try {
    const words: GrantWords = Object.fromEntries(GRANT_NAMES.map((name) => [name, options[name]]));
    const { words: inherited, audit } = splitGrants(process.env.ASSAY_PERMISSIONS ?? "");
    const sources = [words, inherited].filter((one) => Object.values(one).some((value) => value !== undefined));
    const audits = [textOption(options, "audit"), audit]
      .filter((file) => file !== undefined)
      .map((file) => new Audit(file));
    if (sources.length === 0 && audits.length === 0) return undefined;
    return new RestrictedPermissions(
      sources.map((one) => readGrants(one)),
      audits,
    );
  } catch (error) {
    if (error instanceof GrantError) throw usageError(error.message);
    throw error;
  }
}
