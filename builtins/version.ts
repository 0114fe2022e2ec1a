/** Which Assay this is. */

/** Set by scripts/build.ts; absent when the sources run as they are. */
declare const ASSAY_BUILD: { version: string; commit: string } | undefined;

/** Whether this is the compiled executable. */
export const compiled = typeof ASSAY_BUILD !== "undefined";

export const { version, commit } =
  typeof ASSAY_BUILD === "undefined" ? { version: "0.0.0", commit: "source" } : ASSAY_BUILD;
