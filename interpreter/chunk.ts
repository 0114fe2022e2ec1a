/** How a chunk's name is shown in messages. Assay keeps Lua's rules to the byte, because scripts match on them. */

/** Size of the reference's buffer for a chunk's description, its final NUL included. */
const ID_SIZE = 60;

/**
 * The description of a chunk that starts every message about it: `script.lua`, `stdin`, `[string "x = 1"]`.
 *
 * `name` is in Lua's form (manual §4.6, `lua_load`, and §4.7, `lua_Debug.source`): "@" and a file name,
 * "=" and a description taken as it is, or else the source text itself.
 */
export function chunkId(name: string): string {
  const nul = name.indexOf("\0");
  if (nul >= 0) name = name.slice(0, nul); // a chunk name is a C string in the reference
  const kind = name[0];
  if (kind === "=") return name.slice(1, ID_SIZE);
  if (kind === "@") return name.length <= ID_SIZE ? name.slice(1) : `...${name.slice(3 + 1 - ID_SIZE)}`;
  const room = ID_SIZE - '[string "..."]'.length - 1;
  const newline = name.indexOf("\n");
  if (newline < 0 && name.length < room) return `[string "${name}"]`;
  const line = newline < 0 ? name : name.slice(0, newline);
  return `[string "${line.slice(0, room)}..."]`;
}
