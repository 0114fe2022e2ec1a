/**
 * What a table was in JSON, kept in `LuaTable.mark` so that an empty table, or a list with holes, is written back as
 * it was read. YAML and TOML tables carry the same marks.
 */
export const ARRAY = 1;
export const OBJECT = 2;
