/** What `assay --version` prints. */
import { commit, version } from "../builtins/version.ts";

export { compiled } from "../builtins/version.ts";

/** Version, commit, and the Lua it speaks. */
export function versionLine(): string {
  return `assay ${version} (${commit}, Lua 5.5)`;
}
