/** Runs a Lua file on fengari (Lua 5.3 in JavaScript): a peer of bench/programs.ts. */
import { readFileSync } from "node:fs";

// biome-ignore lint/suspicious/noExplicitAny: fengari ships no types
const fengari: any = await import("fengari" as string);
const { lua, lauxlib, lualib, to_luastring } = fengari.default ?? fengari;
const L = lauxlib.luaL_newstate();
lualib.luaL_openlibs(L);
const source = readFileSync(process.argv[2] as string);
const failed =
  lauxlib.luaL_loadbuffer(L, new Uint8Array(source), source.length, to_luastring("=bench")) !== lua.LUA_OK ||
  lua.lua_pcall(L, 0, 0, 0) !== lua.LUA_OK;
if (failed) {
  console.error(lua.lua_tojsstring(L, -1));
  process.exit(1);
}
