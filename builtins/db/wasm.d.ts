/** WebAssembly modules imported with `type: "file"`: the path they can be read from. */
declare module "*.wasm" {
  const path: string;
  export default path;
}
