/** Names of hash algorithms, as scripts write them. */
import { argumentError, custom, type Named, optional } from "../../interpreter/native.ts";

/** As node:crypto knows them. */
const ALGORITHMS = [
  "md5",
  "sha1",
  "sha224",
  "sha256",
  "sha384",
  "sha512",
  "sha3-224",
  "sha3-256",
  "sha3-384",
  "sha3-512",
] as const;
export type Digest = (typeof ALGORITHMS)[number];

/** `SHA-256` and `Sha256` are `sha256`; undefined for what is none of them. */
function digestNamed(name: string): Digest | undefined {
  const plain = name.toLowerCase().replace(/^sha-(?!3-)/, "sha");
  return ALGORITHMS.find((known) => known === plain);
}

/** The parameter that names a hash algorithm; sha256 unless given. */
export function digestParameter<N extends string>(name: N): Named<N, Digest> {
  const inner = custom(
    name,
    ALGORITHMS.map((algorithm) => `"${algorithm}"`).join("|"),
    "string",
    (value, index) => {
      if (typeof value !== "string") return undefined;
      const digest = digestNamed(value);
      if (digest === undefined)
        throw argumentError(index, `unknown algorithm '${value}', expected one of ${ALGORITHMS.join(", ")}`);
      return digest;
    },
    { summary: "default sha256" },
  );
  return optional(inner, "sha256");
}
