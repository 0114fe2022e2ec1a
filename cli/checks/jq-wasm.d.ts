/** jq-wasm's inner module, whose own types leave out what it takes. */
declare module "jq-wasm/dist/build/jq.js" {
  const factory: unknown;
  export default factory;
}
