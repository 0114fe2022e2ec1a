/** Set by scripts/build.ts; absent when the sources run as they are. */
declare const ASSAY_BUILD: { version: string; commit: string } | undefined;

/** Whether this is the compiled executable. */
export const compiled = typeof ASSAY_BUILD !== "undefined";

/** What `assay --version` prints: version, commit, and the Lua it speaks. */
export function versionLine(): string {
  const { version, commit } = typeof ASSAY_BUILD === "undefined" ? { version: "0.0.0", commit: "source" } : ASSAY_BUILD;
  return `assay ${version} (${commit}, Lua 5.5)`;
}
