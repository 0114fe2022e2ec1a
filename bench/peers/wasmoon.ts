/** Runs a Lua file on wasmoon (Lua 5.4 compiled to WebAssembly): a peer of bench/programs.ts. */
import { readFileSync } from "node:fs";

// biome-ignore lint/suspicious/noExplicitAny: an optional package, not a dependency
const { LuaFactory }: any = await import("wasmoon" as string);
const lua = await new LuaFactory().createEngine();
await lua.doString(readFileSync(process.argv[2] as string, "utf8"));
