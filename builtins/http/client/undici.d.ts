/**
 * The undici package's own client, by its file: inside Bun the bare name `undici` is Bun's substitute, whose
 * dispatchers are empty shells.
 */
declare module "undici/lib/dispatcher/client.js" {
  import type { Client } from "undici/types";

  const client: typeof Client;
  export default client;
}

/** The keys of what the package's objects keep to themselves. */
declare module "undici/lib/core/symbols.js" {
  const symbols: { readonly kParser: symbol };
  export default symbols;
}
