/** The part of luaparse 0.3.1 that `parse.ts` uses; the package ships no types of its own. */
declare module "luaparse" {
  interface Options {
    luaVersion: "5.1" | "5.2" | "5.3" | "LuaJIT";
    encodingMode: "none" | "pseudo-latin1" | "x-user-defined";
    comments: boolean;
    ranges: boolean;
  }
  interface Luaparse {
    parse(source: string, options: Options): unknown;
    /** What makes each node; meant to be overridden. */
    ast: object;
    tokenTypes: { StringLiteral: number; NumericLiteral: number; BooleanLiteral: number; NilLiteral: number };
  }
  const luaparse: Luaparse;
  export default luaparse;
}
